"""From wishes to prices: what creating, amending and calculating share.

Everything a wish may have wrong that only the agency's own data can tell is told at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection, select

from bookings import errors
from bookings.availability import Span
from bookings.commands import StayWish
from bookings.errors import BookingError
from bookings.offers import offers
from bookings.prices import ExtraOnOffer, Offer, StayPrice, price_of
from kit.currencies import exponent
from kit.errors import Refused
from kit.money import Money, TooManyDecimals
from locations.models import Location


@dataclass(frozen=True, slots=True)
class Place:
    """The location of a quote, as far as prices and days depend on it."""

    id: int
    currency: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class QuotedStay:
    """A stay that can be had, and its price; `owner_amount` is in minor units."""

    wish: StayWish
    offer: Offer
    price: StayPrice
    owner_amount: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Quote:
    place: Place
    stays: tuple[QuotedStay, ...]

    @property
    def prices(self) -> list[StayPrice]:
        return [stay.price for stay in self.stays]

    @property
    def spans(self) -> list[Span]:
        return [stay.span for stay in self.stays]


def quote(
    connection: Connection,
    wishes: Sequence[StayWish],
    locations: frozenset[int] | None,
    brand_id: int | None = None,
    also: Sequence[BookingError] = (),
    *,
    owners: bool = False,
    ordered: Mapping[int, Mapping[int, ExtraOnOffer]] | None = None,
) -> Quote:
    """The prices of these stays, all at one location that the caller reaches (None: any).

    `also` are problems found elsewhere, to be told with these; `owners`: an owner's own stay, which
    costs nothing and needs no price; `ordered`: extras by property and id that the booking has
    already, at the prices it has them for. Raises the errors of bookings.errors.
    """
    found = offers(connection, [wish.property for wish in wishes], locations)
    for property_id, extras in (ordered or {}).items():
        if offer := found.get(property_id):
            found[property_id] = replace(offer, extras={**offer.extras, **extras})
    problems: list[BookingError] = list(also)
    for number, wish in enumerate(wishes):
        at, offer = f"stays[{number}]", found.get(wish.property)
        if offer is None:
            problems.append(errors.PropertyUnknown(f"{at}.property", wish.property))
        elif wish.property in [other.property for other in wishes[:number]]:
            problems.append(errors.PropertyTwice(f"{at}.property", wish.property))
        else:
            problems += _unknown(at, wish, offer)
    there = [found[wish.property].location_id for wish in wishes if wish.property in found]
    problems += _places(wishes, found, there, brand_id)
    if not there:
        Refused.if_any(problems)
        raise ValueError("a quote needs a stay")
    place = _place(connection, there[0])
    problems += [each for n, wish in enumerate(wishes) for each in _decimals(n, wish, place)]
    Refused.if_any(problems)
    if not owners:
        Refused.if_any([each for n, wish in enumerate(wishes) for each in _rules(n, wish, found)])
    return Quote(place, tuple(_quoted(n, wish, found, place) for n, wish in enumerate(wishes)))


def _place(connection: Connection, location_id: int) -> Place:
    query = select(Location.id, Location.currency, Location.time_zone)
    return Place(*connection.execute(query.where(Location.id == location_id)).one())


def _unknown(at: str, wish: StayWish, offer: Offer) -> list[BookingError]:
    known = sorted(offer.extras)
    return [
        errors.ExtraUnknown(f"{at}.extras[{n}].extra", extra.extra, offer.property_id, known)
        for n, extra in enumerate(wish.extras or ())
        if extra.extra not in offer.extras and extra.quantity
    ]


def _places(
    wishes: Sequence[StayWish], found: dict[int, Offer], there: list[int], brand_id: int | None
) -> list[BookingError]:
    if there and brand_id is not None and brand_id not in there:
        return [errors.BrandElsewhere(brand_id, there[0])]
    return [
        errors.SeveralLocations(f"stays[{place}].property")
        for place, wish in enumerate(wishes)
        if wish.property in found and found[wish.property].location_id != there[0]
    ]


def _decimals(number: int, wish: StayWish, place: Place) -> list[BookingError]:
    found: list[BookingError] = []
    for name in ("accommodation", "owner_amount"):
        came: Decimal | None = getattr(wish, name)
        try:
            _minor(came, place.currency)
        except TooManyDecimals:
            at, places = f"stays[{number}].{name}", exponent(place.currency)
            found.append(errors.CostDecimals(at, f"{came:f}", place.currency, places))
    return found


def _rules(number: int, wish: StayWish, found: dict[int, Offer]) -> list[BookingError]:
    """What the agency does not do: no price, no insurance, no vouchers."""
    at, offer = f"stays[{number}]", found[wish.property]
    problems: list[BookingError] = []
    if offer.rule is None or (offer.night_price is None and wish.accommodation is None):
        problems.append(errors.NotOnOffer(f"{at}.property", wish.property))
    if wish.breakages == "insurance" and offer.insurance is None:
        problems.append(errors.InsuranceNotOffered(f"{at}.breakages", wish.property))
    if wish.voucher is not None:
        problems.append(errors.VoucherUnknown(f"{at}.voucher", wish.voucher))
    return problems


def _minor(came: Decimal | None, currency: str) -> int | None:
    return None if came is None else Money.of(came, currency).minor


def _quoted(number: int, wish: StayWish, found: dict[int, Offer], place: Place) -> QuotedStay:
    offer = found[wish.property]
    extras = [(extra.extra, extra.quantity) for extra in wish.extras or () if extra.quantity]
    price = price_of(
        offer,
        wish.arrives_on,
        wish.leaves_on,
        extras,
        wish.breakages or "none",
        _minor(wish.accommodation, place.currency),
    )
    span = Span(f"stays[{number}].arrives_on", wish.property, wish.arrives_on, wish.leaves_on)
    return QuotedStay(wish, offer, price, _minor(wish.owner_amount, place.currency), span)
