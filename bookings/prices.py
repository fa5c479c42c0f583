"""What a stay costs: pure rules. Amounts are minor units of the location's currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Breakages = Literal["none", "insurance", "deposit"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a schedule is made and what cancelling costs (PaymentRule); rates are hundredths of a
    percent, `booking_fee` is in minor units."""

    tax_rate: int = 0
    booking_fee: int = 0
    deposit_rate: int = 0
    balance_days: int = 0
    keeps: str = "nothing"
    kept_rate: int = 0


@dataclass(frozen=True, slots=True)
class ExtraOnOffer:
    """An extra of a property and its price for a stay."""

    id: int
    name: str
    price: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A property as it can be booked. `night_price` or `rule` None: it cannot."""

    property_id: int
    name: str
    location_id: int
    night_price: int | None
    insurance: int | None
    breakages_deposit: int
    rule: Rule | None
    extras: Mapping[int, ExtraOnOffer]


@dataclass(frozen=True, slots=True)
class ExtraPrice:
    """Some of one extra; `price` is that of a single one."""

    id: int
    name: str
    quantity: int
    price: int

    @property
    def cost(self) -> int:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class StayPrice:
    """What one property costs for one stay, and by which rule it is asked for."""

    property_id: int
    arrives_on: date
    accommodation: int
    extras: tuple[ExtraPrice, ...]
    insurance: int
    security_deposit: int
    rule: Rule

    @property
    def base(self) -> int:
        """Accommodation and extras: what percentages are taken of."""
        return self.accommodation + sum(extra.cost for extra in self.extras)


def agreed_cost(cost: int, agreed_nights: int, nights: int, night_price: int | None) -> int | None:
    """What nights cost when `cost` was agreed on for a number of them: those keep their price, a
    further night costs the property's, and of fewer nights it is their part, half up. None: there
    are further nights, and the property has no price."""
    further = nights - agreed_nights
    if further > 0:
        return None if night_price is None else cost + further * night_price
    return (2 * cost * nights + agreed_nights) // (2 * agreed_nights)


def price_of(
    offer: Offer,
    arrives_on: date,
    leaves_on: date,
    extras: Sequence[tuple[int, int]],
    breakages: Breakages,
    accommodation: int | None = None,
) -> StayPrice:
    """The price of a stay. `extras` are ids on offer and quantities; `accommodation` is the cost
    the sender has agreed on instead of the property's price a night."""
    nights = (leaves_on - arrives_on).days
    usual = nights * (offer.night_price or 0)
    return StayPrice(
        property_id=offer.property_id,
        arrives_on=arrives_on,
        accommodation=usual if accommodation is None else accommodation,
        extras=tuple(
            ExtraPrice(
                extra_id, offer.extras[extra_id].name, quantity, offer.extras[extra_id].price
            )
            for extra_id, quantity in extras
        ),
        insurance=(offer.insurance or 0) if breakages == "insurance" else 0,
        security_deposit=offer.breakages_deposit if breakages == "deposit" else 0,
        rule=offer.rule or Rule(),
    )
