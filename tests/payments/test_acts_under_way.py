"""While a provider may be changing a payment, nobody changes it by hand, neither staff nor
partners: it would be paid back twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection

from audit.chain import SYSTEM
from kit.db import in_transaction
from payments import card_errors as errors
from payments.clearing import ClearPayment, FailPayment, clear_payment, fail_payment
from payments.models import Payment
from payments.refunding import RefundPayment, refund_payment
from payments.saving import Done
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Client
from tests.payments import cards
from tests.payments.moving import move
from tests.payments.proofs import refusal, unchanged

DEPOSIT = "100.00"


@pytest.fixture(autouse=True)
def _methods(app: Flask, own_gateways: None) -> None:
    cards.hurry(app)
    cards.method()
    make.method("PayPal")


def by_hand(act: str, payment: int) -> None:
    """The same as a provider can do, in the books alone."""
    work: dict[str, Callable[[Connection], Done]] = {
        "refund": lambda each: refund_payment(
            each, RefundPayment(payment_id=payment, source="desk"), SYSTEM
        ),
        "release": lambda each: clear_payment(each, ClearPayment(payment_id=payment), SYSTEM),
        "abort": lambda each: fail_payment(each, FailPayment(payment_id=payment), SYSTEM),
        "void": lambda each: void_payment(
            each, VoidPayment(payment_id=payment, reason="Twice"), SYSTEM
        ),
    }
    in_transaction(work[act])


@pytest.mark.long
@pytest.mark.parametrize("act", ["refund", "void"])
def test_what_the_provider_may_have_paid_back_is_not_paid_back_by_hand(
    client: Client, act: str
) -> None:
    """The answer to the refund was lost."""
    card = cards.card_of(client, make.booking([DEPOSIT]), "10.05")
    seen = cards.use("refund", card)

    for _ in range(2):
        with unchanged(), pytest.raises(errors.ActUnderWay, match=f"changing payment {card} "):
            by_hand(act, card)
    cards.work(seconds=70)

    assert (seen.state, cards.state(seen.code)) == ("open", "succeeded")
    assert [row.amount for row in make.rows_of(Payment)] == [1005, -1005]
    assert cards.wrong() == []


@pytest.mark.long
@pytest.mark.parametrize("act", ["release", "abort"])
@pytest.mark.parametrize("hand", ["release", "abort", "void"])
def test_what_the_provider_may_have_done_with_a_promise_is_not_done_by_hand(
    client: Client, act: Any, hand: str
) -> None:
    promise = cards.card_of(client, make.booking([DEPOSIT]), "10.05", Status=2)
    cards.use(act, promise)

    with unchanged(), pytest.raises(errors.ActUnderWay):
        by_hand(hand, promise)
    cards.work(seconds=70)

    state = make.row_of(Payment, promise).state
    assert state == {"release": "cleared", "abort": "failed"}[act]
    assert cards.wrong() == []


def test_a_partner_is_told_to_wait_for_the_provider(client: Client) -> None:
    card = cards.card_of(client, make.booking([DEPOSIT]), "10.05")
    cards.use("refund", card, "5.05")

    with unchanged():
        answer = move(client, card, "refund", "Amount=1")

    assert refusal(answer) == (409, [("PaymentID", "card_act_under_way")])
