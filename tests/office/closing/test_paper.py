"""The close of a day on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask

from kit.db import reading
from office.closing import paper
from office.closing.paper import close_pdf
from office.closing.rules import Count
from tests import make
from tests.desk.people import person
from tests.office.closing.given import ANA, DAY, close, pay, record, refund, void
from tests.payments.reading_papers import lines_of, text_of

pytestmark = pytest.mark.one_database


def drawn(close_id: int) -> bytes:
    with reading() as session:
        return close_pdf(session, record(close_id)).content


@pytest.fixture
def closed(app: Flask) -> int:
    assert app
    make.location(1, name="Casa do Mar", mail_sender="Casa <stay@casa.example>")
    cash = make.method("Cash", kind="cash", takes_tips=True)
    make.method("Card")
    person("manager", "ana@example.com", id=ANA.actor.id)
    booking = make.booking(["200.00"])
    close(DAY - timedelta(3), "18 09:00")
    paid = pay(booking, "50.00", "19 09:00", charges=Decimal(1), tip=Decimal(2))
    void(pay(booking, "80.00", "20 10:00", "Card"), "20 11:00")
    refund(paid, "10.00", "20 12:00")
    counts = {(cash, "EUR"): Count(counted=Decimal("42.50"), reason="Lost a coin")}
    return close(DAY, "20 18:00", counts=counts, note="Quiet days").close_id


@pytest.mark.long
def test_it_says_who_closed_which_days_and_every_figure(closed: int) -> None:
    assert lines_of(drawn(closed)) == [
        "Casa do Mar",
        "stay@casa.example",
        "Day close",
        "18 November 2026 to 20 November 2026",
        "Number 2",
        "Recorded from 18 November 2026, 00:00",
        "Recorded until 20 November 2026, 18:00",
        "Closed 20 November 2026, 18:00",
        "Closed by ana@example.com",
        "Note Quiet days",
        "Money in EUR",
        "Count Came in Paid back Reversed Charges Tips Together",
        "Cash 2 €50.00 -€10.00 €0.00 €1.00 €2.00 €43.00",
        "Card 2 €80.00 €0.00 -€80.00 €0.00 €0.00 €0.00",
        "Together 4 €130.00 -€10.00 -€80.00 €1.00 €2.00 €43.00",
        "Cash",
        "Before Moved Expected Counted Difference",
        "Cash, EUR",
        "reason: Lost a coin",
        "€0.00 €43.00 €43.00 €42.50 -€0.50",
        "By which door it came",
        "Count Together",
        "Desk, EUR 4 €43.00",
        "Entries",
        *("Payment 1, came in", "Cash, booking 1", "€53.00"),
        *("Payment 2, came in", "Card, booking 1", "€80.00"),
        *("Payment 2, reversed", "Card, booking 1", "-€80.00"),
        *("Payment 3, paid back", "Cash, booking 1", "-€10.00"),
        "A closed day does not change. What is corrected later stands on the day it is done.",
        "Page 1 of 1",
    ]


@pytest.mark.long
def test_it_is_the_same_to_the_byte_every_time(closed: int) -> None:
    assert drawn(closed) == drawn(closed)


@pytest.mark.long
def test_what_is_too_much_to_list_is_counted(closed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MOST_LISTED", 2)

    words = text_of(drawn(closed))

    assert "2 of 4 entries are listed; the file (CSV) has all." in words


@pytest.mark.long
def test_a_demonstration_is_marked(closed: int) -> None:
    shown = replace(record(closed), is_demonstration=True)
    with reading() as session:
        words = text_of(close_pdf(session, shown).content)

    assert "DEMONSTRATION" in words
