"""Entries of the journal: numbers, days, sides, and that none is written that does not balance."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from office.journal.accounts import Chart
from office.journal.entries import (
    CAME,
    MOVED,
    REFUNDED,
    REVERSED,
    Posting,
    Unbalanced,
    entries,
    entry_of,
)

CHART = Chart({"method:CASH": "1000", "line:*": "4400", "credit": "3270"})
DAY, VALUE_DAY = date(2026, 11, 3), date(2026, 10, 30)


def posting(place: str, amount: int, **other: Any) -> Posting:
    given: dict[str, Any] = {
        "day": DAY, "moment": datetime(2026, 11, 3, 9, tzinfo=UTC), "whose": 117, "event": CAME,
        "place": place, "amount": amount, "currency": "EUR", "booking_id": 4354,
        "location": "azores", "payment_id": 117, "refund_of": None, "allocation_id": None,
        "settled_on": VALUE_DAY, "method_id": 1, "method": "Cash", "method_code": "CASH",
        "source": "desk", "partner": None, "reference": "R-1",
    }  # fmt: skip
    return Posting(**(given | other))


def test_money_that_came_is_debited_to_its_method_and_credited_where_it_lies() -> None:
    came = [posting("method", 105_00), posting("charges", -5_00), posting("credit", -20_00),
            posting("deposit", -80_00)]  # fmt: skip

    (entry,) = entries(came, CHART)

    assert [(line.account, line.account_name, line.amount) for line in entry.lines] == [
        ("1000", "Cash", 105_00),
        ("charges", "Charges", -5_00),
        ("3270", "Guests' credit", -20_00),
        ("4400", "Rental deposits", -80_00),
    ]
    assert (entry.number, entry.text, entry.debit) == ("P117", "Payment 117", 105_00)


def test_the_day_is_that_of_recording_and_the_value_day_the_money_s_own() -> None:
    (entry,) = entries([posting("method", 1), posting("credit", -1)], CHART)

    assert (entry.day, entry.value_day) == (DAY, VALUE_DAY)


@pytest.mark.parametrize(
    ("event", "refund_of", "number", "text"),
    [
        (CAME, None, "P205", "Payment 205"),
        (REFUNDED, 117, "R205", "Refund 205 of payment 117"),
        (REVERSED, None, "V205", "Payment 205 reversed"),
        (REVERSED, 117, "V205", "Refund 205 of payment 117 reversed"),
    ],
)
def test_an_entry_is_numbered_and_told_by_what_happened(
    event: int, refund_of: int | None, number: str, text: str
) -> None:
    same = {"event": event, "refund_of": refund_of, "payment_id": 205}

    (entry,) = entries([posting("method", 1, **same), posting("credit", -1, event=event)], CHART)

    assert (entry.number, entry.text) == (number, text)
    assert entry.payment_id == 205


@pytest.mark.parametrize("event", [MOVED, REFUNDED, REVERSED])
def test_money_that_only_moved_is_numbered_by_its_first_allocation(event: int) -> None:
    moved = [posting("credit", -5, event=event, allocation_id=31),
             posting("deposit", 5, event=event, allocation_id=30)]  # fmt: skip

    (entry,) = entries(moved, CHART)

    assert (entry.number, entry.text) == ("M30", "Money of payment 117 moved")
    assert entry.value_day == DAY


def test_postings_of_several_keys_are_several_entries() -> None:
    later = {"moment": datetime(2026, 11, 3, 10, tzinfo=UTC), "event": REFUNDED}
    both = [posting("method", 1), posting("credit", -1), posting("method", -1, **later),
            posting("credit", 1, **later)]  # fmt: skip

    assert [entry.number for entry in entries(both, CHART)] == ["P117", "R117"]


def test_an_entry_that_does_not_balance_is_never_written() -> None:
    with pytest.raises(Unbalanced) as caught:
        list(entries([posting("method", 100), posting("credit", -99)], CHART))

    assert str(caught.value) == (
        "Entry P117 of booking 4354 does not balance: debits and credits differ by 1 minor units "
        "of EUR. flask ledger check says what is wrong with the booking."
    )


def test_an_entry_that_does_not_balance_can_be_shown() -> None:
    assert entry_of([posting("method", 100), posting("credit", -99)], CHART).difference == 1
