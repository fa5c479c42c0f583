"""What bookings still ask for: by the week it is due in, and by how long it has been due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import Booking, ScheduleLine
from kit import clock
from kit.db import transaction
from tests import make
from tests.make import Client, Due
from tests.office.reports.reading import lines, listed, report

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)  # a Wednesday


def due_on(day: date, amount: str = "100.00", **booking: Any) -> int:
    """A booking with one line, due on this day; its id."""
    made = make.booking([amount], **booking)
    with transaction() as connection:
        query = update(ScheduleLine).where(ScheduleLine.booking_id == made)
        connection.execute(query.values(due_on=day))
    return made


def ages(*days: date, now: datetime = NOW, **filters: Any) -> list[tuple[Any, ...]]:
    for day in days:
        due_on(day)
    return lines("overdue", "count", now=now, **filters)


@pytest.fixture(autouse=True)
def _house(client: Client) -> None:
    assert client
    make.method("PayPal")


def test_a_week_is_named_by_its_monday_also_over_new_year() -> None:
    for day in ("2027-01-03", "2026-12-28", "2027-01-04", "2026-12-27"):
        due_on(date.fromisoformat(day))

    assert lines("due", "count", "outstanding") == [
        (date(2026, 12, 21), 1, 10000),
        (date(2026, 12, 28), 2, 20000),
        (date(2027, 1, 4), 1, 10000),
    ]


@pytest.mark.parametrize(
    ("days_late", "age"),
    [
        (-1, "not_due"), (0, "not_due"), (1, "1-7"), (7, "1-7"), (8, "8-30"), (30, "8-30"),
        (31, "31-60"), (60, "31-60"), (61, "61-90"), (90, "61-90"), (91, "over_90"),
        (4000, "over_90"),
    ],
)  # fmt: skip
def test_what_is_overdue_is_as_old_as_days_have_passed(days_late: int, age: str) -> None:
    assert ages(NOW.date() - timedelta(days=days_late)) == [(age, 1)]
    assert listed("overdue", now=NOW)[0]["days_late"] == max(days_late, 0)


def test_ages_stand_in_their_order() -> None:
    found = ages(*(NOW.date() - timedelta(days=ago) for ago in (0, 1, 8, 31, 61, 91)))

    assert [line[0] for line in found] == [
        "not_due", "1-7", "8-30", "31-60", "61-90", "over_90",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("now", "age"),
    [
        # Lisbon goes to summer time on 29 March 2026 at 01:00 UTC: that day has 23 hours.
        ("2026-03-28T23:59:59", "not_due"),
        ("2026-03-29T00:00:00", "1-7"),
        ("2026-03-29T22:59:59", "1-7"),
        ("2026-04-04T22:59:59", "1-7"),  # day 7 is over at midnight of summer time
        ("2026-04-04T23:00:00", "8-30"),
    ],
)
def test_a_day_with_a_clock_change_is_one_day(now: str, age: str) -> None:
    assert ages(date(2026, 3, 28), now=datetime.fromisoformat(f"{now}+00:00")) == [(age, 1)]


@pytest.mark.parametrize(
    ("now", "age"),
    [
        # and back on 25 October at 01:00 UTC: that day has 25 hours.
        ("2026-10-24T22:59:59", "not_due"),
        ("2026-10-24T23:00:00", "1-7"),
        ("2026-10-31T23:59:59", "1-7"),
        ("2026-11-01T00:00:00", "8-30"),
    ],
)
def test_so_is_a_day_of_25_hours(now: str, age: str) -> None:
    assert ages(date(2026, 10, 24), now=datetime.fromisoformat(f"{now}+00:00")) == [(age, 1)]


def test_each_location_has_its_own_day() -> None:
    make.location(2, time_zone="Pacific/Auckland")
    make.location(3, time_zone="Pacific/Honolulu")
    for location in (1, 2, 3):
        due_on(NOW.date(), location_id=location)

    evening = NOW.replace(hour=13)

    by_location = {
        location: lines("overdue", "count", now=evening, location=location)
        for location in (1, 2, 3)
    }
    assert by_location == {1: [("not_due", 1)], 2: [("1-7", 1)], 3: [("not_due", 1)]}


def test_what_is_promised_falls_on_what_is_due_first_and_stands_apart(client: Client) -> None:
    booking = make.booking([Due("60.00"), Due("40.00", 2, 30), Due("20.00", 2, 60)])
    client.pay(booking, "50", Status=2)
    client.pay(booking, "25", Status=1)
    other = make.booking([Due("60.00")])
    client.pay(other, "10", Status=1)

    found = [
        tuple(row[name] for name in ("booking_id", "outstanding", "promised", "open"))
        for row in listed("due")
    ]

    assert found == [
        (booking, 6000, 6000, 0),
        (other, 6000, 1000, 5000),
        (booking, 4000, 1500, 2500),
        (booking, 2000, 0, 2000),
    ]


def test_promises_fall_on_earlier_lines_also_where_only_later_ones_are_asked_for(
    client: Client,
) -> None:
    booking = make.booking([Due("60.00"), Due("40.00", 2, 30)])
    client.pay(booking, "70", Status=2)

    first = clock.now().date() + timedelta(days=1)

    assert [(row["promised"], row["open"]) for row in listed("due", first=first)] == [(1000, 3000)]


def test_promises_beyond_all_lines_promise_no_more_than_there_is(client: Client) -> None:
    client.pay(make.booking(["60.00"]), "100", Status=2)

    assert report("due")["EUR"].sums["promised"] == 6000


def test_what_is_paid_in_part_asks_for_the_rest(client: Client) -> None:
    client.pay(make.booking(["60.00"]), "45.50")

    assert report("due")["EUR"].sums == {
        "count": 1, "outstanding": 1450, "promised": 0, "open": 1450,
    }  # fmt: skip


def test_a_cancelled_booking_waits_for_nothing_whatever_its_fee() -> None:
    due_on(NOW.date(), status="cancelled")

    assert report("due") == report("overdue") == {}


@pytest.mark.long
def test_only_locations_and_currencies_that_are_asked_for_are_in_it() -> None:
    make.location(2, "GBP")
    due_on(NOW.date())
    due_on(NOW.date(), location_id=2, currency="GBP")

    assert list(report("due")) == ["EUR", "GBP"]
    assert list(report("due", locations=frozenset({2}))) == ["GBP"]
    assert list(report("due", location=1)) == ["EUR"]
    assert list(report("due", currency="GBP")) == ["GBP"]
    assert report("due", locations=frozenset({2}), location=1) == {}


def test_the_rows_of_a_week_are_those_of_its_days() -> None:
    monday = date(2026, 6, 8)
    inside = [due_on(monday), due_on(monday + timedelta(days=6))]
    due_on(monday - timedelta(days=1))
    due_on(monday + timedelta(days=7))

    assert [row["booking_id"] for row in listed("due", {"week": monday})] == inside


def test_a_row_names_line_booking_and_guest() -> None:
    booking = due_on(NOW.date())

    [row] = listed("due")

    [line] = make.lines_of(booking)
    assert make.row_of(Booking, booking).currency == row["currency"]
    assert (row["line_id"], row["line"], row["due_on"]) == (line.id, "Stage 1", NOW.date())
    assert (row["booking_id"], row["guest"], row["location"]) == (
        booking,
        "Maria Silva",
        "Location 1",
    )
