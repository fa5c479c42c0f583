"""The whole way: a Sagepay transaction comes by the API, and staff charge, refund, release and
abort it at Opayo; the books are right after each."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import repeat
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest
import requests
import responses
from flask import Flask
from sqlalchemy import select

from audit.chain import SYSTEM
from bookings.models import Booking
from kit import clock
from kit.db import reading
from kit.vault import vault
from payments import settling
from payments.gateways.models import CardIntent
from payments.intents import Intent
from payments.models import CardOnFile, Payment
from payments.ordering import UseCard
from tests import make
from tests.make import Client
from tests.payments.gateways.opayo.given import NEW, STORED, answered, repeated, service
from tests.payments.moving import paid
from tests.payments.proofs import broken_chains, wrong_books

Server = responses.RequestsMock


@pytest.fixture
def booking(with_opayo: Flask, client: Client) -> int:
    assert client
    make.method("Credit Card")
    return make.booking(["100.00", "148.00"])


def came(client: Client, booking: int, **fields: Any) -> int:
    """A payment of 100.00 that came by POST /apis/payments with its Sagepay transaction."""
    return paid(client, booking, "100.00", PaymentMethod="Credit Card", **STORED, **fields)


def use(act: str, payment_id: int, amount: str | None = None) -> Intent:
    wanted = None if amount is None else Decimal(amount)
    order = UseCard(act=act, payment_id=payment_id, reason="agreed by telephone", amount=wanted)  # type: ignore[arg-type]
    return settling.use_card(order, SYSTEM)


def sent(server: Server) -> list[dict[str, str]]:
    return [dict(parse_qsl(str(call.request.body))) for call in server.calls]


def states() -> list[tuple[str, int]]:
    return [(row.state, row.amount) for row in make.rows_of(Payment)]


def stored_of(payment_id: int) -> dict[str, str]:
    with reading() as session:
        query = select(CardOnFile.sealed).where(CardOnFile.payment_id == payment_id)
        sealed = session.scalar(query)
    return dict(orjson.loads(vault().open(sealed or "")))


def test_a_stored_transaction_is_repeated_and_the_new_one_is_refunded(
    client: Client, booking: int, server: Server
) -> None:
    server.post(service("repeat"), repeated())
    server.post(service("refund"), answered("OK", VPSTxId="{A}", TxAuthNo="9"))
    payment = came(client, booking)

    charged = use("charge", payment, "148.00")
    refunded = use("refund", charged.payment_id or 0, "48.00")

    assert (charged.state, refunded.state) == ("succeeded", "succeeded")
    assert states() == [("cleared", 10000), ("cleared", 14800), ("cleared", -4800)]
    assert make.row_of(Booking, booking).paid == 20000
    kept = stored_of(charged.payment_id or 0)
    assert kept == NEW | {"SagepayVendorTxCode": charged.code}
    repeat, refund = sent(server)
    assert (repeat["VendorTxCode"], repeat["Amount"]) == (charged.code, "148.00")
    assert repeat["RelatedVPSTxId"] == STORED["SagepayVPSTxId"]
    assert (refund["VendorTxCode"], refund["Amount"]) == (refunded.code, "48.00")
    assert refund["RelatedVendorTxCode"] == charged.code
    assert refund["RelatedSecurityKey"] == NEW["SagepaySecurityKey"]
    assert len({charged.code, refunded.code, STORED["SagepayVendorTxCode"]}) == 3
    assert wrong_books() == broken_chains() == []


def test_what_was_charged_is_repeated_by_its_own_transaction(
    client: Client, booking: int, server: Server
) -> None:
    server.post(service("repeat"), repeated())
    first = use("charge", came(client, booking), "100.00")

    use("charge", first.payment_id or 0, "48.00")

    again = sent(server)[1]
    assert again["RelatedVendorTxCode"] == first.code
    assert again["RelatedTxAuthNo"] == NEW["SagepayTxAuthNo"]
    assert wrong_books() == broken_chains() == []


@pytest.mark.parametrize(
    ("act", "becomes", "on_lines"), [("release", "cleared", 10000), ("abort", "failed", 0)]
)
def test_a_deferred_payment_is_released_or_aborted(
    client: Client, booking: int, server: Server, act: str, becomes: str, on_lines: int
) -> None:
    server.post(service(act), answered())
    payment = came(client, booking, IsDeferredPayment="true", Status=2)
    assert states() == [("deferred", 10000)]

    assert use(act, payment).state == "succeeded"

    assert states() == [(becomes, 10000)]
    assert make.row_of(Booking, booking).paid == on_lines
    [form] = sent(server)
    assert form["VendorTxCode"] == STORED["SagepayVendorTxCode"]
    assert form.get("ReleaseAmount") == ("100.00" if act == "release" else None)
    assert wrong_books() == broken_chains() == []


def test_a_payment_is_voided(client: Client, booking: int, server: Server) -> None:
    server.post(service("void"), answered())

    assert use("void", came(client, booking)).state == "succeeded"

    assert states() == [("void", 10000)]
    assert wrong_books() == broken_chains() == []


@pytest.mark.parametrize("act", ["charge", "refund", "release", "abort", "void"])
def test_what_opayo_refuses_changes_no_money(
    client: Client, booking: int, server: Server, act: str
) -> None:
    refusal = answered("INVALID", "4028 : The RelatedVPSTxId cannot be found.")
    server.post(service("repeat" if act == "charge" else act), refusal)
    deferred = {"IsDeferredPayment": "true", "Status": 2} if act in ("release", "abort") else {}
    payment = came(client, booking, **deferred)
    before = make.row_of(Booking, booking).paid

    after = use(act, payment, "10.00" if act in ("charge", "refund") else None)

    assert (after.state, after.decline) == ("failed", "provider_fault")
    assert after.failure_reason == "INVALID 4028 : The RelatedVPSTxId cannot be found."
    assert make.row_of(Booking, booking).paid == before
    assert wrong_books() == broken_chains() == []


@pytest.mark.parametrize(
    "lost", [requests.ReadTimeout(), answered("ERROR", "2003 : An ERROR."), b"<html></html>"]
)
def test_an_answer_that_is_lost_is_never_tried_again_and_staff_are_shown_the_case(
    client: Client, booking: int, server: Server, lost: bytes | Exception
) -> None:
    server.post(service("repeat"), lost)

    assert use("charge", came(client, booking), "148.00").state == "open"
    began = clock.now()
    for minutes in (2, 10, 59, 70, 500):
        moments = repeat(began + timedelta(minutes=minutes))
        settling.settle_pending(moments.__next__)

    [intent] = make.rows_of(CardIntent)
    assert (intent.state, intent.trouble) == ("unknown", None)
    assert len(server.calls) == 1
    assert states() == [("cleared", 10000)]
    assert wrong_books() == broken_chains() == []
