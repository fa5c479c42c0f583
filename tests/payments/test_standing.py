"""Where money lies, and how it moves: nothing is lost, and no line holds more than its amount."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from payments.allocation import rank
from payments.standing import Holding, Line, Move, Standing, moves

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
TAX, DEPOSIT, BALANCE = 1001, 1002, 1003
LINES = (Line(TAX, 1, JUNE, 10), Line(DEPOSIT, 1, JUNE, 30), Line(BALANCE, 2, JULY, 60))
EMPTY = Standing(LINES)


def lying(standing: Standing) -> list[tuple[int, int | None, int]]:
    """Payment, line and amount of every holding, the last filled last."""
    return [(each.payment_id, each.line_id, each.amount) for each in standing.holdings]


# --- putting and keeping ------------------------------------------------------------------------


def test_new_money_fills_open_lines_in_the_automatic_order() -> None:
    standing = EMPTY.put(1, 45)

    assert lying(standing) == [(1, TAX, 10), (1, DEPOSIT, 30), (1, BALANCE, 5)]
    assert (standing.total, standing.paid, standing.credit) == (100, 45, 0)


def test_new_money_fills_the_lines_that_were_asked_for_first() -> None:
    standing = EMPTY.put(1, 65, rank([BALANCE], None))

    assert lying(standing) == [(1, BALANCE, 60), (1, TAX, 5)]


def test_a_property_of_its_own_is_filled_first() -> None:
    lines = (Line(1001, 1, JUNE, 10, 1), Line(1002, 1, JUNE, 10, 2))

    standing = Standing(lines).put(1, 12, rank([1, 2], 2))

    assert lying(standing) == [(1, 1002, 10), (1, 1001, 2)]


def test_money_that_fits_no_open_line_is_credit() -> None:
    standing = EMPTY.put(1, 100).put(2, 7)

    assert lying(standing)[-1] == (2, None, 7)
    assert (standing.paid, standing.credit, standing.of_payment(2)) == (100, 7, 7)


def test_money_that_is_kept_pays_nothing() -> None:
    standing = EMPTY.keep(1, 20).keep(1, 5)

    assert lying(standing) == [(1, None, 25)]


def test_what_is_open_is_told_line_by_line() -> None:
    standing = EMPTY.put(1, 15)

    assert [(line.id, line.open) for line in standing.open] == [
        (TAX, 0), (DEPOSIT, 25), (BALANCE, 60),
    ]  # fmt: skip
    assert [standing.on(line) for line in (TAX, DEPOSIT, BALANCE)] == [10, 5, 0]


# --- taking back --------------------------------------------------------------------------------


def test_a_payments_own_credit_goes_back_before_its_lines() -> None:
    credit_first = EMPTY.keep(1, 6).put(1, 10)

    assert lying(credit_first.take_back(1, 5)) == [(1, None, 1), (1, TAX, 10)]
    assert lying(credit_first.take_back(1, 8)) == [(1, TAX, 8)]


def test_of_a_payments_lines_the_last_filled_is_emptied_first() -> None:
    standing = EMPTY.put(1, 65, rank([BALANCE], None)).take_back(1, 20)

    assert lying(standing) == [(1, BALANCE, 45)]


def test_a_line_that_was_filled_again_was_filled_last() -> None:
    half = EMPTY.put(1, 5, rank([TAX], None)).put(1, 5, rank([BALANCE], None))

    standing = half.put(1, 5, rank([TAX], None)).take_back(1, 10)

    assert lying(standing) == [(1, BALANCE, 5)]


def test_only_money_of_that_payment_leaves() -> None:
    standing = EMPTY.put(1, 40).put(2, 60).put(3, 5).take_back(1, 40)

    assert lying(standing) == [(2, BALANCE, 60), (3, None, 5)]


def test_more_than_is_there_cannot_be_taken_back() -> None:
    with pytest.raises(ValueError, match="1 is missing of 41"):
        EMPTY.put(1, 40).put(2, 10).take_back(1, 41)


# --- credit -------------------------------------------------------------------------------------


def test_credit_flows_into_what_opens_the_oldest_first() -> None:
    full = EMPTY.put(1, 100).put(2, 7).put(3, 9)

    standing = full.take_back(1, 10).use_credit()

    assert lying(standing)[3:] == [(2, BALANCE, 7), (3, BALANCE, 3), (3, None, 6)]


def test_credit_fills_open_lines_in_the_automatic_order() -> None:
    credit = EMPTY.keep(1, 45)

    assert lying(credit.use_credit()) == [(1, TAX, 10), (1, DEPOSIT, 30), (1, BALANCE, 5)]


def test_credit_stays_credit_while_nothing_is_open() -> None:
    full = EMPTY.put(1, 107)

    assert full.use_credit() == full


# --- other amounts ------------------------------------------------------------------------------


def test_what_is_too_much_on_a_line_becomes_credit_of_the_last_who_filled_it() -> None:
    two = EMPTY.put(1, 70).put(2, 30)

    standing = two.resized({BALANCE: 25})

    assert lying(standing) == [(1, TAX, 10), (1, DEPOSIT, 30), (1, BALANCE, 25), (2, None, 30),
                               (1, None, 5)]  # fmt: skip
    assert standing.total == 65


def test_a_line_that_asks_for_more_releases_nothing() -> None:
    standing = EMPTY.put(1, 100).resized({BALANCE: 61})

    assert (standing.total, standing.paid, standing.credit) == (101, 100, 0)


def test_a_line_of_nothing_holds_nothing() -> None:
    standing = EMPTY.put(1, 100).resized(dict.fromkeys((TAX, DEPOSIT, BALANCE), 0))

    assert lying(standing) == [(1, None, 100)]


def test_new_lines_hold_nothing_yet() -> None:
    standing = EMPTY.put(1, 100).with_lines([Line(1004, 2, JULY, 5)])

    assert (standing.total, standing.paid, standing.on(1004)) == (105, 100, 0)


# --- what is written ----------------------------------------------------------------------------


def test_what_left_is_written_before_what_came() -> None:
    before = EMPTY.put(1, 100).put(2, 7)
    after = before.take_back(1, 10).use_credit()

    assert moves(before, after) == [
        Move(1, BALANCE, -10), Move(2, None, -7), Move(2, BALANCE, 7),
    ]  # fmt: skip


def test_what_did_not_move_is_not_written() -> None:
    before = EMPTY.put(1, 40)

    assert moves(before, before) == []
    assert moves(before, before.resized({DEPOSIT: 20}).resized({DEPOSIT: 30}).use_credit()) == []


def test_what_came_is_written_in_the_order_it_was_filled() -> None:
    """The ledger's order says which line was filled last, and a refund empties that one first."""
    before = EMPTY.put(1, 5, rank([BALANCE], None))
    after = before.put(1, 50)

    assert moves(before, after) == [
        Move(1, TAX, 10), Move(1, DEPOSIT, 30), Move(1, BALANCE, 10),
    ]  # fmt: skip


# --- always -------------------------------------------------------------------------------------

sizes = st.integers(0, 50)
wishes = st.lists(st.sampled_from([1, 2, TAX, DEPOSIT, BALANCE]), min_size=1, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 4), st.integers(1, 60), wishes),
        st.tuples(st.just("keep"), st.integers(1, 4), st.integers(1, 60)),
        st.tuples(st.just("take_back"), st.integers(1, 4), st.integers(1, 60)),
        st.tuples(st.just("resized"), st.sampled_from([TAX, DEPOSIT, BALANCE]), sizes),
        st.tuples(st.just("use_credit")),
    ),
    max_size=12,
)


def step(standing: Standing, what: str, *given: object) -> tuple[Standing, int]:
    """One change, and how much money it brings; of what is taken back only what is there."""
    match what, *given:
        case "put", int(payment), int(amount), list(asked):
            return standing.put(payment, amount, rank(asked, None)), amount
        case "keep", int(payment), int(amount):
            return standing.keep(payment, amount), amount
        case "take_back", int(payment), int(amount):
            back = min(amount, standing.of_payment(payment))
            return standing.take_back(payment, back), -back
        case "resized", int(line), int(amount):
            return standing.resized({line: amount}), 0
        case _:
            return standing.use_credit(), 0


def of_amounts(amounts: tuple[int, ...]) -> Standing:
    sized = zip(LINES, amounts, strict=True)
    return Standing(tuple(replace(line, amount=amount) for line, amount in sized))


@pytest.mark.long
@given(st.tuples(sizes, sizes, sizes), steps)
def test_whatever_happens_no_money_is_lost_and_no_line_is_overfilled(
    amounts: tuple[int, int, int], every: list[tuple[Any, ...]]
) -> None:
    standing = of_amounts(amounts)
    for each in every:
        before = standing

        standing, came = step(before, *each)

        assert standing.paid + standing.credit == before.paid + before.credit + came
        assert all(holding.amount > 0 for holding in standing.holdings)
        assert all(line.open >= 0 for line in standing.open)
        if each[0] in ("resized", "use_credit"):  # money moves, but stays that of its payment
            assert all(standing.of_payment(n) == before.of_payment(n) for n in range(1, 5))
        if each[0] == "use_credit":
            assert not (standing.credit and any(line.open for line in standing.open))


@pytest.mark.long
@given(st.tuples(sizes, sizes, sizes), steps)
def test_what_is_written_makes_the_ledger_say_what_was_decided(
    amounts: tuple[int, int, int], every: list[tuple[Any, ...]]
) -> None:
    decided, written = of_amounts(amounts), list[tuple[int, int | None, int]]()
    for each in every:
        read = Standing.of(decided.lines, written)

        decided, _ = step(read, *each)

        new = moves(read, decided)
        written += [(move.payment_id, move.line_id, move.amount) for move in new]
        again = Standing.of(decided.lines, written)
        assert set(again.holdings) == set(decided.holdings)
        came = [(m.payment_id, m.line_id) for m in new if m.amount > 0]
        order = [(x.payment_id, x.line_id) for x in decided.holdings]
        assert came == [place for place in order if place in came]
        assert [(x.payment_id, x.line_id) for x in again.holdings][len(order) - len(came) :] == came


came_in = st.tuples(st.sampled_from(["put", "keep"]), st.integers(1, 2), st.integers(1, 60))


@pytest.mark.long
@given(st.lists(came_in, min_size=1, max_size=6), sizes)
def test_a_refund_takes_credit_first_and_then_what_was_filled_last(
    came: list[tuple[str, int, int]], back: int
) -> None:
    standing = EMPTY
    for how, payment, amount in came:
        standing = getattr(standing, how)(payment, amount)
    payment = came[-1][1]
    assume(0 < back <= standing.of_payment(payment))
    queue = [each for each in reversed(standing.holdings) if each.payment_id == payment]
    queue.sort(key=lambda each: each.line_id is not None)

    after = standing.take_back(payment, back)

    left = back
    for each in queue:
        gone = min(left, each.amount)
        kept = Holding(payment, each.line_id, each.amount - gone)
        assert (kept in after.holdings) == (kept.amount > 0)
        left -= gone
