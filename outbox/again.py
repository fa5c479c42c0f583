"""What staff do about single messages: send a mail again, or put one aside that was given up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit.errors import PageError
from outbox.adding import message_row
from outbox.delivering import resend
from outbox.models import REPLACED, Message


class MessageUnknown(PageError):
    code = "message_unknown"

    def __init__(self, message_id: int) -> None:
        super().__init__(f"There is no message {message_id}.")


class MessageWithdrawn(PageError):
    """It tells of something that is not so any more."""

    code = "message_withdrawn"

    def __init__(self, message_id: int) -> None:
        super().__init__(
            f"Message {message_id} was replaced by a newer one, so it is not sent again."
        )


class NotGivenUp(PageError):
    """It has left, or is still tried: nobody need be told of it, so there is nothing to hide."""

    code = "message_not_given_up"

    def __init__(self, message_id: int) -> None:
        super().__init__(
            f"Message {message_id} was not given up; only such a message can be put aside."
        )


def send_mail_again(connection: Connection, message_id: int, origin: Origin, now: datetime) -> int:
    """Let a mail go out once more; the id of the message that does.

    One that never left goes out under its own Message-ID. One that did is a mail of its own the
    second time, with a new one: mailboxes would show only one of two that are the same. One that
    still waits is tried now.
    Raises MessageUnknown, also for messages to programs (partners.resending), and MessageWithdrawn.
    """
    row = hold(connection, message_id)
    if row.receiver is not None:
        raise MessageUnknown(message_id)
    if row.state == "sent":
        new_id = _copy(connection, row, now)
    else:
        new_id = row.id
        tried_now(connection, row, now)
    note(connection, row, {"sent_as": new_id}, origin, now)
    return new_id


def tried_now(connection: Connection, row: Any, now: datetime) -> None:
    """Let what never left be tried now: what was given up, and what waits for its next try."""
    if row.state == "given_up":
        resend(connection, [row.id], now)
    else:
        later = update(Message).where(Message.id == row.id, Message.due_at > now)
        connection.execute(later.values(due_at=now))


def hold(connection: Connection, message_id: int) -> Any:
    """The row of a message, held until the end of the transaction. Raises MessageUnknown, and
    MessageWithdrawn for what is not sent again."""
    query = select(Message.__table__).where(Message.id == message_id).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise MessageUnknown(message_id)
    if row.state == "given_up" and row.last_error == REPLACED:
        raise MessageWithdrawn(message_id)
    return row


def note(
    connection: Connection, row: Any, after: dict[str, Any], origin: Origin, now: datetime
) -> None:
    """Log that a message goes out again."""
    about = {"message": row.id, "booking": row.booking_id}
    before = {"state": row.state, "attempts": row.attempts}
    record(connection, Entry("message.sent_again", about, before, after, "medium"), origin, now)


def dismiss(connection: Connection, message_id: int, origin: Origin, now: datetime) -> None:
    """Put aside what was given up. Raises MessageUnknown, MessageWithdrawn and NotGivenUp."""
    row = hold(connection, message_id)
    if row.state != "given_up":
        raise NotGivenUp(message_id)
    if row.dismissed_at is None:
        _set(connection, row, now, "message.dismissed", origin, now)


def undismiss(connection: Connection, message_id: int, origin: Origin, now: datetime) -> None:
    """Take up again what was put aside."""
    row = hold(connection, message_id)
    if row.dismissed_at is not None:
        _set(connection, row, None, "message.undismissed", origin, now)


def _set(
    connection: Connection,
    row: Any,
    dismissed_at: datetime | None,
    action: str,
    origin: Origin,
    now: datetime,
) -> None:
    mine = update(Message).where(Message.id == row.id)
    connection.execute(mine.values(dismissed_at=dismissed_at))
    about = {"message": row.id, "booking": row.booking_id}
    record(connection, Entry(action, about, {}, {}), origin, now)


def _copy(connection: Connection, row: Any, now: datetime) -> int:
    # The domain of its own Message-ID is the sender's.
    sender = row.message_id
    new = message_row(row.kind, row.context, sender=sender, booking_id=row.booking_id, at=now)
    return connection.scalars(insert(Message).returning(Message.id), [new]).one()
