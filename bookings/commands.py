"""What doors ask of bookings, in words of our own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bookings.prices import Breakages
from payments.commands import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestWish:
    """Somebody who will stay. The passport is stored encrypted, and shown masked."""

    name: str
    age: int | None = None
    passport: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraWish:
    """An extra by its id, and how many: one unless given, or as many as are ordered already. 0
    takes it out of an amended booking. `at`: its number among those that came, by which errors
    name it; unless given, its place."""

    extra: int
    quantity: int | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StayWish:
    """One property to be booked. `accommodation` (a decimal as written) is agreed on instead of
    the property's price. An amendment changes the `extras` that are named, and `guests` take the
    place of those there, unless None.
    `at` is as for an extra."""

    property: int
    arrives_on: date
    leaves_on: date
    lead: GuestWish | None = None
    guests: tuple[GuestWish, ...] | None = None
    extras: tuple[ExtraWish, ...] | None = None
    adults: int | None = None
    children: int | None = None
    infants: int | None = None
    pets: int | None = None
    breakages: Breakages | None = None
    commission_type: int | None = None
    voucher: str | None = None
    accommodation: Decimal | None = None
    owner_amount: Decimal | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """The payment that comes with a new booking. `amount` is a decimal as written."""

    amount: Decimal
    method: str
    deferred: bool = False
    card: Card | None = None
    reference: str | None = None
    balance_due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBooking:
    """Book one or several properties of one location for one guest.

    `contact` are columns of the guest's row, `contact_id` a guest that is known already;
    `source` is the id or the name of a source. `is_owners`: the owner's own stay, which blocks the
    dates and asks for no money.
    """

    stays: tuple[StayWish, ...]
    contact: dict[str, str] = field(default_factory=dict)
    contact_id: int | None = None
    brand_id: int | None = None
    source: str | None = None
    tags: tuple[int, ...] = ()
    guest_notes: str = ""
    housekeeper_notes: str = ""
    internal_notes: str = ""
    external_reference: str | None = None
    is_owners: bool = False
    paying: Paying | None = None
    send_email: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendBooking:
    """Change the items, dates or guests of a booking. No stays: they stay as they are; otherwise
    these are all its properties from now on. A `reason` alone changes nothing."""

    booking_id: int
    stays: tuple[StayWish, ...] = ()
    contact: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelBooking:
    """`fee` (minor units) is what the desk keeps instead of what the rule says."""

    booking_id: int
    reason: str | None = None
    fee: int | None = None
    send_email: bool = True
