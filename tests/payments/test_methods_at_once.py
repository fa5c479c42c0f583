"""Two who set up methods at the same moment, and payments meanwhile."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from kit import clock, ids
from kit.db import transaction
from kit.errors import DomainError
from payments import methods
from payments.method_rules import MethodSetup, problems
from payments.models import (
    PaymentMethod,
)
from tests import make
from tests.make import Client
from tests.payments.test_methods import ORIGIN, add, setup

pytestmark = pytest.mark.usefixtures("app")


def in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause between looking whether words are free and taking them."""

    def slowly(*args: Any) -> Any:
        found = problems(*args)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(methods, "problems", slowly)


def both(app: Flask, *wanted: MethodSetup) -> list[str]:
    """Add all at once, each in a thread of its own; what came of it."""

    def one(each: MethodSetup) -> str:
        with app.app_context():
            try:
                add(each)
            except DomainError as error:
                return str(error)
        return "added"

    with ThreadPoolExecutor(len(wanted)) as pool:
        return sorted(pool.map(one, wanted))


@pytest.mark.long
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Visa", "VISA"), ("Card", "VISA")),
        (("Visa", "V1"), ("Visa", "V2")),
        # No constraint of the database knows that these two mean the same.
        (("VISA", "V1"), ("Card", "VISA")),
    ],
)
def test_of_two_who_take_one_word_at_once_one_is_told_so(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    first: tuple[str, str],
    second: tuple[str, str],
) -> None:
    add(setup("PayPal", "PAYPAL"))  # or both would write the log's first entry, and one run anew
    in_the_middle(monkeypatch)

    told = both(app, setup(*first), setup(*second))

    assert told[0] == "added"
    assert "a word must mean one method only" in told[1]
    assert len(make.rows_of(PaymentMethod)) == 2


@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)  # SQLite: one writer
def test_payments_do_not_wait_for_who_sets_up_a_method(client: Client) -> None:
    add(setup("PayPal", "PAYPAL"))
    booking = make.booking()

    with transaction() as connection:
        methods.add_method(connection, setup(), ORIGIN, clock.now())
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(client.pay, booking).result()
        took = time.monotonic() - began

    assert answer.status_code == 200
    assert took < 3


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "cash", "manual_prohibited": True},
        {"kind": "cheque"},
        {"code": None},
        {"code": "visa"},
        {"paying": "never"},
        {"public_id": "short"},
    ],
)
def test_the_database_itself_refuses_a_policy_that_cannot_be(values: dict[str, Any]) -> None:
    row = {
        "name": "Visa", "code": "VISA", "kind": "bank", "public_id": ids.opaque(33),
        "is_refund": False, "takes_tips": False, "manual_prohibited": False, "from_outside": True,
        "paying": "both",
    }  # fmt: skip

    with pytest.raises(IntegrityError), transaction() as connection:
        connection.execute(insert(PaymentMethod), [row | values])
