"""Locations by the names that partners' formats have for them."""

from __future__ import annotations

import pytest
from flask import Flask

from kit.db import reading
from kit.ids import digest
from locations.finding import Place, by_business_id, by_client_name, by_ids, by_token
from tests import make


@pytest.fixture(autouse=True)
def _locations(app: Flask) -> None:
    make.location(1, name="Azores Villas", client_name="azores", business_location_id=454,
                  token_hash=digest("a token"), time_zone="Atlantic/Azores")  # fmt: skip
    make.location(2, "GBP")


AZORES = Place(1, "Azores Villas", 454, "EUR", "Atlantic/Azores")


def test_a_location_is_found_by_each_of_its_names() -> None:
    assert by_client_name("azores") == by_business_id(454) == by_token("a token") == AZORES


@pytest.mark.parametrize("name", ["Azores", "azores ", "", "azores\0", "a%", "x" * 5000])
def test_another_name_is_no_locations(name: str) -> None:
    assert by_client_name(name) is None


@pytest.mark.parametrize("number", [0, -454, 455, 2**31, 2**63 - 1, 2**63, -(2**63), 10**40])
def test_another_number_is_no_locations(number: int) -> None:
    assert by_business_id(number) is None


@pytest.mark.parametrize("token", ["A token", "", "a token\0", digest("a token")])
def test_another_token_is_no_locations(token: str) -> None:
    assert by_token(token) is None


def test_locations_are_listed_in_the_order_of_their_ids() -> None:
    make.location(3)

    with reading() as session:
        found = session.execute(by_ids(frozenset({2, 1, 9}))).all()
        none = session.execute(by_ids(frozenset())).all()

    assert found[0] == (1, "Azores Villas", 454, "EUR", "Atlantic/Azores")
    assert [each.id for each in found] == [1, 2]
    assert none == []
