"""Tokens and Sagepay transactions: sealed where they are stored, masked wherever they are shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from audit.models import LogEntry
from kit.db import Base, reading
from kit.vault import vault
from outbox.models import Message
from payments.models import CardOnFile, Payment
from tests import make
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

TOKEN = "d7124bc2-7276-473e-9c37-a1b154b8404e"
VPS = "{C3B29A34-1D3D-4B0C-8F4E-CC5A8D6F27B2}"
SAGEPAY = {
    "SagepaySecurityKey": "OWJF9A8V7Q",
    "SagepayVendorTxCode": "vendor-2026-0042",
    "SagepayVPSTxId": VPS,
    "SagepayTxAuthNo": "4349874332",
}
SHOWN = {
    "PaymentToken": "****404e",
    "SagepaySecurityKey": "****V7Q",
    "SagepayVendorTxCode": "****0042",
    "SagepayVPSTxId": "****7B2}",
    "SagepayTxAuthNo": "****332",
}
PREFER = {"Prefer": "return=representation"}


@pytest.fixture
def booking(client: Client) -> int:
    assert client
    make.method("PayPal")
    return make.booking(["60.00", "40.00"])


def everything_stored() -> str:
    """All columns of all rows of all tables, as one text."""
    with reading() as session:
        rows = [
            str(tuple(row))
            for t in Base.metadata.sorted_tables
            for row in session.execute(select(t))
        ]
    return "\n".join(rows)


def test_what_is_secret_is_nowhere_in_the_database_as_it_came(client: Client, booking: int) -> None:
    answer = client.pay(
        booking, PaymentToken=TOKEN, SendEmail="true", headers=PREFER | {"Idempotency-Key": "k"},
        **SAGEPAY,
    )  # fmt: skip

    assert answer.status_code == 200
    assert len(make.rows_of(Message)) == len(make.rows_of(LogEntry)) == 1
    stored = everything_stored()
    assert [secret for secret in [TOKEN, *SAGEPAY.values()] if secret in stored] == []
    assert [secret for secret in [TOKEN, *SAGEPAY.values()] if secret in answer.text] == []


def test_what_was_sealed_can_be_opened_again(client: Client, booking: int) -> None:
    client.pay(booking, PaymentToken=TOKEN, CardType="VISA", CardPartialNumbers="1234", **SAGEPAY)

    [card] = make.rows_of(CardOnFile)
    assert json.loads(vault().open(card.sealed)) == {"PaymentToken": TOKEN} | SAGEPAY
    assert card.masks == SHOWN
    assert (card.last_digits, card.card_type) == ("1234", "VISA")


def test_two_payments_with_one_token_are_sealed_differently(client: Client, booking: int) -> None:
    for _ in range(2):
        client.pay(booking, "1.00", PaymentToken=TOKEN)

    first, second = make.rows_of(CardOnFile)
    assert first.sealed != second.sealed


def test_tokens_are_masked_in_lists_and_in_answers(client: Client, booking: int) -> None:
    posted = client.pay(
        booking, PaymentToken=TOKEN, CardPartialNumbers="1234", headers=PREFER, **SAGEPAY
    )
    listed = client.get("/apis/payments")

    assert posted.json is not None
    assert listed.json is not None
    for shown in (posted.json["Payment"], listed.json["Payments"][0]):
        assert {name: shown[name] for name in SHOWN} == SHOWN
        assert shown["CardPartialNumbers"] == "1234"


def test_a_short_token_shows_no_more_than_a_third_of_itself(client: Client, booking: int) -> None:
    client.pay(booking, "1.00", PaymentToken="abcdef")

    assert make.rows_of(CardOnFile)[0].masks == {"PaymentToken": "****ef"}


def test_a_payment_without_a_card_stores_none(client: Client, booking: int) -> None:
    client.pay(booking)
    listed = client.get("/apis/payments")

    assert make.rows_of(CardOnFile) == []
    assert listed.json is not None
    shown = listed.json["Payments"][0]
    assert {name: shown[name] for name in SHOWN} == {
        "PaymentToken": "",
        "SagepaySecurityKey": None,
        "SagepayVendorTxCode": None,
        "SagepayVPSTxId": None,
        "SagepayTxAuthNo": "",
    }


@pytest.mark.parametrize("missing", list(SAGEPAY))
def test_the_four_sagepay_values_come_together_or_not_at_all(
    client: Client, booking: int, missing: str
) -> None:
    three = {name: value for name, value in SAGEPAY.items() if name != missing}

    with nothing_written():
        without_one = client.pay(booking, **three)
        alone = client.pay(booking, **{missing: SAGEPAY[missing]})

    assert refusal(without_one) == (400, [(missing, "incomplete")])
    status, wrong = refusal(alone)
    assert status == 400
    assert sorted(wrong) == sorted((name, "incomplete") for name in three)
    assert SAGEPAY[missing] not in alone.text


@pytest.mark.parametrize(
    "spelled", [VPS, VPS.lower(), VPS.strip("{}"), VPS.strip("{}").lower(), VPS.title()]
)
def test_one_sagepay_transaction_is_one_payment_however_it_is_spelled(
    client: Client, booking: int, spelled: str
) -> None:
    first = client.pay(booking, "10.00", **SAGEPAY)

    with nothing_written():
        again = client.pay(booking, "10.00", **(SAGEPAY | {"SagepayVPSTxId": spelled}))

    assert refusal(again) == (409, [("SagepayVPSTxId", "reference_already_used")])
    assert first.json is not None
    assert f"payment {first.json['PaymentId']}." in again.text
    assert spelled not in again.text


def test_one_sagepay_transaction_is_one_payment_whoever_sends_it(
    client: Client, booking: int
) -> None:
    other = Client.of_new_partner(client.app)

    assert client.pay(booking, "10.00", **SAGEPAY).status_code == 200
    assert other.pay(booking, "10.00", **SAGEPAY).status_code == 409


def test_one_card_payment_may_cover_two_bookings(client: Client, booking: int) -> None:
    second = make.booking(["60.00"])

    answers = [client.pay(each, "10.00", **SAGEPAY) for each in (booking, second)]

    assert [each.status_code for each in answers] == [200, 200]


def test_a_transaction_that_failed_may_come_again(client: Client, booking: int) -> None:
    make.tag(20, "Payment Failed", "payment_failed")
    declined: dict[str, Any] = {"Status": 1, "AddBookingTag": 20}

    answers = [
        client.pay(booking, "10.00", **SAGEPAY, **declined),
        client.pay(booking, "10.00", **SAGEPAY, **declined),
        client.pay(booking, "10.00", **SAGEPAY),
        client.pay(booking, "10.00", **SAGEPAY, **declined),
    ]

    assert [each.status_code for each in answers] == [200, 200, 200, 409]
    assert [row.state for row in make.rows_of(Payment)] == ["failed", "failed", "cleared"]
