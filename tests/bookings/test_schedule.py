"""The schedule of a booking, what it shrinks to, and what cancelling costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.prices import ExtraPrice, Rule, StayPrice
from bookings.schedule import (
    Due,
    balance_day,
    cancellation_fee,
    percent,
    rent_of,
    schedule_of,
    shrunk,
)

TODAY = date(2026, 3, 10)
ARRIVAL = date(2026, 7, 1)
BALANCE_DAY = date(2026, 5, 6)  # 56 days before
RULE = Rule(tax_rate=1000, booking_fee=2500, deposit_rate=2500, balance_days=56)
CASA, QUINTA, COTTAGE = 8849, 10132, 8900


def stay(accommodation: int = 70000, at: int = CASA, **other: Any) -> StayPrice:
    values: dict[str, Any] = {
        "property_id": at,
        "arrives_on": ARRIVAL,
        "accommodation": accommodation,
        "extras": (),
        "insurance": 0,
        "security_deposit": 0,
        "rule": RULE,
    }
    return StayPrice(**(values | other))


def schedule(*stays: StayPrice, today: date = TODAY) -> list[tuple[str, int, int, date]]:
    found = schedule_of(stays, ARRIVAL, today)
    return [(due.name, due.stage, due.amount, due.due_on) for due in found]


def test_tax_fee_and_deposit_are_due_at_once_and_the_rest_before_arrival() -> None:
    assert schedule(stay()) == [
        ("10% tax", 1, 7000, TODAY),
        ("Booking Fee", 1, 2500, TODAY),
        ("Rental Deposit", 1, 17500, TODAY),
        ("Rental Balance", 2, 52500, BALANCE_DAY),
    ]


def test_percentages_are_taken_of_accommodation_and_extras_but_not_of_insurance() -> None:
    cot = ExtraPrice(9240, "Cot", 2, 5000)

    found = schedule(stay(extras=(cot,), insurance=9900))

    assert found == [
        ("10% tax", 1, 8000, TODAY),
        ("Booking Fee", 1, 2500, TODAY),
        ("Insurance", 1, 9900, TODAY),
        ("Rental Deposit", 1, 20000, TODAY),
        ("Rental Balance", 2, 60000, BALANCE_DAY),
    ]


def test_a_security_deposit_is_outside_percentages_and_due_with_the_balance() -> None:
    found = schedule(stay(security_deposit=20000))

    assert found == [*schedule(stay()), ("Security Deposit", 2, 20000, BALANCE_DAY)]


def test_every_line_says_what_kind_it_is_and_for_which_property() -> None:
    everything = stay(insurance=1, security_deposit=1)

    found = schedule_of([everything], ARRIVAL, TODAY)

    kinds = ["tax", "fee", "insurance", "deposit", "balance", "security_deposit"]
    assert [due.kind for due in found] == kinds
    assert {due.property_id for due in found} == {CASA}


def test_each_percentage_is_rounded_half_up_and_the_balance_is_the_remainder() -> None:
    rule = Rule(tax_rate=1000, deposit_rate=5000)

    found = schedule(stay(105, rule=rule))

    assert [(name, amount) for name, _, amount, _ in found] == [
        ("10% tax", 11),  # 10.5
        ("Rental Deposit", 53),  # 52.5
        ("Rental Balance", 52),
    ]


@pytest.mark.parametrize(
    ("amount", "rate", "part"),
    [(105, 1000, 11), (104, 1000, 10), (1, 5000, 1), (1, 4999, 0), (3333, 725, 242), (0, 1000, 0)],
)
def test_half_a_unit_is_rounded_up(amount: int, rate: int, part: int) -> None:
    assert percent(amount, rate) == part


@pytest.mark.parametrize(
    ("rate", "name"), [(1000, "10% tax"), (1250, "12.5% tax"), (725, "7.25% tax"), (100, "1% tax")]
)
def test_the_tax_is_named_after_its_rate(rate: int, name: str) -> None:
    assert schedule(stay(rule=Rule(tax_rate=rate)))[0][0] == name


def test_lines_of_nothing_are_left_out() -> None:
    assert [name for name, *_ in schedule(stay(rule=Rule()))] == ["Rental Balance"]
    assert schedule(stay(0, rule=Rule(tax_rate=1000))) == []


def test_all_is_due_at_once_when_the_day_of_the_balance_has_come() -> None:
    for today in (BALANCE_DAY, BALANCE_DAY + timedelta(days=1), ARRIVAL + timedelta(days=900)):
        found = schedule(stay(security_deposit=1), today=today)

        assert {due_on for *_, due_on in found} == {today}
        assert [stage for _, stage, *_ in found] == [1, 1, 1, 2, 2]


def test_the_day_before_that_the_balance_is_still_due_later() -> None:
    found = schedule(stay(), today=BALANCE_DAY - timedelta(days=1))

    assert found[-1][3] == BALANCE_DAY


def test_arrivals_of_the_first_days_of_the_calendar_have_no_day_so_long_before_them() -> None:
    assert balance_day(RULE, date(1, 1, 2), TODAY) == TODAY
    assert balance_day(Rule(balance_days=10**7), date.max, TODAY) == TODAY


def test_the_one_booking_fee_is_split_over_properties_by_largest_remainder() -> None:
    stays = [stay(10000, CASA), stay(10000, QUINTA), stay(10000, COTTAGE)]

    found = schedule_of(stays, ARRIVAL, TODAY)

    fees = [(due.property_id, due.amount) for due in found if due.kind == "fee"]
    assert fees == [(CASA, 834), (QUINTA, 833), (COTTAGE, 833)]


def test_the_fee_follows_the_cost_of_each_property_and_is_the_highest_of_the_rules() -> None:
    dear = Rule(booking_fee=4000)
    stays = [stay(30000, CASA), stay(10000, QUINTA, rule=dear)]

    found = schedule_of(stays, ARRIVAL, TODAY)

    assert [(d.property_id, d.amount) for d in found if d.kind == "fee"] == [
        (CASA, 3000),
        (QUINTA, 1000),
    ]


def test_properties_that_cost_nothing_share_the_fee_alike() -> None:
    found = schedule_of([stay(0, CASA), stay(0, QUINTA)], ARRIVAL, TODAY)

    assert [due.amount for due in found] == [1250, 1250]


def test_each_property_has_lines_by_its_own_rule() -> None:
    other = Rule(tax_rate=600, deposit_rate=5000, balance_days=30)

    found = schedule_of([stay(1000), stay(1000, QUINTA, rule=other)], ARRIVAL, TODAY)

    assert [(d.property_id, d.name, d.amount) for d in found if d.kind != "fee"] == [
        (CASA, "10% tax", 100),
        (CASA, "Rental Deposit", 250),
        (CASA, "Rental Balance", 750),
        (QUINTA, "6% tax", 60),
        (QUINTA, "Rental Deposit", 500),
        (QUINTA, "Rental Balance", 500),
    ]
    assert found[-1].due_on == ARRIVAL - timedelta(days=30)


def test_a_booking_of_nothing_has_no_schedule() -> None:
    assert schedule_of([], ARRIVAL, TODAY) == []


amounts = st.integers(0, 10**9) | st.integers(0, 20)
rates = st.integers(0, 10000)
rules = st.builds(
    Rule,
    tax_rate=rates,
    booking_fee=amounts,
    deposit_rate=rates,
    balance_days=st.integers(0, 400),
    keeps=st.sampled_from(["nothing", "stage_1", "percentage"]),
    kept_rate=rates,
)
extras = st.lists(
    st.builds(ExtraPrice, st.integers(1), st.just("Cot"), st.integers(1, 9), amounts), max_size=3
)


@st.composite
def stays(draw: st.DrawFn) -> list[StayPrice]:
    ids = draw(st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True))
    return [
        stay(
            draw(amounts),
            at,
            extras=tuple(draw(extras)),
            insurance=draw(amounts),
            security_deposit=draw(amounts),
            rule=draw(rules),
        )
        for at in ids
    ]


@pytest.mark.long
@given(stays(), st.dates(), st.dates())
def test_lines_add_up_to_all_that_the_stays_ask_for(
    booked: list[StayPrice], arrives_on: date, today: date
) -> None:
    lines = schedule_of(booked, arrives_on, today)

    base = sum(each.base for each in booked)
    tax = sum(percent(each.base, each.rule.tax_rate) for each in booked)
    fee = max(each.rule.booking_fee for each in booked)
    insurance = sum(each.insurance for each in booked)
    deposits = sum(each.security_deposit for each in booked)
    assert sum(due.amount for due in lines) == base + tax + fee + insurance + deposits
    assert rent_of(booked) == base + tax + insurance
    assert all(due.amount > 0 for due in lines)
    assert all(due.due_on >= today for due in lines)
    assert all(due.due_on == today for due in lines if due.stage == 1)


# --- what amending and cancelling ask of a schedule -----------------------------------------------


@dataclass(frozen=True)
class Line:
    id: int
    amount: int
    stage: int = 1
    kind: str = "balance"
    due_on: date = TODAY
    property_id: int | None = CASA


TAX, DEPOSIT = Line(1001, 9000, kind="tax"), Line(1002, 24800, kind="deposit")
BALANCE = Line(1003, 65200, 2, due_on=BALANCE_DAY)
SECURITY = Line(1004, 20000, 2, "security_deposit", BALANCE_DAY)
LINES = [TAX, DEPOSIT, BALANCE, SECURITY]


def test_a_schedule_shrinks_from_its_last_line() -> None:
    assert shrunk(LINES, 200) == ({BALANCE.id: 65000}, 0)


def test_stage_2_shrinks_before_stage_1_and_the_security_deposit_never() -> None:
    assert shrunk(LINES, 65200 + 800) == ({BALANCE.id: 0, DEPOSIT.id: 24000}, 0)


def test_of_one_stage_the_line_that_is_due_last_shrinks_first_then_the_newest() -> None:
    later = Line(1000, 100, 2, due_on=BALANCE_DAY + timedelta(days=1))
    twin = Line(1009, 100, 2, due_on=BALANCE_DAY)

    amounts, _ = shrunk([later, BALANCE, twin], 250)

    assert amounts == {later.id: 0, twin.id: 0, BALANCE.id: 65150}
    assert list(amounts) == [later.id, twin.id, BALANCE.id]


def test_what_no_line_is_left_for_is_told() -> None:
    assert shrunk([TAX, SECURITY], 10000) == ({TAX.id: 0}, 1000)
    assert shrunk(LINES, 0) == ({}, 0)


@given(st.lists(amounts, max_size=6), amounts)
def test_shrinking_takes_off_exactly_what_the_total_falls_by(asked: list[int], less: int) -> None:
    lines = [Line(1001 + n, amount, 1 + n % 2) for n, amount in enumerate(asked)]

    now, left = shrunk(lines, less)

    off = sum(line.amount - now.get(line.id, line.amount) for line in lines)
    assert off + left == less
    assert all(amount >= 0 for amount in now.values())
    assert left == 0 or not any(now.get(line.id, line.amount) for line in lines)


KEEPS_STAGE_1 = Rule(keeps="stage_1")
KEEPS_PART = Rule(keeps="percentage", kept_rate=5000)


@pytest.mark.parametrize(
    ("rule", "fee"), [(Rule(), 0), (KEEPS_STAGE_1, 33800), (KEEPS_PART, 49500)]
)
def test_cancelling_keeps_nothing_or_stage_1_or_a_part_of_the_rent(rule: Rule, fee: int) -> None:
    assert cancellation_fee(LINES, {CASA: rule}) == fee


def test_the_part_that_is_kept_is_rounded_half_up() -> None:
    assert (
        cancellation_fee([Line(1001, 105)], {CASA: Rule(keeps="percentage", kept_rate=1000)}) == 11
    )


def test_each_property_keeps_by_its_own_rule() -> None:
    there = [Line(1005, 1000, property_id=QUINTA), Line(1006, 600, 2, property_id=QUINTA)]

    fee = cancellation_fee([*LINES, *there], {CASA: Rule(), QUINTA: KEEPS_STAGE_1})

    assert fee == 1000


def test_lines_of_no_property_are_kept_by_the_strictest_rule() -> None:
    whole = [Line(1005, 1000, 2, "amendment", property_id=None)]

    assert cancellation_fee(whole, {CASA: Rule(), QUINTA: KEEPS_PART}) == 500
    assert cancellation_fee(whole, {}) == 0


def test_a_property_without_a_rule_keeps_nothing() -> None:
    assert cancellation_fee(LINES, {QUINTA: KEEPS_PART}) == 0


def test_a_booking_without_lines_keeps_nothing() -> None:
    assert cancellation_fee([], {CASA: KEEPS_STAGE_1}) == 0


@pytest.mark.long
@given(stays())
def test_no_fee_is_higher_than_what_was_asked_for(booked: list[StayPrice]) -> None:
    dues: list[Due] = schedule_of(booked, ARRIVAL, TODAY)
    lines = [
        Line(1001 + n, due.amount, due.stage, due.kind, due.due_on, due.property_id)
        for n, due in enumerate(dues)
    ]

    fee = cancellation_fee(lines, {each.property_id: each.rule for each in booked})

    assert 0 <= fee <= sum(line.amount for line in lines)
