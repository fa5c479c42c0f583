"""Tables as CSV and XLSX: typed cells come out as what they are, and no text is ever run."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kit import sheets, workbooks
from kit.money import Money
from kit.sheets import CsvSheet, unescaped, written
from kit.tables import Cell, Column
from kit.workbooks import TooManyRows, XlsxSheet

COLUMNS = (
    Column("id", "number", "an id"),
    Column("name", "text", "a name"),
    Column("amount", "amount", "an amount"),
    Column("due_on", "day", "a day"),
    Column("made_at", "moment", "a moment"),
)
NOON = datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)
ROW: Sequence[Cell] = (7, "Ana", Money(101500, "EUR"), date(2026, 11, 20), NOON)


def as_csv(*rows: Sequence[Cell]) -> bytes:
    sheet = CsvSheet(COLUMNS)
    for row in rows:
        sheet.add(row)
    return b"".join(sheet.rest())


def workbook(*rows: Sequence[Cell], title: str = "Payments") -> Any:
    sheet = XlsxSheet(COLUMNS, title)
    for row in rows:
        sheet.add(row)
    content = b"".join(sheet.rest())
    sheet.close()
    return openpyxl.load_workbook(io.BytesIO(content))


def cells(*rows: Sequence[Cell]) -> list[Any]:
    """The cells of the last row."""
    found: list[Any] = list(workbook(*rows).active.rows)[-1]
    return found


# --- CSV -----------------------------------------------------------------------------------------


def test_a_csv_file_begins_with_its_mark_and_the_names() -> None:
    assert as_csv() == b"\xef\xbb\xbfid,name,amount,due_on,made_at\r\n"


def test_days_moments_and_amounts_are_written_for_machines() -> None:
    assert as_csv(ROW).splitlines()[1] == b"7,Ana,1015.00,2026-11-20,2026-11-20T12:00:05Z"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (-5, "-5"),
        (Money(-500, "EUR"), "-5.00"),
        (Money(-500, "JPY"), "-500"),
        (Money(5, "KWD"), "0.005"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2025-12-31T22:00:00Z"),
        ("-5", "'-5"),
        ("=1+1", "'=1+1"),
    ],
)
def test_only_texts_are_escaped(value: Cell, text: str) -> None:
    assert written(value) == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
@example('a "quoted", text\r\nof two lines')
@example("=1")
def test_every_text_of_a_csv_file_is_read_back_as_it_was(text: str) -> None:
    content = as_csv((1, text, None, None, None)).decode("utf-8-sig")

    [_, row] = csv.reader(io.StringIO(content, newline=""))

    assert unescaped(row[1]) == text


def test_a_csv_file_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "PART_CHARACTERS", 100)
    sheet, parts = CsvSheet(COLUMNS), []

    for _ in range(50):
        sheet.add(ROW)
        parts.append(sheet.ready())

    taken = [each for each in parts if each]
    assert len(taken) > 10
    assert max(map(len, taken)) < 200
    assert b"".join([*taken, *sheet.rest()]) == as_csv(*[ROW] * 50)


# --- XLSX ----------------------------------------------------------------------------------------


def test_a_workbook_has_real_numbers_and_dates() -> None:
    id, name, amount, day, moment = cells(ROW)

    assert (id.value, id.data_type) == (7, "n")
    assert (name.value, name.data_type) == ("Ana", "s")
    assert (amount.value, amount.data_type, amount.number_format) == (1015, "n", "#,##0.00")
    assert (day.value.date(), day.is_date) == (date(2026, 11, 20), True)
    assert (moment.value, moment.is_date) == (NOON.replace(tzinfo=None), True)
    looks = [each.number_format for each in (day, moment)]
    assert looks == ["yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"]


@pytest.mark.parametrize(
    ("amount", "value", "look"),
    [
        (Money(-150, "EUR"), -1.5, "#,##0.00"),
        (Money(1500, "JPY"), 1500, "#,##0"),
        (Money(5, "KWD"), 0.005, "#,##0.000"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: Money, value: Any, look: str) -> None:
    cell = cells((None, None, amount, None, None))[2]

    assert (cell.value, cell.number_format) == (value, look)


@pytest.mark.parametrize("text", ["=1+1", "==", "=", "+1", "@SUM(A1)", "#N/A", "#REF!", "-5", "1"])
def test_texts_are_texts_and_never_formulas(text: str) -> None:
    cell = cells((1, text, None, None, None))[1]

    assert (cell.value, cell.data_type) == (text, "s")


def test_a_formula_changes_nothing_of_the_rows_after_it() -> None:
    rows = [(1, "=1", None, None, None), (2, "Ana", None, None, None), (3, "=2", None, None, None)]

    found = [(row[1].value, row[1].data_type) for row in workbook(*rows).active.rows]

    assert found[1:] == [("=1", "s"), ("Ana", "s"), ("=2", "s")]


def test_what_no_xml_may_hold_is_left_out() -> None:
    text = "a\x00b\x0bc\ud800d\uffffe\tf\ng"

    assert cells((1, text, None, None, None))[1].value == "abcde\tf\ng"


def test_what_looks_escaped_is_escaped() -> None:
    assert cells((1, "_x0041_", None, None, None))[1].value == "_x005F_x0041_"


def test_what_a_spreadsheet_would_round_or_cut_stays_exact() -> None:
    id, name, _, day, _ = cells((2**62, "x" * 40_000, None, date(1899, 12, 31), None))

    assert id.value == str(2**62)
    assert len(name.value) == workbooks.LONGEST_TEXT
    assert day.value == "1899-12-31"


def test_the_names_stay_in_sight_and_columns_are_wide_enough() -> None:
    book = workbook(ROW, title="Lines: [a/b]")
    sheet = book.active

    assert sheet.freeze_panes == "A2"
    assert [each.value for each in sheet[1]] == [column.name for column in COLUMNS]
    assert sheet[1][0].font.bold
    assert sheet.column_dimensions["D"].width >= 10
    assert sheet.title == "Lines   a b"


def test_a_row_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_ROWS", 2)
    sheet = XlsxSheet(COLUMNS, "Payments")
    sheet.add(ROW)
    sheet.add(ROW)

    with pytest.raises(TooManyRows, match="Take it as CSV"):
        sheet.add(ROW)

    sheet.close()


@pytest.mark.parametrize("is_taken", [True, False])
def test_nothing_of_a_workbook_stays_on_the_disk(
    is_taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sheet = XlsxSheet(COLUMNS, "Payments")
    sheet.add(ROW)
    was_there = list(tmp_path.iterdir())
    if is_taken:
        list(sheet.rest())

    sheet.close()

    assert was_there
    assert list(tmp_path.iterdir()) == []


def test_packing_can_be_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def stop() -> None:
        raise InterruptedError

    sheet = XlsxSheet(COLUMNS, "Payments", stop)
    sheet.add(ROW)

    with pytest.raises(InterruptedError):
        list(sheet.rest())
    sheet.close()

    assert list(tmp_path.iterdir()) == []
