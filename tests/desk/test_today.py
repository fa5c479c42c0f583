"""Today: what needs a person, at the locations that the person reaches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from bookings.models import Booking
from payments.models import Payment
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.desk.todays import (
    CARDS,
    NOON,
    booked,
    change,
    failed,
    figures,
    message,
    rows,
    statements,
)
from tests.make import Client, Due
from tests.payments.moving import last_entry, move, paid


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    make.method("PayPal")


# --- the page -----------------------------------------------------------------------------------


def test_the_desk_begins_with_today(app: Flask, manager: Desk) -> None:
    assert app.test_client().get("/").headers["Location"] == "/desk/"

    page = manager.get("/desk/")

    assert page.status == 200
    assert "Fri 20 Nov 2026. Nothing needs a person." in page.text
    assert page.all(".dk-cols .dk-stack:first-child h2") == CARDS


def test_cards_with_work_come_first_and_empty_ones_say_what_is_well(
    client: Client, manager: Desk
) -> None:
    make.booking([Due("40.00", due_in=-1)])

    page = manager.get("/desk/")

    heads = page.all(".dk-cols .dk-stack:first-child h2")
    assert heads == ["Overdue", *[each for each in CARDS if each != "Overdue"]]
    assert len(page.all(".dk-stack:first-child .dk-empty")) == 6
    assert "1 thing needs a person." in page.text
    assert page.all("nav.dk-side > a[aria-current] .dk-count") == ["1"]


@pytest.mark.long
def test_the_page_asks_four_things_of_the_database(client: Client, manager: Desk) -> None:
    for _ in range(12):
        failed(client, make.booking([Due("40.00", due_in=-1)]), "10")
    manager.get("/desk/")

    with statements() as asked:
        page = manager.get("/desk/")

    assert len(asked) == 4
    assert [len(rows(page, card)) for card in CARDS[1:3]] == [10, 10]
    assert page.all("main .dk-more a") == ["Show all: Failed payments", "Show all: Overdue"]


@pytest.mark.long
def test_everything_is_of_locations_that_the_person_reaches(
    client: Client, desk_of: DeskOf
) -> None:
    here = make.booking([Due("40.00", due_in=-1)])
    there = make.booking([Due("40.00", due_in=-1), "7.00"], location_id=2)
    paid(Client.of_new_partner(client.app, locations=[2]), there, "3.00")
    failed(client, here)
    message(there)
    message(None)

    page = desk_of("manager", locations=[2]).get("/desk/")

    assert booked(page, "Overdue") == [there]
    assert rows(page, "Failed payments") == []
    assert len(rows(page, "Undelivered messages")) == 1
    assert figures(page)["Overdue"].startswith("37.00 EUR")
    assert page.all("nav.dk-side > a[aria-current] .dk-count") == ["2"]
    assert page.all(".dk-top .dk-where") == ["Location 2"]
    links = [each.get("href") for each in page.root.cssselect("main a[href]")]
    assert f"/desk/bookings/{there}" in links
    assert f"/desk/bookings/{here}" not in links


def test_an_operator_sees_no_button_for_what_only_others_may(
    client: Client, operator: Desk
) -> None:
    booking = make.booking()
    message(booking)

    page = operator.get("/desk/")

    assert page.all(".dk-att button, .dk-att a.btn") == []
    assert "Event log" not in page.all("aside a")


# --- failed payments ----------------------------------------------------------------------------


def test_a_failed_attempt_shows_once_a_booking_with_the_last_of_its_reasons(
    client: Client, manager: Desk
) -> None:
    booking = make.booking()
    failed(client, booking, "30")
    failed(client, booking, "50")

    page = manager.get("/desk/")

    [row] = rows(page, "Failed payments")
    assert row.startswith(f"{booking} Maria Silva Property 1. PayPal through Partner")
    assert "12:00 today: Card declined" in row
    assert "50.00 EUR" in row
    [link] = page.root.cssselect(".dk-att a.btn")
    assert link.get("href") == f"/desk/bookings/{booking}/record?amount=50.00"


@pytest.mark.parametrize("status", [0, 1, 2])
def test_an_attempt_goes_when_anything_was_accepted_after_it(
    client: Client, manager: Desk, status: int
) -> None:
    booking = make.booking()
    failed(client, booking)
    paid(client, booking, "10", Status=status)

    assert rows(manager.get("/desk/"), "Failed payments") == []


def test_an_attempt_after_the_last_payment_shows_as_long_as_something_is_open(
    client: Client, manager: Desk
) -> None:
    open_still, settled = make.booking(), make.booking()
    for booking in (open_still, settled):
        paid(client, booking, "60")
        failed(client, booking, "40")
    change(Booking, settled, paid=10000)

    assert booked(manager.get("/desk/"), "Failed payments") == [open_still]


def test_money_that_was_paid_back_after_an_attempt_leaves_it_where_it_is(
    client: Client, manager: Desk
) -> None:
    booking = make.booking()
    payment = paid(client, booking, "60")
    failed(client, booking, "40")
    move(client, payment, "refund", "Amount=4")

    assert booked(manager.get("/desk/"), "Failed payments") == [booking]


def test_an_attempt_on_a_cancelled_booking_needs_nobody(client: Client, manager: Desk) -> None:
    booking = make.booking()
    failed(client, booking)
    change(Booking, booking, status="cancelled")

    assert rows(manager.get("/desk/"), "Failed payments") == []


@pytest.mark.long
def test_an_attempt_is_put_aside_and_taken_up_again(client: Client, operator: Desk) -> None:
    booking = make.booking()
    failed(client, booking, "30")
    payment = failed(client, booking)
    form = operator.get("/desk/").form("/dismiss")

    answer = operator.post(f"/desk/payments/{payment}/dismiss", form)
    page = operator.get("/desk/")

    assert (answer.status, answer.leads_to) == (303, "/desk/")
    assert rows(page, "Failed payments") == []
    assert "The failed attempt was put aside. No money was moved." in page.text
    [undo] = [each.get("action") for each in page.root.cssselect("#said form")]
    assert operator.post(undo).leads_to == "/desk/"
    assert booked(operator.get("/desk/"), "Failed payments") == [booking]
    assert last_entry(booking)["action"] == "payment.undismissed"


def test_a_new_attempt_shows_though_the_one_before_was_put_aside(
    client: Client, operator: Desk
) -> None:
    booking = make.booking()
    operator.post(f"/desk/payments/{failed(client, booking)}/dismiss")

    failed(client, booking)

    assert booked(operator.get("/desk/"), "Failed payments") == [booking]


def test_only_a_failed_attempt_within_reach_is_put_aside(client: Client, desk_of: DeskOf) -> None:
    good = paid(client, make.booking(), "10")
    elsewhere = failed(client, make.booking())
    here, there = desk_of("operator"), desk_of("operator", locations=[make.location(2)])

    refused = here.post(f"/desk/payments/{good}/dismiss")
    hidden = [there.post(f"/desk/payments/{elsewhere}/{what}") for what in ("dismiss", "undismiss")]

    assert refused.status == 422
    assert f"Payment {good} is cleared; only a failed attempt can be put aside." in refused.text
    assert [answer.status for answer in hidden] == [404, 404]
    assert make.row_of(Payment, elsewhere).dismissed_at is None
