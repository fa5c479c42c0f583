"""Periods that a report can be asked for by a word: pure; the day is an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from desk.words import _

Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its word in the address. `days` gives its first and last day, both included, as
    they are on the day that is today."""

    name: str
    title: str
    days: Callable[[date], Days]


def _first_of_month(day: date, months_later: int = 0) -> date:
    months = day.year * 12 + day.month - 1 + months_later
    return date(months // 12, months % 12 + 1, 1)


def _month(months_later: int) -> Callable[[date], Days]:
    def days(today: date) -> Days:
        after = _first_of_month(today, months_later + 1)
        return _first_of_month(today, months_later), after - timedelta(days=1)

    return days


def _last(count: int) -> Callable[[date], Days]:
    return lambda today: (today - timedelta(days=count - 1), today)


def _next(count: int) -> Callable[[date], Days]:
    return lambda today: (today, today + timedelta(days=count - 1))


def _week(today: date) -> Days:
    monday = today - timedelta(days=today.weekday())
    return monday, monday + timedelta(days=6)


def _year(today: date) -> Days:
    return date(today.year, 1, 1), date(today.year, 12, 31)


TODAY = Period("today", _("Today"), _last(1))
WEEK = Period("week", _("This week"), _week)
MONTH = Period("month", _("This month"), _month(0))
YEAR = Period("year", _("This year"), _year)

# What is about money that has come, and what is about money that is to come.
PAST: tuple[Period, ...] = (
    TODAY,
    WEEK,
    Period("7_days", _("Last 7 days"), _last(7)),
    Period("30_days", _("Last 30 days"), _last(30)),
    MONTH,
    Period("last_month", _("Last month"), _month(-1)),
    YEAR,
)
COMING: tuple[Period, ...] = (
    TODAY,
    WEEK,
    Period("next_30_days", _("Next 30 days"), _next(30)),
    MONTH,
    Period("next_month", _("Next month"), _month(1)),
    YEAR,
)
BY_NAME: Mapping[str, Period] = {each.name: each for each in (*PAST, *COMING)}
