"""Whether lines of the bank and what they are said to be fit each other: pure rules.

Amounts are minor units, with the sign of the lines: money that came is more than 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kit.errors import DomainError
from kit.money import Money
from payments.desk_errors import CompletedOutside
from payments.errors import BookingUnknown
from payments.statements.errors import (
    AmountsDiffer,
    BookingChangedMeanwhile,
    BookingElsewhere,
    LineChangedMeanwhile,
    LineSettled,
    NamedTwice,
    NoMoneyOf,
    NotOfBooking,
    PaymentOfAnotherAmount,
    PaymentTaken,
    RefundFirst,
    WrongBookingCurrency,
    WrongDirection,
)
from payments.statements.proposing import Part


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line as it stands, with its account and the name of its statement. `matched` is what
    standing matches take of it."""

    id: int
    account_id: int
    amount: int
    currency: str
    booked_on: date
    valued_on: date | None
    reference: str
    bank_reference: str
    revision: int
    aside_at: datetime | None
    settled_at: datetime | None
    account: str
    location_id: int | None
    method: str
    statement: str
    matched: int

    @property
    def left(self) -> int:
        return self.amount - self.matched

    @property
    def day(self) -> date:
        """When the money was there."""
        return self.valued_on or self.booked_on

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)


@dataclass(frozen=True, slots=True)
class MatchedBooking:
    """`log_count`: how many entries its log has; it grows with every change."""

    id: int
    location_id: int
    currency: str
    time_zone: str
    log_count: int


@dataclass(frozen=True, slots=True)
class MatchedPayment:
    """`amount` is all that moves: with charges and tip. `is_taken`: it has a match that stands;
    `is_external`: a partner sent it."""

    id: int
    booking_id: int
    state: str
    amount: int
    paying: str
    method: str
    is_taken: bool
    is_external: bool

    @property
    def is_coming(self) -> bool:
        return self.state in ("uncleared", "deferred")


@dataclass(frozen=True, slots=True)
class Fit:
    """What is said to fit, under its locks: at least one line and one part. Bookings and payments
    are those within reach, by id."""

    lines: Sequence[HeldLine]
    parts: Sequence[Part]
    bookings: Mapping[int, MatchedBooking]
    payments: Mapping[int, MatchedPayment]


def changed(lines: Sequence[HeldLine], seen: Mapping[int, int]) -> list[DomainError]:
    """The lines that are not as they were seen: `seen` are revisions, by id."""
    return [LineChangedMeanwhile(x.id) for x in lines if seen.get(x.id) != x.revision]


def settled(lines: Sequence[HeldLine]) -> list[DomainError]:
    """The lines that wait for nothing."""
    return [
        LineSettled(x.id, aside=x.aside_at is not None) for x in lines if x.settled_at is not None
    ]


def overtaken(fit: Fit, seen: Mapping[int, int]) -> list[DomainError]:
    """The bookings that are not as they were seen: `seen` are how many entries their logs had, by
    id. Of one that new money is recorded on it must be said: nothing else shows that this money is
    there already."""
    needed = {part.booking_id for part in fit.parts if part.payment_id is None}
    return [
        BookingChangedMeanwhile(each.id)
        for each in fit.bookings.values()
        if (each.id in needed or each.id in seen) and seen.get(each.id) != each.log_count
    ]


def misfits(
    fit: Fit, seen: Mapping[int, int], seen_bookings: Mapping[int, int]
) -> list[DomainError]:
    """Everything that is wrong with a match; empty when it can be made."""
    slips = [*changed(fit.lines, seen), *settled(fit.lines)] or _sums(fit)
    named = Counter(part.payment_id for part in fit.parts if part.payment_id is not None)
    slips += [NamedTwice(payment_id) for payment_id, times in named.items() if times > 1]
    for booking_id in dict.fromkeys(part.booking_id for part in fit.parts):
        slips += _booking(fit, booking_id)
    slips += overtaken(fit, seen_bookings)
    known = [part for part in fit.parts if part.booking_id in fit.bookings]
    return slips + [slip for part in known for slip in _payment(fit, part)]


def _sums(fit: Fit) -> list[DomainError]:
    """The parts take all that is left of the lines, or of the last line not all."""
    money, came = fit.lines[0].money, fit.lines[0].amount > 0
    lefts, amounts = [line.left for line in fit.lines], [part.amount for part in fit.parts]
    wrong = [minor for minor in [*lefts, *amounts] if not minor or (minor > 0) != came]
    if wrong:
        return [WrongDirection(money(minor), came=came) for minor in dict.fromkeys(wrong)]
    if abs(sum(lefts[:-1])) < abs(sum(amounts)) <= abs(sum(lefts)):
        return []
    return [AmountsDiffer(money(sum(lefts)), money(sum(amounts)))]


def _booking(fit: Fit, booking_id: int) -> list[DomainError]:
    booking, line = fit.bookings.get(booking_id), fit.lines[0]
    if booking is None:
        return [BookingUnknown(booking_id)]
    slips: list[DomainError] = []
    if booking.currency != line.currency:
        slips.append(WrongBookingCurrency(booking_id, booking.currency, line.currency))
    if line.location_id not in (None, booking.location_id):
        slips.append(BookingElsewhere(booking_id, line.account))
    return slips


def _payment(fit: Fit, part: Part) -> list[DomainError]:
    if part.payment_id is None:
        return [RefundFirst(part.booking_id)] if part.amount < 0 else []
    payment = fit.payments.get(part.payment_id)
    if payment is None or payment.booking_id != part.booking_id:
        return [NotOfBooking(part.payment_id, part.booking_id)]
    if payment.is_taken:
        return [PaymentTaken(payment.id)]
    if not payment.is_coming and payment.state != "cleared":
        return [NoMoneyOf(payment.id, payment.state)]
    slips: list[DomainError] = []
    if payment.amount != part.amount:
        money = fit.lines[0].money
        slips.append(PaymentOfAnotherAmount(payment.id, money(payment.amount), money(part.amount)))
    if payment.is_coming and payment.is_external and payment.paying == "external":
        slips.append(CompletedOutside(payment.id, payment.method))
    return slips


def divided(lefts: Sequence[int], amounts: Sequence[int]) -> list[dict[int, int]]:
    """What of each line goes into each part: by the place of the line, for every part. The lines
    are used up one after the other; they hold enough."""
    rest, place, found = list(lefts), 0, []
    for amount in amounts:
        share, missing = dict[int, int](), amount
        while missing:
            place += not rest[place]
            share[place] = min(missing, rest[place], key=abs)
            missing -= share[place]
            rest[place] -= share[place]
        found.append(share)
    return found
