"""Website bookings whose guests are paying just now are not given up; those that were left are."""

from __future__ import annotations

import pytest
from flask import Flask

from bookings import abandoning
from bookings.abandoning import cancel_abandoned
from bookings.models import Booking
from payments import settling
from payments.gateways.sandbox.behaviour import BY_LAST_DIGITS
from tests import make
from tests.payments import cards

IN_PROGRESS = 12


@pytest.fixture
def method(app: Flask, own_gateways: None) -> int:
    cards.hurry(app)
    return cards.method()


def test_the_worker_waits_for_the_guest_who_is_paying_and_no_longer(
    app: Flask, method: int
) -> None:
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    left, paying = (make.booking(status="provisional", tags=[IN_PROGRESS]) for _ in range(2))
    pages = [cards.open_page(each, method, 10000, app=app) for each in (left, paying)]
    with cards.later(minutes=29):
        again = cards.open_page(paying, method, 10000, app=app)
    with cards.later(minutes=29, seconds=59):
        assert cancel_abandoned() == 0
    cards.pay(again)

    with cards.later(minutes=31):
        waited = cancel_abandoned()
        settling.settle_pending()
        ended = cancel_abandoned()

    assert (waited, ended) == (0, 1)
    assert [make.row_of(Booking, each).status for each in (left, paying)] == [
        "cancelled", "booking",
    ]  # fmt: skip
    assert pages[1].intent.code == again.intent.code
    assert cards.wrong() == []


def test_after_a_decline_the_guest_has_time_to_try_again(app: Flask, method: int) -> None:
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    booking = make.booking(status="provisional", tags=[IN_PROGRESS])
    opened = cards.open_page(booking, method, 10000, app=app)
    with cards.later(minutes=28):
        cards.pay(opened, BY_LAST_DIGITS[1])
        settling.settle(opened.intent.code)
    with cards.later(minutes=57):
        assert cancel_abandoned() == 0
    with cards.later(minutes=59):
        assert cancel_abandoned() == 1


def test_guests_who_are_paying_keep_no_place_in_the_worker_s_batch(
    app: Flask, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abandoning, "BATCH", 1)
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    paying, left = (make.booking(status="provisional", tags=[IN_PROGRESS]) for _ in range(2))
    cards.open_page(paying, method, 10000, app=app)

    with cards.later(minutes=31):
        assert cancel_abandoned() == 1

    assert make.row_of(Booking, left).status == "cancelled"
