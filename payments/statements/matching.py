"""Matching: staff say which payments lines of the bank are, or that a line is no booking's money.

What becomes of payments is clearing's and recording's affair (payments.clearing, .recording): here
it is seen to that all adds up, that no line is spent twice, and no payment is there twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, literal_column, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from bookings.models import Booking
from kit import clock
from kit.errors import Refused
from locations.models import Location
from payments import ledger, saving
from payments.account import EXTERNAL, Clock, read_account
from payments.clearing import ClearPayment, clear_payment
from payments.deciding import Remark
from payments.models import Payment, PaymentMethod
from payments.recording import RecordPayment, record_payment
from payments.saving import Done
from payments.statements.clues import Reason
from payments.statements.errors import LineNotAside, NothingToMatch
from payments.statements.fitting import (
    Fit,
    HeldLine,
    MatchedBooking,
    MatchedPayment,
    changed,
    divided,
    misfits,
    settled,
)
from payments.statements.holding import Locations, hold_lines, rematch
from payments.statements.models import STANDS, BankLine, BankMatch, BankMatchLine
from payments.statements.proposing import Kind, Part

LONGEST_REFERENCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmMatch:
    """These lines are these parts. `seen` are the revisions of the lines when the person looked at
    them, by id, `seen_bookings` how many entries the logs of the bookings had (those of bookings
    that new money is recorded on must be there); `locations` those the person reaches (None: all).
    `score` and `reasons` are of the proposal, if it was one."""

    line_ids: Sequence[int]
    parts: Sequence[Part]
    seen: Mapping[int, int]
    seen_bookings: Mapping[int, int]
    locations: Locations
    score: int | None = None
    reasons: Sequence[Reason] = ()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The matches that were made, one for each part in their order, and what staff should know."""

    match_ids: tuple[int, ...]
    warnings: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """What is left of the line is no booking's money. `seen` is its revision."""

    line_id: int
    reason: str
    seen: int
    locations: Locations


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUp:
    """It may be some booking's, after all."""

    line_id: int
    seen: int
    locations: Locations


def confirm_match(
    connection: Connection, order: ConfirmMatch, origin: Origin, clock_of: Clock = clock.now
) -> Confirmed:
    """Match lines with payments in the caller's transaction: a promise is cleared, a payment that
    is there is found, and all else is recorded as new money by the account's method.

    Raises NothingToMatch, LineUnknown, LinesOfTwoAccounts, LinesBusy and BookingBusy; then all at
    once that is wrong of these: LineChangedMeanwhile, BookingChangedMeanwhile, LineSettled,
    WrongDirection, AmountsDiffer, NamedTwice, BookingUnknown, BookingElsewhere,
    WrongBookingCurrency, NotOfBooking, PaymentTaken, NoMoneyOf, PaymentOfAnotherAmount,
    CompletedOutside and RefundFirst; at last what clearing and recording refuse.
    """
    if not order.line_ids or not order.parts:
        raise NothingToMatch
    lines = hold_lines(connection, order.line_ids, order.locations)
    fit = _fit(connection, order, lines)
    Refused.if_any(misfits(fit, order.seen, order.seen_bookings))
    shares = divided([line.left for line in lines], [part.amount for part in order.parts])
    match = _Match(order, fit, origin, clock_of)
    made = [
        match.make(connection, part, share) for part, share in zip(order.parts, shares, strict=True)
    ]
    for place, line in enumerate(lines):
        rematch(connection, line, sum(share.get(place, 0) for share in shares), clock_of())
    warnings = tuple(remark for _, remarks in made for remark in remarks)
    return Confirmed(tuple(match_id for match_id, _ in made), warnings)


def _fit(connection: Connection, order: ConfirmMatch, lines: Sequence[HeldLine]) -> Fit:
    """Hold the bookings, then look at what the parts name of them."""
    ids = sorted({part.booking_id for part in order.parts})
    for booking_id in ids:
        ledger.hold(connection, booking_id)
    columns = (Booking.id, Booking.location_id, Booking.currency, Location.time_zone,
               Booking.log_count)  # fmt: skip
    query = select(*columns).join(Location, Location.id == Booking.location_id)
    query = query.where(Booking.id.in_(ids))
    if order.locations is not None:
        query = query.where(Booking.location_id.in_(sorted(order.locations)))
    bookings = {row.id: MatchedBooking(*row) for row in connection.execute(query)}
    named = {part.payment_id for part in order.parts if part.payment_id is not None}
    payments = connection.execute(_PAYMENTS.where(Payment.id.in_(named)))
    return Fit(lines, order.parts, bookings, {row.id: MatchedPayment(*row) for row in payments})


_PAYMENTS = select(
    Payment.id,
    Payment.booking_id,
    Payment.state,
    Payment.amount + Payment.charges + Payment.tip,
    PaymentMethod.paying,
    PaymentMethod.name,
    select(BankMatch.id).where(BankMatch.payment_id == Payment.id, literal_column(STANDS)).exists(),
    Payment.source.in_(EXTERNAL),
).join(PaymentMethod, PaymentMethod.id == Payment.method_id)


@dataclass(frozen=True, slots=True)
class _Match:
    """Makes the matches of one order, whose parts fit."""

    order: ConfirmMatch
    fit: Fit
    origin: Origin
    clock_of: Clock

    def make(
        self, connection: Connection, part: Part, share: Mapping[int, int]
    ) -> tuple[int, tuple[Remark, ...]]:
        """Let the money of a part be there and write down whose lines it is of; the match's id, and
        what staff should know. `share` is what it takes, by the place of the line."""
        payment = self.fit.payments.get(part.payment_id or 0)
        lines = [self.fit.lines[place] for place in share]
        done = self._act(connection, part, payment, lines)
        kind, now = _kind(payment), self.clock_of()
        row = {
            "booking_id": part.booking_id,
            "payment_id": done.payment_id if done else part.payment_id,
            "kind": kind,
            "former": payment.state if payment and payment.is_coming else None,
            "score": self.order.score,
            "reasons": [reason.code for reason in self.order.reasons],
            "person_id": person_of(self.origin),
            "created_at": now,
        }
        match_id = int(connection.scalars(insert(BankMatch).returning(BankMatch.id), [row]).one())
        taken = {line.id: amount for line, amount in zip(lines, share.values(), strict=True)}
        rows = [{"match_id": match_id, "line_id": id, "amount": x} for id, x in taken.items()]
        connection.execute(insert(BankMatchLine), rows)
        about = {"match": match_id, "payment": row["payment_id"]}
        facts = logged(kind, taken, lines[0].currency)
        entry = Entry("statement.matched", about, {}, facts)
        note(connection, part.booking_id, entry, self.origin, now)
        return match_id, done.warnings if done else ()

    def _act(
        self,
        connection: Connection,
        part: Part,
        payment: MatchedPayment | None,
        lines: Sequence[HeldLine],
    ) -> Done | None:
        """The money came on the day of the last line, but never later than today; None when it is
        there already."""
        zone = self.fit.bookings[part.booking_id].time_zone
        today = clock.day_at(self.clock_of(), zone)
        day = min(max(line.day for line in lines), today)
        if payment is None:
            order = _new_money(part, lines, day)
            return record_payment(connection, order, self.origin, self.clock_of)
        if payment.is_coming:
            clear = ClearPayment(payment_id=payment.id, paid_on=day)
            return clear_payment(connection, clear, self.origin, None, self.clock_of)
        return None


def _kind(payment: MatchedPayment | None) -> Kind:
    if payment is None:
        return "recorded"
    return "cleared" if payment.is_coming else "found"


def _new_money(part: Part, lines: Sequence[HeldLine], day: date) -> RecordPayment:
    """The reference is the bank's, as much of it as fits. It is no key of the payment: one line may
    be several payments, even of one booking."""
    first = lines[0]
    reference = first.bank_reference or first.reference
    ids = ", ".join(str(line.id) for line in lines)
    return RecordPayment(
        booking_id=part.booking_id,
        amount=first.money(part.amount).decimal,
        state="cleared",
        method=first.method,
        paid_on=day,
        comments=f"{first.account}: {first.statement}, bank line {ids}",
        reference=reference[:LONGEST_REFERENCE] or None,
    )


def logged(kind: str, taken: Mapping[int, int], currency: str) -> dict[str, Any]:
    """A match as the event log keeps it. `taken` is what it takes, by line."""
    lines = [[line_id, taken[line_id]] for line_id in sorted(taken)]
    amount = sum(taken.values())
    return {"kind": kind, "amount": amount, "currency": currency, "lines": lines}


def note(
    connection: Connection, booking_id: int, entry: Entry, origin: Origin, now: datetime
) -> None:
    """Append to the log of a booking that is held."""
    account = read_account(connection, booking_id, None, now)
    about = {"booking": booking_id, "location": account.booking.location_id, **entry.about}
    saving.note(connection, account, replace(entry, about=about), origin)


def person_of(origin: Origin) -> int | None:
    """Who of the staff does it."""
    return origin.actor.id if origin.actor.kind == "person" else None


# --- lines that are no booking's money -----------------------------------------------------------


def put_aside(
    connection: Connection, order: PutAside, origin: Origin, clock_of: Clock = clock.now
) -> None:
    """Let what is left of a line wait no longer. Raises LineUnknown, LinesBusy,
    LineChangedMeanwhile and LineSettled."""
    lines = hold_lines(connection, [order.line_id], order.locations)
    Refused.if_any(changed(lines, {order.line_id: order.seen}) or settled(lines))
    now = clock_of()
    values = {"aside_at": now, "aside_why": order.reason, "settled_at": now}
    _set(connection, lines[0], values)
    log_line(connection, lines[0], "statement.put_aside", origin, now, order.reason)


def take_up(
    connection: Connection, order: TakeUp, origin: Origin, clock_of: Clock = clock.now
) -> None:
    """Let a line that was put aside wait again. Raises LineUnknown, LinesBusy,
    LineChangedMeanwhile and LineNotAside."""
    [line] = hold_lines(connection, [order.line_id], order.locations)
    Refused.if_any(changed([line], {line.id: order.seen}))
    if line.aside_at is None:
        raise LineNotAside(line.id)
    _set(connection, line, {"aside_at": None, "aside_why": None, "settled_at": None})
    log_line(connection, line, "statement.taken_up", origin, clock_of())


def _set(connection: Connection, line: HeldLine, values: Mapping[str, Any]) -> None:
    mine = update(BankLine).where(BankLine.id == line.id)
    connection.execute(mine.values(revision=line.revision + 1, **values))


def log_line(
    connection: Connection,
    line: HeldLine,
    action: str,
    origin: Origin,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Append to the house's log what was done with a line that is held."""
    about = {"bank_line": line.id, "bank_account": line.account_id, "location": line.location_id}
    facts = {"amount": line.left, "currency": line.currency}
    entry = Entry(action, about, {}, facts, severity="medium", reason=reason)
    record(connection, entry, origin, now)
