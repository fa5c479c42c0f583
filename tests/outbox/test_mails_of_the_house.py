"""Every mail of the house, from what happened to a mail server: written, rendered, delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

import bookings.mails
import payments.mails
from bookings.abandoning import cancel_abandoned
from bookings.reminding import remind_of_balances
from checkout.links import booking_of
from kit import clock
from outbox.delivering import deliver
from outbox.mail import SmtpSender
from outbox.models import Message
from payments.lateness import report_late_money
from tests import make
from tests.bookings import villas
from tests.make import Client, Due
from tests.outbox.make import part
from tests.outbox.test_smtp import Postbox, free_port
from wsgi import RENDERERS

PUBLIC_URL = "https://pay.example.com"


@pytest.fixture
def server() -> Iterator[tuple[Postbox, SmtpSender]]:
    """A mail server, and the sender that talks to it."""
    box = Postbox()
    running = Controller(box, hostname="127.0.0.1", port=free_port())
    running.start()
    yield box, SmtpSender("127.0.0.1", running.port, "none")
    running.stop()


@pytest.fixture(autouse=True)
def _known_to_the_world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", PUBLIC_URL)


def later(**span: int) -> Callable[[], datetime]:
    at = clock.now() + timedelta(**span)
    return lambda: at


def test_every_kind_of_mail_has_its_renderer() -> None:
    kinds = {
        value
        for room in (bookings.mails, payments.mails)
        for value in vars(room).values()
        if isinstance(value, str) and value.startswith("email.")
    }

    assert set(RENDERERS) == kinds


def everything_happens(client: Client) -> dict[str, int]:
    """One thing of each kind; the bookings they happened to."""
    make.method("PayPal")
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    begun = villas.booked(client, [villas.villa()], tags="12")
    refunded, cancelled = make.booking(), make.booking()
    reminded, late = make.booking([Due("70.00", 2, due_in=5)]), make.booking()
    paid = client.pay(refunded, "100.00", SendEmail="true").json["PaymentId"]
    client.post(f"/apis/payments/{paid}/refund", "Amount=30.00")
    client.post("/apis/booking/cancel", f"BookingId={cancelled}&SendEmail=true")
    client.pay(late, "40.00", Status=2)
    assert cancel_abandoned(later(hours=1)) == 1
    assert remind_of_balances() == 1
    assert report_late_money(later(days=2)) == 1
    return {"begun": begun, "refunded": refunded, "cancelled": cancelled, "reminded": reminded}


def test_each_reaches_whom_it_is_for(client: Client, server: tuple[Postbox, SmtpSender]) -> None:
    box, sender = server
    booking = everything_happens(client)

    deliver(RENDERERS, sender, "one", later(days=3))

    guest, staff = "guest@example.com", "stay@location1.example.com"
    assert {(str(mail["To"]), str(mail["Subject"])) for mail in box.received} == {
        (guest, f"Your payment of €100.00 for booking {booking['refunded']}"),
        (guest, f"Your refund of €30.00 for booking {booking['refunded']}"),
        (guest, f"Your booking {booking['cancelled']} is cancelled"),
        (guest, f"€70.00 is due soon for booking {booking['reminded']}"),
        ("ana@example.com", f"Your booking {booking['begun']} was not finished"),
        (staff, "1 promised payment has not arrived"),
    }
    assert {row.state for row in make.rows_of(Message)} == {"sent"}


def test_the_link_that_arrives_opens_the_booking(
    client: Client, server: tuple[Postbox, SmtpSender]
) -> None:
    box, sender = server
    booking = everything_happens(client)["begun"]

    deliver(RENDERERS, sender, "one", later(days=3))

    [mail] = [each for each in box.received if each["To"] == "ana@example.com"]
    [link] = [line for line in part(mail, "plain").splitlines() if line.startswith(PUBLIC_URL)]
    assert f'href="{link}"' in part(mail, "html")
    assert booking_of(link.rpartition("/")[2]) == booking
    page = client.app.test_client().get(link.removeprefix(PUBLIC_URL))
    assert "Take up the booking again" in page.text
