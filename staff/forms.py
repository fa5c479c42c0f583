"""Forms of the desk that were carried out, so that a form sent twice acts once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from staff.errors import FormReused
from staff.models import AnsweredForm


def led_to(connection: Connection, person_id: int, key: str, fingerprint: str) -> str | None:
    """Where this very form led when it was carried out; None when it never was.

    Raises FormReused when it came with other contents then.
    """
    columns = select(AnsweredForm.fingerprint, AnsweredForm.led_to)
    mine = (AnsweredForm.person_id == person_id, AnsweredForm.key == key)
    row = connection.execute(columns.where(*mine)).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise FormReused
    return str(row.led_to)


def remember(
    connection: Connection, person_id: int, key: str, fingerprint: str, path: str, now: datetime
) -> None:
    """Keep where a form led, in the transaction of what it did. Of the same form sent twice at
    once the second fails on the key, and finds the first one's answer when it is run again."""
    row = {
        "person_id": person_id,
        "key": key,
        "fingerprint": fingerprint,
        "led_to": path,
        "created_at": now,
    }
    connection.execute(insert(AnsweredForm), [row])
