"""The one way in which every change of a booking's money but taking a payment is written.

The figures of the booking are always added up anew from its lines and payments, never counted on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, literal, update

from audit.chain import Entry, Head, Origin
from audit.models import LogEntry
from audit.recording import chain
from bookings.models import Booking, ScheduleLine
from outbox.models import Message
from partners.events import Event, Listener, listeners_at, message_rows
from payments.account import Account, LineRow
from payments.deciding import Remark
from payments.facts import BookingFacts
from payments.models import Allocation, Payment
from payments.standing import Move, Standing, moves
from payments.telling import Figures, events_of
from tags.models import IN_PROGRESS, BookingTag


def at_provider(is_so: bool) -> dict[str, Any]:
    """What an entry of the event log adds when a card provider did it on our order."""
    return {"at_provider": True} if is_so else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of an account. `lines` and `payments` are columns to set, by id; new payments
    are whole rows. `booking` are further columns of the booking; `entry` says what happened: the
    figures before and after are added to it. `told` is what events say of its payment besides the
    columns that are set. `cause` is why money moves, if it does. `held_anew`:
    a website booking in progress is held from now on for as long as its location says. `is_seen`:
    partners see that the booking changed; without it `modified_at` stays, so that whoever
    synchronises does not fetch it for nothing."""

    standing: Standing
    entry: Entry
    cause: str | None = None
    status: str | None = None
    booking: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    payments: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    new_payments: tuple[Mapping[str, Any], ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    held_anew: bool = False
    is_seen: bool = True
    messages: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """The booking's figures after a change, in minor units, and its status."""

    status: str
    total: int
    paid: int
    credit: int
    charges: int


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one payment: the ids, the booking's figures, what the
    sender should know."""

    payment_id: int
    booking_id: int
    saved: Saved
    warnings: tuple[Remark, ...] = ()


def unchanged(account: Account) -> Saved:
    """The figures as they are, when there is nothing to write."""
    booking = account.booking
    return Saved(booking.status, booking.total, booking.paid, booking.credit, booking.charges)


def save(connection: Connection, account: Account, change: Change, origin: Origin) -> Saved:
    """Write a change: rows, figures, messages and the event log, in the caller's transaction.

    Every line of the standing exists already: new ones are inserted first (`add_lines`).
    """
    booking = account.booking
    after = _figures(account, change)
    if change.new_payments:
        rows = [dict(row) | _moment({}, row, account.now) for row in change.new_payments]
        connection.execute(insert(Payment), rows)
    for payment_id, values in change.payments.items():
        was = {"state": account.payment(payment_id).state}
        row = dict(values) | _moment(was, values, account.now)
        connection.execute(update(Payment).where(Payment.id == payment_id).values(row))
    _write_lines(connection, account, change)
    moved = moves(account.standing, change.standing)
    _write_moves(connection, account, change, moved)
    head = log(connection, account, _told(account, change, after, moved), origin)
    count = _tell(connection, account, change, after)
    values = {
        "status": after.status,
        "total": after.total,
        "paid": after.paid,
        "credit": after.credit,
        "charges": after.charges,
        "event_count": count,
        "log_count": head.count,
        "log_hash": head.hash,
        "log_seal": head.seal,
        **({"modified_at": account.now} if change.is_seen else {}),
        **change.booking,
    }
    connection.execute(update(Booking).where(Booking.id == booking.id).values(values))
    if change.held_anew:
        _hold_anew(connection, account)
    if change.messages:
        connection.execute(insert(Message), [dict(row) for row in change.messages])
    return after


def _moment(was: Mapping[str, Any], now: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """When its money began to count, or stopped: of a payment whose state changes."""
    state, before = now.get("state"), was.get("state")
    if state == before:
        return {}
    if state == "cleared":
        return {"cleared_at": at}
    return {"voided_at": at} if (before, state) == ("cleared", "void") else {}


def _figures(account: Account, change: Change) -> Saved:
    """Added up from the rows as they will be, never counted on from what the booking says."""
    charges = sum(
        each.charges
        for each in account.payments
        if change.payments.get(each.id, {}).get("state", each.state) == "cleared"
    )
    new = (row for row in change.new_payments if row["state"] == "cleared")
    charges += sum(int(row["charges"]) for row in new)
    standing = change.standing
    return Saved(
        status=change.status or account.booking.status,
        total=standing.total,
        paid=standing.paid,
        credit=standing.credit,
        charges=charges,
    )


def _write_lines(connection: Connection, account: Account, change: Change) -> None:
    asked = {line.id: line.amount for line in change.standing.lines}
    for line in account.lines:
        now = {"amount": asked[line.id], "paid": change.standing.on(line.id)}
        was = {"amount": line.amount, "paid": line.paid}
        values = {**change.lines.get(line.id, {}), **(now if now != was else {})}
        if values:
            query = update(ScheduleLine).where(ScheduleLine.id == line.id)
            connection.execute(query.values(values))


def _write_moves(
    connection: Connection, account: Account, change: Change, moved: Sequence[Move]
) -> None:
    same = {
        "booking_id": account.booking.id,
        "cause": change.cause,
        "created_at": account.now,
    }
    rows = [
        {**same, "payment_id": move.payment_id, "line_id": move.line_id, "amount": move.amount}
        for move in moved
    ]
    if rows:
        connection.execute(insert(Allocation), rows)


def _hold_anew(connection: Connection, account: Account) -> None:
    """A website booking in progress is as if its tag had been added just now."""
    in_progress = account.roles.get(IN_PROGRESS)
    if in_progress is not None:
        mine = (BookingTag.booking_id == account.booking.id, BookingTag.tag_id == in_progress)
        connection.execute(update(BookingTag).where(*mine).values(added_at=account.now))


def _told(account: Account, change: Change, after: Saved, moved: Sequence[Move]) -> Entry:
    """The entry with the booking's figures and the lines that money moved on."""
    was = account.booking
    before = {"status": was.status, "total": was.total, "paid": was.paid, "credit": was.credit,
              "charges": was.charges}  # fmt: skip
    now = {"status": after.status, "total": after.total, "paid": after.paid,
           "credit": after.credit, "charges": after.charges}  # fmt: skip
    found = [[move.payment_id, move.line_id, move.amount] for move in moved]
    return replace(
        change.entry,
        about={"booking": was.id, "location": was.location_id, **change.entry.about},
        before={**before, **change.entry.before},
        after={**now, "moves": found, **change.entry.after},
    )


def _tell(connection: Connection, account: Account, change: Change, after: Saved) -> int:
    """Write to whoever listens; how many events the booking has then had."""
    booking = account.booking
    figures = Figures(after.status, after.total, after.paid, after.credit)
    events = events_of(change.entry.action, booking, figures, _payment(account, change))
    if events:
        tell(connection, booking, events, account.now)
    return booking.event_count + len(events)


def tell(
    connection: Connection, booking: BookingFacts, events: Sequence[Event], now: datetime
) -> None:
    """Write the messages of these events to whoever listens to the booking's location."""
    place = literal(booking.location_id)
    found = [Listener(*row) for row in connection.execute(listeners_at(place))]
    if rows := message_rows(found, events, booking.event_count, booking.id, now):
        connection.execute(insert(Message), rows)


def _payment(account: Account, change: Change) -> dict[str, Any] | None:
    """Columns of the payment that the change is about, as they are then."""
    payment_id = change.entry.about.get("payment")
    for row in change.new_payments:
        if row["id"] == payment_id:
            return {**row, **change.told}
    for payment in account.payments:
        if payment.id == payment_id:
            return {**asdict(payment), **change.payments.get(payment.id, {}), **change.told}
    return None


def log(connection: Connection, account: Account, entry: Entry, origin: Origin) -> Head:
    """Append to the booking's chain; the caller stores the new head on the booking."""
    booking = account.booking
    row, head = chain().link(booking.id, booking.log_head, entry, origin, account.now)
    connection.execute(insert(LogEntry), [row])
    return head


def note(connection: Connection, account: Account, entry: Entry, origin: Origin) -> None:
    """Append to the booking's chain what changes nothing else of the booking. The account is not
    for saving any more: the chain has moved on."""
    head = log(connection, account, entry, origin)
    values = {"log_count": head.count, "log_hash": head.hash, "log_seal": head.seal}
    connection.execute(update(Booking).where(Booking.id == account.booking.id).values(values))


def add_lines(
    connection: Connection, account: Account, rows: Sequence[Mapping[str, Any]]
) -> Account:
    """The account with new lines of the schedule; what they ask for is part of the next `save`.

    `rows`: name, kind, stage, due_on, amount (minor units) and property_id.
    """
    added = []
    for row in rows:
        values = {**row, "booking_id": account.booking.id, "paid": 0}
        line_id = connection.execute(
            insert(ScheduleLine).returning(ScheduleLine.id), [values]
        ).scalar_one()
        added.append(LineRow(id=line_id, paid=0, closed_amount=None, **row))
    return replace(
        account,
        lines=(*account.lines, *added),
        standing=account.standing.with_lines([line.plain for line in added]),
    )
