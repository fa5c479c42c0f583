"""A small agency and what should become of its bookings: a model to hold the real ones against.

The model knows the product's rules in their simplest form (prices, nights, sums of money) and none
of the code that is tested. Amounts are minor units.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from bookings.commands import ExtraWish, Paying, StayWish
from kit.currencies import exponent
from kit.errors import DomainError
from kit.money import Money
from payments import errors
from tests import make

Why = type[DomainError] | None

WEBSITE, FAILED = 12, 20
METHODS = {"Any": "both", "At the desk": "on_site"}
HOLD = timedelta(minutes=30)


@dataclass(frozen=True)
class Terms:
    """Columns of a payment rule."""

    tax_rate: int = 0
    booking_fee: int = 0
    deposit_rate: int = 0
    balance_days: int = 0
    keeps: str = "nothing"
    kept_rate: int = 0


# Currency, and the rules of the location's two houses.
PLACES = {
    1: ("EUR", Terms(1000, 25, 3000, 30, "stage_1"), Terms(750, 40, 1250, 45, "percentage", 3333)),
    2: ("JPY", Terms(0, 0, 5000, 10, "percentage", 10000), Terms(0, 0, 2500, 60)),
    3: ("KWD", Terms(333, 0, 10000), Terms(333, 7, 0, 30, "stage_1")),
}


@dataclass(frozen=True)
class House:
    """A property with one extra, by what it costs."""

    id: int
    location: int
    terms: Terms
    extra: int
    night: int = 101
    insurance: int = 9
    deposit: int = 50
    extra_price: int = 33


@dataclass(frozen=True)
class Visit:
    """What was agreed on for one house."""

    house: House
    arrives_on: date
    leaves_on: date
    cost: int
    extras: int
    breakages: str

    @property
    def nights(self) -> list[date]:
        days = (self.leaves_on - self.arrives_on).days
        return [self.arrives_on + timedelta(days=n) for n in range(days)]

    @property
    def rent(self) -> int:
        """Accommodation, extras, tax and insurance; without the one fee of the booking."""
        base = self.cost + self.extras * self.house.extra_price
        tax = (base * self.house.terms.tax_rate + 5000) // 10000
        return base + tax + (self.house.insurance if self.breakages == "insurance" else 0)

    @property
    def deposit(self) -> int:
        """The security deposit, which is no rent."""
        return self.house.deposit if self.breakages == "deposit" else 0


@dataclass
class Paid:
    """A payment or a refund, as the sender knows it."""

    id: int
    method: str
    amount: int
    charges: int
    state: str
    refund_of: Paid | None = None
    by_desk: bool = False
    refunds: list[Paid] = field(default_factory=list)

    @property
    def given_back(self) -> list[Paid]:
        return [refund for refund in self.refunds if refund.state == "cleared"]

    @property
    def left(self) -> int:
        return self.amount - sum(refund.amount for refund in self.given_back)

    @property
    def charges_left(self) -> int:
        return self.charges - sum(refund.charges for refund in self.given_back)

    @property
    def is_coming(self) -> bool:
        return self.state in ("uncleared", "deferred")


@dataclass
class Life:
    """A booking."""

    id: int
    location: int
    visits: list[Visit]
    is_owners: bool
    is_website: bool
    held_from: datetime
    is_cancelled: bool = False
    ever: set[House] = field(default_factory=set)
    booking_fee: int = 0  # agreed on when it was booked, whatever becomes of its houses
    payments: list[Paid] = field(default_factory=list)

    @property
    def total(self) -> int:
        """What its schedule asks for while it is not cancelled."""
        if self.is_owners:
            return 0
        return self.booking_fee + sum(visit.rent + visit.deposit for visit in self.visits)

    def fee(self) -> tuple[int, int]:
        """The least and the most that is kept when it is cancelled by the rules of its houses, not
        of those that it had before."""
        rent = self.total - (0 if self.is_owners else sum(visit.deposit for visit in self.visits))
        terms = [visit.house.terms for visit in self.visits]
        if all(each.keeps == "nothing" for each in terms):
            return 0, 0
        if len(terms) == 1 and terms[0].keeps == "percentage":
            kept = (rent * terms[0].kept_rate + 5000) // 10000
            slack = len(self.ever) - 1  # lines of no house are rounded by themselves
            return kept - slack, kept + slack
        return 0, rent

    @property
    def money(self) -> int:
        """What came and is still there."""
        return sum(each.left for each in self.came)

    @property
    def charges(self) -> int:
        return sum(each.charges_left for each in self.came)

    @property
    def came(self) -> list[Paid]:
        return [x for x in self.payments if x.state == "cleared" and x.refund_of is None]

    @property
    def holds_external(self) -> bool:
        """Whether a partner may not cancel it."""
        return any(each.left for each in self.came) or any(x.is_coming for x in self.payments)

    @property
    def is_held(self) -> bool:
        """Whether it can never be abandoned: something was accepted for it."""
        return any(each.state not in ("failed", "void") for each in self.payments)

    @property
    def nights(self) -> set[tuple[int, date]]:
        if self.is_cancelled:
            return set()
        return {(visit.house.id, night) for visit in self.visits for night in visit.nights}


def policy(paid: Paid) -> Why:
    """What the payment's method refuses when it comes from a partner."""
    at_desk = paid.method == "At the desk" and paid.state == "cleared"
    return errors.OnlyNotCompleted if at_desk else None


def not_coming(paid: Paid, at_desk: bool = False) -> Why:
    """Why a payment cannot clear or fail. A partner finds only what it recorded itself."""
    if paid.by_desk and not at_desk:
        return errors.PaymentUnknown
    return None if paid.is_coming else errors.NotComing


def no_refund(paid: Paid, back: int, charges: int, at_desk: bool) -> Why:
    """Why so much of a payment cannot be given back."""
    if paid.by_desk and not at_desk:
        return errors.PaymentUnknown
    if paid.refund_of is not None:
        return errors.IsARefund
    if paid.state != "cleared":
        return errors.NotCleared
    # The way the money came is open to whoever recorded it, the method's policy or not.
    return errors.RefundTooLarge if back > paid.left or back + charges == 0 else None


def wish(visit: Visit, with_cost: bool = False) -> StayWish:
    """A visit as it is asked for; `with_cost`: at a price of its own."""
    house = visit.house
    return StayWish(
        property=house.id,
        arrives_on=visit.arrives_on,
        leaves_on=visit.leaves_on,
        extras=(ExtraWish(extra=house.extra, quantity=visit.extras),),
        breakages=cast(Any, visit.breakages),
        accommodation=decimal(visit.cost, house.location) if with_cost else None,
    )


def paying(paid: Paid, location: int) -> Paying:
    amount = decimal(paid.amount, location)
    return Paying(amount=amount, method=paid.method, deferred=paid.is_coming)


def world() -> int:
    """Locations, methods and tags, and a partner that reaches all of it: its id."""
    for location, (currency, *_) in PLACES.items():
        make.location(location, currency, hold_minutes=HOLD.seconds // 60)
    for name, paying in METHODS.items():
        make.method(name, paying=paying)
    make.tag(WEBSITE, "Website Booking in Progress", "website_booking_in_progress")
    make.tag(FAILED, "Payment Failed", "payment_failed")
    return make.partner(locations=list(PLACES))


def houses() -> list[House]:
    """Two new properties at each location, that nobody has booked yet."""
    return [_house(location, terms) for location, (_, *both) in PLACES.items() for terms in both]


def _house(location: int, terms: Terms) -> House:
    columns = asdict(terms) | {"booking_fee": plain(terms.booking_fee, location)}
    id_ = make.place(
        location,
        rule=make.rule(location, **columns),
        night_price=plain(House.night, location),
        insurance=plain(House.insurance, location),
        breakages_deposit=plain(House.deposit, location),
    )
    extra = make.extra(id_, plain(House.extra_price, location))
    return House(id_, location, terms, extra)


def agreed_cost(house: House, before: Visit | None, count: int) -> int:
    """What so many nights cost when those of `before` had a price already: further nights cost the
    usual, fewer nights their part of it, half up."""
    if before is None:
        return count * house.night
    had = len(before.nights)
    if count > had:
        return before.cost + (count - had) * house.night
    return (2 * before.cost * count + had) // (2 * had)


def currency_of(location: int) -> str:
    return PLACES[location][0]


def decimal(minor: int, location: int) -> Decimal:
    """Minor units as a sender would write them there."""
    return Decimal(minor).scaleb(-exponent(currency_of(location)))


def plain(minor: int, location: int) -> str:
    return Money(minor, currency_of(location)).plain
