"""Guests' links: nobody can make one, none lasts, and none is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from bookings.models import Booking
from kit import clock
from kit.db import reading
from outbox.models import Message
from payments.gateways.registry import GATEWAYS
from payments.links import DAYS, booking_of, guest_link, link_to_resume, pays_online
from tests import make
from tests.checkout import given


@pytest.fixture(autouse=True)
def _reached_from_outside(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", given.PUBLIC_URL)


def token() -> str:
    """Of a link to take booking 1207 up again, which is made when it is not there."""
    if not make.rows_of(Booking, id=1207):
        make.booking(id=1207)
    link = link_to_resume(1207)
    assert link is not None
    return link.rpartition("/")[2]


def test_a_link_leads_to_the_public_address_and_names_its_booking(app: Flask) -> None:
    made = token()

    assert link_to_resume(1207) == f"https://pay.example.com/guest/bookings/{made}"
    assert booking_of(made) == 1207
    assert link_to_resume(999) is None


def test_a_public_address_may_end_in_a_slash(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://example.com/")

    assert str(link_to_resume(make.booking())).startswith("https://example.com/guest/bookings/")


def test_without_a_public_address_there_is_no_link(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", None)

    assert link_to_resume(1207) is None


def test_a_link_works_for_two_weeks(app: Flask) -> None:
    made, now = token(), clock.now()

    with time_machine.travel(now + timedelta(days=DAYS, minutes=-1)):
        assert booking_of(made) == 1207
    with time_machine.travel(now + timedelta(days=DAYS, minutes=1)):
        assert booking_of(made) is None


def test_a_link_that_was_changed_anywhere_is_none(app: Flask) -> None:
    made = token()

    for place, letter in enumerate(made[:-1]):  # the last letter holds bits that say nothing
        other = "A" if letter != "A" else "B"
        assert booking_of(made[:place] + other + made[place + 1 :]) is None


@pytest.mark.parametrize("wrong", ["", ".", "a.b.c", "1207", "x" * 10_000, "ä.ö.ü", "\0"])
def test_what_is_no_link_is_none(app: Flask, wrong: str) -> None:
    assert booking_of(wrong) is None


@pytest.mark.long
def test_another_installations_link_is_none(make_app: Callable[..., Flask], app: Flask) -> None:
    other = make_app(SECRET_KEY="the key of somebody else, as long as ours", PUBLIC_URL="http://x")
    with other.app_context():
        theirs = token()

    assert booking_of(theirs) is None


def test_a_link_is_stored_nowhere(app: Flask) -> None:
    booking = given.begun()
    given.abandon()

    [mail] = make.rows_of(Message)
    assert mail.booking_id == booking
    assert "guest/" not in json.dumps(mail.context)


def test_a_link_in_a_mail_says_until_when_it_works(app: Flask) -> None:
    booking = make.booking()
    arrives = make.row_of(Booking, booking).arrives_on

    found = guest_link(booking)

    assert found is not None
    assert found.url.startswith(f"{given.PUBLIC_URL}/pay/")
    assert found.until == arrives
    assert not found.pays_online
    assert guest_link(999) is None


def test_a_mail_has_no_link_when_nobody_knows_where_guests_reach_us(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = make.booking()
    monkeypatch.setitem(app.config, "PUBLIC_URL", None)

    assert guest_link(booking) is None


@pytest.mark.parametrize(
    ("offered", "active", "gateway", "pays"),
    [(True, True, True, True), (False, True, True, False), (True, False, True, False),
     (True, True, False, False)],
)  # fmt: skip
def test_guests_pay_online_with_a_method_for_them_and_a_providers_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch, offered: bool, active: bool, gateway: bool,
    pays: bool,
) -> None:  # fmt: skip
    booking = make.booking()
    make.method("Credit Card", paying="external", for_guests=offered, active=active)
    if not gateway:
        monkeypatch.setitem(app.extensions, GATEWAYS, {})

    with reading() as session:
        assert pays_online(session.connection(), 1) is pays
    link = guest_link(booking)
    assert link is not None
    assert link.pays_online is pays
