"""A booking's account: everything its money depends on, read under the booking's lock.

Taking a payment is the fast path and has three statements of its own (payments.ledger). Clearing,
refunding, amending and so on are rarer: they open the account, let pure rules make a new standing,
and save it (payments.saving).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from bookings.models import ScheduleLine
from kit import clock
from kit.money import Money
from partners.authentication import Caller
from payments import ledger
from payments.allocation import DEPOSIT, Rank, promised, rank
from payments.errors import BookingUnknown
from payments.facts import BookingFacts, GuestFacts, PlaceFacts, StayFacts
from payments.models import Allocation, Payment, PaymentMethod
from payments.standing import NO_WISH, Line, Standing
from tags.models import BookingTag, Tag

Clock = Callable[[], datetime]
EXTERNAL = ("ipro", "spektrix", "kseries", "brink", "iiko")


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as it is stored. `closed_amount` is what a line closed by cancelling asked for."""

    id: int
    name: str
    kind: str
    stage: int
    due_on: date
    amount: int
    paid: int
    property_id: int | None
    closed_amount: int | None

    @property
    def plain(self) -> Line:
        return Line(self.id, self.stage, self.due_on, self.amount, self.property_id)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as it is stored, and what its method is called and allows."""

    id: int
    state: str
    source: str
    amount: int
    charges: int
    tip: int
    refund_of: int | None
    partner_id: int | None
    paid_on: date
    settled_on: date | None
    wishes: str
    property_id: int | None
    balance_due_on: date | None
    send_email: bool
    category: int
    method_id: int
    method: str
    paying: str
    reference: str | None = None
    gateway: str | None = None

    @property
    def is_external(self) -> bool:
        """Whether it came through an API of ours, as against one typed in at the desk."""
        return self.source in EXTERNAL

    @property
    def is_coming(self) -> bool:
        return self.state in ("uncleared", "deferred")

    @property
    def asked(self) -> list[int]:
        return [int(wish) for wish in self.wishes.split(",")]


@dataclass(frozen=True, slots=True)
class Account:
    """One booking's money as it stands under its lock; `now` is the moment of the change."""

    booking: BookingFacts
    place: PlaceFacts
    guest: GuestFacts
    stays: tuple[StayFacts, ...]
    lines: tuple[LineRow, ...]
    payments: tuple[PaymentRow, ...]
    roles: Mapping[str, int]
    standing: Standing
    now: datetime

    @property
    def today(self) -> date:
        """The day at the booking's location."""
        return clock.day_at(self.now, self.place.time_zone)

    def money(self, minor: int) -> Money:
        return Money(minor, self.booking.currency)

    def payment(self, payment_id: int) -> PaymentRow:
        return next(each for each in self.payments if each.id == payment_id)

    def refunds_of(self, payment_id: int) -> list[PaymentRow]:
        """Its refunds that count: cleared ones, with negative amounts."""
        refunds = (each for each in self.payments if each.refund_of == payment_id)
        return [each for each in refunds if each.state == "cleared"]

    def refundable(self, payment_id: int) -> int:
        """The cleared amount less what was paid back already; 0 for anything not cleared."""
        payment = self.payment(payment_id)
        if payment.state != "cleared" or payment.refund_of is not None:
            return 0
        return payment.amount + sum(each.amount for each in self.refunds_of(payment_id))

    @property
    def external(self) -> list[PaymentRow]:
        """External payments that stand in the way of cancelling by API: money that is there or is
        to come. One that was paid back in full holds nothing any more."""
        found = [each for each in self.payments if each.is_external and each.refund_of is None]
        return [each for each in found if each.is_coming or self.refundable(each.id) > 0]

    def confirmed(self, standing: Standing, coming: Iterable[PaymentRow]) -> str:
        """The booking's status: a provisional one is booked when stage 1 is paid or promised."""
        if self.booking.status != "provisional":
            return self.booking.status
        return self._by_stage_1(standing, coming)

    def reopened(self, standing: Standing) -> str:
        """The status a cancelled booking gets when it is taken up again with this standing; an
        owner's blocks the dates as before."""
        if self.booking.is_owners:
            return "blockout"
        return self._by_stage_1(standing, self.coming)

    def _by_stage_1(self, standing: Standing, coming: Iterable[PaymentRow]) -> str:
        promises = [(each.amount, rank(each.asked, each.property_id)) for each in coming]
        then = promised(standing.open, promises)
        waits = any(line.open for line in then if line.stage == DEPOSIT)
        return "provisional" if waits else "booking"

    def with_money(self, payment_id: int, amount: int, wish: Rank = NO_WISH) -> Standing:
        """The standing with new money: on the lines as wished; on a cancelled booking, whose lines
        are closed, all of it is credit to refund."""
        if self.booking.is_cancelled:
            return self.standing.keep(payment_id, amount)
        return self.standing.put(payment_id, amount, wish)

    @property
    def expected(self) -> Standing:
        """The standing when all that is promised has come, in the order it was recorded; meant for
        bookings that are not cancelled, to which nothing is promised."""
        standing = self.standing
        for each in self.coming:
            standing = standing.put(each.id, each.amount, rank(each.asked, each.property_id))
        return standing

    def without(self, payment_id: int, amount: int) -> Standing:
        """The standing when money of a payment has left: other credit then flows into the lines
        that this opened."""
        left = self.standing.take_back(payment_id, amount)
        is_cancelled = self.booking.is_cancelled
        return left.refilled(self.standing) if is_cancelled else left.use_credit()

    @property
    def coming(self) -> list[PaymentRow]:
        return [each for each in self.payments if each.is_coming]


LINES: list[Any] = [getattr(ScheduleLine, name) for name in LineRow.__dataclass_fields__]
PAYMENTS: list[Any] = [
    {"method": PaymentMethod.name, "paying": PaymentMethod.paying}.get(
        name, getattr(Payment, name, None)
    )
    for name in PaymentRow.__dataclass_fields__
]


def open_account(
    connection: Connection, booking_id: int, caller: Caller | None, clock_of: Clock
) -> Account:
    """Hold the booking, then read its account. A partner reaches its own locations only, the desk
    and the worker (`caller` None) all of them.

    Raises BookingUnknown, and BookingBusy when somebody else does not let go of the booking.
    """
    ledger.hold(connection, booking_id)
    reached = None if caller is None else caller.locations
    return read_account(connection, booking_id, reached, clock_of())


def read_account(
    connection: Connection, booking_id: int, locations: frozenset[int] | None, now: datetime
) -> Account:
    """The account without holding the booking: to look at, never to change, and only in a
    transaction that sees one moment. Raises BookingUnknown."""
    row = connection.execute(ledger.BOOKING_ROW, {"booking_id": booking_id}).first()
    if row is None or (locations is not None and row.location_id not in locations):
        raise BookingUnknown(booking_id)
    booking, place, guest = ledger.booking_facts(row)
    stays = connection.execute(ledger.STAY_ROWS, {"booking_id": booking_id})
    lines = tuple(
        LineRow(*line)
        for line in connection.execute(
            select(*LINES).where(ScheduleLine.booking_id == booking_id).order_by(ScheduleLine.id)
        )
    )
    return Account(
        booking=booking,
        place=place,
        guest=guest,
        stays=tuple(StayFacts(row[0], row[1], str(row[2])) for row in stays),
        lines=lines,
        payments=_payments(connection, booking_id),
        roles=_roles(connection, booking_id),
        standing=Standing.of([line.plain for line in lines], _moved(connection, booking_id)),
        now=now,
    )


def _payments(connection: Connection, booking_id: int) -> tuple[PaymentRow, ...]:
    query = select(*PAYMENTS).join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    query = query.where(Payment.booking_id == booking_id).order_by(Payment.id)
    return tuple(PaymentRow(*row) for row in connection.execute(query))


def _roles(connection: Connection, booking_id: int) -> dict[str, int]:
    """The tags with a role that stand on the booking, by role."""
    query = select(Tag.role, Tag.id).join(BookingTag, BookingTag.tag_id == Tag.id)
    query = query.where(BookingTag.booking_id == booking_id, Tag.role.is_not(None))
    return {row.role: row.id for row in connection.execute(query)}


def _moved(connection: Connection, booking_id: int) -> list[tuple[int, int | None, int]]:
    """Every row of the ledger of this booking, the oldest first."""
    columns = select(Allocation.payment_id, Allocation.line_id, Allocation.amount)
    rows = connection.execute(
        columns.where(Allocation.booking_id == booking_id).order_by(Allocation.id)
    )
    return [(row.payment_id, row.line_id, row.amount) for row in rows]


def next_payment_id(connection: Connection) -> int:
    """The id of a payment about to be written."""
    return int(connection.execute(ledger.NEXT_PAYMENT_ID).scalar_one())
