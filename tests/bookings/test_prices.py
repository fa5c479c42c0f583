"""What a stay costs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bookings.prices import ExtraOnOffer, Offer, Rule, StayPrice, agreed_cost, price_of

FIRST, LAST = date(2030, 12, 20), date(2030, 12, 27)
COT, BASKET = ExtraOnOffer(9240, "Cot", 3000), ExtraOnOffer(8297, "Welcome basket", 5000)
RULE = Rule(tax_rate=1000)


def offer(**other: Any) -> Offer:
    given: dict[str, Any] = {
        "property_id": 8849,
        "name": "Casa Azul",
        "location_id": 1,
        "night_price": 10000,
        "insurance": 2500,
        "breakages_deposit": 20000,
        "rule": RULE,
        "extras": {COT.id: COT, BASKET.id: BASKET},
    }
    return Offer(**(given | other))


def price(offer_: Offer | None = None, **other: Any) -> StayPrice:
    given: dict[str, Any] = {"extras": (), "breakages": "none"}
    return price_of(offer_ or offer(), FIRST, LAST, **(given | other))


def test_every_night_but_the_day_of_leaving_costs_the_propertys_price() -> None:
    found = price()

    assert (found.accommodation, found.base) == (70000, 70000)
    assert (found.property_id, found.arrives_on, found.rule) == (8849, FIRST, RULE)


def test_a_cost_that_was_agreed_on_takes_the_place_of_the_price_list() -> None:
    assert price(accommodation=65000).accommodation == 65000
    assert price(accommodation=0).accommodation == 0


def test_an_extra_costs_its_price_for_the_stay_times_its_quantity() -> None:
    found = price(extras=[(COT.id, 2), (BASKET.id, 1)])

    assert [(x.name, x.quantity, x.price, x.cost) for x in found.extras] == [
        ("Cot", 2, 3000, 6000),
        ("Welcome basket", 1, 5000, 5000),
    ]
    assert found.base == 70000 + 6000 + 5000


@pytest.mark.parametrize(
    ("breakages", "insurance", "deposit"),
    [("none", 0, 0), ("insurance", 2500, 0), ("deposit", 0, 20000)],
)
def test_breakages_are_insured_or_deposited_or_neither(
    breakages: str, insurance: int, deposit: int
) -> None:
    found = price(breakages=breakages)

    assert (found.insurance, found.security_deposit) == (insurance, deposit)
    assert found.base == 70000


def test_what_is_not_on_offer_costs_nothing_here() -> None:
    found = price(offer(night_price=None, insurance=None, rule=None), breakages="insurance")

    assert (found.accommodation, found.insurance, found.rule) == (0, 0, Rule())


@pytest.mark.parametrize(
    ("nights", "cost"),
    [
        (7, 65000),  # the same number of nights costs what was agreed on
        (8, 75000),  # a further one costs the property's price
        (10, 95000),
        (6, 55714),  # 55714.28...
        (1, 9286),  # 9285.71...
    ],
)
def test_nights_agreed_on_keep_their_price_and_further_ones_cost_the_propertys(
    nights: int, cost: int
) -> None:
    assert agreed_cost(65000, 7, nights, 10000) == cost


def test_half_a_unit_of_a_shorter_stay_is_rounded_up() -> None:
    assert agreed_cost(101, 2, 1, 10000) == 51


def test_a_property_without_a_price_has_none_for_further_nights() -> None:
    assert agreed_cost(65000, 7, 8, None) is None
    assert agreed_cost(65000, 7, 7, None) == 65000
    assert agreed_cost(70000, 7, 3, None) == 30000
