"""Reading messages: the list, and one with its calls.

A message about a booking is for those who reach its location; one about no booking for those who
reach all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, String, cast, literal, not_, or_, select
from sqlalchemy.orm import Session

from bookings.models import Booking
from desk.access import within
from desk.log.filters import number
from desk.messages.names import message_name
from desk.paging import Slice, keyset
from desk.partners.queries import at_hand
from desk.today.things import TROUBLED
from kit.paging import Order
from kit.sql import Query
from locations.models import Location
from outbox.models import GIVEN_UP, WAITING, WITHDRAWN, Message, Receiver
from partners.models import Endpoint, Partner, WebhookCall

NEWEST: Any = Message.id
ORDER = Order((NEWEST,))
CALLS = 20

KINDS: Mapping[str, ColumnElement[bool]] = {
    "email": Message.receiver.is_(None),
    "event": Message.receiver.is_not(None),
}
STATES: Mapping[str, ColumnElement[bool]] = {
    "waiting": WAITING,
    "sent": Message.state == "sent",
    "undelivered": TROUBLED & not_(WITHDRAWN),
    "aside": GIVEN_UP & or_(Message.dismissed_at.is_not(None), WITHDRAWN),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; None is not asked for."""

    kind: str | None = None
    state: str | None = None
    booking: int | None = None
    partner: int | None = None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as a list shows it. `to` is the address of a mail, or the partner and the endpoint
    that an event is for; `next_at` when one that waits is tried next."""

    id: int
    name: str
    is_mail: bool
    to: str
    booking_id: int | None
    state: str
    attempts: int
    problem: str | None
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    dismissed: bool
    withdrawn: bool
    zone: str


@dataclass(frozen=True, slots=True)
class WholeMessage:
    """A message with all there is to know of it. `body` is what a program is told."""

    row: MessageRow
    kind: str
    message_id: str
    context: Mapping[str, Any]
    location: str | None
    body: str | None
    calls: Sequence[Any]


def wanted_of(given: Mapping[str, str]) -> Wanted:
    """What an address asks for; what is none of ours is passed over."""
    kind, state = given.get("kind"), given.get("state")
    return Wanted(
        kind=kind if kind in KINDS else None,
        state=state if state in STATES else None,
        booking=number(given.get("booking")),
        partner=number(given.get("partner")),
    )


def messages(session: Session, wanted: Wanted) -> Slice:
    """A page of the list, the newest first; the rows are still to be read by `read`."""
    return keyset(session, listed(wanted), ORDER)


def listed(wanted: Wanted) -> Query:
    """All messages that are wanted and in reach, without an order."""
    query = _reached()
    if wanted.kind:
        query = query.where(KINDS[wanted.kind])
    if wanted.state:
        query = query.where(STATES[wanted.state])
    if wanted.booking is not None:
        query = query.where(Message.booking_id == wanted.booking)
    if wanted.partner is not None:
        mine = select(_receiver()).where(Endpoint.partner_id == wanted.partner)
        query = query.where(Message.receiver.in_(mine))
    return query


def message(session: Session, message_id: int) -> WholeMessage | None:
    """One message, with the last calls that tried to bring it to its endpoint."""
    row = session.execute(_reached().where(Message.id == message_id)).first()
    if row is None:
        return None
    query = select(WebhookCall.__table__).where(WebhookCall.message_id == message_id)
    calls = query.order_by(WebhookCall.id.desc()).limit(CALLS)
    return WholeMessage(
        row=read(row),
        kind=row.kind,
        message_id=row.message_id,
        context=row.context,
        location=row.location,
        body=None if row.receiver is None else shown(str(row.context["body"])),
        calls=[] if row.receiver is None else session.execute(calls).all(),
    )


def partners(session: Session) -> list[tuple[int, str]]:
    """Partners that are told of something."""
    told = select(Endpoint.partner_id)
    query = select(Partner.id, Partner.name).where(Partner.id.in_(told), at_hand())
    query = query.order_by(Partner.name)
    return [(row.id, row.name) for row in session.execute(query)]


def read(row: Any) -> MessageRow:
    is_mail = row.receiver is None
    due = max(each for each in (row.due_at, row.rests_until) if each is not None)
    return MessageRow(
        id=row.id,
        name=message_name(row.kind, row.context),
        is_mail=is_mail,
        to=str(row.context.get("to") or "") if is_mail else _to(row),
        booking_id=row.booking_id,
        state=row.state,
        attempts=row.attempts,
        problem=row.last_error,
        created_at=row.created_at,
        sent_at=row.sent_at,
        next_at=due if row.state == "waiting" else None,
        dismissed=row.dismissed_at is not None,
        withdrawn=bool(row.withdrawn),
        zone=row.time_zone or "UTC",
    )


def shown(body: str) -> str:
    """JSON on lines of its own; but as it is where that would write a number otherwise."""
    try:
        told = orjson.loads(body)
    except ValueError:
        return body
    if orjson.dumps(told).decode() != body:
        return body
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()


def _to(row: Any) -> str:
    return f"{row.partner}, {row.endpoint}" if row.partner else str(row.receiver)


def _receiver() -> ColumnElement[str]:
    """The name of an endpoint among receivers (partners.events.receiver), as SQL."""
    return literal("endpoint ") + cast(Endpoint.id, String)


def _reached() -> Query:
    """Messages at the person's locations; one about no booking is at none."""
    columns: list[Any] = [
        Message.__table__,
        WITHDRAWN.label("withdrawn"),
        Location.time_zone,
        Location.name.label("location"),
        Partner.name.label("partner"),
        Endpoint.name.label("endpoint"),
        Receiver.rests_until,
    ]
    return (
        select(*columns)
        .outerjoin(Booking, Booking.id == Message.booking_id)
        .outerjoin(Location, Location.id == Booking.location_id)
        .outerjoin(Endpoint, _receiver() == Message.receiver)
        .outerjoin(Partner, Partner.id == Endpoint.partner_id)
        .outerjoin(Receiver, Receiver.name == Message.receiver)
        .where(within(Booking.location_id))
    )
