"""Requests nobody thought of, made from /openapi.json: right ones, and wrong ones."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any, cast

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import make
from tests.make import Client

pytestmark = pytest.mark.long

Case = schemathesis.Case[Any]

CALLS = [
    ("POST", "/oauth/2.0/token"),
    ("POST", "/apis/payments"),
    ("GET", "/apis/payments"),
    ("POST", "/apis/payments/{payment_id}/clear"),
    ("POST", "/apis/payments/{payment_id}/fail"),
    ("POST", "/apis/payments/{payment_id}/refund"),
    ("POST", "/apis/payments/{payment_id}/void"),
    ("GET", "/apis/bookings"),
    ("GET", "/apis/properties"),
    ("GET", "/apis/sources"),
    ("GET", "/apis/bookingtags"),
    ("POST", "/apis/booking"),
    ("POST", "/apis/booking/calc"),
    ("POST", "/apis/booking/amend"),
    ("POST", "/apis/booking/update"),
    ("GET", "/apis/booking/cancel"),
    ("POST", "/apis/booking/cancel"),
    ("GET", "/apis/booking/reactivate"),
    ("POST", "/apis/booking/reactivate"),
    ("POST", "/apis/enquiry"),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


FEW = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_request_is_answered_as_described(
    app: Flask, client: Client, method: str, path: str, mode: GenerationMode
) -> None:
    make.booking(["100.00"], id=4354)
    call = schemathesis.openapi.from_wsgi("/openapi.json", app)[path][method]
    headers = {} if path.startswith("/oauth") else {"Authorization": f"Bearer {client.token}"}

    @given(case=call.as_strategy(generation_mode=mode))
    @FEW
    def answered(case: Case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    answered()


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_every_payment_that_fits_its_booking_is_taken_or_refused_as_described(
    app: Flask, client: Client
) -> None:
    make.method("PayPal")
    make.tag(1, "Payment Processed", "payment_processed")
    booking = make.booking(["100.00", make.Due("300.00", stage=2)])
    fits = {"BookingId": booking, "Currency": "EUR", "PaymentMethod": "PayPal", "Amount": "1.00"}
    fits |= {"PaymentScheduleIds": "1,2", "PaymentDate": "2024-05-31"}
    unknown = ("PropertyId", "AddBookingTag", "RemoveBookingTag", "Charges")
    call = schemathesis.openapi.from_wsgi("/openapi.json", app)["/apis/payments"]["POST"]
    statuses = Counter[int]()

    @given(case=call.as_strategy(generation_mode=GenerationMode.POSITIVE))
    @FEW
    def answered(case: Case) -> None:
        assert isinstance(case.body, dict)
        kept = {name: value for name, value in case.body.items() if name not in unknown}
        case.body = cast(Any, kept | fits)
        answer = case.call_and_validate(
            headers={"Authorization": f"Bearer {client.token}"}, checks=CHECKS
        )
        statuses[answer.status_code] += 1

    answered()

    assert statuses[200] > 0


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_every_booking_of_a_property_on_offer_is_made_or_refused_as_described(
    app: Flask, client: Client
) -> None:
    place = make.place(night_price="100.00", rule=make.rule(deposit_rate=2500))
    fits = {"Properties[0].Id": place, "Contact.LastName": "Sousa"}
    unknown = (
        "BrandId", "BookingTagIds", "Source", "PaidAmount", "OwnerBooking", "Contact.ContactId",
        "Properties[0].Extras[0].Id", "Properties[0].VoucherCode",
    )  # fmt: skip
    call = schemathesis.openapi.from_wsgi("/openapi.json", app)["/apis/booking"]["POST"]
    statuses = Counter[int]()

    @given(case=call.as_strategy(generation_mode=GenerationMode.POSITIVE))
    @FEW
    def answered(case: Case) -> None:
        assert isinstance(case.body, dict)
        kept = {name: value for name, value in case.body.items() if name not in unknown}
        arrives = date(2030, 1, 1) + timedelta(days=statuses.total())
        days = {"Checkin": arrives, "Checkout": arrives + timedelta(days=1)}
        stay = {f"Properties[0].{name}": str(day) for name, day in days.items()}
        case.body = cast(Any, kept | fits | stay)
        answer = case.call_and_validate(
            headers={"Authorization": f"Bearer {client.token}"}, checks=CHECKS
        )
        statuses[answer.status_code] += 1

    answered()

    assert statuses[200] > 0
