"""Each rule of the books notices when it alone is broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from payments.books import (
    AllocationBook,
    BookingBook,
    Books,
    IntentBook,
    LineBook,
    PaymentBook,
    faults,
)

BOOKING = BookingBook(7, "booking", "EUR", total=100, paid=100, credit=20, charges=3)
LINES = [LineBook(1001, 7, 60, 60), LineBook(1002, 7, 40, 40)]
PAYMENTS = [
    PaymentBook(1, 7, "cleared", 70, 3, "EUR"),
    PaymentBook(2, 7, "cleared", 50, 0, "EUR"),
    PaymentBook(3, 7, "uncleared", 5, 9, "EUR"),
    PaymentBook(4, 7, "deferred", 5, 9, "EUR"),
    PaymentBook(5, 7, "failed", 5, 9, "EUR"),
    PaymentBook(6, 7, "void", 5, 9, "EUR"),
]
ALLOCATIONS = [
    AllocationBook(1, 7, 1001, 60),
    AllocationBook(1, 7, 1002, 10),
    AllocationBook(2, 7, 1002, 30),
    AllocationBook(2, 7, None, 20),
]


def books(**other: Any) -> Books:
    """Books that are right, but for what is given."""
    given = {"lines": LINES, "payments": PAYMENTS, "allocations": ALLOCATIONS, "intents": ()}
    parts: dict[str, Any] = given | {name: v for name, v in other.items() if name in given}
    figures = {name: value for name, value in other.items() if name not in given}
    return Books(replace(BOOKING, **figures), **parts)


def test_right_books_have_no_fault() -> None:
    assert list(faults(books())) == []


def test_a_booking_without_anything_is_right() -> None:
    assert list(faults(Books(BookingBook(7, "booking", "EUR", 0, 0, 0, 0), [], [], []))) == []


@pytest.mark.parametrize(
    ("name", "found"), [("total", 100), ("paid", 100), ("credit", 20), ("charges", 3)]
)
@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_figure_of_the_booking_that_is_not_the_sum_of_its_rows_is_a_fault(
    name: str, found: int, wrong: int
) -> None:
    sentence = f"the booking says {name} {found + wrong}, but its rows add up to {found}"

    assert sentence in list(faults(books(**{name: found + wrong})))


def test_a_payment_of_which_not_all_is_allocated_is_a_fault() -> None:
    short = [replace(ALLOCATIONS[0], amount=59), *ALLOCATIONS[1:]]

    found = list(faults(books(allocations=short)))

    assert "payment 1 is cleared over 70, but its allocations add up to 69" in found
    assert "line 1001 says 60 is paid, but its allocations add up to 59" in found


def test_a_payment_of_which_nothing_is_allocated_is_a_fault() -> None:
    extra = PaymentBook(9, 7, "cleared", 5, 0, "EUR")

    assert list(faults(books(payments=[*PAYMENTS, extra]))) == [
        "payment 9 is cleared over 5, but its allocations add up to 0"
    ]


@pytest.mark.parametrize("state", ["uncleared", "deferred", "failed", "void"])
def test_money_of_a_payment_that_is_not_cleared_may_lie_nowhere(state: str) -> None:
    payments = [replace(PAYMENTS[0], state=state), *PAYMENTS[1:]]

    found = list(faults(books(payments=payments, charges=0)))

    assert found == [f"payment 1 is {state} over 70, but its allocations add up to 70"]


def test_a_payment_in_another_currency_is_a_fault() -> None:
    payments = [replace(PAYMENTS[0], currency="GBP"), *PAYMENTS[1:]]

    assert list(faults(books(payments=payments))) == ["payment 1 is in GBP"]


def test_an_allocation_of_a_payment_of_another_booking_is_a_fault() -> None:
    strange = [*ALLOCATIONS, AllocationBook(99, 7, None, 5)]

    found = list(faults(books(allocations=strange, credit=25)))

    assert found == ["allocations name payment 99, which is not of this booking"]


def test_an_allocation_on_a_line_of_another_booking_is_a_fault() -> None:
    strange = [*ALLOCATIONS[:3], replace(ALLOCATIONS[3], line_id=2002)]

    found = list(faults(books(allocations=strange, credit=0)))

    assert found == ["allocations name line 2002, which is not of this booking"]


def test_the_net_of_a_payment_on_a_line_is_never_below_nothing() -> None:
    crossed = [
        AllocationBook(1, 7, 1001, 80),
        AllocationBook(1, 7, 1002, -10),
        AllocationBook(2, 7, 1002, 50),
    ]
    lines = [LineBook(1001, 7, 80, 80), LineBook(1002, 7, 40, 40)]

    found = list(faults(books(allocations=crossed, lines=lines, total=120, paid=120, credit=0)))

    assert found == ["payment 1 has -10 on line 1002"]


def test_negative_credit_is_a_fault_that_names_the_payment() -> None:
    crossed = [AllocationBook(1, 7, 1001, 75), AllocationBook(1, 7, None, -5), *ALLOCATIONS[2:]]

    assert "payment 1 has -5 on credit" in list(faults(books(allocations=crossed)))


def test_a_line_holds_no_more_than_its_amount() -> None:
    lines = [replace(LINES[0], amount=50), LINES[1]]

    found = list(faults(books(lines=lines, total=90)))

    assert "line 1001 of 50 holds 60" in found


def test_a_line_never_holds_less_than_nothing() -> None:
    lines = [replace(LINES[0], paid=-1), LINES[1]]

    assert "line 1001 of 60 holds -1" in list(faults(books(lines=lines)))


def test_credit_and_an_open_line_do_not_stand_together() -> None:
    lines = [*LINES, LineBook(1003, 7, 15, 0)]

    assert list(faults(books(lines=lines, total=115))) == ["there is credit of 20 while 15 is open"]


def test_a_cancelled_booking_may_hold_credit_beside_what_was_open() -> None:
    lines = [*LINES, LineBook(1003, 7, 15, 0)]

    assert list(faults(books(lines=lines, total=115, status="cancelled"))) == []


# --- refunds ------------------------------------------------------------------------------------

REFUND = PaymentBook(9, 7, "cleared", -20, -1, "EUR", refund_of=2)
REFUNDED: dict[str, Any] = {
    "payments": [PAYMENTS[0], replace(PAYMENTS[1], charges=1), *PAYMENTS[2:], REFUND],
    "allocations": ALLOCATIONS[:3],
    "credit": 0,
}


def test_a_refund_is_money_off_the_payment_it_pays_back_and_off_its_charges() -> None:
    assert list(faults(books(**REFUNDED))) == []
    assert list(faults(books(**REFUNDED | {"charges": 4}))) == [
        "the booking says charges 4, but its rows add up to 3"
    ]


def test_money_that_was_refunded_lies_nowhere_any_more() -> None:
    found = list(faults(books(**REFUNDED | {"allocations": ALLOCATIONS, "credit": 20})))

    assert found == [
        "payment 2 is cleared over 50 and 20 of it is refunded, but its allocations add up to 50"
    ]


def test_several_refunds_of_one_payment_add_up() -> None:
    more = [*REFUNDED["payments"], replace(REFUND, id=10, amount=-5, charges=0)]

    found = list(faults(books(**REFUNDED | {"payments": more})))

    assert found == [
        "payment 2 is cleared over 50 and 25 of it is refunded, but its allocations add up to 30"
    ]


def test_a_refund_that_was_voided_takes_nothing_off() -> None:
    payments = [*PAYMENTS, replace(REFUND, state="void")]

    assert list(faults(books(payments=payments))) == []


def test_a_refund_has_no_allocations_of_its_own() -> None:
    own = [*ALLOCATIONS, AllocationBook(9, 7, None, -20)]

    found = list(faults(books(**REFUNDED | {"allocations": own})))

    assert "payment 9 is cleared over -20, but its allocations add up to -20" in found


@pytest.mark.parametrize("of", [99, 3, 4, 5, 6])
def test_only_a_cleared_payment_of_the_booking_can_have_been_refunded(of: int) -> None:
    payments = [*PAYMENTS, replace(REFUND, refund_of=of, charges=0)]

    assert list(faults(books(payments=payments))) == [
        f"payment {of} was refunded, but is no cleared payment of this booking"
    ]


def test_a_refund_cannot_be_refunded() -> None:
    again = replace(REFUND, id=10, refund_of=9, charges=0)

    found = list(faults(books(**REFUNDED | {"payments": [*REFUNDED["payments"], again]})))

    assert found == ["payment 9 was refunded, but is no cleared payment of this booking"]


def test_more_than_came_cannot_have_been_refunded() -> None:
    refund = replace(REFUND, amount=-60, charges=0)
    minus = [*ALLOCATIONS[:2], AllocationBook(2, 7, 1002, 30), AllocationBook(2, 7, None, -40)]

    found = list(faults(books(payments=[*PAYMENTS, refund], allocations=minus, credit=-40)))

    assert found[0] == "payment 2 has -40 on credit"


# --- card payments ------------------------------------------------------------------------------

PAID = IntentBook(1, 7, "sandbox", "pay", "succeeded", 70, "EUR", None, 1)
BY_CARD = [replace(PAYMENTS[0], gateway="sandbox"), *PAYMENTS[1:]]


def of_cards(*intents: IntentBook, payments: list[PaymentBook] = BY_CARD) -> list[str]:
    return list(faults(books(payments=payments, intents=intents)))


def test_a_card_payment_that_succeeded_has_its_payment() -> None:
    assert of_cards(PAID) == []


@pytest.mark.parametrize(
    "other",
    [{"payment_id": None}, {"payment_id": 99}, {"payment_id": 3}, {"amount": 69},
     {"currency": "GBP"}, {"gateway": "opayo"}, {"kind": "refund", "of_payment_id": 2},
     {"kind": "void", "of_payment_id": 1}, {"kind": "abort", "of_payment_id": 1},
     {"kind": "release", "of_payment_id": 2}],
)  # fmt: skip
def test_a_card_payment_that_is_not_what_its_payment_says_is_a_fault(other: Any) -> None:
    assert of_cards(replace(PAID, **other))


@pytest.mark.parametrize("state", ["open", "unknown", "failed", "cancelled"])
def test_what_has_not_succeeded_needs_no_payment_and_makes_none(state: str) -> None:
    nothing = replace(PAID, state=state, payment_id=None)

    assert of_cards(nothing, payments=PAYMENTS) == []
    assert of_cards(replace(PAID, state=state)) == [
        "payment 1 names sandbox, which was not asked for it"
    ]


def test_a_payment_that_names_a_provider_has_its_card_payment() -> None:
    assert of_cards() == ["payment 1 names sandbox, which was not asked for it"]


def test_two_card_payments_never_share_a_payment() -> None:
    assert of_cards(PAID, replace(PAID, id=2)) == ["payment 1 stands for 2 card payments"]


def test_a_failed_attempt_by_card_needs_no_card_payment_that_succeeded() -> None:
    failed = [*PAYMENTS[:4], replace(PAYMENTS[4], gateway="sandbox"), PAYMENTS[5]]

    assert of_cards(replace(PAID, state="failed", payment_id=5), payments=failed) == []


def test_what_providers_released_gave_up_and_voided_stands_so_in_the_ledger() -> None:
    acts = [("release", 2), ("abort", 5), ("void", 6)]
    intents = [
        replace(PAID, id=id_, kind=kind, of_payment_id=id_, payment_id=id_) for kind, id_ in acts
    ]

    assert of_cards(PAID, *intents) == []


def test_a_refund_by_card_is_the_payment_that_points_at_what_it_pays_back() -> None:
    refund = replace(REFUND, gateway="sandbox")
    told = IntentBook(2, 7, "sandbox", "refund", "succeeded", 20, "EUR", 2, 9)
    right = REFUNDED | {"payments": [*REFUNDED["payments"][:-1], refund], "intents": [told]}

    assert list(faults(books(**right))) == []
    wrong = right | {"intents": [replace(told, of_payment_id=1)]}
    assert "card payment 2 (refund of 20) succeeded, but payment 9 does not say so" in list(
        faults(books(**wrong))
    )
