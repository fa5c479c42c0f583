"""Messages for endpoints, and a worker that delivers them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import insert, select

from audit.models import LogEntry
from kit.db import reading, transaction
from outbox.delivering import deliver
from outbox.models import Message
from partners.events import KIND, hook_row
from partners.hooks import Hooks
from partners.models import Endpoint, WebhookCall
from tests import make
from tests.outbox.make import NOON, Clock
from tests.partners.receiver import Receiver


def endpoint(receiver: Receiver, path: str = "/hooks", **values: Any) -> int:
    """An endpoint of a new partner at the receiver."""
    return make.endpoint(make.partner(), receiver.url(path), **values)


def tell(
    endpoint_id: int, count: int = 1, at: datetime = NOON, booking: int | None = 7
) -> list[str]:
    """Put events for an endpoint into the outbox; their webhook-ids."""
    rows = [
        hook_row(KIND, endpoint_id, {"type": "test", "data": {"number": no}}, booking, at)
        for no in range(1, count + 1)
    ]
    with transaction() as connection:
        connection.execute(insert(Message), rows)
    return [row["message_id"] for row in rows]


def work(now: Clock) -> int:
    """Deliver what is due now, until nothing is; how many tries that took."""
    hooks, tried = Hooks.of(current_app), 0
    while count := deliver(hooks, "one", now):
        tried += count
    return tried


def payload(context: Mapping[str, Any]) -> Any:
    """What a message tells, of its context."""
    return json.loads(context["body"])


def message(webhook_id: str) -> Any:
    [row] = make.rows_of(Message, message_id=webhook_id)
    return row


def calls(**where: Any) -> list[Any]:
    return make.rows_of(WebhookCall, **where)


def ids(receiver: Receiver, path: str = "/hooks") -> list[str]:
    """The webhook-ids as they came."""
    return [each.headers["webhook-id"] for each in receiver.at(path)]


def row(endpoint_id: int) -> Any:
    return make.row_of(Endpoint, endpoint_id)


def logged(action: str) -> Sequence[LogEntry]:
    """Entries of the event log about one kind of thing."""
    with reading() as session:
        query = select(LogEntry).where(LogEntry.action == action)
        return session.scalars(query.order_by(LogEntry.id)).all()
