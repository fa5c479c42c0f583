"""Which period a close takes, and when its cash is right."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kit.clock import begins, day_at
from kit.errors import DomainError
from locations.changing import zones
from office.closing import errors
from office.closing.rules import (
    Count,
    Figure,
    LastClose,
    Line,
    Place,
    earliest,
    lines_of,
    period_of,
    seal_of,
)

LISBON = Place(1, "Casa do Mar", "EUR", "Europe/Lisbon")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
CASH = Figure(3, "EUR", "Cash", "cash", count=2, cleared=5000, refunded=-1000)
TILL = Figure(3, "EUR", "Cash", "cash")
CARD = Figure(4, "EUR", "Card", "bank", count=1, cleared=700)


def closed(day: date, until: datetime | None = None) -> LastClose:
    return LastClose(1, day, until or begins(day + timedelta(days=1), LISBON.zone))


# --- the period ---------------------------------------------------------------------------------


def test_the_first_close_begins_with_its_day() -> None:
    period = period_of(LISBON, date(2026, 11, 18), None, NOON)

    assert (period.first, period.day) == (date(2026, 11, 18), date(2026, 11, 18))
    assert period.since == datetime(2026, 11, 18, tzinfo=UTC)
    assert period.until == datetime(2026, 11, 19, tzinfo=UTC)


def test_a_close_takes_all_days_since_the_last_one() -> None:
    last = closed(date(2026, 11, 17))

    period = period_of(LISBON, date(2026, 11, 19), last, NOON)

    assert (period.first, period.day) == (date(2026, 11, 18), date(2026, 11, 19))
    assert (period.since, period.until) == (last.until, datetime(2026, 11, 20, tzinfo=UTC))


def test_today_is_closed_until_now_and_goes_on_from_there() -> None:
    today = period_of(LISBON, DAY, closed(date(2026, 11, 19)), NOON)
    tomorrow = period_of(LISBON, DAY + timedelta(days=1), closed(DAY, NOON), NOON + timedelta(1))

    assert today.until == NOON
    assert (tomorrow.since, tomorrow.first) == (NOON, DAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "last", "error"),
    [
        (date(2026, 11, 21), None, errors.DayToCome),
        (date(2026, 11, 21), closed(DAY, NOON), errors.DayToCome),
        (DAY, closed(DAY, NOON), errors.DayClosed),
        (date(2026, 11, 1), closed(date(2026, 11, 19)), errors.DayClosed),
        (DAY - timedelta(days=367), None, errors.DayTooLongAgo),
        (date.min, None, errors.DayTooLongAgo),
        (date.max, None, errors.DayToCome),
    ],
)
def test_a_day_that_cannot_be_closed(
    day: date, last: LastClose | None, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        period_of(LISBON, day, last, NOON)


def test_the_first_close_may_be_a_year_ago() -> None:
    assert earliest(LISBON, None, NOON) == DAY - timedelta(days=366)
    assert period_of(LISBON, DAY - timedelta(days=366), None, NOON)


def test_a_location_that_moved_east_closes_a_day_that_is_not_over_yet() -> None:
    """In its old zone the day lasted longer than its next day does in the new one."""
    moved = Place(1, "Casa", "EUR", "Pacific/Kiritimati")
    last = LastClose(1, DAY, begins(DAY + timedelta(days=1), "Pacific/Pago_Pago"))
    later = last.until + timedelta(days=2)

    with pytest.raises(errors.DayOverlapped):
        period_of(moved, DAY + timedelta(days=1), last, later)

    assert period_of(moved, DAY + timedelta(days=2), last, later).since == last.until


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 24), 24)],
)
@pytest.mark.parametrize("zone", ["Europe/Lisbon", "Europe/Berlin", "Atlantic/Azores"])
def test_a_day_on_which_the_clocks_change_has_its_own_length(
    zone: str, day: date, hours: int
) -> None:
    place, later = Place(1, "Casa", "EUR", zone), datetime(2026, 12, 1, tzinfo=UTC)

    period = period_of(place, day, None, later)

    assert period.until - period.since == timedelta(hours=hours)
    assert day_at(period.since, zone) == day
    assert day_at(period.since - timedelta(microseconds=1), zone) < day


def test_a_day_begins_with_its_first_instant_everywhere() -> None:
    days = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 24), date(2026, 9, 6)]
    for zone in zones():
        for day in days:
            start = begins(day, zone)
            assert day_at(start, zone) == day
            assert day_at(start - timedelta(microseconds=1), zone) == day - timedelta(days=1)


# --- cash ---------------------------------------------------------------------------------------


def judged(figure: Figure = CASH, carried: int = 0, **count: Any) -> tuple[Line, list[str]]:
    lines, problems = lines_of([figure], {figure.key: carried}, {figure.key: Count(**count)})
    return lines[0], [f"{each.field}: {each}" for each in problems]


def test_cash_that_is_as_expected_needs_no_reason() -> None:
    line, problems = judged(carried=2000, counted=Decimal("60.00"))

    assert (line.opening, line.expected, line.difference) == (2000, 6000, 0)
    assert problems == []


def test_what_lay_there_can_be_said_otherwise() -> None:
    line, problems = judged(carried=2000, opening=Decimal(0), counted=Decimal("40.00"))

    assert (line.carried, line.opening, line.expected, line.difference) == (2000, 0, 4000, 0)
    assert problems == []


@pytest.mark.parametrize(
    ("counted", "told"), [("39.99", "0.01 EUR less"), ("40.50", "0.50 EUR more")]
)
def test_a_difference_needs_a_reason(counted: str, told: str) -> None:
    _, without = judged(counted=Decimal(counted))
    line, given = judged(counted=Decimal(counted), reason="A coin was lost")

    assert without == [f"reason-3-EUR: Cash has {told} than expected; say why."]
    assert given == []
    assert line.reason == "A coin was lost"


@pytest.mark.parametrize(
    ("figure", "carried"), [(CASH, 0), (TILL, 700), (Figure(3, "EUR", "Cash", "cash", count=2), 0)]
)
def test_cash_that_moved_or_lay_there_is_counted(figure: Figure, carried: int) -> None:
    _, problems = judged(figure, carried)

    assert len(problems) == 1
    assert problems[0].startswith("counted-3-EUR: Cash has to be counted; ")


def test_a_till_that_stands_empty_need_not_be_counted() -> None:
    line, problems = judged(TILL)

    assert problems == []
    assert not line.is_kept
    assert judged(TILL, counted=Decimal(0))[0].is_kept is False


def test_cash_found_in_an_empty_till_is_a_difference() -> None:
    line, problems = judged(TILL, counted=Decimal(5))

    assert line.is_kept
    assert len(problems) == 1


def test_amounts_have_the_decimals_of_their_currency() -> None:
    yen = Figure(3, "JPY", "Cash", "cash", count=1, cleared=500)
    key = yen.key

    _, problems = lines_of([yen], {}, {key: Count(Decimal("1.5"), Decimal("500.50"))})

    assert [each.field for each in problems] == ["opening-3-JPY", "counted-3-JPY"]
    assert str(problems[1]) == "500.50 has more decimals than JPY has; it has 0."


def test_what_is_no_cash_is_never_counted() -> None:
    lines, problems = lines_of([CARD], {}, {CARD.key: Count(counted=Decimal(1))})

    assert (lines[0].counted, problems) == (None, [])


# --- what was seen ------------------------------------------------------------------------------


def test_the_seal_changes_with_what_a_page_shows_and_with_nothing_else() -> None:
    seal = seal_of(NOON, [CASH, CARD, TILL], {CASH.key: 5})

    assert seal_of(NOON, [CARD, CASH], {CASH.key: 5}) == seal
    assert seal_of(NOON + timedelta(seconds=1), [CASH, CARD], {CASH.key: 5}) != seal
    assert seal_of(NOON, [CASH], {CASH.key: 5}) != seal
    assert seal_of(NOON, [CASH, CARD], {CASH.key: 6}) != seal
