"""Guests' links: nobody can make one, none lasts, and none is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from checkout.links import DAYS, booking_of, link_to_resume
from kit import clock
from outbox.models import Message
from tests import make
from tests.checkout import given


def token() -> str:
    link = link_to_resume(1207)
    assert link is not None
    return link.rpartition("/")[2]


def test_a_link_leads_to_the_public_address_and_names_its_booking(app: Flask) -> None:
    assert link_to_resume(1207) == f"https://pay.example.com/guest/bookings/{token()}"
    assert booking_of(token()) == 1207


def test_a_public_address_may_end_in_a_slash(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://example.com/")

    assert str(link_to_resume(1)).startswith("https://example.com/guest/bookings/")


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
