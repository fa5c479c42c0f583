"""Periods by a word, and the days that bars stand for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from desk.reports.drawing import MOST_DAYS, drawn
from desk.reports.periods import BY_NAME
from office.reports.all import REPORTS
from office.reports.report import Filters, Group, Section

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)  # a Friday


@pytest.mark.parametrize(
    ("word", "first", "last"),
    [
        ("today", "2026-11-20", "2026-11-20"),
        ("week", "2026-11-16", "2026-11-22"),
        ("7_days", "2026-11-14", "2026-11-20"),
        ("30_days", "2026-10-22", "2026-11-20"),
        ("month", "2026-11-01", "2026-11-30"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("next_month", "2026-12-01", "2026-12-31"),
        ("next_30_days", "2026-11-20", "2026-12-19"),
        ("year", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_word_is_these_days(word: str, first: str, last: str) -> None:
    assert BY_NAME[word].days(TODAY) == (date.fromisoformat(first), date.fromisoformat(last))


def test_months_end_at_turns_of_years_and_in_leap_years() -> None:
    month, before = BY_NAME["next_month"], BY_NAME["last_month"]

    assert month.days(date(2026, 12, 31)) == (date(2027, 1, 1), date(2027, 1, 31))
    assert month.days(date(2028, 1, 31)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert before.days(date(2026, 1, 1)) == (date(2025, 12, 1), date(2025, 12, 31))


def came(*days: date, currency: str = "EUR") -> Section:
    """A section of the report of money: 10.00 on each of these days."""
    sums = {each.name: 0 for each in REPORTS["money"].measures} | {"count": 1, "cleared": 1000}
    groups = [Group({"day": each, "method": 1}, sums, {"method": "PayPal"}) for each in days]
    return Section(currency, groups, {})


def asked(first: date | None = None, last: date | None = None) -> Filters:
    return Filters(now=NOON, first=first, last=last)


def bars(name: str, section: Section, filters: Filters) -> Any:
    found = drawn(REPORTS[name], section, filters, TODAY)
    assert found is not None
    return found.bars


def test_days_without_money_are_nothing_on_the_axis_and_not_left_out() -> None:
    section = came(date(2026, 11, 2), date(2026, 11, 5))

    found = bars("money", section, asked(date(2026, 11, 1), date(2026, 11, 6)))

    assert found.labels == ["1 Nov", "2 Nov", "3 Nov", "4 Nov", "5 Nov", "6 Nov"]
    assert found.series[0].values == ["0.00", "10.00", "0.00", "0.00", "10.00", "0.00"]
    assert found.accent is None


def test_days_to_come_are_not_days_without_money() -> None:
    found = bars("money", came(date(2026, 11, 18)), asked(date(2026, 11, 1), date(2026, 11, 30)))

    assert (found.titles[-1], found.accent) == ("Fri 20 Nov 2026", 19)
    promised = REPORTS["deferred"]
    sums = dict.fromkeys((each.name for each in promised.measures), 0) | {"deferred": 500}
    section = Section("EUR", [Group({"day": date(2026, 11, 25), "method": 1}, sums)], {})
    ahead = bars("deferred", section, asked(date(2026, 11, 20), date(2026, 11, 30)))
    assert (len(ahead.titles), ahead.titles[-1]) == (11, "Mon 30 Nov 2026")


def test_amounts_have_the_decimals_of_their_currency() -> None:
    found = bars("money", came(TODAY, currency="JPY"), asked(TODAY, TODAY))

    assert (found.unit, found.series[0].values) == ("JPY", ["1000"])


def test_weeks_follow_each_other_and_words_are_all_there() -> None:
    due, overdue = REPORTS["due"], REPORTS["overdue"]
    sums = dict.fromkeys((each.name for each in due.measures), 0) | {"open": 100}
    weeks = [Group({"week": date(2026, 11, day)}, sums) for day in (2, 23)]
    ages = [Group({"age": "8-30"}, sums)]

    assert bars("due", Section("EUR", weeks, {}), asked()).labels == [
        "2 Nov", "9 Nov", "16 Nov", "23 Nov",
    ]  # fmt: skip
    assert bars("overdue", Section("EUR", ages, {}), asked()).titles == list(
        overdue.dimensions[0].words.values()
    )


def test_what_would_be_too_many_bars_is_not_drawn() -> None:
    far = came(TODAY, date(9999, 12, 31))

    assert drawn(REPORTS["deferred"], far, asked(), TODAY) is None
    near = came(TODAY, TODAY + timedelta(days=MOST_DAYS))
    assert drawn(REPORTS["deferred"], near, asked(), TODAY) is None
