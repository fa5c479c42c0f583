"""Reading what can be booked: properties with their prices, rules and extras."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from bookings.models import Extra, PaymentRule, Property, PropertyExtra
from bookings.prices import ExtraOnOffer, Offer, Rule

RULE: list[Any] = [getattr(PaymentRule, name) for name in Rule.__dataclass_fields__]


def offers(
    connection: Connection, property_ids: Iterable[int], locations: frozenset[int] | None
) -> dict[int, Offer]:
    """The properties with these ids at locations the caller reaches (None: all), by id; two
    queries whatever their number."""
    ids = sorted(set(property_ids))
    extras = _extras(connection, ids)
    query = (
        select(Property.__table__, *RULE)
        .outerjoin(PaymentRule, PaymentRule.id == Property.payment_rule_id)
        .where(Property.id.in_(ids))
    )
    if locations is not None:
        query = query.where(Property.location_id.in_(sorted(locations)))
    rows = connection.execute(query)
    return {row.id: _offer(row, extras[row.id]) for row in rows}


def _offer(row: Any, extras: dict[int, ExtraOnOffer]) -> Offer:
    return Offer(
        property_id=row.id,
        name=row.name,
        location_id=row.location_id,
        night_price=row.night_price,
        insurance=row.insurance,
        breakages_deposit=row.breakages_deposit,
        rule=None if row.payment_rule_id is None else Rule(*row[-len(RULE) :]),
        extras=extras,
    )


def _extras(connection: Connection, property_ids: list[int]) -> dict[int, dict[int, ExtraOnOffer]]:
    query = (
        select(PropertyExtra.property_id, Extra.id, Extra.name, PropertyExtra.price)
        .join(Extra, Extra.id == PropertyExtra.extra_id)
        .where(PropertyExtra.property_id.in_(property_ids))
        .order_by(Extra.id)
    )
    found: dict[int, dict[int, ExtraOnOffer]] = defaultdict(dict)
    for property_id, extra_id, name, price in connection.execute(query):
        found[property_id][extra_id] = ExtraOnOffer(extra_id, name, price)
    return found
