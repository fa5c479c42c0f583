"""The words of "refund made" and of the report of late money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from outbox.mail import Email
from payments.mails import render_late_money, render_refund_made
from tests.outbox.make import part, reread
from tests.payments.test_mails import CONTEXT, Rows

HERE = Path(__file__).parent
ABOUT = ("to", "name", "locale", "sender", "location", "booking", "account", "cancelled",
         "properties", "arrives", "currency", "open")  # fmt: skip
REFUND: dict[str, Any] = {name: CONTEXT[name] for name in ABOUT} | {
    "amount": 9800,
    "charges": 0,
    "method": "BankTransfer",
    "paid_on": "2026-11-21",
}
LATE: dict[str, Any] = {
    "to": "stay@casa.example",
    "name": "",
    "locale": "en_GB",
    "sender": "Casa do Mar <stay@casa.example>",
    "location": "Casa do Mar",
    "late": [
        {"booking": 1207, "account": "A1207.1", "cancelled": False, "payment": 31,
         "amount": 24800, "currency": "EUR", "method": "BankTransfer", "expected": "2026-11-19"},
        {"booking": 1300, "account": "A1300.1", "cancelled": True, "payment": 45,
         "amount": 5000, "currency": "GBP", "method": "Cheque", "expected": "2026-11-18"},
    ],
}  # fmt: skip


def refund(**changes: Any) -> Email:
    return reread(
        render_refund_made(REFUND | changes, receipt_of=lambda _: None, link_of=lambda _: None)
    )


def late(count: int = 2) -> Email:
    return reread(render_late_money(LATE | {"late": LATE["late"][:count]}))


def test_the_guest_reads_what_comes_back_how_and_what_is_to_be_paid_now(app: Flask) -> None:
    mail = refund()

    assert mail["Subject"] == "Your refund of €98.00 for booking 1207"
    assert part(mail, "plain") == (HERE / "refund_made.txt").read_text()


def test_the_html_of_a_refund_says_the_same(app: Flask) -> None:
    facts, still_open = Rows(part(refund(charges=200), "html")).tables

    assert ["Amount", "€98.00"] in facts
    assert ["Surcharge, paid back as well", "€2.00"] in facts
    assert ["Sent by", "BankTransfer"] in facts
    assert still_open[-1] == ["Together", "€400.00"]


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_refund_of_a_cancelled_booking_says_nothing_of_money_to_pay(
    app: Flask, kind: str
) -> None:
    words = part(refund(cancelled=True, open=[]), kind)

    assert "still to be paid" not in words
    assert "Nothing is left" not in words
    assert "Your stay" not in words


def test_a_surcharge_that_comes_back_is_part_of_what_the_subject_names(app: Flask) -> None:
    assert "€100.00" in refund(charges=200)["Subject"]


def test_money_and_days_of_a_refund_are_written_as_the_guest_writes_them(app: Flask) -> None:
    mail = refund(locale="pt_PT")

    assert "98,00\xa0€" in mail["Subject"]
    assert "21 de novembro de 2026" in part(mail, "html")


def test_staff_read_which_promises_did_not_come(app: Flask) -> None:
    mail = late()

    assert mail["Subject"] == "2 promised payments have not arrived"
    assert mail["To"] == "stay@casa.example"
    assert part(mail, "plain") == (HERE / "late_money.txt").read_text()


def test_the_html_of_the_report_names_payment_booking_amount_and_day(app: Flask) -> None:
    [rows] = Rows(part(late(), "html")).tables

    assert rows == [
        ["Payment 31 of booking 1207 (account A1207.1)",
         "by BankTransfer, expected on 19 November 2026", "€248.00"],
        ["Payment 45 of booking 1300 (account A1300.1)",
         "by Cheque, expected on 18 November 2026", "The booking is cancelled.", "£50.00"],
    ]  # fmt: skip


def test_a_report_of_one_payment_speaks_of_one(app: Flask) -> None:
    mail = late(1)

    assert mail["Subject"] == "1 promised payment has not arrived"
    assert "This payment was promised" in part(mail, "plain")
    assert "thank" not in part(mail, "plain")
