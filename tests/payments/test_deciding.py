"""What a payment does to its booking."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kit.money import Money
from payments.allocation import Allocation, Share
from payments.commands import Card
from payments.facts import ComingFacts, TagFacts
from tests.payments.given import (
    BALANCE,
    DEPOSIT,
    GUEST,
    QUINTA,
    TODAY,
    booking,
    decided,
    facts,
    line,
    order,
)

FAILED = TagFacts(20, "Payment Failed", "payment_failed", on_booking=False)
VIP = TagFacts(2, "VIP", None, on_booking=False)


def codes(decision: Any) -> list[str]:
    return [remark.code for remark in decision.warnings]


def test_a_cleared_payment_fills_lines_and_moves_the_bookings_figures() -> None:
    decision = decided(order("5.00", charges=order("0.30").amount), facts())

    assert decision.state == "cleared"
    assert decision.now_covered == Allocation((Share(1001, 300), Share(1002, 200)), 0)
    assert decision.covers == decision.now_covered
    assert (decision.paid, decision.credit, decision.booking_charges) == (500, 0, 30)
    assert [(each.id, each.paid) for each in decision.lines] == [(1001, 300), (1002, 200)]


def test_what_was_paid_and_charged_before_stays() -> None:
    before = booking(paid=300, charges=5)
    lines = [replace(DEPOSIT, paid=300), BALANCE]

    decision = decided(order("1.00"), facts(booking=before, lines=lines))

    assert (decision.paid, decision.booking_charges) == (400, 5)
    assert [(each.id, each.paid) for each in decision.lines] == [(1002, 100)]


@pytest.mark.parametrize("state", ["uncleared", "deferred"])
def test_money_that_is_not_there_yet_changes_no_figure(state: str) -> None:
    came = order("10.00", state=state, charges=order("1").amount, balance_due_on=date(2027, 1, 1))

    decision = decided(came, facts())

    assert (decision.paid, decision.credit, decision.booking_charges) == (0, 0, 0)
    assert decision.lines == ()
    assert decision.now_covered == Allocation((), 0)
    assert decision.covers.shares == (Share(1001, 300), Share(1002, 700))


def test_not_cleared_with_the_tag_of_that_role_is_a_failed_attempt() -> None:
    decision = decided(order(state="uncleared", add_tags=(20,)), facts(tags=[FAILED]))

    assert decision.state == "failed"
    assert decision.covers == Allocation((), 0)
    assert decision.added_tags == (20,)


def test_the_tag_makes_a_failed_attempt_also_when_the_booking_has_it_already() -> None:
    there = replace(FAILED, on_booking=True)

    again = decided(order(state="uncleared", add_tags=(20,)), facts(tags=[there]))
    only_there = decided(order(state="uncleared"), facts(tags=[there]))

    assert (again.state, again.added_tags) == ("failed", ())
    assert only_there.state == "uncleared"


def test_another_tag_makes_no_failed_attempt() -> None:
    decision = decided(order(state="uncleared", add_tags=(2,)), facts(tags=[FAILED, VIP]))

    assert decision.state == "uncleared"


def test_a_tag_already_there_is_not_added_and_one_not_there_not_removed() -> None:
    tags = [
        replace(VIP, on_booking=True),
        TagFacts(3, "B", None, False),
        TagFacts(4, "C", None, True),
    ]

    decision = decided(order(add_tags=(2, 3), remove_tags=(4,)), facts(tags=tags))
    nothing = decided(order(remove_tags=(3,)), facts(tags=tags))

    assert (decision.added_tags, decision.removed_tags) == ((3,), (4,))
    assert nothing.removed_tags == ()


STATUSES = [
    # amount, state, wishes, status before, after
    ("3.00", "cleared", (1, 2), "provisional", "booking"),
    ("3.00", "uncleared", (1, 2), "provisional", "booking"),
    ("3.00", "deferred", (1, 2), "provisional", "booking"),
    ("2.99", "cleared", (1, 2), "provisional", "provisional"),
    ("2.99", "deferred", (1, 2), "provisional", "provisional"),
    ("3.00", "cleared", (2,), "provisional", "provisional"),
    ("7.00", "deferred", (2,), "provisional", "provisional"),
    ("10.00", "cleared", (2,), "provisional", "booking"),
    ("10.00", "cleared", (1, 2), "booking", "booking"),
    ("10.00", "cleared", (1, 2), "cancelled", "cancelled"),
    ("10.00", "cleared", (1, 2), "blockout", "blockout"),
]


@pytest.mark.parametrize(("amount", "state", "wishes", "before", "after"), STATUSES)
def test_a_booking_is_provisional_until_what_is_due_at_stage_1_is_paid_or_promised(
    amount: str, state: str, wishes: tuple[int, ...], before: str, after: str
) -> None:
    decision = decided(
        order(amount, state=state, wishes=wishes), facts(booking=booking(status=before))
    )

    assert decision.status == after


def test_a_failed_attempt_leaves_the_booking_provisional() -> None:
    tried = order("10.00", state="uncleared", add_tags=(20,))

    decision = decided(tried, facts(booking=booking(status="provisional"), tags=[FAILED]))

    assert decision.status == "provisional"


@pytest.mark.parametrize(
    ("promised", "after"), [(200, "booking"), (199, "provisional"), (1000, "booking")]
)
def test_earlier_promises_count_for_stage_1(promised: int, after: str) -> None:
    coming = [ComingFacts(1, promised, "1,2", None)]
    before = facts(booking=booking(status="provisional"), coming=coming)

    assert decided(order("1.00"), before).status == after
    assert decided(order("1.00", state="deferred"), before).status == after


def test_a_promise_for_the_balance_does_not_cover_stage_1() -> None:
    coming = [ComingFacts(1, 700, "2", None)]
    before = facts(booking=booking(status="provisional"), coming=coming)

    assert decided(order("2.99"), before).status == "provisional"
    assert decided(order("3.00"), before).status == "booking"


def test_a_promise_is_laid_over_what_a_cleared_payment_leaves_open() -> None:
    # The balance is paid now, so the promise for the balance goes to the deposit.
    coming = [ComingFacts(1, 700, "2", None)]
    before = facts(booking=booking(status="provisional"), coming=coming)

    assert decided(order("7.00", wishes=(2,)), before).status == "booking"


CATEGORIES = [
    ("10.00", "cleared", (1, 2), 2),
    ("3.00", "cleared", (1, 2), 1),
    ("7.00", "cleared", (2,), 4),
    ("2.00", "cleared", (1, 2), 4),
    ("5.00", "cleared", (1, 2), 4),
    ("12.00", "cleared", (1, 2), 2),
    ("10.00", "uncleared", (1, 2), 2),
    ("3.00", "uncleared", (1, 2), 1),
    ("10.00", "deferred", (1, 2), 6),
    ("1.00", "deferred", (1, 2), 6),
]


@pytest.mark.parametrize(("amount", "state", "wishes", "category"), CATEGORIES)
def test_the_category_says_what_a_payment_pays_off(
    amount: str, state: str, wishes: tuple[int, ...], category: int
) -> None:
    assert decided(order(amount, state=state, wishes=wishes), facts()).category == category


def test_a_failed_attempt_has_no_category() -> None:
    tried = order(state="uncleared", add_tags=(20,))

    assert decided(tried, facts(tags=[FAILED])).category == 0


def test_the_last_part_of_the_balance_is_the_balance_paid() -> None:
    lines = [replace(DEPOSIT, paid=300), replace(BALANCE, paid=600)]

    decision = decided(order("1.00"), facts(lines=lines, booking=booking(paid=900)))

    assert decision.category == 2


@pytest.mark.parametrize("wanted", [date(2026, 5, 5), date(2027, 1, 1)])
def test_a_balance_due_date_moves_what_is_still_open_of_the_balance(wanted: date) -> None:
    second = line(1003, 200, 2)

    decision = decided(
        order("4.00", balance_due_on=wanted), facts(lines=[DEPOSIT, BALANCE, second])
    )

    moved = {each.id: each.due for each in decision.lines}
    assert moved == {1001: DEPOSIT.due, 1002: str(wanted), 1003: str(wanted)}


def test_a_balance_due_date_moves_no_line_that_is_paid_and_none_of_the_deposit() -> None:
    lines = [line(1001, 300), line(1002, 700, 2, paid=700), line(1003, 100, 2)]
    wanted = date(2027, 1, 1)

    decision = decided(order("1.00", balance_due_on=wanted), facts(lines=lines))

    assert {each.id: each.due for each in decision.lines} == {
        1001: "2026-03-11",
        1003: "2027-01-01",
    }


def test_a_line_that_is_due_that_day_anyway_is_not_written_again() -> None:
    decision = decided(order("3.00", balance_due_on=date(2026, 6, 1)), facts())

    assert [each.id for each in decision.lines] == [1001]


def test_money_for_a_cancelled_booking_is_kept_whole_as_credit_with_a_warning() -> None:
    cancelled = facts(booking=booking(status="cancelled"))

    decision = decided(order("5.00", balance_due_on=date(2027, 1, 1)), cancelled)

    assert decision.now_covered == Allocation((), 500)
    assert (decision.paid, decision.credit, decision.category) == (0, 500, 4)
    assert decision.lines == ()
    assert codes(decision) == ["booking_cancelled"]
    assert "5.00 EUR" in decision.warnings[0].message


def test_money_that_fits_no_line_is_credit_with_a_warning() -> None:
    decision = decided(order("12.00"), facts())

    assert decision.now_covered.credit == decision.credit == 200
    assert codes(decision) == ["credit"]
    assert "2.00 EUR" in decision.warnings[0].message


WARNINGS: list[tuple[dict[str, Any], list[str]]] = [
    ({"amount": "10.00"}, []),
    ({"amount": "3.00"}, []),
    ({"amount": "4.00"}, ["balance_due_date_missing"]),
    ({"amount": "4.00", "state": "deferred"}, ["balance_due_date_missing"]),
    ({"amount": "4.00", "balance_due_on": date(2026, 5, 1)}, []),
    ({"amount": "4.00", "balance_due_on": TODAY}, []),
    ({"amount": "4.00", "balance_due_on": date(2026, 3, 9)}, ["balance_due_date_past"]),
    ({"card": Card({"PaymentToken": "tok"})}, ["card_digits_missing"]),
    ({"card": Card({"PaymentToken": "tok"}, last_digits="1234")}, []),
    ({"card": Card(card_type="VISA")}, []),
    ({"amount": "12.00", "state": "uncleared"}, ["credit"]),
]


@pytest.mark.parametrize(("came", "expected"), WARNINGS)
def test_a_sender_is_warned_of_what_it_may_not_have_meant(
    came: dict[str, Any], expected: list[str]
) -> None:
    assert codes(decided(order(**came), facts())) == expected


def test_a_mail_that_nobody_can_get_is_a_warning_only_when_one_is_wanted() -> None:
    nobody = facts(guest=replace(GUEST, email=None))

    assert codes(decided(order(), nobody)) == ["no_email"]
    assert codes(decided(order(send_email=False), nobody)) == []
    assert codes(decided(order(state="uncleared"), nobody)) == []


def test_the_property_asked_for_is_paid_first() -> None:
    there = line(1003, 100, 2, at=QUINTA)
    stays = [replace(facts().stays[0], property_id=each) for each in (8849, QUINTA)]

    decision = decided(
        order("2.00", property_id=QUINTA), facts(lines=[DEPOSIT, BALANCE, there], stays=stays)
    )

    assert decision.now_covered.shares == (Share(1003, 100), Share(1001, 100))


@pytest.mark.parametrize(
    ("currency", "spelled", "amount", "minor"),
    [("JPY", "¥", "500", 500), ("KWD", "kwd", "1.234", 1234), ("EUR", "€", "0.5", 50)],
)
def test_amounts_are_read_with_the_decimals_of_the_bookings_currency(
    currency: str, spelled: str, amount: str, minor: int
) -> None:
    decision = decided(order(amount, currency=spelled), facts(booking=booking(currency=currency)))

    assert decision.amount == Money(minor, currency)
