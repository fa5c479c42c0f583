"""Sending again what an endpoint was told already, or was not told: it is all still there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit.errors import PageError
from outbox.again import MessageUnknown, hold, note
from outbox.delivering import resend as put_back
from outbox.delivering import wake
from outbox.models import GIVEN_UP, WAITING, Message, Receiver
from partners.events import receiver
from partners.models import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The messages to send again: these, or all of a booking, or all that were given up; and of
    those only the ones for one endpoint."""

    messages: Sequence[int] = ()
    booking: int | None = None
    given_up: bool = False
    endpoint: int | None = None


@dataclass(frozen=True, slots=True)
class Resent:
    """How many go out again; how many have not left at all yet and go out anyway; how many do
    not, since their endpoint is off or was removed; and ids that no message has."""

    count: int
    waiting: int
    left_out: int
    unknown: Sequence[int] = ()


def resend(connection: Connection, which: Which, origin: Origin, now: datetime) -> Resent:
    """Let messages go out once more with the same webhook-id, in the caller's transaction.

    Their endpoints have their three days again, and do not rest any more.
    """
    query = select(Message.id, Message.receiver, WAITING.label("waits")).where(
        Message.receiver.is_not(None), *_conditions(which)
    )
    found = connection.execute(query.order_by(Message.id)).all()
    unknown = [each for each in which.messages if each not in {row.id for row in found}]
    live = {receiver(id): id for id in connection.scalars(select(Endpoint.id).where(Endpoint.live))}
    ended = [row for row in found if not row.waits]
    ours = [row for row in ended if row.receiver in live]
    count = put_back(connection, [row.id for row in ours], now, sent=not which.given_up)
    _forget_failures(connection, {row.receiver: live[row.receiver] for row in ours})
    if count:
        about = {"endpoint": which.endpoint, "booking": which.booking, "messages": count}
        record(connection, Entry("events.resent", about, {}, {}, "medium"), origin, now)
    return Resent(count, len(found) - len(ended), len(ended) - len(ours), unknown)


class EndpointOff(PageError):
    """Nobody listens where this message was for."""

    code = "endpoint_off"

    def __init__(self, message_id: int) -> None:
        super().__init__(
            f"The endpoint of message {message_id} is switched off or was removed, so the message "
            "cannot be sent again."
        )


def send_event_again(
    connection: Connection, message_id: int, origin: Origin, now: datetime
) -> None:
    """Let one message to an endpoint go out once more with the same webhook-id, whether it has left
    or was given up; what still waits is tried now, and its endpoint does not rest any more.

    Raises MessageUnknown, MessageWithdrawn (outbox.again) and EndpointOff.
    """
    row = hold(connection, message_id)
    if row.receiver is None:
        raise MessageUnknown(message_id)
    live = connection.scalars(select(Endpoint.id).where(Endpoint.live))
    found = {receiver(id): id for id in live if receiver(id) == row.receiver}
    if not found:
        raise EndpointOff(message_id)
    if row.state == "waiting":
        wake(connection, row.receiver, now)
    else:
        put_back(connection, [message_id], now, sent=True)
        _forget_failures(connection, found)
    note(connection, row, {"sent_as": message_id}, origin, now)


def _conditions(which: Which) -> list[ColumnElement[bool]]:
    return [
        *([Message.id.in_(which.messages)] if which.messages else []),
        *([Message.booking_id == which.booking] if which.booking is not None else []),
        *([GIVEN_UP] if which.given_up else []),
        *([Message.receiver == receiver(which.endpoint)] if which.endpoint is not None else []),
    ]


def _forget_failures(connection: Connection, endpoints: dict[str, int]) -> None:
    connection.execute(delete(Receiver).where(Receiver.name.in_(list(endpoints))))
    mine = update(Endpoint).where(Endpoint.id.in_(list(endpoints.values())))
    connection.execute(mine.values(failing_since=None))
