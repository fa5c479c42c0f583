"""What the service answers is what /openapi.json says it answers."""

from __future__ import annotations

import copy
from base64 import b64encode
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from werkzeug.test import TestResponse

from tests import make
from tests.apidocs.conftest import Json, operations, resolved
from tests.make import Client


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
    figures = resolved(spec, spec["paths"]["/apis/payments"]["post"])["responses"]["200"]
    payment = figures["content"]["application/json"]["schema"]["properties"]["Payment"]
    assert set(shown["Payment"]) == described
    assert set(shown["Payment"]["Booking"]) == set(
        payment["allOf"][1]["properties"]["Booking"]["properties"]
    )


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
