"""The words of the mail "payment received", as the guest gets them."""

from __future__ import annotations

from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from payments.mails import Link, render_payment_received
from payments.papers.paper import Pdf
from tests.outbox.make import part, reread

ROOT = Path(__file__).parents[2]

CONTEXT: dict[str, Any] = {
    "to": "jane@guests.example",
    "name": "Jane Doe",
    "locale": "en_GB",
    "sender": "stay@casa.example",
    "location": "Casa do Mar",
    "booking": 1207,
    "account": "A1207.1",
    "cancelled": False,
    "properties": ["Sea View", "Garden Room"],
    "arrives": "2027-06-12",
    "currency": "EUR",
    "amount": 24800,
    "charges": 350,
    "method": "Visa",
    "paid_on": "2026-11-20",
    "covered": [["Deposit", 20000], ["Cleaning", 4300]],
    "credit": 500,
    "open": [["Balance", 30000, "2027-05-13"], ["Security deposit", 10000, "2027-06-01"]],
}


class Rows(HTMLParser):
    """The texts of the rows of tables of class "lines"; a row elsewhere is lost."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.open: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.open.append(("class", "lines") in attrs)
            self.tables += [[]] if self.open[-1] else []
        elif tag == "tr" and self.open[-1]:
            self.tables[-1].append([])

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.open.pop()

    def handle_data(self, text: str) -> None:
        if self.open and self.open[-1] and text.strip():
            self.tables[-1][-1].append(text)


def payment_mail(**changes: Any) -> EmailMessage:
    app = Flask("mails", template_folder=str(ROOT / "payments" / "templates"))
    with app.app_context():
        return reread(received(**changes))


def received(link: Link | None = None, **changes: Any) -> EmailMessage:
    context = {**CONTEXT, **changes}
    return render_payment_received(context, receipt_of=receipt, link_of=lambda _: link)


def receipt(payment_id: int) -> Pdf | None:
    """Of payment 17 alone."""
    return Pdf("receipt-17.pdf", b"%PDF-17") if payment_id == 17 else None


def test_the_guest_reads_what_was_paid_what_it_covers_and_what_is_still_due_and_when() -> None:
    text = part(payment_mail(), "plain")

    assert text == (ROOT / "tests" / "payments" / "payment_received.txt").read_text()


def test_the_rows_of_the_html_are_in_its_tables() -> None:
    facts, covered, still_open = Rows(part(payment_mail(), "html")).tables

    assert ["Amount", "€248.00"] in facts
    assert ["Your stay", "Sea View, Garden Room, from 12 June 2027"] in facts
    assert covered == [["Deposit", "€200.00"], ["Cleaning", "€43.00"]]
    assert still_open == [
        ["Balance", "due 13 May 2027", "€300.00"],
        ["Security deposit", "due 1 June 2027", "€100.00"],
        ["Together", "€400.00"],
    ]


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_forms_tell_of_charges_and_credit_only_when_there_are_some(kind: str) -> None:
    with_both = part(payment_mail(), kind)
    without = part(payment_mail(charges=0, credit=0, covered=[], properties=[], arrives=None), kind)

    assert "€3.50" in with_both
    assert "€5.00 is more than what was due" in with_both
    assert "Surcharge" not in without
    assert "credit" not in without
    assert "covers" not in without
    assert "Your stay" not in without


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_forms_say_when_nothing_is_left_to_be_paid(kind: str) -> None:
    words = part(payment_mail(open=[]), kind)

    assert "Nothing is left to be paid on this booking." in words
    assert "Together" not in words


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_guest_without_a_name_is_greeted_all_the_same(kind: str) -> None:
    assert "Hello," in part(payment_mail(name=""), kind)


def test_money_and_days_are_written_as_the_guest_writes_them() -> None:
    mail_for_portugal = payment_mail(locale="pt_PT")

    assert "248,00\xa0€" in mail_for_portugal["Subject"]
    assert "20 de novembro de 2026" in part(mail_for_portugal, "html")


def test_a_guests_name_is_text_and_never_markup() -> None:
    evil = '<img src="https://evil.example/x.png"><script>alert(1)</script>'

    html = part(payment_mail(name=evil, covered=[[evil, 1]], method=evil, location=evil), "html")

    assert "<script" not in html
    assert "<img" not in html


def test_the_html_fetches_nothing_from_outside() -> None:
    html = part(payment_mail(), "html")

    for word in ("http:", "https:", "src=", "url(", "@import", "<link"):
        assert word not in html


def test_who_paid_for_a_cancelled_booking_is_told_so_and_nothing_else(app: Flask) -> None:
    context = CONTEXT | {"cancelled": True, "covered": [], "open": [], "credit": 24800}

    mail = received(**context)

    for kind in ("plain", "html"):
        told = part(mail, kind)
        assert "Your booking is cancelled. We keep €248.00 for you" in told
        assert "Nothing is left" not in told
        assert "Your stay" not in told
        assert "more than what was due" not in told
