"""The schedule of one booking as a timeline: pure rules."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.bookings.schedule import Schedule, schedule
from kit.money import Money
from payments.account import LineRow

TODAY = date(2026, 11, 20)


def line(id: int, amount: int, paid: int = 0, due_in: int = 0, **values: Any) -> LineRow:
    named: dict[str, Any] = {
        "name": f"Line {id}",
        "kind": "deposit",
        "stage": 1,
        "property_id": None,
    }
    due_on = TODAY + timedelta(days=due_in)
    rest = named | {"closed_amount": None} | values
    return LineRow(id=id, due_on=due_on, amount=amount, paid=paid, **rest)


def promise(id: int, amount: int, wishes: str = "1,2") -> Any:
    return SimpleNamespace(id=id, amount=amount, wishes=wishes, property_id=None)


def shown(*lines: LineRow, coming: tuple[Any, ...] = ()) -> Schedule:
    return schedule(lines, coming, "EUR", TODAY)


def states(found: Schedule) -> dict[int, str]:
    return {line.id: line.state for line in [*found.lines, *found.closed]}


def test_a_line_shows_the_worst_that_is_open_of_it() -> None:
    found = shown(
        line(1001, 100, paid=100, due_in=-5),
        line(1002, 100, paid=40, due_in=-5),
        line(1003, 100),
        line(1004, 100, due_in=5),
        line(1005, 100, paid=1, due_in=5),
        line(1006, 0, due_in=5),
        line(1007, 0, closed_amount=70),
    )

    assert states(found) == {
        1001: "paid", 1002: "overdue", 1003: "due", 1004: "open", 1005: "part", 1006: "nothing",
        1007: "closed",
    }  # fmt: skip


def test_what_is_promised_is_neither_open_nor_late() -> None:
    found = shown(line(1001, 100, paid=20, due_in=-5), coming=(promise(7, 80),))

    assert states(found) == {1001: "promised"}
    assert (found.promised.minor, found.late.minor, found.is_overdue) == (80, 0, False)


def test_promises_fill_the_lines_as_they_will_when_they_clear() -> None:
    """In the order they were recorded, each with its own wish; what fits no line is credit."""
    found = shown(
        line(1001, 100),
        line(1002, 300, due_in=30, stage=2),
        coming=(promise(7, 50, "1002"), promise(8, 150), promise(9, 220)),
    )

    told = {
        payment: [(line_id, money.minor) for line_id, money in parts]
        for payment, parts in found.covers.items()
    }
    assert told == {
        7: [(1002, 50)],
        8: [(1001, 100), (1002, 50)],
        9: [(1002, 200), (None, 20)],
    }


def test_what_is_promised_to_a_cancelled_booking_will_be_credit() -> None:
    fee = line(1009, 100, paid=20, due_in=-5)

    found = schedule([fee], [promise(7, 80)], "EUR", TODAY, is_cancelled=True)

    assert found.covers == {7: [(None, Money(80, "EUR"))]}
    assert (states(found), found.is_overdue) == ({1009: "part"}, False)
    assert (found.promised.minor, found.late.minor, found.open.minor) == (0, 0, 80)


def test_days_are_in_order_and_lines_of_one_day_stand_together() -> None:
    found = shown(line(1003, 5, due_in=9, stage=2), line(1002, 5), line(1001, 5))

    assert [(due.days, [each.id for each in due.lines]) for due in found.dues] == [
        (0, [1001, 1002]),
        (9, [1003]),
    ]


@pytest.mark.parametrize(
    ("lines", "rail"),
    [
        ([line(1001, 5, 5), line(1002, 5, 5)], "paid"),
        ([line(1001, 5, 5), line(1002, 5, 4)], "late"),
        ([line(1001, 5, 5, due_in=1), line(1002, 5, 4, due_in=1)], "open"),
    ],
)
def test_the_dot_beside_a_day_says_how_it_stands(lines: list[LineRow], rail: str) -> None:
    [due] = shown(*lines).dues

    assert due.rail == rail


def test_closed_lines_tell_what_they_asked_for_and_count_nowhere() -> None:
    found = shown(line(1001, 0, closed_amount=900), line(1002, 25, 25))

    assert [(each.amount.minor, each.open.minor) for each in found.closed] == [(900, 0)]
    assert (found.total.minor, found.paid.minor, found.open.minor) == (25, 25, 0)


LINES = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(-9, 9)), min_size=1, max_size=6
)


@given(LINES, st.lists(st.integers(1, 900), max_size=4))
def test_paid_promised_and_open_are_the_amount_in_every_row(
    drawn: list[tuple[int, int, int]], coming: list[int]
) -> None:
    lines = [
        line(1001 + n, amount, min(paid, amount), due)
        for n, (amount, paid, due) in enumerate(drawn)
    ]

    found = shown(*lines, coming=tuple(promise(n, amount) for n, amount in enumerate(coming, 1)))

    rows: list[Any] = [*found.lines, found]
    whole = [row.amount if hasattr(row, "amount") else row.total for row in rows]
    assert [row.paid + row.promised + row.open for row in rows] == whole
    assert min(each.minor for row in rows for each in (row.paid, row.promised, row.open)) >= 0
    assert sum(part for _, part in found.bar) == found.total.minor
    for payment, amount in enumerate(coming, 1):
        assert sum(money.minor for _, money in found.covers[payment]) == amount
