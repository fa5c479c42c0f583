"""POST /apis/booking: the payment that comes along, the log, the same call twice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bookings.models import (
    Booking,
    Night,
)
from kit.db import transaction
from kit.vault import vault
from outbox.models import Message
from payments.models import CardOnFile, Payment
from tests import make
from tests.bookings.given import (
    ARRIVES,
    CREATE,
    NIGHTS,
    Sums,
    asked,
    book,
    day,
    home,
    log,
    nights,
    span,
    stay,
    sums,
    told,
)
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

STAGE_1, TOTAL = 27000, 79500


# --- the payment that comes along -----------------------------------------------------------------


def test_a_deposit_that_comes_along_makes_it_a_booking(agency: Client) -> None:
    make.method()

    booking = book(agency, stay(home()), PaidAmount="270.00", PaymentMethod="PayPal")

    assert sums(booking) == Sums("booking", TOTAL, STAGE_1, 0)
    [payment] = make.rows_of(Payment)
    assert (payment.state, payment.amount, payment.source) == ("cleared", 27000, "ipro")
    assert [x.kind for x in make.rows_of(Message)] == ["email.payment_received"]


def test_less_than_the_deposit_leaves_it_provisional(agency: Client) -> None:
    make.method()

    booking = book(agency, stay(home()), PaidAmount="269.99", PaymentMethod="PayPal")

    assert sums(booking) == Sums("provisional", TOTAL, STAGE_1 - 1, 0)


def test_all_of_it_may_come_along_and_more(agency: Client) -> None:
    make.method()

    booking = book(agency, stay(home()), PaidAmount="800", PaymentMethod="PayPal")

    assert sums(booking) == Sums("booking", TOTAL, TOTAL, 500)


def test_a_promise_that_comes_along_makes_it_a_booking_too(agency: Client) -> None:
    make.method()

    booking = book(
        agency, stay(home()), PaidAmount="270", PaymentMethod="PayPal", IsDeferredPayment="True"
    )

    assert sums(booking) == Sums("booking", TOTAL, 0, 0)
    assert [payment.state for payment in make.rows_of(Payment)] == ["deferred"]


def test_no_mail_is_sent_when_none_is_wished_for(agency: Client) -> None:
    make.method()

    book(agency, stay(home()), PaidAmount="1", PaymentMethod="PayPal", SendEmail="False")

    assert make.rows_of(Message) == []


def test_a_token_that_comes_along_is_kept_encrypted_with_the_payment(agency: Client) -> None:
    make.method()

    book(
        agency,
        stay(home()),
        PaidAmount="270",
        PaymentMethod="PayPal",
        PaymentToken="tok_secret_404e",
        CardPartialNumbers="1111",
        CardType="VISA",
        Reference="order-1",
    )

    [card] = make.rows_of(CardOnFile)
    assert "tok_secret" not in card.sealed
    assert vault().open(card.sealed) == '{"PaymentToken":"tok_secret_404e"}'
    assert (card.masks["PaymentToken"], card.last_digits, card.card_type) == (
        "****404e",
        "1111",
        "VISA",
    )
    assert [payment.reference for payment in make.rows_of(Payment)] == ["order-1"]


def test_no_amount_is_no_payment_whatever_else_is_said_of_one(agency: Client) -> None:
    booking = book(
        agency, stay(home()), PaidAmount="0.00", PaymentMethod="Nobody", IsDeferredPayment="True"
    )

    assert make.rows_of(Payment) == []
    assert sums(booking).status == "provisional"


@pytest.mark.parametrize(
    ("method", "fields", "refused"),
    [
        ({}, {"PaymentMethod": "Bitcoin"}, (400, [("PaymentMethod", "payment_method_unknown")])),
        ({}, {"PaidAmount": "1.001"}, (400, [("PaidAmount", "too_many_decimals")])),
        ({"paying": "on_site"}, {}, (422, [("PaymentMethod", "method_on_site_only")])),
        ({"overpayment": "refuse"}, {"PaidAmount": "9999"}, (422, [("PaidAmount", "overpaid")])),
    ],
)
def test_a_payment_that_is_refused_takes_the_booking_back(
    agency: Client, method: dict[str, Any], fields: dict[str, Any], refused: Any
) -> None:
    make.method(**method)
    place = home()
    given = {"PaidAmount": "270", "PaymentMethod": "PayPal"} | fields

    with nothing_written():
        answer = agency.post(CREATE, asked(stay(place), **given))

    assert refusal(answer) == refused
    # Neither nights nor a name are held by what was not booked.
    assert nights(book(agency, stay(place))) == span(place)


# --- the event log ----------------------------------------------------------------------------


def test_the_log_says_what_was_booked_and_not_by_whom(agency: Client) -> None:
    make.tag(2, "VIP")
    place = home()

    guest: dict[str, Any] = {"Guests[0].Name": "Zacarias", "Guests[0].Passport": "XP123456"}

    booking = book(
        agency,
        stay(place, **guest),
        BookingTagIds="2",
        GuestNotes="allergic",
    )

    [entry] = log(booking)
    assert (entry.action, entry.severity, entry.actor_kind, entry.actor_id) == (
        "booking.created",
        "low",
        "partner",
        agency.partner_id,
    )
    body = told(entry)
    assert body["entry"]["about"] == {"booking": booking, "location": 1}
    assert body["entry"]["before"] == {}
    assert body["entry"]["after"] == {
        "status": "provisional",
        "total": TOTAL,
        "currency": "EUR",
        "stays": [[place, str(day(ARRIVES)), str(day(ARRIVES + NIGHTS))]],
        "tags_added": [2],
    }


def test_the_same_key_books_once(agency: Client) -> None:
    body = asked(stay(home()))

    first = agency.post(CREATE, body, Idempotency_Key="a")
    again = agency.post(CREATE, body, Idempotency_Key="a")

    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(make.rows_of(Booking)) == 1


def test_a_dry_run_books_nothing_and_shows_what_would_be(agency: Client) -> None:
    body = asked(stay(home()))

    with nothing_written():
        answer = agency.post(CREATE, body, Prefer="dry-run")

    assert answer.json["DryRun"] is True
    assert answer.json["Bookings"][0]["RenterTotal"] == 795.00
    with transaction() as connection:
        assert connection.scalars(select(Night.night)).all() == []
