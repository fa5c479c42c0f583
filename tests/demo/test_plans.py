"""The demonstration is loaded on any day of the year: its plans must fit on each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from demo.agency import CASA_AZUL
from demo.bookings import Plan, many, named

YEAR = [date(2027, 1, 1) + timedelta(days=n) for n in range(0, 365)]


def nights(plan: Plan, today: date) -> Iterator[tuple[int, date]]:
    for night in range(plan.nights):
        yield plan.property_id, today + timedelta(days=plan.arrives + night)


@pytest.mark.parametrize("today", YEAR[::7])
def test_no_night_is_taken_twice_whatever_the_day(today: date) -> None:
    plans = [*named(), *many(today)]

    taken = Counter(
        night for plan in plans if plan.status != "cancelled" for night in nights(plan, today)
    )

    assert len(plans) == 47
    assert [night for night, times in taken.items() if times > 1] == []


@pytest.mark.parametrize("today", YEAR[::7])
def test_the_forty_leave_casa_azul_free_from_20_to_27_december_whatever_the_day(
    today: date,
) -> None:
    taken = [
        night
        for plan in many(today)
        for place, night in nights(plan, today)
        if place == CASA_AZUL and night.month == 12 and 20 <= night.day <= 27
    ]

    assert taken == []
