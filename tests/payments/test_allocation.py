"""How money falls on the lines of a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.allocation import (
    AUTOMATIC,
    Allocation,
    OpenLine,
    Rank,
    Share,
    after,
    allocate,
    promised,
    rank,
)

SOON, LATER = date(2026, 3, 1), date(2026, 6, 1)
NO_WISH = rank(AUTOMATIC, None)
CASA, QUINTA = 8849, 10132


def line(id: int, open: int, *, stage: int = 1, due: date = SOON, at: int = CASA) -> OpenLine:
    return OpenLine(id, stage, due, open, at)


def filled(
    paid: int, lines: Sequence[OpenLine], wishes: Sequence[int], at: int | None
) -> list[int]:
    """The lines a payment fills, in the order it fills them."""
    return [share.line_id for share in allocate(paid, lines, rank(wishes, at)).shares]


def test_what_is_due_with_the_deposit_is_filled_before_the_balance() -> None:
    balance, deposit = line(1001, 400, stage=2), line(1002, 100, stage=1, due=LATER)

    allocation = allocate(150, [balance, deposit], NO_WISH)

    assert allocation == Allocation((Share(1002, 100), Share(1001, 50)), 0)


def test_in_a_stage_what_is_due_first_is_filled_first() -> None:
    late, early = line(1001, 100, due=LATER), line(1002, 100, due=SOON)

    allocation = allocate(150, [late, early], NO_WISH)

    assert allocation.shares == (Share(1002, 100), Share(1001, 50))


def test_of_lines_due_on_one_day_the_older_is_filled_first() -> None:
    allocation = allocate(150, [line(1003, 100), line(1002, 100)], NO_WISH)

    assert allocation.shares == (Share(1002, 100), Share(1003, 50))


def test_money_that_fits_no_line_is_credit() -> None:
    assert allocate(130, [line(1001, 100)], NO_WISH) == Allocation((Share(1001, 100),), 30)


def test_without_an_open_line_everything_is_credit() -> None:
    assert allocate(5, [], NO_WISH) == Allocation((), 5)
    assert allocate(5, [line(1001, 0)], NO_WISH) == Allocation((), 5)


def test_a_paid_line_gets_nothing_even_when_it_is_asked_for() -> None:
    allocation = allocate(50, [line(1001, 0), line(1002, 100)], rank([1001], None))

    assert allocation == Allocation((Share(1002, 50),), 0)


TAX, FEE = line(1001, 10), line(1002, 10, at=QUINTA)
FIRST, SECOND = line(1003, 10, stage=2), line(1004, 10, stage=2, at=QUINTA)
SCHEDULE = [SECOND, FIRST, FEE, TAX]
EVERYTHING = 40


@pytest.mark.parametrize(
    ("wishes", "at", "order"),
    [
        ([1, 2], None, [1001, 1002, 1003, 1004]),
        ([1], None, [1001, 1002, 1003, 1004]),
        ([2], None, [1003, 1004, 1001, 1002]),
        ([2, 1], None, [1003, 1004, 1001, 1002]),
        ([1004], None, [1004, 1001, 1002, 1003]),
        ([1004, 1002], None, [1004, 1002, 1001, 1003]),
        ([1002, 1004], None, [1002, 1004, 1001, 1003]),
        ([1004, 1], None, [1004, 1001, 1002, 1003]),
        ([1002, 2], None, [1002, 1003, 1004, 1001]),
        ([2, 1002], None, [1003, 1004, 1002, 1001]),
        ([1, 2], QUINTA, [1002, 1004, 1001, 1003]),
        ([2], QUINTA, [1004, 1002, 1003, 1001]),
        ([1], CASA, [1001, 1003, 1002, 1004]),
        ([1003], QUINTA, [1003, 1002, 1004, 1001]),
        ([1001, 2], QUINTA, [1001, 1004, 1003, 1002]),
        ([1, 2], 555, [1001, 1002, 1003, 1004]),
    ],
)
def test_lines_asked_for_are_filled_first_and_named_lines_outrank_the_property(
    wishes: list[int], at: int | None, order: list[int]
) -> None:
    assert filled(EVERYTHING, SCHEDULE, wishes, at) == order


def test_what_remains_of_a_wish_goes_over_the_other_lines_in_their_order() -> None:
    allocation = allocate(25, SCHEDULE, rank([1004], None))

    assert allocation == Allocation((Share(1004, 10), Share(1001, 10), Share(1002, 5)), 0)


def test_what_remains_goes_to_the_deposit_first_even_when_the_balance_is_due_before_it() -> None:
    late, early = line(1001, 10, due=LATER), line(1002, 10, stage=2, due=SOON)
    named = line(1003, 10, stage=2)

    assert filled(30, [early, late, named], [1003], None) == [1003, 1001, 1002]


def test_what_is_promised_is_taken_off_in_the_order_it_was_promised() -> None:
    lines = [line(1001, 100), line(1002, 100, stage=2)]

    then = promised(lines, [(150, rank([2], None)), (30, NO_WISH)])

    assert [each.open for each in then] == [20, 0]


def test_a_promise_of_more_than_is_open_leaves_nothing_open() -> None:
    then = promised([line(1001, 100)], [(70, NO_WISH), (70, NO_WISH)])

    assert [each.open for each in then] == [0]


schedules = st.lists(
    st.builds(
        OpenLine,
        id=st.integers(1001, 1020),
        stage=st.sampled_from([1, 2]),
        due_on=st.sampled_from([SOON, LATER]),
        open=st.integers(0, 50),
        property_id=st.sampled_from([None, CASA, QUINTA]),
    ),
    max_size=8,
    unique_by=lambda each: each.id,
)
ranks = st.builds(
    rank,
    st.lists(st.sampled_from([1, 2, *range(1001, 1021)]), min_size=1, max_size=5, unique=True),
    st.sampled_from([None, CASA, QUINTA]),
)
amounts = st.integers(1, 500)


@pytest.mark.long
@given(amounts, schedules, ranks)
def test_shares_and_credit_always_add_up_to_what_was_paid(
    paid: int, lines: list[OpenLine], wish: Rank
) -> None:
    allocation = allocate(paid, lines, wish)

    assert sum(share.amount for share in allocation.shares) + allocation.credit == paid


@pytest.mark.long
@given(amounts, schedules, ranks)
def test_no_share_is_empty_or_larger_than_what_is_open_of_its_line(
    paid: int, lines: list[OpenLine], wish: Rank
) -> None:
    opened = {each.id: each.open for each in lines}

    shares = allocate(paid, lines, wish).shares

    assert all(0 < share.amount <= opened[share.line_id] for share in shares)
    assert len({share.line_id for share in shares}) == len(shares)


@pytest.mark.long
@given(amounts, schedules, ranks)
def test_there_is_credit_only_when_no_line_is_open(
    paid: int, lines: list[OpenLine], wish: Rank
) -> None:
    allocation = allocate(paid, lines, wish)

    left = sum(each.open for each in after(lines, allocation.shares))
    assert allocation.credit == max(0, paid - sum(each.open for each in lines))
    assert not (allocation.credit and left)


@pytest.mark.long
@given(amounts, schedules, ranks)
def test_only_the_last_line_filled_may_stay_open_in_part(
    paid: int, lines: list[OpenLine], wish: Rank
) -> None:
    opened = {each.id: each.open for each in lines}

    shares = allocate(paid, lines, wish).shares

    assert all(share.amount == opened[share.line_id] for share in shares[:-1])


@pytest.mark.long
@given(amounts, schedules, ranks, st.randoms())
def test_the_order_in_which_lines_are_read_does_not_matter(
    paid: int, lines: list[OpenLine], wish: Rank, chance: Random
) -> None:
    shuffled = list(lines)
    chance.shuffle(shuffled)

    assert allocate(paid, shuffled, wish) == allocate(paid, lines, wish)


@pytest.mark.long
@given(st.lists(st.tuples(amounts, ranks), max_size=6), schedules)
def test_promises_never_leave_a_line_with_less_than_nothing_open(
    coming: list[tuple[int, Rank]], lines: list[OpenLine]
) -> None:
    then = promised(lines, coming)

    assert all(each.open >= 0 for each in then)
    promise = sum(amount for amount, _ in coming)
    opened = sum(each.open for each in lines)
    assert sum(each.open for each in then) == max(0, opened - promise)
