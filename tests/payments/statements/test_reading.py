"""What a file is, and which files are no statements."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from kit.errors import DomainError, Refused
from payments.statements import reading
from payments.statements.reading import check_days, kind_of, read_statement
from payments.statements.reading_errors import (
    ColumnsUnknown,
    DayOutOfReach,
    NotAStatement,
    StatementTooLarge,
    TextUnreadable,
)
from tests.payments.statements.files import NUMBER, PLAIN, camt, entry, part, rows, sample

TODAY = date(2026, 11, 20)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("statement.xml", sample("camt053.xml"))
    return file.getvalue()


def spreadsheet() -> bytes:
    file = io.BytesIO()
    Workbook().save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7\n...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n...", "a picture"),
        (b"\xff\xd8\xff\xe0...", "a picture"),
        (zipped(), "a ZIP archive"),
        (spreadsheet(), "a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...", "old Office"),
        (b"\x1f\x8b\x08...", "compressed"),
        (b"", "an empty file"),
        (b"\xef\xbb\xbf \r\n\t", "an empty file"),
        (b"\n <!DOCTYPE html><title>Sign in</title>", "a web page"),
        ("<HTML>".encode("utf-16"), "a web page"),
        (b":20:STARTUMSE\n:25:10020030/1234567", "an MT940 file"),
        (b"{1:F01BANKBEBB}{2:O940}", "an MT940 file"),
        (b'{"lines": []}', "a JSON file"),
        (b"OFXHEADER:100", "an OFX file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an XML file without a statement"),
    ],
)
def test_what_is_no_statement_is_told_by_what_it_is(data: bytes, what: str) -> None:
    with pytest.raises(NotAStatement, match=what):
        read_statement(data, "EUR", NUMBER, PLAIN.as_json)


def test_a_file_is_what_it_holds_whatever_it_is_called() -> None:
    assert kind_of(sample("camt053.xml")) == "camt.053"
    assert kind_of(camt(part(entry("1.00"))).decode().encode("utf-16")) == "camt.053"
    assert kind_of(sample("german.csv")) == "csv"


def test_a_file_larger_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 100)

    with pytest.raises(StatementTooLarge, match="shorter periods"):
        kind_of(b"a;b\n" * 26)


def test_csv_waits_until_its_columns_are_known() -> None:
    with pytest.raises(ColumnsUnknown):
        read_statement(rows(("2026-11-18", "1.00", "", "", "")), "EUR", NUMBER, None)
    with pytest.raises(TextUnreadable):
        read_statement(b"a;b\n\x00\x01\x02;\x81", "EUR", NUMBER, None)


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_or_refused_in_words(data: bytes) -> None:
    told = ""
    try:
        read_statement(data, "EUR", NUMBER, PLAIN.as_json)
    except (DomainError, Refused) as error:
        told = str(error)

    assert told[-1:] in ("", ".")


@pytest.mark.parametrize("day", ["2026-12-01", "2027-11-18", "0026-11-18", "2016-10-31"])
def test_days_of_the_future_or_of_long_ago_are_refused(day: str) -> None:
    read = read_statement(camt(part(entry("1.00", day=day))), "EUR", NUMBER, None)

    with pytest.raises(DayOutOfReach, match=f"of {day}; it must be between 2016-11-01 and"):
        check_days(read, TODAY)


@pytest.mark.parametrize("day", ["2026-11-30", "2026-11-20", "2016-11-01"])
def test_days_of_the_bank_may_be_a_little_ahead(day: str) -> None:
    check_days(read_statement(camt(part(entry("1.00", day=day))), "EUR", NUMBER, None), TODAY)
