"""An abandoned booking that its guest takes up again, by the link in the re-engagement mail.

The link may do that for two weeks and nothing else: what a person has cancelled stays cancelled,
and a booking that is taken up already is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, select

from audit.chain import Origin
from bookings.abandoning import hold_of, was_abandoned
from bookings.availability import Span, hold_properties, taken
from bookings.cancelling import reactivate_booking
from bookings.models import Property, Stay
from bookings.schedule import CANCELLATION_FEE
from kit import clock
from kit.money import Money
from locations.models import Location
from locations.paying import pay_at
from payments.account import Account, Clock, open_account, read_account
from payments.allocation import DEPOSIT, STAGES

# waiting: may be taken up; taken: somebody else has the nights; past: the day of arrival has
# passed; held: provisional (again); booked; cancelled: by a person.
State = Literal["waiting", "taken", "past", "held", "booked", "cancelled"]


@dataclass(frozen=True, slots=True)
class StayView:
    property_id: int
    name: str
    arrives_on: date
    leaves_on: date

    @property
    def nights(self) -> int:
        return (self.leaves_on - self.arrives_on).days

    def span(self) -> Span:
        return Span("booking_id", self.property_id, self.arrives_on, self.leaves_on)


@dataclass(frozen=True, slots=True)
class Resumable:
    """What the guest is shown of the booking. `due_first` is what of the total is due with the
    deposit and still open when the credit is used, as taking it up does. `received` is the money
    that is there; of a cancelled booking what is kept for the guest, not its fee. `held_until` is
    known while it is held for nobody but who pays; `pay_at` is where the agency takes payments."""

    booking: int
    state: State
    location: str
    is_demonstration: bool
    time_zone: str
    hold_minutes: int
    pay_at: str | None
    first_name: str
    locale: str
    stays: tuple[StayView, ...]
    total: Money
    due_first: Money
    received: Money
    held_until: datetime | None
    now: datetime


def look(connection: Connection, booking_id: int, clock_of: Clock = clock.now) -> Resumable:
    """The booking as it stands, in a reading transaction. Raises BookingUnknown."""
    account = read_account(connection, booking_id, None, clock_of())
    place = connection.execute(
        select(Location.is_demonstration, Location.hold_minutes, Location.checkout_url).where(
            Location.id == account.booking.location_id
        )
    ).one()
    stays = _stays(connection, booking_id)
    return Resumable(
        booking=booking_id,
        state=_state(connection, account, stays),
        location=account.place.name,
        is_demonstration=place.is_demonstration,
        time_zone=account.place.time_zone,
        hold_minutes=place.hold_minutes,
        pay_at=pay_at(place.checkout_url, booking_id),
        first_name=account.guest.first_name,
        locale=account.guest.locale,
        stays=stays,
        total=account.money(_asked(account)),
        due_first=account.money(_due_first(account)),
        received=account.money(_received(account)),
        held_until=hold_of(connection, account),
        now=account.now,
    )


def resume(
    connection: Connection, booking_id: int, origin: Origin, clock_of: Clock = clock.now
) -> bool:
    """Take the booking up again in the caller's transaction, if it waits for that; whether it was.

    Its hold begins anew. Raises BookingUnknown and BookingBusy.
    """
    account = open_account(connection, booking_id, None, clock_of)
    stays = _stays(connection, booking_id)
    hold_properties(connection, [stay.property_id for stay in stays])
    if _state(connection, account, stays) != "waiting":
        return False
    reactivate_booking(connection, booking_id, origin, clock_of=lambda: account.now)
    return True


def _state(connection: Connection, account: Account, stays: Sequence[StayView]) -> State:
    if not account.booking.is_cancelled:
        return "held" if account.booking.status == "provisional" else "booked"
    if not was_abandoned(connection, account):
        return "cancelled"
    if min(stay.arrives_on for stay in stays) < account.today:
        return "past"
    return "taken" if taken(connection, [stay.span() for stay in stays]) else "waiting"


def _stays(connection: Connection, booking_id: int) -> tuple[StayView, ...]:
    columns = select(Stay.property_id, Property.name, Stay.arrives_on, Stay.leaves_on)
    mine = columns.join(Property, Property.id == Stay.property_id)
    mine = mine.where(Stay.booking_id == booking_id, Stay.dropped_at.is_(None))
    return tuple(StayView(*row) for row in connection.execute(mine.order_by(Stay.id)))


def _asked(account: Account, *stages: int) -> int:
    """What the lines of these stages ask for (none: all lines); of a cancelled booking what they
    asked for before."""
    lines = [line for line in account.lines if line.stage in (stages or STAGES)]
    if account.booking.is_cancelled:
        return sum(line.closed_amount or 0 for line in lines if line.kind != CANCELLATION_FEE)
    return sum(line.amount for line in lines)


def _due_first(account: Account) -> int:
    """What is to come before the booking is made: credit flows into the deposit first."""
    paid = sum(line.paid for line in account.lines if line.stage == DEPOSIT)
    return max(_asked(account, DEPOSIT) - paid - account.standing.credit, 0)


def _received(account: Account) -> int:
    standing = account.standing
    return standing.credit + (0 if account.booking.is_cancelled else standing.paid)
