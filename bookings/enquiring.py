"""Enquiries: what somebody who has not booked yet asked for, stored for the managers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from audit.chain import Entry, Origin
from audit.recording import record
from bookings import errors
from bookings.errors import BookingError
from bookings.models import Enquiry
from bookings.offers import offers
from kit import clock
from kit.currencies import codes, exponent, spells
from kit.errors import Refused
from kit.money import Money, TooManyDecimals
from locations.models import Location
from partners.authentication import Caller
from payments.account import Clock


def enquire(
    connection: Connection,
    wish: Mapping[str, Any],
    caller: Caller,
    origin: Origin,
    clock_of: Clock = clock.now,
) -> int:
    """Store an enquiry at the location of its properties, of its brand, or of the partner's first
    one; the id. `wish` has columns of the row, `budget` as a decimal, `currency` as it came.

    Raises PropertyUnknown, SeveralLocations, BrandElsewhere, CurrencyUnknown and CostDecimals.
    """
    now = clock_of()
    values, problems = dict(wish), list[BookingError]()
    ids, brand_id = values.pop("property_ids", ()), values.pop("brand_id", None)
    location_id = _location(connection, ids, brand_id, caller, problems)
    home = connection.scalar(select(Location.currency).where(Location.id == location_id))
    if home is None:  # without a location nothing can be said of money
        raise Refused(tuple(problems))
    currency = _currency(values.get("currency"), home, problems)
    budget = values.pop("budget", None)
    try:
        values["budget"] = None if budget is None else Money.of(budget, currency).minor
    except TooManyDecimals:
        places = exponent(currency)
        problems.append(errors.CostDecimals("budget", f"{budget:f}", currency, places))
    Refused.if_any(problems)
    row = {
        **values,
        "location_id": location_id,
        "partner_id": caller.partner_id,
        "property_ids": list(ids),
        "currency": currency,
        "asked_at": values.get("asked_at") or now,
        "created_at": now,
    }
    enquiry_id = connection.execute(insert(Enquiry).returning(Enquiry.id), [row]).scalar_one()
    about = {"enquiry": enquiry_id, "location": location_id}
    record(connection, Entry("enquiry.received", about, {}, {}), origin, now)
    return enquiry_id


def _location(
    connection: Connection,
    ids: tuple[int, ...],
    brand_id: int | None,
    caller: Caller,
    problems: list[BookingError],
) -> int:
    found = offers(connection, ids, caller.locations)
    problems += [errors.PropertyUnknown("property_ids", each) for each in ids if each not in found]
    there = {offer.location_id for offer in found.values()}
    if len(there) > 1:
        problems.append(errors.SeveralLocations("property_ids"))
    possible = there or caller.locations
    if brand_id is not None and brand_id in possible:
        return brand_id
    if brand_id is not None or not possible:
        problems.append(errors.BrandUnknown(brand_id))
    return min(possible, default=0)


def _currency(came: str | None, home: str, problems: list[BookingError]) -> str:
    """The currency of the budget; without one, or by a symbol it shares, the location's."""
    if came is None or spells(came, home):
        return home
    if came.upper() in codes():
        return came.upper()
    problems.append(errors.CurrencyUnknown(came, home))
    return home
