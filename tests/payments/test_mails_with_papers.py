"""What mails carry and lead to: receipts, and the guest's page."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from outbox.mail import DeliveryFailed
from payments.links import GuestLink
from payments.mails import render_payment_link, render_payment_received, render_refund_made
from payments.papers.paper import Pdf
from tests.outbox.make import part, reread
from tests.payments.test_mails import CONTEXT, Rows
from tests.payments.test_mails_of_changes import REFUND

HERE = Path(__file__).parent
KINDS = pytest.mark.parametrize("kind", ["plain", "html"])
PAGE = GuestLink("https://pay.example.com/pay/abc", date(2027, 6, 12), pays_online=True)
PDF = Pdf("receipt-17.pdf", b"%PDF-1.4 \x00\xff receipt")
OPEN = [["Deposit", 24800, "2026-11-20"], ["Balance", 30000, "2027-05-13"]]
LINK: dict[str, Any] = {
    name: value for name, value in REFUND.items() if name not in ("amount", "charges", "method",
                                                                   "paid_on")
} | {"open": OPEN}  # fmt: skip

ReceiptOf = Callable[[int], Pdf | None]


def receipt_of(payment_id: int) -> Pdf | None:
    return PDF if payment_id == 17 else None


def received(
    find: ReceiptOf = receipt_of, link: GuestLink | None = PAGE, **changes: Any
) -> EmailMessage:
    context = {**CONTEXT, "payment": 17, **changes}
    made = render_payment_received(context, receipt_of=find, link_of=lambda _: link)
    return reread(made)


def to_pay(link: GuestLink | None = PAGE, **changes: Any) -> EmailMessage:
    return reread(render_payment_link({**LINK, **changes}, link_of=lambda _: link))


def test_the_receipt_is_attached_and_the_mail_leads_to_the_guests_page(app: Flask) -> None:
    mail = received()

    [attached] = mail.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == (
        "application/pdf", "receipt-17.pdf"
    )  # fmt: skip
    assert attached.get_content() == PDF.content
    assert part(mail, "plain") == (HERE / "payment_received_with_receipt.txt").read_text()
    assert f'href="{PAGE.url}"' in part(mail, "html")
    assert "Your receipt is attached." in part(mail, "html")


def test_so_is_the_receipt_of_a_refund(app: Flask) -> None:
    context = {**REFUND, "payment": 17}

    mail = reread(render_refund_made(context, receipt_of=receipt_of, link_of=lambda _: PAGE))

    assert [each.get_filename() for each in mail.iter_attachments()] == ["receipt-17.pdf"]
    assert "Your receipt is attached." in part(mail, "plain")
    assert PAGE.url in part(mail, "plain")


@pytest.mark.parametrize("changes", [{"payment": 18}, {"payment": None}])
def test_where_there_is_no_receipt_the_mail_goes_without(
    app: Flask, changes: dict[str, Any]
) -> None:
    mail = received(**changes)

    assert not list(mail.iter_attachments())
    for kind in ("plain", "html"):
        assert "attached" not in part(mail, kind)
        assert PAGE.url in part(mail, kind)


def test_what_was_written_before_mails_had_receipts_is_made_as_it_was(app: Flask) -> None:
    mail = reread(render_payment_received(CONTEXT, receipt_of=receipt_of, link_of=lambda _: None))

    assert part(mail, "plain") == (HERE / "payment_received.txt").read_text()
    assert "href" not in part(mail, "html")


@pytest.mark.parametrize(
    "fault",
    [
        OperationalError("SELECT 1", {}, sqlite3.OperationalError("Jane Doe")),
        PoolTimeout(),
    ],
)
def test_a_mail_waits_for_a_receipt_that_cannot_be_had_now(app: Flask, fault: Exception) -> None:
    def fail(_: int) -> Pdf | None:
        raise fault

    with pytest.raises(DeliveryFailed) as failure:
        received(fail)

    assert not failure.value.permanent
    assert failure.value.reason == f"the receipt could not be issued: {type(fault).__name__}"


def test_who_is_sent_a_link_reads_what_is_open_and_until_when_it_works(app: Flask) -> None:
    mail = to_pay()

    assert mail["Subject"] == "Your link to pay for booking 1207"
    assert part(mail, "plain") == (HERE / "payment_link.txt").read_text()


def test_the_html_of_a_link_says_the_same(app: Flask) -> None:
    html = part(to_pay(), "html")

    facts, still_open = Rows(html).tables
    assert f'href="{PAGE.url}"' in html
    assert "Pay €248.00 by 20 November 2026" in html
    assert "works until 12 June 2027" in html
    assert ["Booking", "1207 (account A1207.1)"] in facts
    assert still_open == [
        ["Deposit", "due 20 November 2026", "€248.00"],
        ["Balance", "due 13 May 2027", "€300.00"],
        ["Together", "€548.00"],
    ]


@KINDS
def test_all_that_is_overdue_is_due_now(app: Flask, kind: str) -> None:
    overdue = [["Deposit", 24800, "2026-11-20"], ["Extra", 200, "2026-11-25"], OPEN[1]]

    words = part(to_pay(open=overdue, today="2026-11-25"), kind)
    early = part(to_pay(open=overdue, today="2026-11-01"), kind)

    assert "Of this €250.00 is due now." in words
    assert "Of this €248.00 is due first, by 20 November 2026." in early


@KINDS
def test_one_line_is_not_added_up(app: Flask, kind: str) -> None:
    words = part(to_pay(open=OPEN[:1]), kind)

    assert "Together" not in words
    assert "due first" not in words


@KINDS
def test_where_nothing_is_open_any_more_that_is_said(app: Flask, kind: str) -> None:
    words = part(to_pay(open=[]), kind)

    assert "Nothing is left to be paid on this booking." in words
    assert PAGE.url in words


@pytest.mark.parametrize(("written", "now"), [({"link_version": 1}, 2), ({}, 1)])
def test_a_mail_about_a_link_does_not_leave_once_links_were_withdrawn(
    app: Flask, written: dict[str, Any], now: int
) -> None:
    with pytest.raises(DeliveryFailed) as failure:
        to_pay(replace(PAGE, version=now), **written)

    assert failure.value.permanent
    assert failure.value.reason == "the links were withdrawn"


def test_a_mail_about_a_link_leaves_while_links_are_not_withdrawn(app: Flask) -> None:
    for version in (1, None):  # None: it is only looked at
        assert PAGE.url in part(to_pay(replace(PAGE, version=version), link_version=1), "plain")


def test_a_mail_about_a_link_does_not_leave_without_one(app: Flask) -> None:
    with pytest.raises(DeliveryFailed) as failure:
        to_pay(None)

    assert not failure.value.permanent
    assert "FLASK_PUBLIC_URL" in failure.value.reason
