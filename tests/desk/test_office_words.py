"""The event log says what the office did, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from desk.log_words import Names, sentence
from desk.logged import LoggedEntry

NAMES = Names(locations={1: "Azores Villas"}, methods={7: "Cash"})
MATCH = {"kind": "cleared", "amount": 30000, "currency": "EUR", "lines": [[17, 30000]]}
PAYMENT = {"match": 3, "payment": 12}


def told(
    action: str,
    about: Mapping[str, Any],
    after: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> str:
    entry = LoggedEntry(action, about, before or {}, after, reason)
    return sentence(entry, NAMES)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("cleared", "with payment 12, which is cleared now"),
        ("recorded", "and recorded payment 12 for it"),
        ("found", "with payment 12, which was there already"),
    ],
)
def test_a_match_is_told_by_what_it_did_with_its_payment(kind: str, words: str) -> None:
    after = {**MATCH, "kind": kind}
    text = told("statement.matched", PAYMENT, after)

    assert text == f"matched line 17 of the bank, 300.00 EUR, {words}"


def test_several_lines_of_one_match_are_named() -> None:
    after = {**MATCH, "lines": [[17, 10000], [18, 20000]]}

    assert told("statement.matched", PAYMENT, after).startswith("matched lines 17, 18 of the bank")


def test_an_undone_match_says_what_waits_in_its_place_and_why() -> None:
    text = told("statement.unmatched", PAYMENT, {"reopened": 15}, MATCH, "Another guest's")

    assert text == (
        "undid the match of line 17 of the bank, 300.00 EUR: payment 12 is void, and 15 waits in "
        "its place. Reason: Another guest's"
    )


def test_a_payment_that_was_only_found_stays() -> None:
    text = told("statement.unmatched", PAYMENT, {}, {**MATCH, "kind": "found"})

    assert text.endswith("with payment 12, which stays")


def test_lines_put_aside_and_taken_up_are_told_with_their_amount() -> None:
    about, facts = {"bank_line": 9, "location": 1}, {"amount": -1250, "currency": "EUR"}

    assert told("statement.put_aside", about, facts, reason="Fees") == (
        "put line 9 of the bank, −12.50 EUR, aside as no booking's money. Reason: Fees"
    )
    assert (
        told("statement.taken_up", about, facts) == "took line 9 of the bank, −12.50 EUR, up again"
    )


def test_a_statement_is_told_by_its_numbers_of_lines() -> None:
    counts = {"format": "camt.053", "new": 30, "known": 1}

    text = told("statement.imported", {"bank_account": 1, "statement": 2}, counts)

    assert text == "read a bank statement (CAMT.053): 30 new lines, 1 known already"


def test_a_closed_day_is_told_with_its_sums_by_currency_and_its_differences() -> None:
    after = {
        "from": "2026-11-20",
        "day": "2026-11-20",
        "count": 12,
        "sums": [[123000, "EUR"], [5000, "GBP"]],
        "differences": [[7, -500, "EUR"]],
    }

    text = told("day.closed", {"location": 1, "close": 4}, after)

    assert text == (
        "closed the day 20 Nov 2026 of Azores Villas, 12 payments, together 1,230.00 EUR, "
        "together 50.00 GBP, a difference of −5.00 EUR by Cash"
    )


def test_days_closed_together_are_told_from_the_first_to_the_last() -> None:
    text = told("day.closed", {"location": 1}, {"from": "2026-11-18", "day": "2026-11-20"})

    assert text.startswith("closed the days 18 Nov 2026 to 20 Nov 2026 of Azores Villas")


def test_an_export_is_told_by_its_list_and_format() -> None:
    after = {"list": "failed-attempts", "format": "xlsx", "filters": ["from"]}

    assert told("export.downloaded", {}, after) == (
        "exported failed attempts as XLSX, filtered by from"
    )


def test_a_bank_account_is_told_with_what_changed() -> None:
    about = {"bank_account": 1, "location": 1}

    text = told("bank_account.changed", about, {"name": "Banco"}, {"name": "Bank"})

    assert text == "changed a bank account: name Bank → Banco"
