"""XLSX files: amounts and dates that spreadsheets can reckon with, texts that none of them runs.

Rows go to a file of their own as they come, which openpyxl packs at the end: however long the
table, little of it is in memory.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from kit.currencies import exponent
from kit.errors import PageError
from kit.money import Money
from kit.tables import Cell, Column, Kind

MOST_ROWS = 2**20 - 1  # the first is that of the names
LONGEST_TEXT = 32_767
LONGEST_TITLE = 31
PART_BYTES = 2**20
# A spreadsheet's numbers have 15 digits: what is longer stays exact as a text.
GREATEST_NUMBER = 10**15
# Spreadsheets count days from here; before it they know a 29 February 1900, and then nothing.
FIRST_DAY = date(1900, 3, 1)
# What no XML may hold, not even written as a number.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# In texts of this format "_x0041_" would be read as "A".
LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
# openpyxl takes texts that begin so for formulas, and for errors ("#N/A").
TAKEN_OTHERWISE = ("=", "#")

DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
WIDTHS: dict[Kind, int] = {"text": 24, "number": 11, "amount": 14, "day": 12, "moment": 20}


class TooManyRows(PageError):
    """A table is longer than a sheet of this format can be."""

    code = "too_many_rows"

    def __init__(self, rows: int) -> None:
        super().__init__(
            f"This list has {rows:,} rows, and an XLSX file holds {MOST_ROWS:,} at most. Take it as"
            " CSV, or choose fewer with the filters."
        )


class XlsxSheet:
    """An XLSX file of one sheet that grows row by row. `beat` is called now and then while it is
    packed, which takes its time."""

    def __init__(
        self, columns: Sequence[Column], title: str, beat: Callable[[], object] = lambda: None
    ) -> None:
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet(_title(title))
        self._sheet.freeze_panes = "A2"
        for place, column in enumerate(columns, 1):
            width = max(WIDTHS[column.kind], len(column.name) + 2)
            self._sheet.column_dimensions[get_column_letter(place)].width = width
        # One cell for each place and look, used row after row: making one costs more than a value.
        self._cells: dict[tuple[int, str], Any] = {}
        self._rows = 0
        self._beat = beat
        self._sheet.append([self._name(column.name) for column in columns])

    def add(self, row: Sequence[Cell]) -> None:
        """Write a row; its cells are those of the columns, in their order. Raises TooManyRows for
        one that does not fit any more."""
        self._rows += 1
        if self._rows > MOST_ROWS:
            raise TooManyRows(self._rows)
        self._sheet.append([self._cell(place, value) for place, value in enumerate(row)])

    def ready(self) -> bytes:
        """Nothing: such a file is packed when all of its rows are there."""
        return b""

    def rest(self) -> Iterator[bytes]:
        """The whole file, in parts."""
        with tempfile.TemporaryFile() as target:
            with ZipFile(_Beating(target, self._beat), "w", ZIP_DEFLATED) as archive:
                ExcelWriter(self._book, archive).save()
            target.seek(0)
            while part := target.read(PART_BYTES):
                yield part

    def close(self) -> None:
        """Remove the file of the rows, which is still there when something went wrong half way."""
        if not self._sheet.closed:
            self._sheet.close()
        writer = self._sheet._writer
        if Path(writer.out).exists():
            writer.cleanup()

    def _name(self, name: str) -> Any:
        cell = WriteOnlyCell(self._sheet, value=name)
        cell.font = Font(bold=True)
        return cell

    def _cell(self, place: int, value: Cell) -> Any:
        """The value as openpyxl takes it rightly, in a cell where it needs one."""
        if isinstance(value, Money):
            return self._looking(place, _amount_look(value.currency), value.decimal)
        if isinstance(value, date):  # a moment is a day, too
            return self._day(place, value)
        if isinstance(value, int) and abs(value) < GREATEST_NUMBER:
            return value
        return None if value is None else self._text(place, str(value))

    def _day(self, place: int, value: date) -> Any:
        moment = value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else None
        day = moment.date() if moment else value
        if day < FIRST_DAY:
            return day.isoformat()
        return self._looking(place, MOMENT if moment else DAY, moment or day)

    def _text(self, place: int, value: str) -> Any:
        text = LOOKS_ESCAPED.sub("_x005F_", FORBIDDEN.sub("", value))[:LONGEST_TEXT]
        if not text.startswith(TAKEN_OTHERWISE):
            return text
        cell = self._looking(place, "", text)
        cell.data_type = "s"
        return cell

    def _looking(self, place: int, look: str, value: Any) -> Any:
        cell = self._cells.get((place, look))
        if cell is None:
            cell = self._cells[place, look] = WriteOnlyCell(self._sheet)
            if look:
                cell.number_format = look
        cell.value = value
        return cell


class _Beating:
    """A file that tells whenever something is written to it."""

    def __init__(self, file: IO[bytes], beat: Callable[[], object]) -> None:
        self._file, self._beat = file, beat

    def write(self, some: bytes) -> int:
        self._beat()
        return self._file.write(some)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _title(text: str) -> str:
    return NOT_IN_TITLES.sub(" ", text)[:LONGEST_TITLE].strip() or "Sheet"


def _amount_look(currency: str) -> str:
    places = exponent(currency)
    return f"#,##0.{'0' * places}" if places else "#,##0"
