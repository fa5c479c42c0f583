"""The sandbox's calls for checkout pages of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kit import clock
from kit.money import Money
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import LATER
from tests.make import Client

CALL = "/sandbox/transactions"
ORDER = {"Amount": "363.00", "Currency": "EUR", "Code": "4354-1", "Description": "Casa Azul",
         "BackUrl": "https://villas.example.com/pay?stay=7"}  # fmt: skip


def order(client: Client, **values: str | None) -> TestResponse:
    sent = {name: value for name, value in (ORDER | values).items() if value is not None}
    return client.post(CALL, urlencode(sent))


def page_of(answer: TestResponse) -> str:
    """The path of the page that an answer leads to."""
    return urlsplit(answer.json["Url"]).path


def kept_as(answer: TestResponse) -> str:
    """The code that the sandbox keeps the transaction of this page under."""
    found = engine.look_at_page(page_of(answer).rpartition("/")[2])
    assert found is not None
    return found.code


def told(answer: TestResponse, but: str) -> dict[str, Any]:
    """An answer without the value that is another one in every run."""
    return {name: value for name, value in (answer.json or {}).items() if name != but}


def pay(http: FlaskClient, opened: TestResponse, card: str = "works") -> TestResponse:
    return http.post(page_of(opened), data={"card": card})


def test_a_page_is_opened_and_paid_on(client: Client, http: FlaskClient) -> None:
    opened = order(client)

    assert opened.status_code == 200
    assert opened.headers["Cache-Control"] == "no-store"
    assert told(opened, but="Url") == {"Success": True, "Code": "4354-1"}
    found = client.get(f"{CALL}/4354-1").json
    assert (found["State"], found["Payment"]) == ("open", None)
    assert "363.00" in http.get(page_of(opened)).get_data(as_text=True).replace("\xa0", " ")

    back = pay(http, opened)

    assert back.location == "https://villas.example.com/pay?stay=7&Code=4354-1"
    found = client.get(f"{CALL}/4354-1")
    assert told(found, but="Payment") == {
        "Code": "4354-1", "State": "paid", "Amount": 363.0, "Currency": "EUR", "Decline": None,
        "Reason": None,
    }  # fmt: skip
    payment = found.json["Payment"]
    assert payment.pop("PaymentToken").startswith("SBX-")
    assert payment == {
        "Reference": "4354-1", "Amount": 363.0, "Currency": "EUR", "CardPartialNumbers": "0006",
        "PaymentDate": clock.now().date().isoformat(), "CardType": "Sandbox",
    }  # fmt: skip
    assert b'"Amount":363.00' in found.data


def test_the_code_comes_back_where_the_address_had_no_query(
    client: Client, http: FlaskClient
) -> None:
    opened = order(client, BackUrl="http://127.0.0.1:8001/back")

    assert pay(http, opened).location == "http://127.0.0.1:8001/back?Code=4354-1"


def test_a_declined_card_has_its_reason_and_no_token(client: Client, http: FlaskClient) -> None:
    opened = order(client)

    pay(http, opened, "no_funds")

    found = client.get(f"{CALL}/4354-1").json
    assert (found["State"], found["Decline"]) == ("declined", "no_funds")
    assert found["Reason"] == "2000 NOTAUTHED insufficient funds"
    assert found["Payment"]["Reference"] == "4354-1"
    assert "PaymentToken" not in found["Payment"]


def test_what_the_bank_decides_later_is_pending_without_its_reason(
    client: Client, http: FlaskClient
) -> None:
    opened = order(client, Amount="10.07")

    pay(http, opened, "by_amount")

    found = client.get(f"{CALL}/4354-1").json
    assert (found["State"], found["Decline"], found["Reason"]) == ("pending", None, None)
    assert found["Payment"] is None
    with time_machine.travel(clock.now() + LATER):
        assert client.get(f"{CALL}/4354-1").json["Decline"] == "declined"


def test_a_page_that_the_guest_left_is_closed_until_it_is_ordered_again(
    client: Client, http: FlaskClient
) -> None:
    opened = order(client)
    pay(http, opened, "leave")
    assert client.get(f"{CALL}/4354-1").json["State"] == "closed"

    again = order(client)

    assert page_of(again) == page_of(opened)
    assert client.get(f"{CALL}/4354-1").json["State"] == "open"


@pytest.mark.parametrize(("card", "state"), [("works", "paid"), ("expired", "declined")])
def test_an_end_stays_when_the_order_comes_again(
    client: Client, http: FlaskClient, card: str, state: str
) -> None:
    opened = order(client)
    pay(http, opened, card)

    again = order(client)

    assert again.json == opened.json
    assert client.get(f"{CALL}/4354-1").json["State"] == state


def test_the_same_order_twice_is_one_page(client: Client) -> None:
    opened, again = order(client), order(client, Amount="363")

    assert again.status_code == 200
    assert again.json == opened.json


@pytest.mark.parametrize(
    ("field", "value"),
    [("Amount", "363.01"), ("Currency", "USD"), ("Description", ""),
     ("BackUrl", "https://elsewhere.example.com/")],
)  # fmt: skip
def test_a_code_with_other_values_is_refused(client: Client, field: str, value: str) -> None:
    order(client)

    refused = order(client, **{field: value})

    assert refused.status_code == 409
    assert refused.json["Code"] == "code_taken"
    assert refused.json["Errors"][0]["Field"] == "Code"
    assert f"another {field};" in refused.json["Message"]


def test_partners_see_their_own_transactions_only(app: Flask, client: Client) -> None:
    other = Client.of_new_partner(app)
    opened = order(client)

    unseen = other.get(f"{CALL}/4354-1")
    theirs = order(other, Amount="1.00")

    assert unseen.status_code == 404
    assert unseen.json["Code"] == "code_unknown"
    assert theirs.status_code == 200
    assert page_of(theirs) != page_of(opened)
    assert client.get(f"{CALL}/4354-1").json["Amount"] == 363


def test_a_code_that_is_unknown_is_not_repeated(client: Client) -> None:
    """It may be a card's number."""
    unknown = client.get(f"{CALL}/4{15 * '1'}")

    assert (unknown.status_code, unknown.json["Code"]) == (404, "code_unknown")
    assert "4111" not in unknown.text


def test_our_own_transactions_are_nobody_s(client: Client, app: Flask) -> None:
    """Neither by the code of an intent, nor by what the sandbox keeps for a partner."""
    opened = order(client)
    kept = kept_as(opened)
    engine.open_page("BPOURS", Money(100, "EUR"), "", "https://example.com/", None)

    answers = {code: client.get(f"{CALL}/{code}").status_code for code in ("BPOURS", kept)}

    assert answers == {"BPOURS": 404, kept: 404}
    assert order(client, Code="BPOURS").status_code == 200
    assert engine.look("BPOURS").amount == 100  # type: ignore[union-attr]


def test_nobody_guesses_a_page_by_its_code(client: Client, http: FlaskClient) -> None:
    opened = order(client)

    for guess in ("4354-1", f"P{client.partner_id}-4354-1", kept_as(opened)):
        assert http.get(f"/sandbox/{guess}").status_code == 404


@pytest.mark.parametrize("currency", ["ſek", "XXZ", "EURO", "$"])
def test_a_currency_is_its_code(client: Client, currency: str) -> None:
    refused = order(client, Currency=currency)

    assert [each["Field"] for each in refused.json["Errors"]] == ["Currency"]


def test_a_page_that_was_paid_on_is_never_opened_again(client: Client, http: FlaskClient) -> None:
    """Not even when it was closed a moment before."""
    opened = order(client)
    pay(http, opened)

    engine.reopen(kept_as(opened))

    assert client.get(f"{CALL}/4354-1").json["State"] == "paid"


def test_everything_that_is_wrong_is_told_at_once(client: Client) -> None:
    refused = order(client, Amount="0", Currency="€", Code="a b", BackUrl="ftp://example.com")

    assert refused.status_code == 400
    assert {each["Field"] for each in refused.json["Errors"]} == {
        "Amount", "Currency", "Code", "BackUrl",
    }  # fmt: skip
    missing = client.post(CALL, "Description=x")
    assert [each["Code"] for each in missing.json["Errors"]] == ["required"] * 4


@pytest.mark.parametrize(("amount", "currency"), [("10.005", "EUR"), ("10.5", "JPY")])
def test_an_amount_has_the_decimals_of_its_currency(
    client: Client, amount: str, currency: str
) -> None:
    refused = order(client, Amount=amount, Currency=currency, BackUrl="nowhere")

    told = {each["Field"]: each["Code"] for each in refused.json["Errors"]}
    assert told == {"Amount": "invalid", "BackUrl": "invalid"}


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "//example.com/", "https://", "https://user@example.com/",
     "https://example.com/#there", "https://example.com;script-src *", "https://exa mple.com/",
     "https://example.com\\@other.com/", "http://[::1", "https://example.com:0x/",
     "https://example.com:/", "https://ex%61mple.com/"],
)  # fmt: skip
def test_an_address_that_browsers_may_read_otherwise_is_refused(
    client: Client, address: str
) -> None:
    refused = order(client, BackUrl=address)

    assert [each["Field"] for each in refused.json["Errors"]] == ["BackUrl"]


@pytest.mark.parametrize("address", ["http://[::1]:8001/", "https://a-b.example.com:8443/x?y=1"])
def test_addresses_with_a_port_are_good(client: Client, address: str) -> None:
    assert order(client, BackUrl=address).status_code == 200


def test_a_stranger_and_one_without_the_scope_get_nothing(app: Flask, http: FlaskClient) -> None:
    reader = Client.of_new_partner(app, scopes="payments:read")

    assert http.post(CALL, data=ORDER).status_code == 401
    assert order(reader).status_code == 403
    assert reader.get(f"{CALL}/4354-1").status_code == 403


@pytest.mark.long
def test_pages_count_as_the_partner_s_payments(
    app: Flask, client: Client, make_app: Callable[..., Flask]
) -> None:
    limited = client.at(make_app(PARTNER_PAYMENTS_LIMIT="1/hour"))

    first, second = order(limited), order(limited)

    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) > 0


@pytest.mark.long
def test_the_page_is_at_the_address_that_the_world_knows(
    client: Client, make_app: Callable[..., Flask]
) -> None:
    public = client.at(make_app(PUBLIC_URL="https://pay.example.com/"))

    assert order(public).json["Url"].startswith("https://pay.example.com/sandbox/")


@pytest.mark.long
def test_without_the_sandbox_there_is_nothing(
    client: Client, make_app: Callable[..., Flask]
) -> None:
    bare = client.at(make_app(SANDBOX_GATEWAY=False))

    assert order(bare).status_code == 404
    assert bare.get(f"{CALL}/4354-1").status_code == 404


def test_a_back_address_keeps_its_query(client: Client, http: FlaskClient) -> None:
    back = urlsplit(pay(http, order(client)).location)

    assert parse_qs(back.query) == {"stay": ["7"], "Code": ["4354-1"]}
