"""Every mail of the house, from what happened to a mail server: written, rendered, delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import update

import bookings.mails
import payments.mails
import staff.mails
from audit.chain import SYSTEM
from bookings.abandoning import cancel_abandoned
from bookings.reminding import remind_of_balances
from kit import clock
from kit.db import reading, transaction
from locations.models import Location
from outbox.delivering import deliver
from outbox.mail import SmtpSender
from outbox.models import Message
from outbox.posting import Mails
from payments.lateness import report_late_money
from payments.linking import send_link
from payments.links import booking_of, read_pay_link
from payments.models import Payment
from payments.papers.paper import Pdf
from payments.receipts import receipt_pdf
from tests import make
from tests.bookings import villas
from tests.make import Client, Due
from tests.outbox.make import part
from tests.outbox.test_smtp import Postbox, free_port
from tests.payments.reading_papers import lines_of
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
        for room in (bookings.mails, payments.mails, staff.mails)
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
    with transaction() as connection:
        send_link(connection, reminded, SYSTEM)
    return {"begun": begun, "refunded": refunded, "cancelled": cancelled, "reminded": reminded}


@pytest.mark.long
def test_each_reaches_whom_it_is_for(client: Client, server: tuple[Postbox, SmtpSender]) -> None:
    box, sender = server
    booking = everything_happens(client)

    deliver(Mails(RENDERERS, sender), "one", later(days=3))

    guest, staff = "guest@example.com", "stay@location1.example.com"
    assert {(str(mail["To"]), str(mail["Subject"])) for mail in box.received} == {
        (guest, f"Your payment of €100.00 for booking {booking['refunded']}"),
        (guest, f"Your refund of €30.00 for booking {booking['refunded']}"),
        (guest, f"Your booking {booking['cancelled']} is cancelled"),
        (guest, f"€70.00 is due soon for booking {booking['reminded']}"),
        (guest, f"Your link to pay for booking {booking['reminded']}"),
        ("ana@example.com", f"Your booking {booking['begun']} was not finished"),
        (staff, "1 promised payment has not arrived"),
    }
    assert {row.state for row in make.rows_of(Message)} == {"sent"}


@pytest.mark.long
def test_the_link_that_arrives_opens_the_booking(
    client: Client, server: tuple[Postbox, SmtpSender]
) -> None:
    box, sender = server
    booking = everything_happens(client)["begun"]

    deliver(Mails(RENDERERS, sender), "one", later(days=3))

    [mail] = [each for each in box.received if each["To"] == "ana@example.com"]
    [link] = [line for line in part(mail, "plain").splitlines() if line.startswith(PUBLIC_URL)]
    assert f'href="{link}"' in part(mail, "html")
    assert booking_of(link.rpartition("/")[2]) == booking
    page = client.app.test_client().get(link.removeprefix(PUBLIC_URL))
    assert "Take up the booking again" in page.text


def mails_about(box: Postbox, words: str) -> list[EmailMessage]:
    return [each for each in box.received if words in str(each["Subject"])]


@pytest.mark.long
def test_the_receipts_that_arrive_can_be_read(
    client: Client, server: tuple[Postbox, SmtpSender]
) -> None:
    box, sender = server
    everything_happens(client)

    deliver(Mails(RENDERERS, sender), "one", later(days=3))

    carried = {
        attached.get_filename(): attached.get_content()
        for mail in box.received
        for attached in mail.iter_attachments()
    }
    assert sorted(map(str, carried)) == ["receipt-1.pdf", "refund-receipt-2.pdf"]
    assert "Received €100.00" in lines_of(carried["receipt-1.pdf"])
    assert "Refund of payment 1" in lines_of(carried["refund-receipt-2.pdf"])
    for payment_id, name in ((1, "receipt-1.pdf"), (2, "refund-receipt-2.pdf")):
        assert receipt_pdf(payment_id) == Pdf(name, carried[name])


def test_a_payment_that_was_deleted_meanwhile_is_told_of_without_a_receipt(
    client: Client, server: tuple[Postbox, SmtpSender]
) -> None:
    box, sender = server
    make.method("PayPal")
    payment = client.pay(make.booking(), "100.00", SendEmail="true").json["PaymentId"]
    with transaction() as connection:
        connection.execute(update(Payment).where(Payment.id == payment).values(state="void"))

    deliver(Mails(RENDERERS, sender), "one", later(days=3))

    [mail] = box.received
    assert not list(mail.iter_attachments())
    assert "attached" not in part(mail, "plain")


@pytest.mark.parametrize("pays", [True, False])
def test_a_reminder_leads_to_the_guests_page_where_guests_pay_there(
    client: Client, server: tuple[Postbox, SmtpSender], pays: bool
) -> None:
    box, sender = server
    page = "https://agency.example/pay/{booking}"
    with transaction() as connection:
        connection.execute(update(Location).values(checkout_url=page))
    make.method("Credit Card", paying="external", for_guests=pays)
    booking = make.booking([Due("70.00", 2, due_in=5)])
    remind_of_balances()

    deliver(Mails(RENDERERS, sender), "one", later(minutes=1))

    [mail] = mails_about(box, "is due soon")
    [link] = [line for line in part(mail, "plain").splitlines() if line.startswith("https://")]
    if not pays:
        assert link == f"https://agency.example/pay/{booking}"
        return
    assert link.startswith(f"{PUBLIC_URL}/pay/")
    with reading() as session:
        found = read_pay_link(session.connection(), link.rpartition("/")[2], clock.now())
    assert found is not None
    assert found.booking_id == booking
