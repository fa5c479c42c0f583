"""From the bytes of a bank's file to the lines of a statement: pure.

What a file is, its contents say, not its name. One that is no statement, or whose lines do not lead
from one balance to the other, is refused as a whole: half a statement is a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from payments.statements.csv_text import decoded
from payments.statements.reading_camt import read_camt
from payments.statements.reading_csv import read_csv
from payments.statements.reading_errors import (
    ColumnsUnknown,
    DayOutOfReach,
    Faults,
    NotAStatement,
    StatementTooLarge,
)
from payments.statements.statement import MOST_AHEAD, ReadLine, ReadStatement

__all__ = ["MOST_BYTES", "ReadLine", "ReadStatement", "check_days", "kind_of", "read_statement"]

MOST_BYTES = 32 * 2**20
MOST_YEARS = 10

SPREADSHEET = "Save it as CSV, or ask the bank for CAMT.053 (XML)."
# How files begin that people choose by mistake.
BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", ""),
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet (XLSX)", "Unpack it, or save it as CSV."),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet or document of an old Office", SPREADSHEET),
    (b"\x1f\x8b", "a compressed file (GZIP)", "Unpack it first."),
    (b"7z\xbc\xaf", "a compressed file (7z)", "Unpack it first."),
    (b"Rar!", "a compressed file (RAR)", "Unpack it first."),
    (b"\x89PNG", "a picture", ""),
    (b"\xff\xd8\xff", "a picture", ""),
    (b"GIF8", "a picture", ""),
    (b"{\\rtf", "a text document (RTF)", ""),
)
# The same of texts, in small letters.
TEXTS: tuple[tuple[str, str, str], ...] = (
    ("<!doctype html", "a web page", "Download the file itself, not the page that offers it."),
    ("<html", "a web page", "Download the file itself, not the page that offers it."),
    ("{1:f", "an MT940 file", ""),
    (":20:", "an MT940 file", ""),
    ("ofxheader", "an OFX file", ""),
    ("!type:", "a QIF file", ""),
    ("{", "a JSON file", ""),
    ("[", "a JSON file", ""),
)
SAMPLE = 1024


def kind_of(data: bytes) -> Literal["csv", "camt.053"]:
    """What a file seems to be by how it begins. Raises NotAStatement and StatementTooLarge."""
    if len(data) > MOST_BYTES:
        raise StatementTooLarge(MOST_BYTES)
    for beginning, what, rather in BEGINNINGS:
        if data.startswith(beginning):
            raise NotAStatement(what, rather)
    if not data.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise NotAStatement("an empty file", "Download it from the bank once more.")
    start = _beginning(data)
    for text, what, rather in TEXTS:
        if start.startswith(text):
            raise NotAStatement(what, rather)
    return "camt.053" if start.startswith("<") else "csv"


def read_statement(
    data: bytes, currency: str, number: str, columns: Mapping[str, object] | None
) -> ReadStatement:
    """The statement of an account with this (plain) number and currency. `columns` is how CSV files
    of the account are read (`Columns.as_json`); None when nobody has confirmed it yet.

    Raises what `kind_of`, `read_camt` and `read_csv` raise, and ColumnsUnknown.
    """
    if kind_of(data) == "camt.053":
        return read_camt(data, currency, number)
    if columns is None:
        decoded(data)  # what is no text at all is told as that
        raise ColumnsUnknown
    return read_csv(data, currency, number, columns)


def check_days(read: ReadStatement, today: date) -> None:
    """Raises DayOutOfReach, several as Refused, for lines of the future or of long ago."""
    first, last = _years_before(today, MOST_YEARS), today + timedelta(days=MOST_AHEAD)
    faults = Faults()
    for position, line in enumerate(read.lines, start=1):
        if not first <= line.booked_on <= last:
            faults.add(DayOutOfReach(position, line.booked_on, first, last))
    faults.raise_if_any()


def _years_before(day: date, years: int) -> date:
    return date(day.year - years, day.month, 1)


def _beginning(data: bytes) -> str:
    """The first letters without a mark and spaces, in small ones."""
    sample = data[:SAMPLE]
    wide = sample.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in sample
    plain = sample.replace(b"\0", b"") if wide else sample
    return plain.decode("latin-1").lstrip("\xef\xbb\xbf\xff\xfe \t\r\n").lower()
