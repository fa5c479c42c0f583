"""Payments whose card can be used, and what the sandbox was asked for, for the tests of cards."""

from __future__ import annotations

from typing import Any

from payments.gateways.models import CardIntent
from payments.gateways.sandbox.models import SandboxTransaction
from tests import make
from tests.desk.people import Desk, Page
from tests.make import Client
from tests.payments.moving import paid

CARD = {"PaymentToken": "tok_1234567890", "CardPartialNumbers": "4242", "CardType": "VISA"}
MONEY = {"reason": "Agreed by telephone"}


def with_card(client: Client, booking: int, amount: str, **fields: Any) -> int:
    """A payment from outside whose card is stored; its id."""
    return paid(client, booking, amount, **CARD | fields)


def charge(desk: Desk, payment: int, amount: str, **fields: Any) -> Page:
    """Fill in the page "Charge the card again" and send it: what it leads to, or the page anew."""
    path = f"/desk/payments/{payment}/charge"
    return desk.post(path, desk.get(path).form("/charge") | MONEY | {"amount": amount} | fields)


def charged(desk: Desk, payment: int, amount: str) -> int:
    """The same, when it works out: the payment that was recorded."""
    answer = charge(desk, payment, amount)
    assert answer.status == 303, answer.text
    found: int = last_intent().payment_id
    return found


def deed(desk: Desk, payment: int, act: str, typed: str, **fields: Any) -> Page:
    """Fill in the dialog that releases, gives up or voids, and send it."""
    path = f"/desk/payments/{payment}/{act}"
    form = desk.get(path).form(f"/{act}") | {"reason": "Agreed by telephone", "typed": typed}
    return desk.post(path, form | fields)


def refund(desk: Desk, payment: int, **fields: str) -> Page:
    path = f"/desk/payments/{payment}/refund"
    return desk.post(path, desk.get(path).form("/refund") | {"reason": "Left early"} | fields)


def last_intent() -> Any:
    return make.rows_of(CardIntent)[-1]


def asked() -> list[tuple[str, int, str]]:
    """What the sandbox has done: kind, minor units and state of each transaction."""
    return [(row.kind, row.amount, row.state) for row in make.rows_of(SandboxTransaction)]
