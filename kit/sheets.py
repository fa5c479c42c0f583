"""CSV files that spreadsheets open: RFC 4180, UTF-8 with a mark that says so.

A spreadsheet runs a cell that begins like a formula, whoever wrote it: a guest's name would do.
An apostrophe before it makes it a text. What is escaped here is read back the same here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from kit.money import Money
from kit.tables import Cell, Column

# Full-width signs are signs, too; a cell that is escaped already is escaped once more.
FORMULA = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")
# Spreadsheets take a file without it for one in the machine's own old encoding.
BOM = "\N{BYTE ORDER MARK}"
PART_CHARACTERS = 2**18


def escaped(text: str) -> str:
    """The text as a cell that no spreadsheet runs. Numbers and dates of our own need none."""
    return f"'{text}" if FORMULA.match(text) else text


def unescaped(cell: str) -> str:
    """The text that `escaped` made this cell of; a cell that it would not make stays as it is."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell, 1) else cell


def written(value: Cell) -> str:
    """A cell as CSV writes it. Texts are escaped; amounts are plain decimals with as many decimals
    as their currency has, days and moments (in UTC) as ISO 8601 writes them."""
    if value is None:
        return ""
    if isinstance(value, Money):
        return value.plain
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    return escaped(value) if isinstance(value, str) else str(value)


class CsvSheet:
    """A CSV file that grows row by row, taken in parts: it is never in memory as a whole."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)
        self._text.write(BOM)
        self._writer.writerow([column.name for column in columns])

    def add(self, row: Sequence[Cell]) -> None:
        """Write a row; its cells are those of the columns, in their order."""
        self._writer.writerow([written(cell) for cell in row])

    def ready(self) -> bytes:
        """What can be taken meanwhile: a part when there is enough for one, otherwise nothing."""
        return self._taken() if self._text.tell() >= PART_CHARACTERS else b""

    def rest(self) -> Iterator[bytes]:
        """What is left when all rows are there."""
        yield self._taken()

    def close(self) -> None:
        """Nothing of it is kept anywhere else."""

    def _taken(self) -> bytes:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode("utf-8", "replace")
