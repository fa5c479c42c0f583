"""A list costs the same few statements however many rows it has: under five, with who asks and
the side bar."""

from __future__ import annotations

import pytest
from flask import Flask

from demo.loading import load
from kit import clock
from kit.db import transaction
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted

MOST = 4
LISTS = [
    "/desk/",
    "/desk/bookings",
    "/desk/bookings?q=silva&status=booking&location=1",
    "/desk/payments",
    "/desk/messages",
    "/desk/methods",
    "/desk/tags/",
    "/desk/partners",
    "/desk/log",
    "/desk/dangerous",
    "/desk/staff",
    "/desk/locations",
]


@pytest.mark.long
def test_every_list_is_made_of_under_five_statements(app: Flask, desk_of: DeskOf) -> None:
    with transaction() as connection:
        load(connection, clock.now())
    desk = desk_of("administrator", locations=[1])
    costs = {}

    for path in LISTS:
        with counted() as found:
            page = desk.get(path)
            if page.leads_to is not None:  # with and without a slash at the end
                found.clear()
                page = desk.get(page.leads_to)
        assert page.status == 200, path
        costs[path] = len(found)

    assert {path: cost for path, cost in costs.items() if cost > MOST or not cost} == {}
