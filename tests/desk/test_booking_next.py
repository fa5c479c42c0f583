"""What is next for a booking: the first that applies, in the order of loss."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from desk.bookings.next import Next, Situation, next_step
from desk.bookings.paying import PaymentView
from desk.bookings.schedule import schedule
from kit.money import Money
from staff.permissions import Permission
from tests.desk.test_booking_schedule import TODAY, line, promise

ZERO = Money(0, "EUR")
LATER = [line(1001, 24800, due_in=10, name="Rental Deposit")]


def payment(state: str = "cleared", amount: int = 24800, **values: Any) -> PaymentView:
    plain: dict[str, Any] = {
        "id": 7, "at": datetime(2026, 11, 20, tzinfo=UTC), "method": "PayPal", "sign": "plug",
        "source": "demo", "badge": (state, None), "to": "", "charges": ZERO, "tip": ZERO,
        "refund_of": None, "refundable": ZERO, "credit": ZERO, "is_external": True,
        "paid_on": TODAY, "reason": "", "is_dismissed": False,
    }  # fmt: skip
    return PaymentView(state=state, amount=Money(amount, "EUR"), **plain | values)


def situation(lines: Any = LATER, coming: tuple[Any, ...] = (), **values: Any) -> Situation:
    arrives = TODAY + timedelta(days=20)
    return replace(
        Situation(4354, "booking", arrives, arrives + timedelta(days=7), TODAY,
                  schedule(lines, coming, "EUR", TODAY,
                           is_cancelled=values.get("status") == "cancelled"), [], ZERO, ZERO),
        **values,
    )  # fmt: skip


def step(*args: Any, **values: Any) -> Next:
    return next_step(situation(*args, **values))


def test_what_is_due_today_is_recorded_with_its_amount_and_lines() -> None:
    found = step([line(1001, 24800, name="Rental Deposit")], status="provisional")

    assert found.title == "Rental Deposit 248.00 EUR is due today."
    assert found.rest == "The booking stays provisional until it is paid or promised."
    assert found.button is not None
    assert found.button.path == "/desk/bookings/4354/record?amount=248.00&lines=1001"
    assert (found.tone, found.button.needs) == ("late", Permission.RECORD)


def test_what_is_overdue_says_how_late_it_is_and_what_the_last_try_came_to() -> None:
    lines = [line(1001, 100, due_in=-10), line(1002, 200, due_in=-1)]

    found = step(lines, payments=[payment("failed", reason="Card declined.")])

    assert found.title == "3.00 EUR on 2 lines is overdue, 10 days late."
    assert found.rest == "The last try failed: Card declined."


def test_a_failed_attempt_is_tried_again() -> None:
    found = step(payments=[payment("failed", 30000, reason="Card declined")])

    assert found.title == "An attempt of 300.00 EUR failed."
    assert found.rest == "Card declined. No money was taken."
    assert found.button is not None
    assert found.button.text == "Record 248.00 EUR"


def test_a_failed_attempt_is_past_when_money_came_after_it_or_it_was_put_aside() -> None:
    failed = payment("failed")

    for payments in ([payment(), failed], [replace(failed, is_dismissed=True)]):
        assert "failed" not in step(payments=payments).title


def test_a_promise_whose_day_has_passed_is_cleared() -> None:
    late = payment("deferred", id=9, paid_on=TODAY - timedelta(days=1), method="BankTransfer")

    found = step(coming=(promise(9, 24800),), payments=[late])

    assert found.title == "248.00 EUR by BankTransfer was promised for 19 Nov 2026."
    assert found.button is not None
    assert (found.button.path, found.button.needs) == (
        "/desk/payments/9/clear",
        Permission.CLEAR,
    )


def test_credit_is_refunded_from_the_payment_it_came_with() -> None:
    credit = Money(2000, "EUR")
    payments = [payment(id=12), payment(id=11, credit=credit)]

    found = step(status="cancelled", lines=[], credit=credit, payments=payments)

    assert found.title == "20.00 EUR of credit is to be refunded."
    assert found.button is not None
    assert found.button.path == "/desk/payments/11/refund?amount=20.00"


def test_a_cancelled_booking_asks_for_nothing() -> None:
    found = step(status="cancelled", lines=[])

    assert (found.title, found.rest) == ("The booking is cancelled.", "Nothing is to be done.")


@pytest.mark.parametrize("due_in", [-3, 0, 3])
def test_what_was_not_paid_of_a_cancellation_fee_is_told_and_never_recorded(due_in: int) -> None:
    """Money that reaches a cancelled booking is credit: nobody could pay the fee with it."""
    fee = [line(1009, 2500, 500, due_in=due_in, name="Cancellation fee")]
    failed = payment("failed", reason="Card declined")

    for payments in ([], [failed]):
        found = step(status="cancelled", lines=fee, payments=payments)
        assert (found.title, found.button) == ("The booking is cancelled.", None)
        assert found.rest == "20.00 EUR of the fee was not paid."

    credit = Money(2000, "EUR")
    paid = payment(id=11, credit=credit)
    found = step(status="cancelled", lines=fee, credit=credit, payments=[paid])
    assert found.title == "20.00 EUR of credit is to be refunded."


def test_a_security_deposit_is_returned_after_the_guests_have_left() -> None:
    paid = [line(1001, 20000, 20000, kind="security_deposit")]
    held = Money(20000, "EUR")
    left = {"arrives_on": date(2026, 11, 10), "leaves_on": TODAY}

    assert step(paid, held=held).title == "Everything is paid."
    found = step(paid, held=held, **left)
    assert found.title == "The security deposit of 200.00 EUR is to be returned."
    assert found.button is not None
    assert found.button.path == "/desk/bookings/4354/deposit"


def test_otherwise_it_is_what_comes_next() -> None:
    found = step()
    assert (found.title, found.rest, found.button) == (
        "Rental Deposit 248.00 EUR is due on 30 Nov 2026.",
        "That is in 10 days.",
        None,
    )
    coming = payment("deferred", paid_on=TODAY + timedelta(days=3))
    promised = step(coming=(promise(7, 24800),), payments=[coming])
    assert promised.title == "All that is open is promised."
    done = step([line(1001, 5, 5)])
    assert (done.title, done.rest) == ("Everything is paid.", "The guests arrive in 20 days.")
    assert step([]).title == "Nothing is asked for."
