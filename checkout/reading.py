"""Everything that the guest's page shows, read at one moment; nothing is changed by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from bookings.abandoning import hold_of, was_abandoned
from bookings.models import Property, Stay
from checkout.offering import ways_to_pay
from checkout.trying import Try, last_try
from locations.models import Location
from locations.paying import pay_at
from payments import intents
from payments.account import Account, PaymentRow, read_account
from payments.facts import GuestMethod
from payments.gateways.models import CardIntent
from payments.links import PayLink
from payments.ordering import owed_now
from payments.owing import Owed


@dataclass(frozen=True, slots=True)
class StayView:
    name: str
    arrives_on: date
    leaves_on: date

    @property
    def nights(self) -> int:
        return (self.leaves_on - self.arrives_on).days


@dataclass(frozen=True, slots=True)
class Found:
    """What is known. `methods` are those that the guest can pay by here, if any.
    `next` is what is asked for first, `whole` all that is neither paid nor promised; `pay_at` is
    where the agency takes payments itself; `held_until` is known while the dates are held for
    nobody but who pays."""

    link: PayLink
    account: Account
    is_demonstration: bool
    pay_at: str | None
    stays: tuple[StayView, ...]
    methods: tuple[GuestMethod, ...]
    next: Owed
    whole: Owed
    last: Try
    held_until: datetime | None
    is_abandoned: bool

    @property
    def receipts(self) -> list[PaymentRow]:
        """What there is a receipt for: money that came and money that was paid back, the newest
        first."""
        return [each for each in reversed(self.account.payments) if each.state == "cleared"]


def read(connection: Connection, link: PayLink, now: datetime) -> Found:
    """In a transaction that sees one moment. Raises BookingUnknown."""
    account = read_account(connection, link.booking_id, None, now)
    place = connection.execute(
        select(Location.is_demonstration, Location.checkout_url).where(
            Location.id == account.booking.location_id
        )
    ).one()
    is_over = account.booking.is_cancelled
    return Found(
        link=link,
        account=account,
        is_demonstration=place.is_demonstration,
        pay_at=pay_at(place.checkout_url, link.booking_id),
        stays=_stays(connection, link.booking_id),
        methods=ways_to_pay(connection, link.booking_id),
        next=Owed(()) if is_over else owed_now(account, whole=False),
        whole=Owed(()) if is_over else owed_now(account, whole=True),
        last=_last(connection, account),
        held_until=hold_of(connection, account),
        is_abandoned=was_abandoned(connection, account),
    )


@dataclass(frozen=True, slots=True)
class Tries:
    """How many pages were opened to pay for a booking, and how many of them ended in a decline."""

    pages: int
    declined: int


def tries_since(connection: Connection, booking_id: int, since: datetime) -> Tries:
    """How often somebody went on to pay for the booking since then."""
    declined = func.count().filter(CardIntent.state == "failed")
    mine = select(func.count(), declined).where(
        CardIntent.booking_id == booking_id,
        CardIntent.kind == "pay",
        CardIntent.created_at >= since,
    )
    return Tries(*connection.execute(mine).one())


def _stays(connection: Connection, booking_id: int) -> tuple[StayView, ...]:
    columns = select(Property.name, Stay.arrives_on, Stay.leaves_on)
    mine = columns.join(Property, Property.id == Stay.property_id)
    mine = mine.where(Stay.booking_id == booking_id, Stay.dropped_at.is_(None))
    return tuple(StayView(*row) for row in connection.execute(mine.order_by(Stay.id)))


def _last(connection: Connection, account: Account) -> Try:
    came = [each for each in account.payments if each.refund_of is None]
    paid = [each.id for each in came if each.state == "cleared"]
    return last_try(
        intents.latest_page(connection, account.booking.id),
        intents.pending_money(connection, account.booking.id),
        max(paid, default=0),
        account.now,
    )
