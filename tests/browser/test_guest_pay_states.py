"""Every state of the guest's page: readable by everybody, and never wider than a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Contact, Property
from kit import clock
from kit.db import transaction
from locations.models import Location
from payments.gateways.models import CardIntent
from payments.models import Payment, PaymentMethod
from tests import make
from tests.browser.conftest import OpenPage
from tests.browser.test_guest_pay import ANA, WIDTHS, Keep, PathOf, path_of, readable
from tests.make import Client

__all__ = ["path_of"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

OVERDUE, PAID, CANCELLED, HELD = 3707, 602, 5003, 5001


def set_all(model: Any, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(model).values(values))


def pay(app: Flask, amount: str, **fields: Any) -> None:
    assert Client(app, 1, make.token(1)).pay(ANA, amount, **fields).status_code == 200


def begin(app: Flask, path: str) -> str:
    """Go on to the provider's page; its path."""
    form = {"what": "next:36300", "method": "3"}
    answer = app.test_client().post(path, data=form)
    assert answer.status_code == 303
    return answer.headers["Location"]


def promise(app: Flask, _: str) -> None:
    day = clock.now().date() + timedelta(days=20)
    pay(app, "115.00")
    pay(app, "300.00", Status=2, PaymentDate=day, PaymentScheduleIds="2")


def promise_all(app: Flask, _: str) -> None:
    pay(app, "1015.00", Status=1)


def give_too_much(app: Flask, _: str) -> None:
    pay(app, "1100.00")


def cancel_with_fee(app: Flask, _: str) -> None:
    pay(app, "400.00")
    with transaction() as connection:
        cancel_booking(connection, CancelBooking(booking_id=ANA, fee=100_00), SYSTEM)


def wait(app: Flask, path: str) -> None:
    begin(app, path)
    set_all(CardIntent, asks=1)


def be_stuck(app: Flask, path: str) -> None:
    begin(app, path)
    set_all(CardIntent, state="unknown", due_at=None)


def be_charged(app: Flask, path: str) -> None:
    begin(app, path)
    pay(app, "115.00")
    [payment] = [row.id for row in make.rows_of(Payment, booking_id=ANA)]
    set_all(CardIntent, kind="charge", of_payment_id=payment)


def leave(app: Flask, path: str) -> None:
    begin(app, path)
    set_all(CardIntent, state="cancelled", due_at=None, ended_at=clock.now())


def get_no_page(app: Flask, path: str) -> None:
    leave(app, path)
    set_all(CardIntent, sealed=None)


def offer_nothing(*_: object) -> None:
    set_all(PaymentMethod, for_guests=False)


def pay_elsewhere(*_: object) -> None:
    set_all(PaymentMethod, for_guests=False)
    set_all(Location, checkout_url="https://stay.example.com/{booking}")


def have_long_names(*_: object) -> None:
    set_all(Location, name="Quintas e Moradias dos Açores e da Madeira, Sociedade Unipessoal")
    set_all(Property, name="Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch")
    set_all(Contact, first_name="Wolfeschlegelsteinhausenbergerdorff", locale="de_CH")
    set_all(PaymentMethod, for_guests=False)
    make.method("A way to pay with a name that is rather long", paying="both", for_guests=True)
    make.method("Another way to pay whose name is even longer", paying="both", for_guests=True)


def nothing(*_: object) -> None:
    """The demonstration as it is."""


STATES: dict[str, tuple[int, Callable[[Flask, str], None], str]] = {
    "overdue": (OVERDUE, nothing, "Overdue"),
    "paid": (PAID, nothing, "Everything is paid"),
    "credit": (ANA, give_too_much, "is more than was due"),
    "promised": (ANA, promise, "promised for"),
    "all-promised": (ANA, promise_all, "There is nothing to pay now"),
    "cancelled": (CANCELLED, nothing, "This booking is cancelled"),
    "cancelled-with-fee": (ANA, cancel_with_fee, "We keep as cancellation fee"),
    "held": (HELD, nothing, "The dates are held for you until"),
    "waiting": (ANA, wait, "Do not pay again."),
    "stuck": (ANA, be_stuck, "We look after it ourselves"),
    "charging": (ANA, be_charged, "A card is being charged"),
    "left": (ANA, leave, "was given up"),
    "no-page": (ANA, get_no_page, "could not be opened"),
    "no-method": (ANA, offer_nothing, "You cannot pay here online."),
    "own-checkout": (ANA, pay_elsewhere, "Go on to the payment"),
    "long-names": (ANA, have_long_names, "Llanfairpwllgwyngyll"),
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_read_by_everybody_and_fits(
    app: Flask, path_of: PathOf, open_page: OpenPage, keep: Keep, state: str
) -> None:
    booking, become, told = STATES[state]
    path = path_of(booking)
    become(app, path)
    wrong = {}

    for width in WIDTHS:
        page = open_page(path, width=width, height=640)
        expect(page.get_by_text(told).first).to_be_visible()
        wrong[width] = readable(page, keep, f"pay-{state}-{width}")

    assert wrong == {1280: [], 360: []}


@pytest.mark.parametrize("path", ["/pay/nothing", "/sandbox/nothing"])
@pytest.mark.usefixtures("path_of")
def test_a_wrong_address_is_a_page_that_helps(
    app: Flask, path: str, keep: Keep, browser: Any, address: str
) -> None:
    name = "pay" + path.replace("/", "-")
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 640})
        page.goto(address + path)
        assert readable(page, keep, f"{name}-{width}") == []
        page.close()
