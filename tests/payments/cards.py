"""Card payments in tests: guests on the sandbox's page, staff with a stored card, the worker, and
what the sandbox's books say beside ours.

All of them act in the present app context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from flask import Flask
from sqlalchemy import insert, update

from audit.chain import Actor, Origin
from kit import clock
from kit.db import transaction
from kit.vault import vault
from payments import settling
from payments.gateways.gateway import Order, Outcome, Page, Visit
from payments.gateways.models import CardIntent
from payments.gateways.registry import GATEWAYS
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import WORKS, Behaviour
from payments.gateways.sandbox.gateway import NAME, Sandbox
from payments.intents import Intent
from payments.models import CardOnFile, Payment
from payments.ordering import Act, PayOnline, UseCard
from payments.settling import Opened
from tests import make
from tests.make import Client
from tests.payments.proofs import broken_chains, wrong_books

STAFF = Origin(Actor("person", 7, "ana@example.com"), "192.0.2.7", None)
BACK = "https://pay.example.com/back"
NOTICE = "http://127.0.0.1:1/notice"  # refused before anything is called


def visit(_: Intent) -> Visit:
    return Visit(BACK, NOTICE, "en_GB", "Maria", "Silva", "guest@example.com")


def method(name: str = "Credit Card") -> int:
    """A method that guests are offered."""
    make.location()
    return make.method(name, paying="external", for_guests=True)


def sandbox(app: Flask) -> Sandbox:
    found: Sandbox = app.extensions[GATEWAYS][NAME]
    return found


def hurry(app: Flask) -> None:
    """Let the sandbox's slow answers come at once."""
    instead(app, replace(sandbox(app), sleep=lambda _: None))


def instead(app: Flask, gateway: Any) -> None:
    """Another gateway by the sandbox's name; the tests' fixture `own_gateways` puts it back."""
    app.extensions[GATEWAYS] = {**app.extensions[GATEWAYS], NAME: gateway}


@dataclass
class Fickle:
    """A provider that does what it is told to; everything else is the sandbox's."""

    inner: Sandbox
    perform_: Any = None
    start_: Any = None
    ask_: Any = None
    give_up_: Any = None
    believe_: Any = None
    waits_for_us: bool = False
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def perform(self, order: Order) -> Outcome:
        does: Callable[..., Outcome] = self.perform_ or self.inner.perform
        return does(order)

    def start(self, order: Order, visit: Visit) -> Page | Outcome:
        does: Callable[..., Page | Outcome] = self.start_ or self.inner.start
        return does(order, visit)

    def ask(self, code: str) -> Outcome:
        self.asked.append(code)
        does: Callable[..., Outcome] = self.ask_ or self.inner.ask
        return does(code)

    def give_up(self, code: str) -> Outcome:
        does: Callable[..., Outcome] = self.give_up_ or self.inner.give_up
        return does(code)

    def believe(self, notice: Any, secrets: Any) -> Outcome | None:
        if self.believe_ is None:
            return self.inner.believe(notice, secrets)
        told: Outcome | None = self.believe_(notice)
        return told


def fickle(app: Flask, **does: Any) -> Fickle:
    made = Fickle(sandbox(app), **does)
    instead(app, made)
    return made


def raising(error: BaseException) -> Any:
    def call(*_: Any) -> Any:
        raise error

    return call


def open_page(
    booking: int, method: int, shown: int, *, whole: bool = False, app: Flask | None = None
) -> Opened:
    """A guest is sent to the provider's page; `shown` in minor units."""
    order = PayOnline(booking_id=booking, whole=whole, shown=shown, method_id=method)
    if app is None:
        return settling.open_page(order, visit)
    with app.test_request_context():
        return settling.open_page(order, visit)


def pay(opened: Opened, goes: Behaviour = WORKS) -> None:
    """The guest pays on the page, or tries to; nobody has told us yet."""
    assert opened.url is not None
    engine.pay(opened.intent.code, goes, "0006")


def paid(booking: int, method: int, shown: int, app: Flask) -> int:
    """A payment that a guest made on the page; its id."""
    opened = open_page(booking, method, shown, app=app)
    pay(opened)
    payment_id = settling.settle(opened.intent.code).intent.payment_id
    assert payment_id is not None
    return payment_id


def card_of(client: Client, booking: int, amount: str = "1.00", **fields: Any) -> int:
    """A payment that a partner sent with a stored card; its id."""
    answer = client.pay(booking, amount, PaymentToken="tok_of_a_test_1", **fields)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    found: int = answer.json["PaymentId"]
    return found


def keep_card(payment_id: int) -> None:
    """Let a payment have come with a stored card."""
    row = {"payment_id": payment_id, "sealed": vault().seal('{"PaymentToken": "tok_of_a_test_1"}'),
           "masks": {}}  # fmt: skip
    with transaction() as connection:
        connection.execute(insert(CardOnFile), [row])


def use(act: Act, payment_id: int, amount: str | None = None, *, confirmed: bool = False) -> Intent:
    """Staff use a stored card, or the money of a payment."""
    number = None if amount is None else Decimal(amount)
    order = UseCard(
        act=act, payment_id=payment_id, reason="By phone", amount=number, confirmed=confirmed
    )
    return settling.use_card(order, STAFF)


def intent(code: str) -> Any:
    [row] = make.rows_of(CardIntent, code=code)
    return row


def state(code: str) -> str:
    return str(intent(code).state)


@contextmanager
def later(**span: float) -> Iterator[datetime]:
    """It is so much later during the block, for everybody."""
    with time_machine.travel(datetime.now(UTC) + timedelta(**span)):
        yield clock.now()


def work(**span: float) -> int:
    """The worker settles what is due after so long, until nothing is; how many came to an end."""
    with later(**span):
        done = 0
        while found := settling.settle_pending():
            done += found
        return done


def hasten() -> None:
    """Let the worker ask now for all that it would ask for later."""
    with transaction() as connection:
        due = update(CardIntent).where(CardIntent.due_at.is_not(None))
        connection.execute(due.values(due_at=clock.now()))


def ledger_money(currency: str = "EUR") -> int:
    """What providers hold for us by our own books, in minor units: what they took and is not void,
    less what they paid back; and promises that they released, less what they voided of payments
    that came through others."""
    payments = {each.id: each for each in make.rows_of(Payment, currency=currency)}
    held = sum(
        each.amount for each in payments.values() if each.gateway and each.state == "cleared"
    )
    for each in make.rows_of(CardIntent, currency=currency, state="succeeded"):
        if each.kind == "release":
            held += each.amount
        elif each.kind == "void" and payments[each.of_payment_id].gateway is None:
            held -= each.amount
    return int(held)


def wrong(currency: str = "EUR") -> list[str]:
    """A sentence for everything that is wrong: in our books, in the event log, beside the
    provider's books, and about intents that nobody will ever settle."""
    held, has = ledger_money(currency), engine.taken(currency).minor
    found = [] if held == has else [f"the ledger says {held}, the sandbox has {has}"]
    for each in make.rows_of(CardIntent):
        if (each.due_at is not None) != (each.state == "open"):
            found.append(f"intent {each.id} is {each.state}, due {each.due_at}")
    return found + wrong_books() + broken_chains()
