"""Filters are read from addresses; what cannot be meant is a fault, never another report."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from office.reports.all import REPORTS
from office.reports.choices import Choices, Place
from office.reports.filters import MOST_DAYS, Asked, args_of, args_of_group, read
from office.reports.report import Group

pytestmark = pytest.mark.one_database

NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
CHOICES = Choices(
    frozenset({1, 2}),
    {
        1: Place("Azores Villas", "Atlantic/Azores", "EUR"),
        2: Place("Kiwi", "Pacific/Auckland", "NZD"),
    },
    {3: "PayPal", 4: "Cheque"},
    {7: "Checkout"},
)
BOTH_DAYS = {"From": "contradiction", "To": "contradiction"}


def asked(report: str, *, at: datetime = NOW, **wanted: Any) -> Asked:
    given = {name.removesuffix("_"): text for name, text in wanted.items()}
    return read(REPORTS[report], given, CHOICES, at)


def faults(report: str, **wanted: Any) -> dict[str | None, str]:
    return {name: fault.code for name, fault in asked(report, **wanted).faults}


def days(report: str, **wanted: Any) -> tuple[date | None, date | None]:
    found = asked(report, **wanted)
    assert found.faults == ()
    return found.filters.first, found.filters.last


def test_every_filter_is_read_from_the_address() -> None:
    found = asked(
        "money", from_="2026-01-01", to="2026-01-31", location="1", method="3", partner="7",
        source="desk", currency="eur", day="2026-01-05", page="2",
    )  # fmt: skip

    filters = found.filters
    assert found.faults == ()
    assert (filters.first, filters.last) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (filters.location, filters.method, filters.partner) == (1, 3, 7)
    assert (filters.source, filters.currency, filters.locations) == (
        "desk",
        "EUR",
        frozenset({1, 2}),
    )
    assert found.of == {"day": date(2026, 1, 5), "method": 3}


def test_the_names_of_the_api_are_read_in_any_case() -> None:
    found = asked("money", FROM="2026-01-01", LocationId="1", METHODID="3", PartnerId="none")

    filters = found.filters
    assert (filters.location, filters.method) == (1, 3)
    assert (filters.partner, filters.no_partner) == (None, True)


def test_filters_and_a_line_come_back_from_the_address_they_make() -> None:
    found = asked("sources", from_="2026-01-01", location="2", partner="none", currency="EUR")
    group = Group({"source": "desk", "partner": None}, {})

    address: dict[str, Any] = args_of(found.filters) | args_of_group("EUR", group)
    again = asked("sources", **address)

    assert again.faults == ()
    assert args_of(again.filters) == args_of(found.filters) | {"source": "desk"}
    assert again.of == group.of


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ("2026-02-01", "2026-02-28")),
        ({"from_": "2026-01-15"}, ("2026-01-15", "2026-02-28")),
        ({"from_": "2026-03-15"}, ("2026-03-15", "2026-03-31")),
        ({"to": "2026-01-15"}, ("2026-01-01", "2026-01-15")),
    ],
)
def test_a_report_on_a_period_is_about_this_month_unless_told(
    wanted: dict[str, str], expected: tuple[str, str]
) -> None:
    assert tuple(map(str, days("money", **wanted))) == expected


def test_other_reports_are_about_all_there_is() -> None:
    for name in ("due", "overdue", "deferred", "held"):
        assert days(name) == (None, None)
    assert days("due", to="2026-01-15") == (None, date(2026, 1, 15))


@pytest.mark.parametrize(
    ("now", "location", "month"),
    [
        ("2026-02-28T12:00", "1", 2),
        ("2026-02-28T12:00", "2", 3),  # in Auckland it is 1 March, at 01:00
        ("2026-02-28T12:00", "", 3),  # of all locations the latest day counts
        ("2026-03-29T00:30", "1", 3),  # the Azores' hour that there is not
    ],
)
def test_the_month_is_that_of_the_location(now: str, location: str, month: int) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    first = asked("money", at=moment, location=location).filters.first

    assert first is not None
    assert (first.month, first.day) == (month, 1)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"from_": "yesterday"}, {"From": "invalid"}),
        ({"from_": "2026-02-02", "to": "2026-02-01"}, BOTH_DAYS),
        ({"from_": "2024-02-01", "to": "2026-02-01"}, BOTH_DAYS),
        ({"location": "3"}, {"LocationId": "unknown"}),
        ({"location": "1,2"}, {"LocationId": "invalid"}),
        ({"method": "9"}, {"MethodId": "unknown"}),
        ({"partner": "8"}, {"PartnerId": "unknown"}),
        ({"partner": "0"}, {"PartnerId": "unknown"}),  # "others" is for partners who read
        ({"source": "post"}, {"Source": "invalid"}),
        ({"currency": "E"}, {"Currency": "invalid"}),
        ({"currency": "QQQ"}, {"Currency": "unknown"}),
        ({"week": "2026-01-05"}, {"Week": "not_of_this_report"}),
        ({"from_": "x", "source": "y", "location": "9"},
         {"From": "invalid", "Source": "invalid", "LocationId": "unknown"}),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_fault(wanted: dict[str, str], expected: dict[str, Any]) -> None:
    assert faults("money", **wanted) == expected


@pytest.mark.parametrize("name", ["due", "overdue", "held"])
def test_what_a_report_does_not_know_is_a_fault(name: str) -> None:
    assert faults(name, method="3", partner="7", source="desk") == dict.fromkeys(
        ("MethodId", "PartnerId", "Source"), "not_of_this_report"
    )


def test_two_years_are_the_longest_period() -> None:
    longest = date.fromordinal(date(2024, 1, 1).toordinal() + MOST_DAYS - 1)

    assert days("money", from_="2024-01-01", to=str(longest))
    assert faults("money", from_="2023-12-31", to=str(longest)) != {}
    assert days("due", from_="2000-01-01", to="2030-01-01")


def test_the_ends_of_time_are_days() -> None:
    assert days("due", from_="0001-01-01", to="9999-12-31")
    assert days("money", to="9999-12-31") == (date(9999, 12, 1), date(9999, 12, 31))
    assert faults("money", from_="9999-12-31") == {}
