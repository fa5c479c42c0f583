"""The words of the mails that tell of bookings, as guests get them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bookings.mails import (
    render_balance_reminder,
    render_booking_cancelled,
    render_re_engagement,
)
from outbox.mail import Email
from payments.links import GuestLink
from tests.outbox.make import part, reread
from tests.payments.test_mails import Rows

pytestmark = pytest.mark.one_database

HERE = Path(__file__).parent
KINDS = pytest.mark.parametrize("kind", ["plain", "html"])
ABOUT: dict[str, Any] = {
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
}
CANCELLED = ABOUT | {"fee": 10000, "fee_open": 2500, "credit": 0}
UNFINISHED = ABOUT | {"total": 101500}
REMINDER = ABOUT | {
    "due": [["Balance", 35200, "2027-04-17"], ["Security deposit", 20000, "2027-04-20"]],
    "promised": [["BankTransfer", 30000, "2027-04-10"], ["Cheque", 5000, None]],
}
PAGE = "https://pay.example.com/pay/abc"
LINK = "https://pay.example.com/guest/bookings/abc.def"


def guest_page(*, pays: bool) -> GuestLink:
    return GuestLink(PAGE, date(2027, 6, 12), pays)


def golden(name: str) -> str:
    return (HERE / f"{name}.txt").read_text()


def cancelled(**changes: Any) -> Email:
    return reread(render_booking_cancelled(CANCELLED | changes))


def unfinished(link: str | None = LINK, **changes: Any) -> Email:
    return reread(render_re_engagement(UNFINISHED | changes, link_of=lambda _: link, days=14))


def reminder(ours: GuestLink | None = None, **changes: Any) -> Email:
    return reread(render_balance_reminder(REMINDER | changes, link_of=lambda _: ours))


def test_who_cancelled_reads_what_is_kept_and_what_of_it_is_open(app: Flask) -> None:
    mail = cancelled()

    assert mail["Subject"] == "Your booking 1207 is cancelled"
    assert part(mail, "plain") == golden("booking_cancelled")


@KINDS
def test_what_will_be_paid_back_is_said(app: Flask, kind: str) -> None:
    words = part(cancelled(fee=0, fee_open=0, credit=24800), kind)

    assert "We keep €248.00 for you, and will write to you about returning it." in words
    assert "Fee" not in words
    assert "Nothing is left" not in words


@KINDS
def test_a_cancellation_that_costs_nothing_says_so(app: Flask, kind: str) -> None:
    words = part(cancelled(fee=0, fee_open=0), kind)

    assert "Nothing is left to be paid on this booking." in words


def test_who_did_not_finish_gets_the_link_to_take_it_up_again(app: Flask) -> None:
    mail = unfinished()

    assert mail["Subject"] == "Your booking 1207 was not finished"
    assert part(mail, "plain") == golden("re_engagement")
    assert f'href="{LINK}"' in part(mail, "html")
    assert "works for 14 days" in part(mail, "html")


@KINDS
def test_without_a_public_address_the_guest_is_asked_to_answer(app: Flask, kind: str) -> None:
    words = part(unfinished(link=None), kind)

    assert "Simply reply to this e-mail, and we will see" in words
    assert "href" not in words
    assert "14 days" not in words


def test_the_guest_reads_what_is_due_soon_and_what_is_promised_already(app: Flask) -> None:
    mail = reminder()

    assert mail["Subject"] == "€552.00 is due soon for booking 1207"
    assert part(mail, "plain") == golden("balance_reminder")


@KINDS
def test_a_reminder_has_a_link_to_pay_when_there_is_one(app: Flask, kind: str) -> None:
    link = "https://stay.example.com/pay/1207"

    with_it = part(reminder(pay_at=link), kind)
    page = part(reminder(guest_page(pays=True), pay_at=link), kind)
    elsewhere = part(reminder(guest_page(pays=False), pay_at=link), kind)
    without = [part(reminder(**more), kind) for more in ({}, {"pay_at": None})]

    assert link in with_it
    assert PAGE in page
    assert link not in page
    assert link in elsewhere
    assert PAGE not in elsewhere
    assert "href" not in without[0]
    assert "Pay here" not in without[0]
    assert without[0] == without[1]


def test_the_html_of_a_reminder_says_the_same(app: Flask) -> None:
    _, due, promised = Rows(part(reminder(), "html")).tables

    assert due == [
        ["Balance", "due 17 April 2027", "€352.00"],
        ["Security deposit", "due 20 April 2027", "€200.00"],
        ["Together", "€552.00"],
    ]
    assert promised == [
        ["BankTransfer", "for 10 April 2027", "€300.00"],
        ["Cheque", "under way", "€50.00"],
    ]


@KINDS
def test_one_line_without_promises_is_told_plainly(app: Flask, kind: str) -> None:
    words = part(reminder(due=REMINDER["due"][:1], promised=[]), kind)

    assert "this amount is" in words
    assert "Together" not in words
    assert "promised" not in words


@pytest.mark.parametrize("make", [cancelled, unfinished, reminder])
def test_money_and_days_are_written_as_the_guest_writes_them(app: Flask, make: Any) -> None:
    words = part(make(locale="pt_PT"), "plain")

    assert "\xa0€" in words
    assert "12 de junho de 2027" in words


@pytest.mark.parametrize("make", [cancelled, unfinished, reminder])
def test_names_are_text_and_never_markup_and_nothing_is_fetched(app: Flask, make: Any) -> None:
    evil = '<img src="https://evil.example/x.png"><script>alert(1)</script>'

    html = part(make(name=evil, location=evil, properties=[evil]), "html")

    for word in ("<script", "<img", "url(", "@import", "<link"):
        assert word not in html
