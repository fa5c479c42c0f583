"""Paying on the guest's page: who is in the way, whose it is, and what the provider is told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from audit.models import LogEntry
from bookings.models import Contact
from kit import clock
from kit.db import transaction
from payments.errors import BookingBusy
from payments.gateways.gateway import Outcome, Visit
from payments.gateways.registry import GATEWAYS, gateways
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import WORKS
from payments.models import Payment
from tests import make
from tests.checkout.given import PUBLIC_URL
from tests.checkout.guest import Guest, guest, intents, words
from tests.payments.proofs import broken_chains, unchanged, wrong_books


@pytest.fixture
def ana(http: FlaskClient, app: Flask) -> Guest:
    """A guest with 248.00 due today and 652.00 in 30 days."""
    return guest(http)


def books_are_right(taken: int) -> bool:
    return engine.taken("EUR").minor == taken and wrong_books() == broken_chains() == []


def test_a_booking_that_others_hold_is_tried_again_later(
    ana: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise BookingBusy

    monkeypatch.setattr("checkout.paying.settling.open_page", busy)

    refused = ana.go()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert "Somebody else is changing this booking just now." in words(refused)
    assert "Pay €248.00" in words(refused)


def test_a_return_while_others_hold_the_booking_says_nothing_of_money(
    ana: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise BookingBusy

    ana.go()
    monkeypatch.setattr("checkout.paying.settling.settle", busy)

    answer = ana.http.get(ana.way_back())

    assert answer.status_code == 503
    assert "charged" not in answer.text


def test_a_provider_that_gives_no_page_is_told_and_may_be_tried_again(
    http: FlaskClient, app: Flask
) -> None:
    ana = guest(http, ["100.10"])  # the sandbox never hears of it

    answer = ana.go("next:10010")

    assert (answer.status_code, answer.headers["Location"]) == (303, ana.path)
    page = ana.reads()
    assert "The page of our payment provider could not be opened. No money was taken." in page
    assert "Pay €100.10" in page
    assert books_are_right(0)


def test_who_tries_very_often_has_to_wait(ana: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkout.paying.MOST_TRIES", 2)
    ana.choose("no_funds")
    ana.choose("no_funds")

    refused = ana.go()

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "There were too many tries to pay within an hour." in words(refused)
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert ana.go().status_code == 303


def test_declines_use_up_tries_and_other_amounts_do_not(
    ana: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout.paying.MOST_TRIES", 2)

    for what in ("next:24800", "all:90000", "next:24800"):
        ana.choose("leave", ana.go(what))
    again = ana.go()

    assert (again.status_code, ana.last().state) == (303, "open")


def test_a_page_that_is_open_stays_open_whatever_was_declined_before(
    ana: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.choose("no_funds")
    ana.choose("no_funds")
    opened = ana.go()
    monkeypatch.setattr("checkout.paying.MOST_TRIES", 2)

    again = ana.go()

    assert (again.status_code, again.headers["Location"]) == (303, opened.headers["Location"])


def test_nobody_has_pages_opened_without_end(ana: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkout.paying.MOST_PAGES", 2)

    statuses = [ana.go(what).status_code for what in ("next:24800", "all:90000", "next:24800")]

    assert statuses == [303, 303, 429]


def test_another_bookings_payment_is_not_asked_for(http: FlaskClient, ana: Guest) -> None:
    other = guest(http, method=None)
    ana.go()
    engine.pay(ana.last().code, WORKS, "0006")

    with unchanged():
        wrong = http.get(other.way_back(ana.last().code))
        nobodys = http.get(other.way_back("BPNOBODY"))

    assert (wrong.status_code, nobodys.status_code) == (404, 404)


def test_the_provider_is_given_addresses_that_the_world_reaches(
    ana: Guest, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.go()
    told = engine.look(ana.last().code)
    ana.choose("leave")
    monkeypatch.setitem(app.config, "PUBLIC_URL", None)
    ana.go()
    here = engine.look(ana.last().code)

    assert told is not None
    assert here is not None
    assert re.fullmatch(rf"{PUBLIC_URL}/pay/[^/]+/back/{told.code}", told.back_url or "")
    assert told.notice_url == f"{PUBLIC_URL}/pay/notices/sandbox"
    assert re.fullmatch(rf"/pay/[^/]+/back/{here.code}", here.back_url or "")
    assert here.notice_url == "/pay/notices/sandbox"


def test_the_event_log_says_that_it_was_the_link_and_nothing_of_the_guest(ana: Guest) -> None:
    ana.choose("works")

    entry = make.rows_of(LogEntry, chain=ana.booking)[-1]
    assert entry.actor_kind == "system"
    assert '"name":"guest link"' in entry.body
    assert "Maria" not in entry.body


def test_a_page_that_cannot_be_closed_makes_way_when_its_provider_waits_for_our_yes(
    ana: Guest, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = gateways()["sandbox"]

    class Waits:
        waits_for_us = True

        def __getattr__(self, name: str) -> object:
            return getattr(sandbox, name)

        def give_up(self, _: str) -> Outcome:
            return Outcome("pending")

    monkeypatch.setitem(app.extensions, GATEWAYS, {"sandbox": Waits()})
    ana.go()

    other = ana.go("all:90000")

    assert "/sandbox/" in other.headers["Location"]
    assert [row.state for row in intents()] == ["cancelled", "open"]


def test_a_provider_that_has_to_know_more_of_the_guest_is_not_offered(
    ana: Guest, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = gateways()["sandbox"]

    class AsksForCity:
        def __getattr__(self, name: str) -> object:
            return getattr(sandbox, name)

        def lacks(self, visit: Visit) -> tuple[str, ...]:
            return () if visit.city else ("City",)

        def start(self, *_: object) -> Outcome:
            return Outcome("cancelled")

    monkeypatch.setitem(app.extensions, GATEWAYS, {"sandbox": AsksForCity()})
    before = ana.reads()
    tried = ana.go()  # by a page that was open before

    assert "You cannot pay here online. Answer the e-mail" in before
    assert "<form" not in ana.look().text
    assert tried.headers["Location"].endswith(ana.path)
    assert ana.reads() == before
    assert make.rows_of(Payment) == []
    with transaction() as connection:
        connection.execute(update(Contact).values(city="Ponta Delgada"))
    assert "Pay €248.00" in ana.reads()
