"""What a guest is asked to pay: pure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from payments.allocation import OpenLine
from payments.owing import owed, owed_next

TODAY = date(2026, 3, 10)


def line(id: int, open: int, due_in: int, stage: int = 1) -> OpenLine:
    return OpenLine(id, stage, TODAY + timedelta(days=due_in), open, None)


PAST, NOW, SOON, LATE = line(1, 30, -5), line(2, 20, 0), line(3, 15, 9, 2), line(4, 10, 40, 2)


@pytest.mark.parametrize(
    ("lines", "next_"),
    [
        ([], []),
        ([LATE], [4]),
        ([SOON, LATE], [3]),
        ([NOW, SOON, LATE], [2]),
        ([LATE, SOON, NOW, PAST], [1, 2]),
        ([PAST, LATE], [1]),
        ([SOON, line(5, 7, 9, 1), LATE], [5, 3]),
    ],
)
def test_a_guest_is_asked_first_for_what_is_due_or_else_for_what_falls_due_next(
    lines: list[OpenLine], next_: list[int]
) -> None:
    assert list(owed_next(lines, TODAY).wishes) == next_


def test_all_is_in_the_order_in_which_it_falls_due() -> None:
    found = owed([LATE, NOW, SOON, PAST, line(9, 0, -9)])

    assert found.wishes == (1, 2, 3, 4)
    assert (found.amount, found.due_on) == (75, LATE.due_on)


def test_who_owes_nothing_has_no_day() -> None:
    assert (owed([line(1, 0, 0)]).amount, owed([]).due_on, owed_next([], TODAY).lines) == (
        0, None, (),
    )  # fmt: skip
