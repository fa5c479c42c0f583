"""Where Opayo is offered, and where never."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import responses
from flask import Flask

from audit.chain import SYSTEM
from payments import settling
from payments.gateways.registry import gateway_for, gateways
from payments.ordering import UseCard
from tests import make
from tests.make import Client
from tests.payments.gateways.opayo.given import STORED, URL, VENDOR
from tests.payments.moving import paid

pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
ACTS = ("pay", "charge", "refund", "release", "abort", "void")
SET = {"OPAYO_VENDOR": VENDOR, "OPAYO_URL": URL, "PUBLIC_URL": "https://pay.example.com"}


def preferred(app: Flask) -> set[str | None]:
    """The gateways that would do what can be asked for with a stored transaction."""
    with app.app_context():
        found = [gateway_for(act, STORED) for act in ACTS]  # type: ignore[arg-type]
        return {None if each is None else each.name for each in found}


def test_without_a_vendor_there_is_no_opayo(make_app: Callable[..., Flask]) -> None:
    assert preferred(make_app(SANDBOX_GATEWAY=False)) == {None}


def test_with_a_vendor_opayo_does_everything(make_app: Callable[..., Flask]) -> None:
    app = make_app(SANDBOX_GATEWAY=False, **SET)

    assert preferred(app) == {"opayo"}
    with app.app_context():
        assert [each.pages for each in gateways().values()] == [(URL,)]


@pytest.mark.long
@responses.activate
def test_where_the_sandbox_is_on_no_call_leaves_the_house(make_app: Callable[..., Flask]) -> None:
    app = make_app(SANDBOX_GATEWAY=True, **SET)

    assert preferred(app) == {"sandbox"}
    with app.app_context():
        assert list(gateways()) == ["sandbox"]
        make.method("Credit Card")
        client = Client.of_new_partner(app)
        payment = paid(client, make.booking(["100.00"]), "100.00", PaymentMethod="Credit Card",
                       **STORED)  # fmt: skip
        order = UseCard(act="void", payment_id=payment, reason="a demonstration")
        assert settling.use_card(order, SYSTEM).gateway == "sandbox"
    assert len(responses.calls) == 0
