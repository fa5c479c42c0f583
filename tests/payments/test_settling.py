"""Paying by card through a provider: never twice, never lost."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from bookings.models import Booking
from payments import settling
from payments.concluding import NEVER_CALLED_AFTER
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import BY_LAST_DIGITS, behaviour
from payments.gateways.sandbox.gateway import NAME
from payments.models import Payment
from payments.ordering import PAGE_OPEN
from tests import make
from tests.make import Client
from tests.payments import cards

DECLINED = BY_LAST_DIGITS[1]
LATER = {"minutes": NEVER_CALLED_AFTER.seconds // 60 + 1}


@pytest.fixture
def method(app: Flask, own_gateways: None) -> int:
    cards.hurry(app)
    return cards.method()


@pytest.fixture
def card(client: Client, method: int) -> int:
    """A payment of 1.00 with a stored card, on a booking of 500.00."""
    assert method
    make.method("PayPal")
    return cards.card_of(client, make.booking(["500.00"]))


def test_what_a_guest_pays_on_the_page_is_recorded_once(app: Flask, method: int) -> None:
    booking = make.booking(["248.00", make.Due("652.00", 2, 30)])
    opened = cards.open_page(booking, method, 24800, app=app)
    cards.pay(opened)

    news = [settling.settle(opened.intent.code).is_news for _ in range(3)]

    assert news == [True, False, False]
    [payment] = make.rows_of(Payment)
    assert (payment.amount, payment.state, payment.source) == (24800, "cleared", "guest")
    assert make.row_of(Booking, booking).paid == 24800
    assert engine.taken("EUR").minor == 24800
    assert cards.wrong() == []


def test_a_declined_card_is_a_failed_attempt_and_the_next_try_pays(app: Flask, method: int) -> None:
    booking = make.booking(["248.00"])
    make.tag(20, "Payment Failed", "payment_failed")
    first = cards.open_page(booking, method, 24800, app=app)
    cards.pay(first, DECLINED)
    after = settling.settle(first.intent.code).intent
    assert (after.state, after.decline) == ("failed", "no_funds")

    second = cards.open_page(booking, method, 24800, app=app)
    cards.pay(second)
    settling.settle(second.intent.code)

    assert first.intent.code != second.intent.code
    states = [(row.state, row.failure_reason) for row in make.rows_of(Payment)]
    assert states == [("failed", "2000 NOTAUTHED insufficient funds"), ("cleared", None)]
    assert make.row_of(Booking, booking).paid == 24800
    assert cards.wrong() == []


# By the last digits of the amount: what staff see at once, and what it is in the end.
ENDS = [
    (0, "succeeded", "succeeded"), (1, "failed", "failed"), (2, "failed", "failed"),
    (3, "failed", "failed"), (4, "succeeded", "succeeded"), (5, "open", "succeeded"),
    (6, "open", "succeeded"), (7, "open", "failed"), (8, "open", "cancelled"),
    (9, "open", "succeeded"), (10, "open", "cancelled"), (11, "failed", "failed"),
    (12, "open", "failed"),
]  # fmt: skip


def test_every_behaviour_of_the_sandbox_is_tried() -> None:
    assert {digits for digits, *_ in ENDS} == {0, *BY_LAST_DIGITS}


@pytest.mark.long
@pytest.mark.parametrize(("digits", "at_once", "at_last"), ENDS)
def test_whatever_becomes_of_a_charge_the_ledger_says_what_the_provider_did(
    card: int, digits: int, at_once: str, at_last: str
) -> None:
    seen = cards.use("charge", card, f"100.{digits:02}")
    cards.work(**LATER)

    assert (seen.state, cards.state(seen.code)) == (at_once, at_last)
    made = [row for row in make.rows_of(Payment) if row.gateway]
    assert [(row.state, row.reference) for row in made] == (
        {"succeeded": [("cleared", seen.code)], "failed": [("failed", seen.code)]}.get(at_last, [])
    )
    assert cards.wrong() == []


@pytest.mark.long
@pytest.mark.parametrize("digits", sorted({0, *BY_LAST_DIGITS}))
def test_whatever_becomes_of_a_page_the_ledger_says_what_the_provider_did(
    app: Flask, method: int, digits: int
) -> None:
    minor = 10000 + digits
    opened = cards.open_page(make.booking([f"100.{digits:02}"]), method, minor, app=app)
    if opened.url:
        cards.pay(opened, behaviour(minor))
    cards.work(minutes=PAGE_OPEN.seconds // 60 + 1)

    becomes = {"paid": "succeeded", "declined": "failed"}[behaviour(minor).becomes]
    assert cards.state(opened.intent.code) == (becomes if opened.url else "cancelled")
    assert (opened.url is None) == (digits == 10)
    assert cards.wrong() == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("act", "state", "after"),
    [("refund", 0, "cleared"), ("void", 0, "void"), ("release", 1, "cleared"),
     ("abort", 1, "failed")],
)  # fmt: skip
@pytest.mark.parametrize("digits", [0, 5, 7, 10])
def test_whatever_becomes_of_an_act_the_ledger_says_what_the_provider_did(
    client: Client, method: int, act: Any, state: int, after: str, digits: int
) -> None:
    assert method
    make.method("PayPal")
    booking = make.booking(["500.00"])
    payment = cards.card_of(client, booking, f"100.{digits:02}", Status=state)

    seen = cards.use(act, payment)
    cards.work(**LATER)

    is_done = behaviour(10000 + digits).becomes == "paid" and digits != 10
    ends = "succeeded" if is_done else "cancelled" if digits == 10 else "failed"
    assert cards.state(seen.code) == ends
    before = "uncleared" if state else "cleared"
    assert make.row_of(Payment, payment).state == (after if is_done else before)
    refunds = make.rows_of(Payment, refund_of=payment)
    assert [row.gateway for row in refunds] == ([NAME] if act == "refund" and is_done else [])
    assert cards.wrong() == []


def test_the_page_is_not_asked_about_while_the_guest_is_on_it(app: Flask, method: int) -> None:
    opened = cards.open_page(make.booking(), method, 10000, app=app)

    assert opened.intent.due_at == opened.intent.expires_at
    assert cards.work(minutes=PAGE_OPEN.seconds // 60 - 1) == 0
    assert cards.intent(opened.intent.code).asks == 0


def test_a_page_that_nobody_paid_on_in_time_is_closed_at_the_provider_too(
    app: Flask, method: int
) -> None:
    booking = make.booking()
    opened = cards.open_page(booking, method, 10000, app=app)

    assert cards.work(minutes=PAGE_OPEN.seconds // 60 + 1) == 1

    assert cards.state(opened.intent.code) == "cancelled"
    assert engine.pay(opened.intent.code, BY_LAST_DIGITS[4], "0006").state == "closed"  # type: ignore[union-attr]
    assert cards.open_page(booking, method, 10000, app=app).url is not None
    assert cards.wrong() == []
