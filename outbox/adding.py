"""Writing a message in the transaction of what it tells of."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def message_row(
    kind: str, context: Mapping[str, Any], *, sender: str, booking_id: int | None, at: datetime
) -> dict[str, Any]:
    """The row of a new message, to be inserted with everything else.

    `context` is all its renderer will need, as JSON values: it is rendered later, from this alone.
    `sender` is the mail address whose domain the Message-ID gets.
    """
    domain = sender.rpartition("@")[2].rstrip(">") or "localhost"
    return {
        "kind": kind,
        "message_id": f"<{secrets.token_hex(13)}@{domain}>",
        "booking_id": booking_id,
        "receiver": None,
        "context": dict(context),
        "created_at": at,
        "due_at": at,
    }
