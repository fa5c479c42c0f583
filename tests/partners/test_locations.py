"""A partner sees the bookings of its own locations; all others do not exist for it."""

from __future__ import annotations

import orjson
import pytest
from flask import Flask

from payments.models import Payment
from tests import make
from tests.make import Client


@pytest.fixture
def ours(client: Client) -> int:
    """A booking at location 1, where the client may be."""
    make.method("PayPal")
    return make.booking(["100.00"])


@pytest.fixture
def theirs(ours: int, app: Flask) -> int:
    """A booking with a payment at location 2, where another partner may be."""
    booking = make.booking(["100.00"], location_id=2)
    assert Client.of_new_partner(app, locations=[2]).pay(booking, "10.00").status_code == 200
    return booking


def test_a_payment_for_another_locations_booking_is_for_no_booking(
    client: Client, theirs: int
) -> None:
    answer = client.pay(theirs, "10.00")
    of_nobody = client.pay(999_999, "10.00")

    assert (answer.status_code, answer.json["Errors"][0]["Field"]) == (404, "BookingId")
    assert answer.text.replace(str(theirs), "999999") == of_nobody.text
    assert len(make.rows_of(Payment)) == 1


def test_another_locations_bookings_are_not_listed(client: Client, ours: int, theirs: int) -> None:
    listed = client.get("/apis/bookings").json

    assert (listed["TotalHits"], [each["BookingId"] for each in listed["Items"]]) == (1, [ours])


@pytest.mark.parametrize("filters", ["bookingID={}", "LocationId=2", "term=Silva&bookingID={}"])
def test_no_filter_reaches_another_locations_booking(
    client: Client, theirs: int, filters: str
) -> None:
    listed = client.get("/apis/bookings?" + filters.format(theirs)).json

    assert listed == {"TotalHits": 0, "Items": []}


@pytest.mark.parametrize("filters", ["", "?BookingId={}", "?size=10"])
def test_another_locations_payments_are_not_listed(
    client: Client, theirs: int, filters: str
) -> None:
    assert client.get("/apis/payments" + filters.format(theirs)).json["Payments"] == []


@pytest.mark.usefixtures("theirs")
def test_another_locations_properties_are_not_listed(client: Client) -> None:
    listed = orjson.loads(client.get("/apis/properties").data)

    assert [each["Name"] for each in listed] == ["Property 1"]


def test_a_partner_of_both_locations_sees_both(app: Flask, ours: int, theirs: int) -> None:
    both = Client.of_new_partner(app, locations=[1, 2])

    listed = both.get("/apis/bookings").json

    assert {each["BookingId"] for each in listed["Items"]} == {ours, theirs}
    assert both.pay(theirs, "10.00").status_code == 200
    assert len(both.get(f"/apis/payments?BookingId={theirs}").json["Payments"]) == 2
