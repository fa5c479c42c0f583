"""What "open" means where a payment is recorded: neither paid nor promised."""

from __future__ import annotations

from tests import make
from tests.desk.people import Desk
from tests.make import Client, Due


def test_what_is_promised_is_not_asked_for_again(operator: Desk, client: Client) -> None:
    make.method("PayPal")
    booking = make.booking([Due("60.00"), Due("40.00", 2, 20)])
    client.pay(booking, "45.00", Status=2)
    path = f"/desk/bookings/{booking}/record"

    page = operator.get(path)

    assert page.form("/record")["amount"] == "15.00"
    assert "55.00 EUR open of 100.00, of which 15.00 is due now." in page.text
    assert "60.00 outstanding" in page.all("#f-wishes option")[2]

    client.pay(booking, "55.00", Status=1)
    page = operator.get(path)

    assert page.form("/record")["amount"] == ""
    assert "All that is outstanding, 100.00 EUR, is promised" in page.text


def test_the_bookings_that_are_found_say_what_is_open_of_them(
    operator: Desk, client: Client
) -> None:
    make.method("PayPal")
    promised, paid = make.booking(["60.00"]), make.booking(["60.00"])
    client.pay(promised, "45.00", Status=2)
    client.pay(paid, "10.00")

    page = operator.get("/desk/record?booking=silva")

    assert page.all("tbody .dk-money") == ["50.00 EUR", "15.00 EUR"]


def test_nothing_is_asked_for_on_a_cancelled_booking(operator: Desk) -> None:
    booking = make.booking(["60.00"], status="cancelled")

    page = operator.get(f"/desk/bookings/{booking}/record")

    assert page.form("/record")["amount"] == ""
    assert page.all(".dk-quick a") == []
