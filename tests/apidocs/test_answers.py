"""What the service answers is what /openapi.json says it answers."""

from __future__ import annotations

import copy
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from werkzeug.test import TestResponse

from demo.loading import load
from kit import clock
from kit.db import transaction
from tests import make
from tests.apidocs.conftest import Json, operations, resolved
from tests.make import Client

pytestmark = [pytest.mark.long, pytest.mark.one_database]


def closed(schema: Any) -> Any:
    """The schema without room for keys that it does not name; `allOf` is left as it is."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: value if key == "allOf" else closed(value) for key, value in schema.items()}
    is_object = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    return found | ({"additionalProperties": False} if is_object else {})


def problems(spec: Json, path: str, method: str, status: int, body: Any) -> list[str]:
    """What of a body is not as the description says; of answers every key must be described."""
    response = resolved(spec, spec["paths"][path][method]["responses"][str(status)])
    schema = copy.deepcopy(response["content"]["application/json"]["schema"])
    components = {"schemas": copy.deepcopy(spec["components"]["schemas"])}
    if "Payment" not in (body if isinstance(body, dict) else {}):
        schema, components = closed(schema), closed(components)
    whole = {**schema, "components": components}
    return [
        f"{error.json_path}: {error.message}" for error in OAS31Validator(whole).iter_errors(body)
    ]


def agrees(spec: Json, path: str, method: str, answer: TestResponse) -> None:
    assert answer.content_type == "application/json; charset=utf-8"
    assert problems(spec, path, method, answer.status_code, answer.get_json()) == []


def test_every_example_fits_its_own_schema(spec: Json) -> None:
    for path, method, operation in operations(spec):
        for status, response in operation["responses"].items():
            content = resolved(spec, response)["content"]["application/json"]
            shown = [each["value"] for each in content.get("examples", {}).values()]
            shown += [content["example"]] if "example" in content else []
            assert shown, (method, path, status)
            for body in shown:
                assert problems(spec, path, method.lower(), int(status), body) == []


def test_a_token_answer_is_as_described(spec: Json, http: FlaskClient) -> None:
    make.partner(client_id="shop", client_secret="secret")
    basic = {"Authorization": "Basic " + b64encode(b"shop:secret").decode()}

    good = http.post("/oauth/2.0/token", data={"grant_type": "client_credentials"}, headers=basic)
    bad = http.post("/oauth/2.0/token", data={"grant_type": "password"}, headers=basic)

    assert (good.status_code, bad.status_code) == (200, 400)
    agrees(spec, "/oauth/2.0/token", "post", good)
    agrees(spec, "/oauth/2.0/token", "post", bad)


def test_a_payment_is_answered_as_described(spec: Json, client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["100.00"])

    short = client.pay(booking, "40.00")
    full = client.pay(booking, "40.00", headers={"Prefer": "return=representation"})

    assert (short.status_code, full.status_code) == (200, 200)
    agrees(spec, "/apis/payments", "post", short)
    agrees(spec, "/apis/payments", "post", full)


def test_a_payment_that_is_shown_has_all_described_keys(spec: Json, client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["100.00"])

    shown = client.pay(booking, "40.00", headers={"Prefer": "return=representation"}).get_json()

    described = set(spec["components"]["schemas"]["Payment"]["properties"]) | {"Booking"}
    answer = spec["paths"]["/apis/payments"]["post"]["responses"]["200"]
    receipt = answer["content"]["application/json"]["schema"]["anyOf"][0]
    payment = receipt["properties"]["Payment"]
    assert set(shown["Payment"]) == described
    assert set(shown["Payment"]["Booking"]) == set(
        payment["allOf"][1]["properties"]["Booking"]["properties"]
    )


def test_a_payment_over_several_bookings_is_answered_as_described(
    spec: Json, client: Client
) -> None:
    make.method("PayPal")
    both = f"{make.booking(['100.00'])},{make.booking(['50.00'])}"
    fields = {"BookingId": None, "Amount": None, "BookingIds": both, "Amounts": "100.00,50.00"}

    tried = client.pay(0, "0", headers={"Prefer": "dry-run"}, **fields)
    taken = client.pay(0, "0", **fields)

    assert (tried.status_code, taken.status_code) == (200, 200)
    assert len(tried.get_json()["Bookings"]) == len(taken.get_json()["PaymentIds"]) == 2
    agrees(spec, "/apis/payments", "post", tried)
    agrees(spec, "/apis/payments", "post", taken)


REPRESENTED = {"Prefer": "return=representation"}
TRIED = {"Prefer": "dry-run"}


@pytest.mark.parametrize("headers", [{}, REPRESENTED, TRIED], ids=["short", "shown", "tried"])
@pytest.mark.parametrize(
    ("status", "call"), [("1", "clear"), ("2", "clear"), ("1", "fail"), ("0", "refund")]
)
def test_a_changed_payment_is_answered_as_described(
    spec: Json, client: Client, headers: dict[str, str], status: str, call: str
) -> None:
    make.method("PayPal")
    payment = client.pay(make.booking(["100.00"]), "40.00", Status=status).get_json()["PaymentId"]

    answer = client.post(f"/apis/payments/{payment}/{call}", "Reason=Because", **headers)

    assert answer.status_code == 200, answer.text
    assert ("DryRun" in answer.get_json()) == (headers is TRIED)
    agrees(spec, f"/apis/payments/{{payment_id}}/{call}", "post", answer)


def test_a_refund_that_is_only_tried_has_no_id(client: Client) -> None:
    make.method("PayPal")
    payment = client.pay(make.booking(["100.00"]), "40.00").get_json()["PaymentId"]

    both = {"Prefer": "dry-run, return=representation"}
    shown = client.post(f"/apis/payments/{payment}/refund", "", **both).get_json()

    assert shown["PaymentId"] is None
    assert [(each["PaymentID"], each["RefundOf"]) for each in shown["Payments"]] == [
        (None, payment)
    ]
    assert "Payment" not in shown


def test_a_payment_is_never_voided_and_the_answer_is_as_described(
    spec: Json, client: Client
) -> None:
    answer = client.post("/apis/payments/1/void", "")

    assert answer.status_code == 403
    agrees(spec, "/apis/payments/{payment_id}/void", "post", answer)


@pytest.fixture
def stay() -> str:
    """A property that can be booked with an extra and a security deposit, as fields of a form."""
    make.method("PayPal")
    rule = make.rule(booking_fee="25.00", tax_rate=1000, deposit_rate=2500, balance_days=56)
    place = make.place(night_price="100.00", rule=rule, breakages_deposit="200.00")
    at = "Properties[0]."
    return (
        f"{at}Id={place}&{at}Checkin=2030-12-20&{at}Checkout=2030-12-27&"
        f"{at}InsuranceBreakages=BreakageDeposit&{at}LeadGuestName=Ana&"
        f"{at}Guests[0].Name=Rui&{at}Guests[0].Passport=AB123456&"
        f"{at}Extras[0].Id={make.extra(place)}&{at}Extras[0].Qty=2"
    )


def test_a_price_is_answered_as_described(spec: Json, client: Client, stay: str) -> None:
    answer = client.post("/apis/booking/calc", stay)

    assert answer.status_code == 200, answer.text
    assert len(answer.get_json()["PaymentSchedules"]) == 5
    agrees(spec, "/apis/booking/calc", "post", answer)


@pytest.mark.parametrize("headers", [{}, REPRESENTED, TRIED], ids=["short", "shown", "tried"])
def test_the_life_of_a_booking_is_answered_as_described(
    spec: Json, client: Client, stay: str, headers: dict[str, str]
) -> None:
    paid = f"{stay}&Contact.LastName=Sousa&PaidAmount=10&PaymentMethod=PayPal"
    agrees(spec, "/apis/booking", "post", client.post("/apis/booking", paid, **headers))
    later = stay.replace("2030-12", "2031-01")
    booking = client.post("/apis/booking", f"{later}&Contact.LastName=Sousa").get_json()
    of = f"BookingId={booking['BookingId']}"
    calls = [
        ("/apis/booking/amend", f"{of}&{later.replace('01-27', '01-29')}"),
        ("/apis/booking/update", f"{of}&GuestNotes=Late"),
        ("/apis/booking/cancel", of),
        ("/apis/booking/reactivate", of),
    ]

    for path, body in calls:
        answer = client.post(path, body, **headers)

        if headers is TRIED and path.endswith("reactivate"):
            assert answer.status_code == 409  # it was only tried to cancel it
        else:
            assert answer.status_code == 200, answer.text
            assert ("Booking" in answer.get_json()) == (headers is REPRESENTED)
        agrees(spec, path, "post", answer)


def test_a_get_with_effect_is_answered_as_described(spec: Json, client: Client) -> None:
    booking = make.booking(["100.00"])

    for call in ("cancel", "reactivate"):
        answer = client.get(f"/apis/booking/{call}?BookingId={booking}")

        assert answer.status_code == 200, answer.text
        agrees(spec, f"/apis/booking/{call}", "get", answer)


@pytest.mark.parametrize("headers", [{}, TRIED], ids=["stored", "tried"])
def test_an_enquiry_is_answered_as_described(
    spec: Json, client: Client, headers: dict[str, str]
) -> None:
    make.location()

    answer = client.post("/apis/enquiry", "email=ana@example.com&comments=Hello", **headers)

    assert answer.status_code == 200, answer.text
    agrees(spec, "/apis/enquiry", "post", answer)


@pytest.mark.parametrize("query", ["", "?size=10", "?size=10&index=2"])
def test_listed_payments_are_as_described(spec: Json, client: Client, query: str) -> None:
    make.method("PayPal")
    booking = make.booking(["100.00"])
    client.pay(booking, "40.00", PaymentToken="tok-1234567890", CardPartialNumbers="1234")
    client.pay(booking, "40.00", Status=1, Reference="order-77")

    answer = client.get(f"/apis/payments{query}")

    assert answer.status_code == 200
    agrees(spec, "/apis/payments", "get", answer)


def test_listed_bookings_are_as_described(spec: Json, client: Client) -> None:
    make.method("PayPal")
    make.tag(2, "VIP")
    booking = make.booking(["100.00", make.Due("300.00", stage=2)], tags=[2])
    make.booking([], status="blockout")
    client.pay(booking, "150.00")

    answer = client.get("/apis/bookings")

    assert len(answer.get_json()["Items"]) == 2
    agrees(spec, "/apis/bookings", "get", answer)


@pytest.mark.parametrize("path", ["/apis/properties", "/apis/sources", "/apis/bookingtags"])
def test_the_short_lists_are_as_described(spec: Json, client: Client, path: str) -> None:
    make.place()
    make.tag(12, "Website Booking in Progress")

    answer = client.get(path)

    assert answer.status_code == 200
    agrees(spec, path, "get", answer)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (400, {"Amount": "1e3", "Currency": None}),
        (404, {"BookingId": 999_999}),
        (409, {"Reference": "order-77"}),
        (422, {"PaymentMethod": "Cash"}),
    ],
)
def test_refusals_are_as_described(
    spec: Json, client: Client, status: int, fields: dict[str, Any]
) -> None:
    make.method("PayPal")
    make.method("Cash", kind="cash", from_outside=False, code=None)
    booking = make.booking(["100.00"])
    client.pay(booking, "40.00", Reference="order-77")

    answer = client.pay(booking, **fields)

    assert answer.status_code == status
    agrees(spec, "/apis/payments", "post", answer)


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_the_calls_filled_in_with_their_examples_work_with_the_demonstration(
    app: Flask, spec: Json
) -> None:
    """So does the page /docs fill them in."""
    with transaction() as connection:
        load(connection, clock.now())
    client = Client(app, 1, make.token(1))
    forms = {
        "/apis/payments": "TakePaymentForm",
        "/apis/booking/calc": "CalcForm",
        "/apis/booking": "CreateForm",
        "/apis/booking/update": "UpdateForm",
        "/apis/enquiry": "EnquiryForm",
    }

    for path, name in forms.items():
        fields = spec["components"]["schemas"][name]["properties"]
        filled = {key: field["example"] for key, field in fields.items() if "example" in field}
        body = urlencode({key: str(value) for key, value in filled.items()})

        answer = client.post(path, body)

        assert answer.status_code == 200, (path, answer.text)
