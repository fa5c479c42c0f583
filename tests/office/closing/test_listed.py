"""Closes and their entries as files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from kit.db import reading
from kit.money import Money
from kit.tables import Cell
from office.closing.listed import CLOSES, ENTRIES
from office.closing.rules import Count
from office.exports.lists import Listed
from tests import make
from tests.office.closing.given import DAY, close, pay, refund, void


def told(
    listed: Listed, wanted: Mapping[str, str] | None = None, locations: frozenset[int] | None = None
) -> list[dict[str, Cell]]:
    with reading() as session:
        rows = [list(row) for row in listed.rows(session, wanted or {}, locations)]
        assert listed.count(session, wanted or {}, locations) == len(rows)
    names = [column.name for column in listed.columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.fixture
def closes(app: Flask) -> list[int]:
    """Two closes at location 1, the second with a difference, and an empty one at location 2."""
    assert app
    make.location(1), make.location(2)
    cash = make.method("Cash", kind="cash", takes_tips=True)
    make.method("Card")
    booking = make.booking(["200.00"])
    paid = pay(booking, "50.00", "20 09:00", charges=Decimal(1), tip=Decimal(2))
    void(pay(booking, "80.00", "20 10:00", "Card"), "20 11:00")
    first = close(DAY, "20 18:00", note="=1+1")
    refund(paid, "20.00", "21 09:00")
    wrong = {(cash, "EUR"): Count(counted=Decimal("30.00"), reason="Lost")}
    second = close(DAY + timedelta(1), "21 18:00", counts=wrong)
    return [first.close_id, second.close_id, close(DAY, "20 18:00", 2).close_id]


def test_a_close_is_a_row_for_each_method(closes: list[int]) -> None:
    rows = told(CLOSES, {"close": str(closes[1])})

    [row] = rows
    assert (row["location"], row["day"], row["method"]) == (
        "Location 1", DAY + timedelta(1), "Cash",
    )  # fmt: skip
    amounts = {name: row[name] for name in ("refunded", "total", "opening", "expected", "counted")}
    assert amounts == {
        "refunded": Money(-2000, "EUR"), "total": Money(-2000, "EUR"),
        "opening": Money(5300, "EUR"), "expected": Money(3300, "EUR"),
        "counted": Money(3000, "EUR"),
    }  # fmt: skip
    assert (row["difference"], row["reason"]) == (Money(-300, "EUR"), "Lost")


def test_a_close_without_money_is_a_row_without_amounts(closes: list[int]) -> None:
    [row] = told(CLOSES, {"location": "2"})

    assert row["close"] == closes[2]
    assert {row[name] for name in ("method", "currency", "count", "total", "counted")} == {None}


@pytest.mark.long
def test_the_entries_of_a_close_add_up_to_its_totals(closes: list[int]) -> None:
    for close_id in closes:
        filters = {"close": str(close_id)}
        totals = [row["total"] for row in told(CLOSES, filters) if row["total"]]
        entries = [row["total"] for row in told(ENTRIES, filters)]
        assert sum(each.minor for each in totals if isinstance(each, Money)) == sum(
            each.minor for each in entries if isinstance(each, Money)
        )


def test_entries_say_what_was_done_and_when(closes: list[int]) -> None:
    rows = told(ENTRIES)

    assert [row["what"] for row in rows] == ["cleared", "cleared", "void", "refunded"]
    assert [row["amount"] for row in rows] == [
        Money(minor, "EUR") for minor in (5000, 8000, -8000, -2000)
    ]
    assert [str(row["recorded_at_utc"])[:16] for row in rows] == [
        "2026-11-20 09:00", "2026-11-20 10:00", "2026-11-20 11:00", "2026-11-21 09:00",
    ]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(
    ("wanted", "locations", "rows"),
    [
        ({}, None, 4),
        ({}, frozenset({2}), 1),
        ({}, frozenset(), 0),
        ({"location": "1"}, frozenset({2}), 0),
        ({"from": "2026-11-21"}, None, 1),
        ({"to": "2026-11-20"}, None, 3),
        ({"differences": "1"}, None, 1),
        ({"close": "99999999999999999999"}, None, 4),
        ({"from": "nonsense", "location": "x"}, None, 4),
        ({"location": "9" * 19}, None, 0),
    ],
)
def test_filters_of_the_address_and_the_readers_locations_count(
    closes: list[int], wanted: dict[str, str], locations: frozenset[int] | None, rows: int
) -> None:
    assert len(closes) == 3
    assert len(told(CLOSES, wanted, locations)) == rows


def test_every_column_stands_in_the_documents_with_its_meaning() -> None:
    page = (Path(__file__).parents[3] / "docs" / "office" / "closing.md").read_text()

    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE)

    ours = [(each.name, each.meaning) for listed in (CLOSES, ENTRIES) for each in listed.columns]
    assert rows == ours
