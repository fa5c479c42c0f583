"""Paying on the guest's page: once, whatever comes between."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Booking
from kit import clock
from kit.db import transaction
from outbox.models import Message
from payments.gateways.registry import gateways
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import LATER, WORKS
from payments.models import Payment, PaymentMethod
from payments.settling import settle_pending
from tests import make
from tests.checkout.given import PUBLIC_URL
from tests.checkout.guest import Guest, guest, intents, words
from tests.make import Client
from tests.meeting import at_once
from tests.payments.proofs import broken_chains, nothing_written, unchanged, wrong_books


@pytest.fixture
def ana(http: FlaskClient, app: Flask) -> Guest:
    """A guest with 248.00 due today and 652.00 in 30 days."""
    return guest(http)


def states() -> list[tuple[str, int]]:
    return [(row.state, row.amount) for row in make.rows_of(Payment)]


def books_are_right(taken: int) -> bool:
    return engine.taken("EUR").minor == taken and wrong_books() == broken_chains() == []


def signature(code: str) -> str:
    return gateways()["sandbox"].signature(code)  # type: ignore[attr-defined, no-any-return]


def test_a_guest_pays_what_is_due_and_is_thanked(ana: Guest) -> None:
    leads_to = ana.go()
    assert leads_to.status_code == 303
    assert urlsplit(leads_to.headers["Location"]).path.startswith("/sandbox/")

    back = ana.choose("works", leads_to)

    assert back.status_code == 303
    assert ana.opened_by(back.headers["Location"]) == ana.opened_by(ana.path) is not None
    assert states() == [("cleared", 24800)]
    assert make.row_of(Booking, ana.booking).paid == 24800
    page = ana.reads()
    for text in ("Thank you, Maria", "€248.00", "The receipt goes to g…@example.com",
                 "Open your receipt (PDF)", "Next", "Pay €652.00"):  # fmt: skip
        assert text in page
    assert books_are_right(24800)


def test_a_guest_pays_everything_at_once(ana: Guest) -> None:
    ana.choose("works", ana.go("all:90000"))

    assert states() == [("cleared", 90000)]
    assert "Everything is paid" in ana.reads()
    assert books_are_right(90000)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("no_funds", "There was not enough money on this card. No money was taken."),
        ("expired", "Your card has expired. No money was taken."),
        ("not_authenticated", "Your bank could not confirm that it was you. No money was taken."),
    ],
)
def test_a_declined_card_is_told_in_plain_words_and_the_next_try_pays(
    ana: Guest, card: str, reason: str
) -> None:
    ana.choose(card)
    page = ana.reads()
    assert reason in page
    assert "Try again: pay €248.00" in page
    assert "NOTAUTHED" not in page

    ana.choose("works")

    assert states() == [("failed", 24800), ("cleared", 24800)]
    assert "Try again" not in ana.reads()
    assert books_are_right(24800)


def test_who_leaves_the_providers_page_has_paid_nothing_and_may_try_again(ana: Guest) -> None:
    ana.choose("leave")

    page = ana.reads()
    assert "The payment of €248.00 was given up. No money was taken." in page
    assert "Pay €248.00" in page
    assert states() == []
    assert books_are_right(0)


def test_the_browser_that_comes_back_is_not_believed(ana: Guest) -> None:
    ana.go()
    back = ana.way_back()

    ana.http.get(f"{back}?status=OK&paid=true")

    assert states() == []
    assert "Thank you" not in ana.reads()


def test_a_head_request_asks_for_nothing(ana: Guest) -> None:
    ana.go()
    code = ana.last().code
    engine.pay(code, WORKS, "0006")

    with unchanged():
        for path in (ana.path, ana.way_back()):
            assert ana.http.head(path).status_code in (200, 303)
        ana.look()

    assert states() == []


def test_an_outcome_that_is_not_known_yet_is_waited_for_and_nothing_offered(ana: Guest) -> None:
    ana.choose("later")

    page = ana.look()
    assert "We do not know yet whether you have paid" in words(page)
    assert "Do not pay again" in words(page)
    assert "<form" not in page.text
    assert page.headers["Refresh"] == "5"
    assert "Refresh" not in ana.look("?still").headers
    refused = ana.go()
    assert refused.status_code == 303
    assert len(intents()) == 1

    with time_machine.travel(clock.now() + 2 * LATER):
        assert settle_pending() == 1

    assert "Thank you, Maria" in ana.reads()
    assert "Refresh" not in ana.look().headers
    assert books_are_right(24800)


def test_a_page_that_nobody_pays_on_is_over_in_time(ana: Guest) -> None:
    ana.go()

    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert settle_pending() == 1
        assert "Pay €248.00" in ana.reads()

    assert states() == []


def test_notice_and_return_may_come_in_any_order_and_often(ana: Guest) -> None:
    first = ana.go()
    code = ana.last().code
    sent = ana.http.post(first.headers["Location"], data={"card": "works"})
    notice = {"code": code, "signature": signature(code)}

    answers = [ana.tell(**notice) for _ in range(3)]
    ana.http.get(sent.headers["Location"].removeprefix(PUBLIC_URL))
    answers.append(ana.tell(**notice))

    assert [(each.status_code, each.text) for each in answers] == [(200, "OK")] * 4
    assert states() == [("cleared", 24800)]
    assert len(make.rows_of(Message, kind="email.payment_received")) == 1
    assert books_are_right(24800)


def test_a_return_that_comes_twice_is_paid_once(ana: Guest) -> None:
    ana.choose("works")
    for _ in range(2):
        ana.http.get(ana.way_back())

    assert states() == [("cleared", 24800)]
    assert books_are_right(24800)


def test_when_neither_notice_nor_return_comes_the_worker_asks(ana: Guest) -> None:
    opened = ana.go()
    ana.http.post(opened.headers["Location"], data={"card": "works"})

    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert settle_pending() == 1

    assert states() == [("cleared", 24800)]
    assert books_are_right(24800)


@pytest.mark.parametrize("form", [{"signature": "0" * 64}, {"signature": ""}, {}])
def test_a_forged_notice_moves_nothing_and_learns_nothing(ana: Guest, form: dict[str, str]) -> None:
    ana.go()
    code = ana.last().code
    engine.pay(code, WORKS, "0006")

    with unchanged():
        forged = ana.tell(code=code, **form)
        unknown = ana.tell(code="BPNOBODY", **form)
        elsewhere = ana.http.post("/pay/notices/nobody", data={"code": code})

    assert [each.status_code for each in (forged, unknown, elsewhere)] == [404] * 3
    assert forged.text == unknown.text == elsewhere.text


def test_a_second_tab_leads_to_the_same_page_and_is_paid_once(ana: Guest) -> None:
    first = ana.go()

    page = ana.reads()
    second = ana.go()

    assert "You have begun to pay €248.00, perhaps in another tab." in page
    assert "Go on to pay €248.00" in page
    assert second.headers["Location"] == first.headers["Location"]
    ana.choose("works", first)
    ana.choose("works", second)
    assert states() == [("cleared", 24800)]
    assert books_are_right(24800)


def test_another_amount_in_a_second_tab_closes_the_page_of_the_first(ana: Guest) -> None:
    first = ana.go()
    second = ana.go("all:90000")

    ana.choose("works", first)
    assert states() == []
    ana.choose("works", second)

    assert states() == [("cleared", 90000)]
    assert books_are_right(90000)


def test_what_is_being_paid_in_one_tab_is_not_paid_in_another(ana: Guest) -> None:
    ana.choose("later")

    refused = ana.go("all:90000")

    assert (refused.status_code, refused.headers["Location"]) == (303, ana.path)
    assert len(intents()) == 1
    assert "Do not pay again" in ana.reads()


@pytest.mark.long
@pytest.mark.parametrize("many", [2, 5])
def test_a_double_click_is_one_payment(app: Flask, ana: Guest, many: int) -> None:
    form = {"what": "next:24800", "method": str(ana.method)}

    answers = at_once([lambda: app.test_client().post(ana.path, data=form) for _ in range(many)])

    places = {each.headers["Location"] for each in answers}
    assert [each.status_code for each in answers] == [303] * many
    assert len(intents()) == 1
    assert len(places) == 1
    ana.choose("works", answers[0])
    assert books_are_right(24800)


@pytest.mark.long
@pytest.mark.parametrize(
    "what", ["next:1", "all:24800", "next:90000", "next:-24800", "next:x", "next", "", "next:٣"]
)
def test_an_amount_changed_in_the_form_is_refused_and_the_right_one_shown(
    ana: Guest, what: str
) -> None:
    with nothing_written():
        refused = ana.go(what)

    assert refused.status_code == 409
    page = words(refused)
    assert "What is to pay has changed meanwhile. Nothing was charged." in page
    assert "Pay €248.00" in page


def test_an_amount_that_changed_meanwhile_is_shown_anew(ana: Guest, client: Client) -> None:
    make.method("PayPal")
    client.pay(ana.booking, "100.00")

    refused = ana.go()

    assert refused.status_code == 409
    assert "Pay €148.00" in words(refused)
    assert ana.go("next:14800").status_code == 303


@pytest.mark.parametrize("method", ["0", "999999", "-1", "x", "", "9" * 30])
def test_a_method_that_is_not_offered_is_refused(ana: Guest, method: str) -> None:
    with nothing_written():
        refused = ana.go(method=method)

    assert refused.status_code == 422
    assert "This way to pay is not offered any more. Nothing was charged." in words(refused)
    assert "Pay €248.00" in words(refused)


def test_a_method_switched_off_meanwhile_is_refused(ana: Guest) -> None:
    other = make.method("Other", paying="external", for_guests=True)
    with transaction() as connection:
        mine = update(PaymentMethod).where(PaymentMethod.id == ana.method)
        connection.execute(mine.values(for_guests=False))

    assert ana.go().status_code == 422
    assert ana.go(method=other).status_code == 303


def test_what_is_paid_already_is_not_paid_again(ana: Guest, client: Client) -> None:
    make.method("PayPal")
    client.pay(ana.booking, "900.00")

    refused = ana.go()

    assert refused.status_code == 409
    assert "There is nothing to pay any more. Nothing was charged just now." in words(refused)
    assert "Everything is paid" in words(refused)


def test_a_cancelled_booking_is_not_paid_for(ana: Guest) -> None:
    with transaction() as connection:
        cancel_booking(connection, CancelBooking(booking_id=ana.booking, fee=0), SYSTEM)

    refused = ana.go()

    assert refused.status_code == 409
    assert "This booking is cancelled" in words(refused)


def test_money_for_a_booking_cancelled_meanwhile_is_kept_and_told(ana: Guest) -> None:
    opened = ana.go()
    with transaction() as connection:
        cancel_booking(connection, CancelBooking(booking_id=ana.booking, fee=0), SYSTEM)

    ana.choose("works", opened)

    page = ana.reads()
    assert "This booking is cancelled" in page
    assert "We keep €248.00 for you, and will write to you about returning it." in page
    assert books_are_right(24800)
