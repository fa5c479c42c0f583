"""The other cards of Today, its figures, and what stands beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

import pytest
import time_machine

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Booking, ScheduleLine
from kit import clock
from kit.db import in_transaction
from outbox.models import REPLACED
from payments.models import Payment
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.desk.todays import (
    NOON,
    booked,
    change,
    failed,
    figures,
    message,
    rows,
)
from tests.make import Client, Due
from tests.payments.moving import move, paid


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    make.method("PayPal")


# --- overdue lines ------------------------------------------------------------------------------


@pytest.mark.long
def test_a_line_is_overdue_from_the_day_after_with_what_is_open_of_it(
    client: Client, manager: Desk
) -> None:
    late = make.booking([Due("40.00", due_in=-10, name="Rental Balance")])
    paid(client, late, "15")
    make.booking([Due("10.00", due_in=0), Due("20.00", due_in=1)])
    settled = make.booking([Due("5.00", due_in=-3)])
    paid(client, settled, "5")
    gone = make.booking([Due("6.00", due_in=-3)])
    change(Booking, gone, status="cancelled")

    page = manager.get("/desk/")

    [row] = rows(page, "Overdue")
    assert row.startswith(f"{late} Maria Silva Rental Balance, due 10 Nov 2026, 10 days late.")
    assert "Arrival in 90 days." in row
    assert "25.00 EUR" in row
    assert figures(page)["Overdue"] == "25.00 EUR 1 line, 10 days late"
    assert figures(page)["Due today"] == "10.00 EUR 1 line"


@pytest.mark.long
def test_late_lines_of_one_booking_are_one_thing(client: Client, manager: Desk) -> None:
    make.booking([Due("40.00", due_in=-10), Due("10.00", due_in=-4), Due("9.00", due_in=3)])

    page = manager.get("/desk/")

    [row] = rows(page, "Overdue")
    assert "2 lines, due since 10 Nov 2026, 10 days late." in row
    assert "50.00 EUR" in row
    assert figures(page)["Overdue"] == "50.00 EUR 2 lines, up to 10 days late"
    assert "1 thing needs a person." in page.text


def test_what_is_promised_is_not_overdue(client: Client, manager: Desk) -> None:
    """The promise is taken off what is due first; what is under way is promised, too."""
    dues = [Due("40.00", due_in=-10, name="First"), Due("10.00", due_in=-4, name="Second"),
            Due("5.00", due_in=0), Due("90.00", due_in=9)]  # fmt: skip
    for amount, status in (("50", 2), ("52", 1), ("300", 2)):
        paid(client, make.booking(dues), amount, Status=status)
    part = make.booking(dues)
    paid(client, part, "43", Status=2)

    page = manager.get("/desk/")

    [row] = rows(page, "Overdue")
    assert row.startswith(f"{part} Maria Silva Second, due 16 Nov 2026, 4 days late.")
    assert "7.00 EUR" in row
    assert figures(page)["Overdue"] == "7.00 EUR 1 line, 4 days late"
    assert figures(page)["Due today"] == "13.00 EUR 3 lines"
    assert "1 thing needs a person." in page.text
    assert set(page.all("nav a[aria-current] .dk-count")) == {"1"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("zone", "due", "shown"),
    [
        ("Pacific/Auckland", date(2026, 11, 20), "Overdue"),  # it is the 21st there
        ("Pacific/Auckland", date(2026, 11, 21), "Due today"),
        ("Europe/Lisbon", date(2026, 11, 20), "Due today"),
        ("Pacific/Pago_Pago", date(2026, 11, 19), "Overdue"),
        ("Pacific/Pago_Pago", date(2026, 11, 20), "Due today"),
    ],
)
def test_a_day_passes_when_it_does_at_the_location(
    client: Client, manager: Desk, zone: str, due: date, shown: str
) -> None:
    make.location(2, time_zone=zone)
    booking = make.booking(["40.00"], location_id=2)
    change(ScheduleLine, make.lines_of(booking)[0].id, due_on=due)

    page = manager.get("/desk/")

    assert figures(page)[shown].startswith("40.00 EUR")
    assert booked(page, "Overdue") == ([booking] if shown == "Overdue" else [])


# --- promises, credit, deposits -----------------------------------------------------------------


@pytest.mark.long
def test_a_promise_shows_the_day_after_its_date(
    client: Client, manager: Desk, desk_of: DeskOf
) -> None:
    booking = make.booking()
    payment = paid(client, booking, "30", Status=2, PaymentDate="2026-11-20")
    still = paid(client, make.booking(), "20", Status=2, PaymentDate="2026-11-23")

    before = manager.get("/desk/")
    with time_machine.travel(NOON + timedelta(days=2), tick=True):
        after = desk_of().get("/desk/")

    assert rows(before, "Promised, date passed") == []
    assert figures(before)["Promised"] == "50.00 EUR 2 promises, the first for 20 Nov 2026"
    [row] = rows(after, "Promised, date passed")
    assert "PayPal, promised for 20 Nov 2026, 2 days late" in row
    assert make.row_of(Payment, still).state == make.row_of(Payment, payment).state == "deferred"


def test_credit_says_whether_it_came_after_the_booking_was_cancelled(
    client: Client, manager: Desk
) -> None:
    over, before, after = make.booking(["10.00"]), make.booking(), make.booking()
    paid(client, over, "11")
    paid(client, before, "20")
    for booking in (before, after):
        order = CancelBooking(booking_id=booking, reason="The guest cannot come")
        in_transaction(partial(cancel_booking, order=order, origin=SYSTEM))
    paid(client, after, "30")

    page = manager.get("/desk/")

    told = {int(row.split()[0]): row for row in rows(page, "Credit to refund")}
    assert list(told) == [after, before, over]
    assert "Paid after cancellation. Reactivate the booking or give the money back." in told[after]
    assert "The booking is cancelled. Give the money back." in told[before]
    assert "More was paid than the booking costs." in told[over]


def test_a_security_deposit_is_to_be_returned_when_the_guest_has_left(
    client: Client, manager: Desk
) -> None:
    today = clock.now().date()
    bookings = [make.booking(["200.00"]) for _ in range(3)]
    for booking, leaves in zip(bookings[:2], (today - timedelta(days=1), today), strict=True):
        paid(client, booking, "200")
        change(Booking, booking, leaves_on=leaves, arrives_on=leaves - timedelta(days=7))
    for booking in bookings:
        change(ScheduleLine, make.lines_of(booking)[0].id, kind="security_deposit")
    change(Booking, bookings[2], leaves_on=today - timedelta(days=1))

    page = manager.get("/desk/")

    [row] = rows(page, "Security deposits to return")
    assert row.startswith(f"{bookings[0]} Maria Silva Property 1. The guest left on 19 Nov 2026.")
    links = [each.get("href") for each in page.root.cssselect(".dk-att a.btn")]
    assert f"/desk/bookings/{bookings[0]}/deposit" in links


# --- messages -----------------------------------------------------------------------------------


def test_messages_show_when_they_are_given_up_or_were_tried_three_times(
    client: Client, manager: Desk
) -> None:
    booking = make.booking()
    stuck = message(booking, state="waiting", attempts=3)
    gone = message(booking)
    message(booking, state="waiting", attempts=2)
    message(booking, state="sent", sent_at=clock.now())
    message(booking, dismissed_at=clock.now())
    message(booking, last_error=REPLACED)

    page = manager.get("/desk/")

    first, second = rows(page, "Undelivered messages")
    assert f"Booking {booking}. 9 tries, given up: SMTP 550 No such mailbox" in first
    assert "3 tries, next try 13:00 today" in second
    paths = [each.get("href") for each in page.root.cssselect(".dk-att a.dk-row-link")]
    assert paths == [f"/desk/messages/{gone}", f"/desk/messages/{stuck}"]
    assert page.all("nav.dk-side > a .dk-count") == ["2", "2"]


# --- figures, and what stands beside ------------------------------------------------------------


def test_figures_and_charts_are_never_added_up_over_currencies(
    client: Client, manager: Desk
) -> None:
    euros = make.booking()
    make.location(2, "GBP", time_zone="Europe/London")
    other = Client.of_new_partner(client.app, locations=[2])
    pounds = make.booking(location_id=2, currency="GBP")
    paid(client, euros, "10")
    paid(client, euros, "5")
    paid(other, pounds, "7", Currency="GBP")
    paid(client, euros, "1", PaymentDate="2026-11-18")

    page = manager.get("/desk/")

    assert figures(page)["Cleared today"] == "15.00 EUR 7.00 GBP"
    euro, pound = page.root.cssselect("script[type='application/json']")
    assert '"values": ["0.00", "0.00"' in euro.text_content()
    drawn = json.loads(euro.text_content())
    assert (drawn["unit"], len(drawn["titles"]), drawn["titles"][-1]) == ("EUR", 14, "20 Nov 2026")
    table = page.all("#chart-EUR + details td")
    assert (table[-3:], len(table)) == (["1.00", "–", "15.00"], 14)
    assert '"7.00"' in pound.text_content()


@pytest.mark.long
def test_money_that_was_paid_back_makes_no_less_of_what_came(client: Client, manager: Desk) -> None:
    payment = paid(client, make.booking(), "10")
    move(client, payment, "refund", "Amount=4")

    assert figures(manager.get("/desk/"))["Cleared today"] == "10.00 EUR"


def test_a_website_booking_is_held_until_its_nights_are_freed(
    client: Client, manager: Desk
) -> None:
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    held = make.booking(status="provisional", tags=[12])
    accepted = make.booking(status="provisional", tags=[12])
    paid(client, accepted, "10", Status=1)
    make.booking(tags=[12])

    page = manager.get("/desk/")

    assert "The nights are freed at 12:30 today, in 30 minutes, unless money comes." in page.text
    links = [each.get("href") for each in page.root.cssselect("aside a.dk-row-link")]
    assert links == [f"/desk/bookings/{held}"]


def test_of_what_guests_paid_it_is_said_that_they_did(client: Client, manager: Desk) -> None:
    booking = make.booking()
    change(Payment, paid(client, booking, "10"), source="guest", partner_id=None)

    [told] = manager.get("/desk/").all("aside .dk-ev")

    assert told.startswith(f"The guest: 10.00 EUR cleared on {booking}")


def test_the_latest_payments_are_told_the_newest_first(client: Client, manager: Desk) -> None:
    booking = make.booking()
    paid(client, booking, "10")
    failed(client, booking, "20")

    told = manager.get("/desk/").all("aside .dk-ev")

    assert [each.split(": ", 1)[1] for each in told] == [
        f"20.00 EUR failed on {booking} 12:00 today",
        f"10.00 EUR cleared on {booking} 12:00 today",
    ]
