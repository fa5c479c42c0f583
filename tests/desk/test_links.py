"""Links to pay at the desk: sent, copied, withdrawn, by those who may."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from audit.models import LogEntry
from bookings.models import Booking, Contact
from kit import clock
from kit.db import reading
from outbox.delivering import deliver
from outbox.models import Message
from outbox.posting import Mails
from payments.links import read_pay_link, token_to_pay
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.desk.todays import change
from tests.make import Client, Due
from tests.outbox.make import Postbox
from tests.payments.moving import last_entry, paid
from tests.payments.proofs import broken_chains, nothing_written
from wsgi import RENDERERS

PUBLIC = "https://pay.example.com"


@pytest.fixture(autouse=True)
def _public(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", PUBLIC)


@pytest.fixture
def booking(client: Client) -> int:
    assert client
    make.method("Credit Card", for_guests=True)
    return make.booking([Due("40.00", due_in=-2), Due("60.00", 2, 30)])


def path_of(booking: int) -> str:
    return f"/desk/bookings/{booking}/link"


def send(desk: Desk, booking: int) -> Page:
    return desk.post(path_of(booking), desk.get(path_of(booking)).form("/link"))


def token_of(booking: int) -> str:
    with reading() as session:
        return str(token_to_pay(session.connection(), booking, clock.now()))


def works(token: str) -> bool:
    with reading() as session:
        return read_pay_link(session.connection(), token, clock.now()) is not None


def test_the_page_says_to_whom_it_goes_what_is_due_and_how_long_it_works(
    operator: Desk, booking: int
) -> None:
    page = operator.get(path_of(booking))

    facts = dict(zip(page.all(".dk-dl-left dt"), page.all(".dk-dl-left dd"), strict=True))
    assert facts["It goes to"] == "guest@example.com"
    assert facts["To pay next"].startswith("40.00 EUR by ")
    assert facts["Open in all"] == "100.00 EUR"
    assert facts["It works until"] != "–"
    [link] = [each.get("value") for each in page.root.cssselect("#f-link")]
    assert link.startswith(f"{PUBLIC}/pay/")
    assert works(link.rpartition("/")[2])


@pytest.mark.long
def test_sending_writes_one_mail_and_logs_no_address(operator: Desk, booking: int) -> None:
    form = operator.get(path_of(booking)).form("/link")

    answers = {operator.post(path_of(booking), form).leads_to for _ in range(2)}

    assert answers == {f"/desk/bookings/{booking}"}
    page = operator.get(f"/desk/bookings/{booking}")
    assert "The link is on its way to guest@example.com." in page.text
    assert "sent the guest a payment link; 100.00 EUR is open" in page.text
    [mail] = make.rows_of(Message)
    assert (mail.kind, mail.booking_id) == ("email.payment_link", booking)
    assert mail.context["to"] == "guest@example.com"
    assert [line[1] for line in mail.context["open"]] == [4000, 6000]
    assert last_entry(booking)["action"] == "booking.link_sent"
    assert "guest@example.com" not in make.rows_of(LogEntry, chain=booking)[-1].body
    assert broken_chains() == []


def test_withdrawn_links_are_dead_and_a_new_one_works(operator: Desk, booking: int) -> None:
    old = token_of(booking)
    assert works(old)

    form = operator.get(path_of(booking)).form("/withdraw")
    answer = operator.post(f"{path_of(booking)}/withdraw", form)

    assert answer.leads_to == path_of(booking)
    assert "No link that was sent before works any more." in operator.get(path_of(booking)).text
    assert not works(old)
    assert works(token_of(booking))
    assert make.row_of(Booking, booking).link_version == 1
    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("booking.links_withdrawn", "medium")
    assert broken_chains() == []


def test_a_link_that_waits_to_be_sent_is_withdrawn_too(operator: Desk, booking: int) -> None:
    """Its mail does not leave with a link that works, nor is it sent again."""
    send(operator, booking)
    operator.post(f"{path_of(booking)}/withdraw", operator.get(path_of(booking)).form("/withdraw"))
    box = Postbox()

    def later() -> datetime:
        return clock.now() + timedelta(minutes=1)

    deliver(Mails(RENDERERS, box), "one", later)

    [mail] = make.rows_of(Message)
    assert (mail.state, mail.last_error) == ("given_up", "the links were withdrawn")
    assert box.sent == []
    send(operator, booking)
    deliver(Mails(RENDERERS, box), "one", later)
    assert len(box.sent) == 1


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("cancelled", "The booking is cancelled; nobody pays for it by a link."),
        ("paid", "Nothing is open that is not promised already; there is nothing to pay."),
        ("no address", "The guest has no e-mail address."),
        ("not public", "set FLASK_PUBLIC_URL"),
    ],
)
def test_no_link_is_sent_that_leads_to_nothing_or_to_nobody(
    app: Flask,
    client: Client,
    operator: Desk,
    booking: int,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    told: str,
) -> None:
    if what == "cancelled":
        change(Booking, booking, status="cancelled")
    elif what == "paid":
        paid(client, booking, "100", PaymentMethod="Credit+Card")
    elif what == "no address":
        change(Contact, make.row_of(Booking, booking).contact_id, email=None)
    else:
        monkeypatch.setitem(app.config, "PUBLIC_URL", None)

    page = operator.get(path_of(booking))
    with nothing_written():
        answer = operator.post(path_of(booking))

    assert told in page.text
    assert "Send the link" not in page.text
    assert answer.status == 422
    assert told in answer.text
    assert bool(page.root.cssselect("#f-link")) == (what == "no address")


def test_what_is_promised_is_not_asked_for(client: Client, operator: Desk, booking: int) -> None:
    promise = {"Status": 2, "PaymentDate": "2099-01-01", "PaymentMethod": "Credit+Card"}
    paid(client, booking, "40", **promise)

    page = operator.get(path_of(booking))

    assert "60.00 EUR" in page.all(".dk-dl-left dd")[1]


def test_a_location_that_offers_guests_nothing_is_named(operator: Desk) -> None:
    booking = make.booking()

    assert "Guests can pay nothing with it now" in operator.get(path_of(booking)).text


def test_a_booking_that_changed_meanwhile_is_looked_at_anew(
    client: Client, operator: Desk, booking: int
) -> None:
    form = operator.get(path_of(booking)).form("/link")
    paid(client, booking, "10", PaymentMethod="Credit+Card")

    assert operator.post(path_of(booking), form).status == 409
    assert make.rows_of(Message, kind="email.payment_link") == []


def test_bookings_of_other_locations_are_not_there(desk_of: DeskOf, booking: int) -> None:
    make.location(2)
    desk = desk_of("operator", locations=[2])

    with nothing_written():
        statuses = [
            desk.get(path_of(booking)).status,
            desk.post(path_of(booking)).status,
            desk.post(f"{path_of(booking)}/withdraw").status,
        ]

    assert statuses == [404, 404, 404]


@pytest.mark.long
def test_whoever_may_not_record_sends_no_links(desk_of: DeskOf, booking: int) -> None:
    desk = desk_of("operator", withdrawn=["record"])

    assert desk.get(path_of(booking)).status == 403
    assert desk.post(path_of(booking)).status == 403
    assert "Send payment link" not in desk.get(f"/desk/bookings/{booking}").text
    assert "Send payment link" not in desk.get("/desk/").text


def test_booking_and_overdue_rows_lead_to_the_page(operator: Desk, booking: int) -> None:
    for path in (f"/desk/bookings/{booking}", "/desk/"):
        links = [each.get("href") for each in operator.get(path).root.cssselect("main a")]
        assert path_of(booking) in links
