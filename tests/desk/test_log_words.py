"""Entries of the event log in words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from audit.models import LogEntry
from desk.log_names import names_for
from desk.log_words import Names, PaymentWords, sentence
from desk.logged import LoggedEntry
from desk.words import day_text
from kit import clock
from kit.db import reading
from tests import make

NAMES = Names(
    methods={3: "BankTransfer", 4: "Credit Card"},
    lines={1001: "Rental Balance"},
    tags={20: "Payment Failed", 2: "VIP"},
    locations={1: "Azores Villas"},
    currencies={4354: "EUR"},
    payments={7: PaymentWords("BankTransfer", date(2027, 1, 23))},
)
ABOUT = {"booking": 4354, "location": 1}


def told(action: str, after: dict[str, Any], **rest: Any) -> str:
    about = ABOUT | rest.pop("about", {})
    before = rest.pop("before", {})
    return sentence(LoggedEntry(action, about, before, after, **rest), NAMES)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("cleared", "recorded 300.00 EUR by BankTransfer, cleared"),
        ("uncleared", "recorded 300.00 EUR by BankTransfer, under way"),
        ("deferred", "recorded a promise of 300.00 EUR by BankTransfer for 23 Jan 2027"),
        ("failed", "recorded a failed attempt of 300.00 EUR by BankTransfer"),
    ],
)
def test_a_recorded_payment_is_told_by_its_state(state: str, text: str) -> None:
    after = {"state": state, "amount": 30000, "currency": "EUR", "method": 3}

    assert told("payment.recorded", after, about={"payment": 7}) == text


def test_what_became_of_tags_is_told_too() -> None:
    after = {"state": "failed", "amount": 100, "method": 4, "tags_added": [20], "tags_removed": [2]}

    assert told("payment.recorded", after) == (
        "recorded a failed attempt of 1.00 EUR by Credit Card. Tag “Payment Failed” added. "
        "Tag “VIP” removed"
    )


def test_a_deletion_tells_its_reason_and_whether_it_was_external() -> None:
    after = {"state": "void", "amount": 11500, "external": True}

    told_ = told("payment.deleted", after, about={"payment": 7}, reason="typed on the wrong one")

    assert told_ == (
        "deleted the external payment of 115.00 EUR by BankTransfer. Reason: typed on the wrong one"
    )


@pytest.mark.parametrize(
    ("action", "after", "text"),
    [
        ("booking.created", {"total": 101500}, "created the booking, 1,015.00 EUR"),
        ("booking.amended", {"difference": 500}, "amended the booking: 5.00 EUR more"),
        ("booking.amended", {"difference": -500}, "amended the booking: 5.00 EUR less"),
        ("booking.amended", {"difference": 0}, "amended the booking; its total stays"),
        ("booking.amended", {"commission_waived": 2500}, "waived the commission of 25.00 EUR"),
        ("booking.amended", {"fields": ["email"]}, "changed the email"),
        ("booking.updated", {"fields": ["guest_notes"]}, "changed the guest notes"),
        ("booking.cancelled", {"fee": 0, "external": []}, "cancelled the booking"),
        (
            "booking.cancelled",
            {"fee": 2500, "external": [7, 8]},
            "cancelled the booking, keeping 25.00 EUR, with external payments 7, 8",
        ),
        (
            "booking.reminded",
            {"lines": [[1001, 65200, "2027-01-23"]]},
            "reminded the guest of Rental Balance 652.00 EUR",
        ),
        ("booking.tagged", {"tags_added": [2]}, "put the tag “VIP” on the booking"),
        ("booking.untagged", {"tags_removed": [2]}, "took the tag “VIP” off the booking"),
    ],
)
def test_what_happens_to_bookings_is_told(action: str, after: dict[str, Any], text: str) -> None:
    assert told(action, after) == text


@pytest.mark.parametrize(
    ("action", "after", "about", "before", "text"),
    [
        ("payment.cleared", {"amount": 100}, {"payment": 7}, {"state": "deferred"},
         "cleared the promise of 1.00 EUR by BankTransfer"),
        ("payment.cleared", {"amount": 100}, {}, {"state": "uncleared"}, "cleared 1.00 EUR"),
        ("payment.failed", {"amount": 100}, {"payment": 7}, {},
         "recorded that 1.00 EUR by BankTransfer failed; no money came"),
        ("payment.refunded", {"amount": 100, "charges": 20, "tip": 3, "method": 4},
         {"refund_of": 7}, {}, "refunded 1.23 EUR of payment 7 by Credit Card"),
        ("payment.late", {"amount": 100, "expected_on": "2027-01-23"}, {}, {},
         "noted that 1.00 EUR did not come by 23 Jan 2027"),
    ],
)  # fmt: skip
def test_what_becomes_of_payments_is_told(
    action: str, after: dict[str, Any], about: dict[str, Any], before: dict[str, Any], text: str
) -> None:
    assert told(action, after, about=about, before=before) == text


def test_an_unknown_action_is_told_in_its_own_words_with_its_facts() -> None:
    entry = LoggedEntry(
        "method.policy_changed",
        {"method": 3, "location": None},
        {"paying": "external", "active": True, "code": "A"},
        {"paying": "both", "active": True},
    )

    assert sentence(entry, NAMES) == (
        "method policy changed: method “BankTransfer”; paying external → both, active yes, "
        "code A no more"
    )


def test_what_nobody_knows_the_name_of_is_told_by_its_id_or_left_out() -> None:
    after = {"state": "deferred", "amount": 100, "method": 99, "tags_added": [99]}

    text = sentence(LoggedEntry("payment.recorded", {"booking": 1}, {}, after), Names())

    assert text == "recorded a promise of an amount. Tag “99” added"


def test_the_names_of_real_entries_are_found(app: Flask, client: make.Client) -> None:
    make.tag(2, "VIP")
    method = make.method("PayPal")
    booking = make.booking(["100.00"])
    client.pay(booking, "40.00", Status=2, AddBookingTag=2)
    client.pay(booking, "60.00")

    with reading() as session:
        rows = make.rows_of(LogEntry, chain=booking)
        entries = [LoggedEntry.of_row(row) for row in rows]
        names = names_for(session, entries)

    today = day_text(clock.now().date())
    assert names.methods == {method: "PayPal"}
    assert [sentence(each, names) for each in entries] == [
        f"recorded a promise of 40.00 EUR by PayPal for {today}. Tag “VIP” added",
        "recorded 60.00 EUR by PayPal, cleared",
    ]
