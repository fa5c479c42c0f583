"""The service with a card provider that can be held up: `flask --app tests.processes.charging`.

Its commands do what a request of staff or of a guest does. They write their name beside STOP_FILE
when they have come to STOP_AT, and go on when the file "go" is there, too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from flask import Flask

import wsgi
from payments import settling
from payments.gateways.gateway import Order, Outcome
from payments.gateways.registry import GATEWAYS
from payments.gateways.sandbox.gateway import NAME
from payments.ordering import UseCard
from tests.payments.cards import STAFF

APP = "tests.processes.charging"
# Before the provider is to be called, as it is, when it has done it, when all is written down.
POINTS = ("intent", "call", "answer", "outcome")
# Instead of half a minute, which no test waits for.
CALLED_WITHIN = timedelta(seconds=1)


def stop_at(point: str) -> None:
    if point == os.environ.get("STOP_AT"):
        folder = Path(os.environ["STOP_FOLDER"])
        (folder / "reached").touch()
        while not (folder / "go").exists():
            time.sleep(0.02)


@dataclass(frozen=True)
class Stopping:
    """The sandbox, which stops before and after it does something."""

    inner: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def perform(self, order: Order) -> Outcome:
        stop_at("call")
        done: Outcome = self.inner.perform(order)
        stop_at("answer")
        return done


def _late(real: Callable[..., Any]) -> Callable[..., Any]:
    def read(*args: Any) -> Any:
        stop_at("intent")
        return real(*args)

    return read


@click.command("charge")
@click.argument("payment", type=int)
@click.argument("amount")
def charge(payment: int, amount: str) -> None:
    """Charge the card of a payment, as staff do."""
    number = Decimal(amount)
    order = UseCard(act="charge", payment_id=payment, reason="By phone", amount=number)
    click.echo(f"first {settling.use_card(order, STAFF).state}")
    stop_at("outcome")


@click.command("come-back")
@click.argument("code")
def come_back(code: str) -> None:
    """Come back from the provider's page, as a guest does."""
    settling.settle(code)


def create_app() -> Flask:
    app = wsgi.create_app()
    app.extensions[GATEWAYS][NAME] = Stopping(app.extensions[GATEWAYS][NAME])
    changed: Any = settling
    changed.card_of = _late(changed.card_of)  # what is read once the intent is stored
    changed.CALLED_WITHIN = CALLED_WITHIN
    app.cli.add_command(charge)
    app.cli.add_command(come_back)
    return app
