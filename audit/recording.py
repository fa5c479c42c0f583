"""Appending to chain 0, the chain of everything that is about no booking."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy import Connection, insert, select, update

from audit.chain import Chain, Entry, Head, Origin
from audit.models import LogEntry, LogHead

ZERO = 0


def chain() -> Chain:
    """The chain of the running application, with the key from its settings."""
    found: Chain = current_app.extensions["audit_chain"]
    return found


def record(connection: Connection, entry: Entry, origin: Origin, at: datetime) -> None:
    """Append an entry in the caller's transaction; others who want to append wait for its end."""
    held = select(LogHead.log_count, LogHead.log_hash, LogHead.log_seal).where(
        LogHead.chain == ZERO
    )
    found = connection.execute(held.with_for_update()).first()
    head = Head(*found) if found else chain().empty(ZERO)
    row, new = chain().link(ZERO, head, entry, origin, at)
    connection.execute(insert(LogEntry), [row])
    values = {"log_count": new.count, "log_hash": new.hash, "log_seal": new.seal}
    if found:
        connection.execute(update(LogHead).where(LogHead.chain == ZERO).values(values))
    else:  # the first entry of all; of two at once the second fails on the key and is run again
        connection.execute(insert(LogHead), [{"chain": ZERO, **values}])
