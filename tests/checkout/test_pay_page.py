"""What the guest's page says in every state of a booking's money."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from kit import clock
from kit.db import transaction
from locations.models import Location
from payments.gateways.models import CardIntent
from payments.gateways.registry import GATEWAYS
from payments.models import Payment
from tests import make
from tests.checkout.given import abandon, begun, path_of
from tests.checkout.guest import Guest, guest, path_to_pay, words
from tests.make import Client
from tests.payments.proofs import unchanged


@pytest.fixture
def ana(http: FlaskClient, app: Flask) -> Guest:
    """A guest with 248.00 due today and 652.00 in 30 days."""
    return guest(http)


@pytest.fixture
def paypal(app: Flask) -> int:
    return make.method("PayPal")


def set_all(model: Any, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(model).values(values))


def cancel(booking: int, fee: int = 0) -> None:
    with transaction() as connection:
        cancel_booking(connection, CancelBooking(booking_id=booking, fee=fee), SYSTEM)


def test_the_page_says_what_is_booked_due_and_for_how_long_the_link_works(ana: Guest) -> None:
    page = ana.look()

    arrives = clock.now().date() + timedelta(days=90)
    assert page.status_code == 200
    for text in (
        "Location 1", "Hello Maria, your stay at Property 1", "7 nights", f"Booking {ana.booking}",
        "Deposit Due today", "€248.00", "Pay €248.00", "Nothing paid yet", "of €900.00",
        f"works until {arrives.day} {arrives:%B %Y}.",
    ):  # fmt: skip
        assert text in words(page)
    assert "Demonstration" not in page.text


def test_a_demonstration_is_marked(ana: Guest) -> None:
    set_all(Location, is_demonstration=True)

    assert "Location 1 Demonstration Hello" in ana.reads()


def test_looking_changes_nothing(ana: Guest) -> None:
    with unchanged():
        ana.look()
        ana.http.head(ana.path)


def test_what_is_due_next_and_everything_can_be_chosen_and_say_what_they_cover(
    http: FlaskClient,
) -> None:
    dues = [make.Due("90.00", 1, 0, "Tax"), make.Due("248.00", 1, 0, "Deposit"),
            make.Due("652.00", 2, 30, "Balance")]  # fmt: skip
    ana = guest(http, dues)

    assert ana.offered() == ["next:33800", "all:99000"]
    assert "What is due: €338.00 Tax €90.00, Deposit €248.00" in ana.reads()
    assert "All that is open: €990.00 That, and Balance €652.00" in ana.reads()


def test_without_a_choice_the_page_says_what_the_amount_covers(http: FlaskClient) -> None:
    ana = guest(http, [make.Due("90.00", 1, 0, "Tax"), make.Due("248.00", 1, 0, "Deposit")])

    assert ana.offered() == ["next:33800"]
    assert "For Tax €90.00, Deposit €248.00." in ana.reads()


def test_methods_are_offered_when_there_are_several(ana: Guest) -> None:
    alone = ana.look().text
    make.method("Bancontact", paying="external", for_guests=True)
    make.method("Not for guests", paying="external")

    page = ana.look().text

    assert "How do you want to pay?" not in alone
    assert 'type="hidden" name="method"' in alone
    assert page.count('type="radio" name="method"') == 2
    assert "Bancontact" in page
    assert "Not for guests" not in page


def test_overdue_money_is_told_as_such(http: FlaskClient) -> None:
    ana = guest(http, [make.Due("248.00", 1, -3, "Deposit"), make.Due("652.00", 2, 30, "Balance")])

    assert "Deposit Overdue €248.00" in ana.reads()
    assert "Was due on" in ana.reads()


def test_what_is_not_due_yet_can_be_paid_early(http: FlaskClient) -> None:
    ana = guest(http, [make.Due("652.00", 2, 30, "Balance")])

    assert "Nothing is due today. You can pay this now, if you like." in ana.reads()
    assert "Pay €652.00" in ana.reads()


def test_promised_money_is_not_asked_for_again(ana: Guest, client: Client, paypal: int) -> None:
    client.pay(ana.booking, "900.00", Status=1)

    page = ana.look()

    assert "There is nothing to pay now" in words(page)
    assert "€900.00 is promised or under way." in words(page)
    assert "PayPal of €248.00 under way" in words(page)
    assert "<form" not in page.text


def test_a_promise_for_a_day_stands_at_its_line(ana: Guest, client: Client, paypal: int) -> None:
    day = clock.now().date() + timedelta(days=9)
    client.pay(ana.booking, "300.00", Status=2, PaymentDate=day, PaymentScheduleIds="2")

    text = ana.reads()

    assert f"PayPal of €300.00 promised for {day.day} {day:%B %Y}. €352.00 still open" in text
    assert "Nothing paid yet, €300.00 promised of €900.00" in text
    assert ana.offered() == ["next:24800", "all:60000"]


def test_a_line_says_what_of_it_is_paid(http: FlaskClient, client: Client, paypal: int) -> None:
    ana = guest(http, [make.Due("652.00", 2, 30, "Balance")])
    client.pay(ana.booking, "52.00")

    text = ana.reads()

    assert "€52.00 paid. €600.00 still open Part paid" in text
    assert "Pay €600.00" in text


def test_when_everything_is_paid_the_guest_is_thanked(
    ana: Guest, client: Client, paypal: int
) -> None:
    client.pay(ana.booking, "950.00")

    page = ana.look()

    assert "Everything is paid €900.00 Thank you." in words(page)
    assert "€50.00 is more than was due. We keep it for you as credit" in words(page)
    assert "Receipt for €950.00" in words(page)
    assert "<form" not in page.text


def test_a_booking_that_asks_for_nothing_says_so(http: FlaskClient) -> None:
    ana = guest(http, [])

    assert "There is nothing to pay We ask for no payment" in ana.reads()


def test_a_cancelled_booking_says_what_is_kept_and_returned(
    ana: Guest, client: Client, paypal: int
) -> None:
    paid = client.pay(ana.booking, "248.00").json
    cancel(ana.booking, fee=100_00)
    assert paid is not None
    body = "Amount=40.00&Reason=x"
    assert client.post(f"/apis/payments/{paid['PaymentId']}/refund", body).status_code == 200

    page = ana.look()

    assert (
        "You have paid €248.00 We have returned €40.00 We keep as cancellation fee €100.00 "
        "Still yours €108.00"
    ) in words(page)
    assert "We keep €108.00 for you, and will write to you about returning it." in words(page)
    assert "Refund of €40.00" in words(page)
    assert "<form" not in page.text


def test_a_cancelled_booking_without_money_has_nothing_to_say_of_any(ana: Guest) -> None:
    cancel(ana.booking)

    assert "You have nothing to pay here. Nothing was paid for it." in ana.reads()


def test_a_fee_that_is_open_is_not_asked_for_here(ana: Guest) -> None:
    cancel(ana.booking, fee=100_00)

    page = ana.look()

    assert "Of the cancellation fee €100.00 is not paid." in words(page)
    assert "<form" not in page.text
    assert "Due today" not in page.text


def test_an_abandoned_booking_leads_to_where_it_is_taken_up_again(
    http: FlaskClient, app: Flask
) -> None:
    booking = begun()
    path = path_to_pay(booking)
    abandon()

    page = http.get(path)

    assert "See whether the dates are free" in words(page)
    assert 'href="https://pay.example.com/guest/bookings/' in page.text


def test_a_held_booking_says_until_when(http: FlaskClient, app: Flask) -> None:
    make.method("Credit Card", paying="external", for_guests=True)
    page = http.get(path_to_pay(begun()))

    assert "The dates are held for you until" in words(page)


def test_a_booking_taken_up_again_goes_on_to_the_page_to_pay(http: FlaskClient, app: Flask) -> None:
    make.method("Credit Card", paying="external", for_guests=True)
    booking = begun()
    abandon()
    held = http.post(path_of(booking), follow_redirects=True).text

    link = held.partition('class="btn-primary" href="')[2].partition('"')[0]

    assert link.startswith("/pay/")
    assert "Pay €100.00" in words(http.get(link))


@pytest.mark.parametrize("what", ["methods", "gateway"])
def test_where_guests_cannot_pay_online_they_are_told_how_else(
    http: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if what == "gateway":
        monkeypatch.setitem(app.extensions, GATEWAYS, {})
    ana = guest(http, method=None if what == "methods" else "Credit Card")

    page = ana.look()
    set_all(Location, checkout_url="https://stay.example.com/pay/{booking}")
    onward = ana.look()

    assert "You cannot pay here online. Answer the e-mail that brought you here" in words(page)
    assert "€248.00" in words(page)
    assert "<form" not in page.text + onward.text
    assert f'href="https://stay.example.com/pay/{ana.booking}"' in onward.text
    assert ana.go().status_code == 422


def test_money_and_days_are_written_as_in_the_guests_country(http: FlaskClient) -> None:
    with time_machine.travel("2027-03-10 12:00:00+00:00", tick=False):
        ana = guest(http, locale="pt_PT")
        page = ana.look()

    assert "248,00 €" in words(page).replace("\xa0", " ")
    assert '<time datetime="2027-06-08" lang="pt-PT">8 de junho de 2027</time>' in page.text
    assert '<html lang="en">' in page.text


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("guest@example.com", "The receipt goes to g…@example.com as well."),
        (None, "Your payment has arrived, by Credit Card. Open"),
    ],
)
def test_an_address_is_shown_only_as_far_as_its_owner_knows_it(
    http: FlaskClient, email: str | None, told: str
) -> None:
    ana = guest(http, email=email)
    ana.choose("works")

    page = ana.look()

    assert told in words(page)
    assert "guest@example.com" not in page.text


def test_thanks_and_failures_are_not_told_for_ever(ana: Guest) -> None:
    ana.choose("no_funds")
    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert "No money was taken" not in ana.reads()
    ana.choose("works")
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        assert "Thank you, Maria" not in ana.reads()


def test_money_that_came_another_way_ends_the_talk_of_a_decline(
    ana: Guest, client: Client, paypal: int
) -> None:
    ana.choose("no_funds")
    client.pay(ana.booking, "100.00")

    assert "No money was taken" not in ana.reads()
    assert "Pay €148.00" in ana.reads()


@pytest.mark.parametrize(
    ("values", "told", "wait"),
    [
        (
            {"state": "unknown", "due_at": None},
            "We look after it ourselves and write to you.",
            "60",
        ),
        ({"asks": 2}, "Our payment provider is still working on it.", "5"),
        ({"expires_at": "past"}, "Our payment provider is still working on it.", "5"),
    ],
)
def test_nothing_is_offered_while_money_may_be_moving(
    ana: Guest, values: dict[str, Any], told: str, wait: str
) -> None:
    ana.go()
    if values.get("expires_at"):
        values = {"expires_at": clock.now() - timedelta(seconds=1)}
    set_all(CardIntent, **values)

    page = ana.look()

    assert told in words(page)
    assert "Do not pay again." in words(page)
    assert "<form" not in page.text
    assert page.headers["Refresh"] == wait


def charging(ana: Guest, client: Client, state: str) -> None:
    """Staff charge 248.00 to the card of a payment of 100.00."""
    ana.go()
    client.pay(ana.booking, "100.00")
    [payment] = make.rows_of(Payment, booking_id=ana.booking)
    values: dict[str, Any] = {"state": state} | ({"due_at": None} if state == "unknown" else {})
    set_all(CardIntent, kind="charge", of_payment_id=payment.id, expires_at=None, **values)


@pytest.mark.parametrize("state", ["open", "unknown"])
def test_a_charge_that_is_not_settled_is_told_by_how_much_is_known_of_it(
    ana: Guest, client: Client, paypal: int, state: str
) -> None:
    charging(ana, client, state)

    page = words(ana.look())

    assert ("We are charging €248.00 for this booking just now." in page) == (state == "open")
    assert ("could not tell us so far whether it has. Do not pay it now." in page) == (
        state == "unknown"
    )
    assert "Pay €" not in page


@pytest.mark.parametrize("state", ["open", "unknown"])
def test_a_charge_that_is_not_settled_holds_nobody_up_who_has_nothing_to_pay(
    ana: Guest, client: Client, paypal: int, state: str
) -> None:
    charging(ana, client, state)
    client.pay(ana.booking, "800.00")

    page = ana.look()

    assert "Everything is paid" in words(page)
    assert "charg" not in words(page)
    assert "Refresh" not in page.headers


def test_who_is_told_of_names_is_told_in_text_and_never_markup(ana: Guest) -> None:
    set_all(Location, name="<script>alert(1)</script>")

    assert "<script" not in ana.look().text


def test_what_the_guest_has_done_today_is_told_by_the_clock_and_earlier_by_the_day(
    ana: Guest,
) -> None:
    set_all(Location, time_zone="Atlantic/Azores")
    ana.choose("no_funds")
    tried = clock.now()

    assert re.search(r"Tried at \d\d:\d\d *: €248.00", ana.reads())
    with time_machine.travel(tried + timedelta(days=2)):
        assert re.search(r"Tried at \d+ \w+ \d{4}, .*Azores .*Time\)", ana.reads())


def test_what_is_due_today_is_told_without_its_date(ana: Guest) -> None:
    page = ana.reads()

    assert "Due by the end of today" in page
    assert "Due today, " not in page
