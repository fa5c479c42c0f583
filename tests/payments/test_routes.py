"""POST /apis/payments as a checkout page uses it."""

from __future__ import annotations

from bookings.models import Booking
from tests import make
from tests.make import Client


def test_a_cleared_payment_lies_on_the_lines_it_pays(client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["60.00", "40.00"])

    answer = client.pay(booking, "75.00")

    assert answer.status_code == 200, answer.text
    assert [line.paid for line in make.lines_of(booking)] == [6000, 1500]
    assert make.row_of(Booking, booking).paid == 7500
