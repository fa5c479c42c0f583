"""What an amendment makes of a schedule, with plain objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.amendment import Amendment, Item, Terms, amended
from bookings.prices import Rule, StayPrice
from bookings.schedule import Due, schedule_of

TODAY = date(2026, 3, 10)
ARRIVAL = date(2026, 7, 1)
LATER = date(2026, 8, 1)
BALANCE_DAY = date(2026, 5, 6)  # 56 days before the arrival
LATER_DAY = date(2026, 6, 6)
RULE = Rule(tax_rate=1000, booking_fee=2500, deposit_rate=2500, balance_days=56)
CASA, QUINTA = 8849, 10132


@dataclass(frozen=True)
class Line:
    id: int
    kind: str
    stage: int
    amount: int
    due_on: date
    property_id: int | None = CASA
    paid: int = 0
    closed_amount: int | None = None


def item(accommodation: int = 70000, at: int = CASA, breakages: str = "none", **other: Any) -> Item:
    values: dict[str, Any] = {
        "property_id": at,
        "arrives_on": ARRIVAL,
        "accommodation": accommodation,
        "extras": (),
        "insurance": 0,
        "security_deposit": 20000 if breakages == "deposit" else 0,
        "rule": RULE,
    }
    return Item(StayPrice(**(values | other)), breakages)  # type: ignore[arg-type]


def lines_of(*items: Item, today: date = TODAY) -> list[Line]:
    """The schedule that these items were booked with."""
    prices = [each.price for each in items]
    dues = schedule_of(prices, min(price.arrives_on for price in prices), today)
    return [
        Line(1001 + n, due.kind, due.stage, due.amount, due.due_on, due.property_id)
        for n, due in enumerate(dues)
    ]


def amend(
    before: list[Item], after: list[Item], lines: list[Line] | None = None, **other: Any
) -> Amendment:
    rules = {each.property_id: each.price.rule for each in [*before, *after]}
    given_: dict[str, Any] = {"rules": rules, "today": TODAY}
    terms = Terms(**(given_ | other))
    return amended(lines_of(*before) if lines is None else lines, before, after, terms)


def paid(lines: list[Line]) -> list[Line]:
    return [replace(line, paid=line.amount) for line in lines]


def test_what_costs_the_same_changes_nothing() -> None:
    assert amend([item()], [item()]) == Amendment(0, (), {}, {})


def test_a_rise_is_one_new_line_due_with_the_balance() -> None:
    found = amend([item()], [item(80000)])

    # 100.00 more rent and 10.00 more tax.
    line = Due("Amendment", "amendment", 2, 11000, BALANCE_DAY, CASA)
    assert found == Amendment(11000, (line,), {}, {})


def test_a_rise_is_due_at_once_when_the_day_of_the_balance_has_passed() -> None:
    today = BALANCE_DAY + timedelta(days=3)

    found = amend([item()], [item(80000)], today=today)

    assert [due.due_on for due in found.new_lines] == [today]


def test_a_rise_is_due_with_a_balance_that_was_agreed_on_otherwise() -> None:
    agreed = BALANCE_DAY + timedelta(days=9)
    lines = [replace(x, due_on=agreed) if x.stage == 2 else x for x in lines_of(item())]

    found = amend([item()], [item(80000)], lines)

    assert [due.due_on for due in found.new_lines] == [agreed]


def test_a_rise_of_a_booking_paid_early_is_due_when_its_balance_would_be() -> None:
    found = amend([item()], [item(80000, arrives_on=LATER)], paid(lines_of(item())))

    assert [due.due_on for due in found.new_lines] == [LATER_DAY]
    assert found.due_on == {}


def test_a_rise_over_several_properties_is_of_none_of_them() -> None:
    found = amend([item()], [item(), item(10000, QUINTA)])

    line = Due("Amendment", "amendment", 2, 11000, BALANCE_DAY, None)
    assert found.new_lines == (line,)


def test_a_fall_takes_off_the_last_lines_and_adds_none() -> None:
    [_, _, _, balance] = lines_of(item())

    found = amend([item()], [item(60000)])

    assert found == Amendment(-11000, (), {balance.id: 52500 - 11000}, {})


def test_a_fall_below_the_balance_goes_on_with_stage_1_but_not_with_a_security_deposit() -> None:
    with_deposit = item(breakages="deposit")
    [_, _, deposit, balance, _] = lines_of(with_deposit)

    found = amend([with_deposit], [item(20000, breakages="deposit")])

    assert found.difference == -55000
    assert found.amounts == {balance.id: 0, deposit.id: 17500 - 2500}


def test_a_line_that_cancelling_closed_and_its_fee_are_not_touched() -> None:
    fee = Line(1009, "cancellation_fee", 1, 0, TODAY, None, closed_amount=5000)
    old = Line(1010, "balance", 2, 0, LATER, closed_amount=9000)

    found = amend([item()], [item(10000)], [*lines_of(item()), fee, old])

    assert not {fee.id, old.id} & found.amounts.keys()


def test_what_is_more_than_all_lines_ask_for_is_not_taken_off_twice() -> None:
    few = [Line(1001, "balance", 2, 5000, BALANCE_DAY)]

    found = amend([item()], [item(20000)], few)

    assert found.amounts == {1001: 0}


# --- days -------------------------------------------------------------------------------------


def test_the_balance_is_due_by_the_new_arrival() -> None:
    before, after = item(breakages="deposit"), item(breakages="deposit", arrives_on=LATER)
    [*_, balance, security] = lines_of(before)

    assert amend([before], [after]).due_on == {balance.id: LATER_DAY, security.id: LATER_DAY}


def test_an_arrival_that_is_now_near_makes_it_due_at_once() -> None:
    [*_, balance] = lines_of(item())

    found = amend([item()], [item(80000, arrives_on=TODAY + timedelta(days=9))])

    assert found.due_on == {balance.id: TODAY}
    assert [due.due_on for due in found.new_lines] == [TODAY]


def test_a_balance_that_was_due_at_once_waits_for_an_arrival_moved_far_away() -> None:
    booked_on = BALANCE_DAY + timedelta(days=1)
    lines = lines_of(item(), today=booked_on)

    for today in (booked_on, booked_on + timedelta(days=5)):
        found = amend([item()], [item(arrives_on=LATER)], lines, today=today)

        assert found.due_on == {lines[-1].id: LATER_DAY}


@pytest.mark.parametrize("agreed", [BALANCE_DAY - timedelta(days=9), BALANCE_DAY + timedelta(9)])
def test_a_day_that_was_agreed_on_otherwise_stays(agreed: date) -> None:
    lines = [replace(x, due_on=agreed) if x.stage == 2 else x for x in lines_of(item())]

    assert amend([item()], [item(arrives_on=LATER)], lines).due_on == {}


def test_a_day_agreed_on_with_a_payment_stays_also_when_it_has_passed() -> None:
    agreed, today = BALANCE_DAY + timedelta(days=9), BALANCE_DAY + timedelta(days=20)
    lines = [replace(x, due_on=agreed) if x.stage == 2 else x for x in lines_of(item())]

    found = amend(
        [item()], [item(arrives_on=LATER)], lines, today=today, agreed=frozenset({agreed})
    )

    assert found.due_on == {}


def test_the_regular_day_is_regular_also_when_a_payment_named_it() -> None:
    found = amend([item()], [item(arrives_on=LATER)], agreed=frozenset({BALANCE_DAY}))

    assert list(found.due_on.values()) == [LATER_DAY]


def test_lines_of_stage_1_and_paid_ones_keep_their_days() -> None:
    assert amend([item()], [item(arrives_on=LATER)], paid(lines_of(item()))).due_on == {}


def test_a_line_of_no_property_moves_with_the_last_balance() -> None:
    early = Rule(balance_days=90)
    whole = Line(1050, "amendment", 2, 1000, BALANCE_DAY, None)
    before = [item(), item(at=QUINTA, rule=early)]
    after = [item(arrives_on=LATER), item(at=QUINTA, rule=early, arrives_on=LATER)]

    assert amend(before, after, [whole]).due_on == {whole.id: LATER_DAY}


def test_a_line_that_goes_to_another_property_is_due_by_the_rule_of_that() -> None:
    dropped = Line(1050, "balance", 2, 1000, ARRIVAL - timedelta(days=90), QUINTA)
    rules = {CASA: RULE, QUINTA: Rule(balance_days=90)}

    found = amend([item()], [item(arrives_on=LATER)], [dropped], rules=rules)
    same_day = amend([item()], [item()], [dropped], rules=rules)

    assert (found.heirs, found.due_on) == ({dropped.id: CASA}, {dropped.id: LATER_DAY})
    assert same_day.due_on == {dropped.id: BALANCE_DAY}


# --- properties and security deposits -------------------------------------------------------------


def test_a_property_that_is_added_brings_its_security_deposit() -> None:
    found = amend([item()], [item(), item(0, QUINTA, "deposit")])

    line = Due("Security Deposit", "security_deposit", 2, 20000, BALANCE_DAY, QUINTA)
    assert found.new_lines == (line,)


def test_a_property_that_is_dropped_takes_its_security_deposit_along() -> None:
    before = [item(), item(0, QUINTA, "deposit")]
    [security] = [line for line in lines_of(*before) if line.kind == "security_deposit"]

    found = amend(before, [item()])

    assert found.amounts == {security.id: 0}


def test_a_property_that_is_swapped_is_a_rise_or_fall_of_the_difference() -> None:
    found = amend([item(70000)], [item(80000, QUINTA)])

    assert found.difference == 11000
    assert [due.property_id for due in found.new_lines] == [QUINTA]


def test_a_security_deposit_comes_and_goes_with_the_choice_of_it() -> None:
    without, with_it = item(), item(breakages="deposit")
    [*_, security] = lines_of(with_it)

    assert [due.amount for due in amend([without], [with_it]).new_lines] == [20000]
    assert amend([with_it], [without]).amounts == {security.id: 0}


def test_a_security_deposit_that_was_asked_for_already_is_not_asked_for_again() -> None:
    there = Line(1050, "security_deposit", 2, 15000, BALANCE_DAY)

    found = amend([item()], [item(breakages="deposit")], [*lines_of(item()), there])

    assert [due.amount for due in found.new_lines] == [5000]
    assert found.amounts == {}


def test_a_security_deposit_is_untouched_when_the_property_asks_for_another_today() -> None:
    before = item(breakages="deposit")

    for today in (0, 15000, 30000):
        after = item(breakages="deposit", security_deposit=today)

        assert amend([before], [after], lines_of(before)) == Amendment(0, (), {}, {})


def test_a_security_deposit_that_came_from_elsewhere_is_untouched() -> None:
    there = Line(1050, "security_deposit", 2, 15000, BALANCE_DAY)

    found = amend([item()], [item(60000)], [*lines_of(item()), there])

    assert there.id not in found.amounts


# --- lines of properties that are gone ------------------------------------------------------------


def test_lines_of_a_property_that_is_gone_shrink_first_but_for_its_part_of_the_fee() -> None:
    before = [item(at=QUINTA), item()]
    lines = lines_of(*before)
    [fee] = [x for x in lines if x.property_id == QUINTA and x.kind == "fee"]
    others = [x for x in lines if x.property_id == QUINTA and x.kind != "fee"]

    found = amend(before, [item()], lines)

    assert found.amounts == {x.id: 0 for x in others}
    assert found.heirs == {fee.id: CASA}


def test_what_is_left_goes_to_the_property_that_came_or_else_to_the_first_that_stays() -> None:
    lines = lines_of(item())
    whole = Line(1050, "amendment", 2, 1000, BALANCE_DAY, None)
    cottage = 8900

    swapped = amend([item()], [item(at=QUINTA)], [*lines, whole])
    among = amend([item(), item(0, QUINTA)], [item(0, QUINTA), item(at=cottage)], lines)
    left = amend([item(), item(0, QUINTA)], [item(70000, QUINTA)], lines)

    assert swapped.heirs == {x.id: QUINTA for x in lines}
    assert among.heirs == {x.id: cottage for x in lines}
    assert left.heirs == {x.id: QUINTA for x in lines}


def test_a_day_moves_with_the_line_only_when_the_rules_differ() -> None:
    early = Rule(tax_rate=1000, deposit_rate=2500, balance_days=90)
    lines = lines_of(item())

    same = amend([item()], [item(at=QUINTA)], lines)
    other = amend([item()], [item(at=QUINTA, rule=early)], lines)

    assert same.due_on == {}
    assert other.due_on == {lines[-1].id: ARRIVAL - timedelta(days=90)}


# --- what no line was left for --------------------------------------------------------------------


def test_what_could_not_be_taken_off_is_told_and_used_up_by_a_later_rise() -> None:
    few = [Line(1001, "balance", 2, 5000, BALANCE_DAY)]
    none = [replace(few[0], amount=0)]

    down = amend([item()], [item(60000)], few)
    up = amend([item(60000)], [item()], none, not_taken_off=down.not_taken_off)
    part = amend([item(60000)], [item(61000)], none, not_taken_off=down.not_taken_off)

    assert (down.amounts, down.not_taken_off) == ({1001: 0}, 11000 - 5000)
    assert [due.amount for due in up.new_lines] == [5000]
    assert up.not_taken_off == 0
    assert (part.new_lines, part.not_taken_off) == ((), 6000 - 1100)


# --- over and over --------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=8))
def test_amending_over_and_over_asks_for_what_booking_it_so_would_have(costs: list[int]) -> None:
    items = [item(cost) for cost in costs]
    lines = lines_of(items[0])

    for before, after in pairwise(items):
        found = amend([before], [after], lines)
        lines = [replace(x, amount=found.amounts.get(x.id, x.amount)) for x in lines]
        lines += [
            Line(1100 + len(lines), due.kind, due.stage, due.amount, due.due_on, due.property_id)
            for due in found.new_lines
        ]

    assert sum(x.amount for x in lines) == sum(x.amount for x in lines_of(items[-1]))
