"""Money that came when the booking was cancelled already: it is there, and the page says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Booking, Stay
from kit import clock
from kit.db import transaction
from tests import make
from tests.checkout.given import abandon, begun, path_of, take_nights
from tests.make import Client

BUTTON = "Take up the booking again"


@pytest.fixture
def abandoned(app: Flask) -> int:
    booking_id = begun()
    abandon()
    make.method("PayPal")
    return booking_id


def test_money_that_came_too_late_pays_the_booking_that_is_taken_up_again(
    client: Client, http: FlaskClient, abandoned: int
) -> None:
    assert client.pay(abandoned, "100.00").status_code == 200

    page = http.post(path_of(abandoned), follow_redirects=True)

    assert "Your booking is made" in page.text
    assert make.row_of(Booking, abandoned).credit == 0


@pytest.mark.parametrize(
    ("came", "words", "missing"),
    [
        (
            "30.00",
            ["We have received €30.00.", "To pay first", "€70.00", "30 minutes"],
            "it is made",
        ),
        ("100.00", ["We have received €100.00.", "and it is made."], "To pay first"),
        ("130.00", ["We have received €130.00.", "and it is made."], "To pay first"),
    ],
)
def test_money_that_came_too_late_is_not_asked_for_again(
    client: Client, http: FlaskClient, abandoned: int, came: str, words: list[str], missing: str
) -> None:
    client.pay(abandoned, came)

    page = http.get(path_of(abandoned)).text

    assert BUTTON in page
    assert [each for each in words if each not in page] == []
    assert missing not in page


def test_what_was_received_is_told_while_the_rest_is_waited_for(
    client: Client, http: FlaskClient, abandoned: int
) -> None:
    client.pay(abandoned, "30.00")

    page = http.post(path_of(abandoned), follow_redirects=True).text

    assert "The dates are held for you" in page
    assert "We have received €30.00." in page
    assert "€70.00" in page


@pytest.mark.parametrize("why", ["taken", "past", "cancelled"])
def test_money_for_a_booking_that_is_gone_is_kept_for_the_guest(
    client: Client, http: FlaskClient, abandoned: int, why: str
) -> None:
    path = path_of(abandoned)
    if why == "taken":
        take_nights(of=abandoned, by=make.booking())
    elif why == "past":
        yesterday = clock.now().date() - timedelta(days=2)
        with transaction() as connection:
            connection.execute(update(Stay).values(arrives_on=yesterday))
    else:
        http.post(path)
        client.post("/apis/booking/cancel", f"BookingId={abandoned}")
    before = http.get(path).text
    client.pay(abandoned, "30.00")

    assert "We have received" not in before
    assert "We have received €30.00.</b> We keep it for you" in http.get(path).text


def test_what_is_kept_as_a_fee_is_not_said_to_be_returned(
    client: Client, http: FlaskClient, abandoned: int
) -> None:
    path = path_of(abandoned)
    http.post(path)
    client.pay(abandoned, "50.00")
    with transaction() as connection:
        cancel_booking(connection, CancelBooking(booking_id=abandoned, fee=20_00), SYSTEM)

    assert "We have received €30.00.</b> We keep it for you" in http.get(path).text
