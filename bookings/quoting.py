"""From wishes to prices: what creating, amending and calculating share.

Everything a wish may have wrong that only the agency's own data can tell is told at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from sqlalchemy import Connection, select

from bookings import errors
from bookings.availability import Span
from bookings.commands import StayWish
from bookings.errors import BookingError
from bookings.offers import offers
from bookings.prices import ExtraOnOffer, Offer, Rule, StayPrice, agreed_cost, price_of
from kit import clock
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
class Agreed:
    """What a booking has agreed on for a property that it holds already: these prices stay,
    whatever the property costs and offers now. Amounts are minor units. `insurance` None: not
    insured; `tax_rate` None: not known, so today's stands."""

    arrives_on: date
    accommodation: int
    nights: int
    extras: Mapping[int, ExtraOnOffer]
    insurance: int | None
    tax_rate: int | None

    def over(self, offer: Offer) -> Offer:
        """The property of today, with what was agreed on."""
        rule = offer.rule or Rule()
        if self.tax_rate is not None:
            rule = replace(rule, tax_rate=self.tax_rate)
        insurance = offer.insurance if self.insurance is None else self.insurance
        extras = {**offer.extras, **self.extras}
        return replace(offer, rule=rule, insurance=insurance, extras=extras)


@dataclass(frozen=True, slots=True)
class QuotedStay:
    """A stay that can be had, and its price; `owner_amount` is in minor units."""

    wish: StayWish
    offer: Offer
    price: StayPrice
    owner_amount: int | None
    span: Span
    refusals: tuple[BookingError, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices of stays. `refusals`: what the agency does not do, to be raised after conflicts
    about nights (the order of checks)."""

    place: Place
    stays: tuple[QuotedStay, ...]
    refusals: tuple[BookingError, ...] = ()

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
    agreed: Mapping[int, Agreed] = MappingProxyType({}),
    now: datetime | None = None,
) -> Quote:
    """The prices of these stays, all at one location that the caller reaches (None: any).

    `also` are problems found elsewhere, to be told with these; `owners`: an owner's own stay, which
    costs nothing and needs no price; `agreed`: by property, for an amendment; `now`: arrivals must
    not have passed, but for days of `agreed`. Raises the errors of bookings.errors, but for those
    in the quote's `refusals`.
    """
    found = offers(connection, [wish.property for wish in wishes], locations)
    for property_id in found.keys() & agreed.keys():
        found[property_id] = agreed[property_id].over(found[property_id])
    problems: list[BookingError] = list(also)
    for number, wish in enumerate(wishes):
        at, offer = _at(number, wish), found.get(wish.property)
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
    problems += _past(wishes, place, agreed, now) if now else []
    problems += [each for n, wish in enumerate(wishes) for each in _decimals(n, wish, place)]
    Refused.if_any(problems)
    stays = tuple(
        _quoted(n, wish, found[wish.property], place, agreed.get(wish.property))
        for n, wish in enumerate(wishes)
    )
    refusals = [] if owners else [each for stay in stays for each in stay.refusals]
    return Quote(place, stays, tuple(refusals))


def _at(number: int, wish: StayWish) -> str:
    """What errors call a stay."""
    return f"stays[{number if wish.at is None else wish.at}]"


def _place(connection: Connection, location_id: int) -> Place:
    query = select(Location.id, Location.currency, Location.time_zone)
    return Place(*connection.execute(query.where(Location.id == location_id)).one())


def _unknown(at: str, wish: StayWish, offer: Offer) -> list[BookingError]:
    known = sorted(offer.extras)
    return [
        errors.ExtraUnknown(
            f"{at}.extras[{n if extra.at is None else extra.at}].extra",
            extra.extra,
            offer.property_id,
            known,
        )
        for n, extra in enumerate(wish.extras or ())
        if extra.extra not in offer.extras and extra.quantity != 0
    ]


def _places(
    wishes: Sequence[StayWish], found: dict[int, Offer], there: list[int], brand_id: int | None
) -> list[BookingError]:
    if there and brand_id is not None and brand_id not in there:
        return [errors.BrandElsewhere(brand_id, there[0])]
    return [
        errors.SeveralLocations(f"{_at(place, wish)}.property")
        for place, wish in enumerate(wishes)
        if wish.property in found and found[wish.property].location_id != there[0]
    ]


def _past(
    wishes: Sequence[StayWish], place: Place, agreed: Mapping[int, Agreed], now: datetime
) -> list[BookingError]:
    """Arrivals before today at the location; a booking that is amended keeps the days it has."""
    today = clock.day_at(now, place.time_zone)
    kept = {each.arrives_on for each in agreed.values()}
    return [
        errors.ArrivedAlready(f"{_at(n, wish)}.arrives_on", wish.arrives_on, today)
        for n, wish in enumerate(wishes)
        if wish.arrives_on < today and wish.arrives_on not in kept
    ]


def _decimals(number: int, wish: StayWish, place: Place) -> list[BookingError]:
    found: list[BookingError] = []
    for name in ("accommodation", "owner_amount"):
        came: Decimal | None = getattr(wish, name)
        try:
            _minor(came, place.currency)
        except TooManyDecimals:
            at, places = f"{_at(number, wish)}.{name}", exponent(place.currency)
            found.append(errors.CostDecimals(at, f"{came:f}", place.currency, places))
    return found


def _minor(came: Decimal | None, currency: str) -> int | None:
    return None if came is None else Money.of(came, currency).minor


def _quoted(
    number: int, wish: StayWish, offer: Offer, place: Place, agreed: Agreed | None
) -> QuotedStay:
    at = _at(number, wish)
    cost = _cost(wish, offer, place, agreed)
    wanted = [(each.extra, 1 if each.quantity is None else each.quantity)
              for each in wish.extras or ()]  # fmt: skip
    extras = [(extra_id, quantity) for extra_id, quantity in wanted if quantity]
    breakages = wish.breakages or "none"
    return QuotedStay(
        wish=wish,
        offer=offer,
        price=price_of(offer, wish.arrives_on, wish.leaves_on, extras, breakages, cost),
        owner_amount=_minor(wish.owner_amount, place.currency),
        span=Span(f"{at}.arrives_on", wish.property, wish.arrives_on, wish.leaves_on),
        refusals=tuple(_refusals(at, wish, offer, cost)),
    )


def _cost(wish: StayWish, offer: Offer, place: Place, agreed: Agreed | None) -> int | None:
    """What the nights cost by an agreement, now or earlier; None: by the price list."""
    now = _minor(wish.accommodation, place.currency)
    if now is not None or agreed is None:
        return now
    nights = (wish.leaves_on - wish.arrives_on).days
    return agreed_cost(agreed.accommodation, agreed.nights, nights, offer.night_price)


def _refusals(at: str, wish: StayWish, offer: Offer, cost: int | None) -> Iterator[BookingError]:
    """What the agency does not do: no price, no insurance, no vouchers. What a booking has already
    it keeps, also when it is no longer on offer."""
    if offer.rule is None or (offer.night_price is None and cost is None):
        yield errors.NotOnOffer(f"{at}.property", wish.property)
    if wish.breakages == "insurance" and offer.insurance is None:
        yield errors.InsuranceNotOffered(f"{at}.breakages", wish.property)
    if wish.voucher is not None:
        yield errors.VoucherUnknown(f"{at}.voucher", wish.voucher)
