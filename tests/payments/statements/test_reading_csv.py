"""CSV files of banks: how their letters, columns, days and amounts are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import DomainError, Refused
from payments.statements.csv_columns import Columns
from payments.statements.csv_guess import guessed
from payments.statements.csv_text import decoded
from payments.statements.csv_values import amount_of, day_of, orders_of, signs_of
from payments.statements.reading import ReadStatement
from payments.statements.reading_csv import preview, read_csv
from payments.statements.reading_errors import (
    ColumnsUnknown,
    ColumnWrong,
    HeadMissing,
    LineWrong,
    StatementBroken,
    StatementIncomplete,
    TextUnreadable,
    WrongAccount,
    WrongCurrency,
)
from tests.payments.statements.files import NUMBER, PLAIN, rows, sample

TODAY = date(2026, 11, 21)
GERMAN, SPANISH, BRITISH = (
    "DE89370400440532013000",
    "ES9121000418450200051332",
    "GB29NWBK60161331926819",
)


def read(data: bytes, columns: Columns = PLAIN, currency: str = "EUR", number: str = NUMBER,
         **said: Any) -> ReadStatement:  # fmt: skip
    return read_csv(data, currency, number, replace(columns, **said).as_json)


def guess(name: str, currency: str = "EUR") -> Columns:
    return guessed(decoded(sample(name)), currency, TODAY)


# --- real files ----------------------------------------------------------------------------------


def test_a_german_file_in_windows_letters_is_read_as_it_seems() -> None:
    found = read(sample("german.csv"), guess("german.csv"), number=GERMAN)

    first = found.lines[0]
    assert (first.party, first.amount) == ("Björn Müller", 129000)
    assert first.remittance == "Buchung A6012.1 Anzahlung; Villa Größe Gutschrift"
    assert (first.party_account, first.reference) == ("DE02120300000000202051", "A6012.1")
    assert [each.amount for each in found.lines] == [129000, -990, -21154, 21000]
    assert (found.opening, found.closing, found.number) == (400000, 527856, GERMAN)


def test_what_looks_like_a_formula_is_a_text_and_stays_as_it_is() -> None:
    line = read(sample("german.csv"), guess("german.csv"), number=GERMAN).lines[3]

    assert (line.party, line.remittance) == ("=SUMME(A1:A9)", "+49 30 000000 Rückfrage Gutschrift")


def test_a_spanish_file_with_two_columns_of_amounts_is_read_as_it_seems() -> None:
    found = read(sample("spanish.csv"), guess("spanish.csv"), number=SPANISH)

    assert [each.amount for each in found.lines] == [36300, -600, -20000]
    assert found.lines[0].remittance == "Transferencia recibida de José Núñez Reserva A4354.1"
    assert found.lines[2].valued_on == date(2026, 11, 14)


def test_a_british_file_asks_for_the_order_of_day_and_month_when_both_fit() -> None:
    columns = guess("uk.csv", "GBP")

    assert (columns.days, columns.decimal, columns.thousands) == ("", ".", ",")
    with pytest.raises(ColumnWrong, match="whether the day or the month comes first"):
        read(sample("uk.csv"), columns, "GBP", BRITISH)
    found = read(sample("uk.csv"), columns, "GBP", BRITISH, days="dmy")
    assert [each.amount for each in found.lines] == [101500, -1500, 25050]
    assert found.lines[1].remittance == 'ACCOUNT "PLUS" FEE'
    assert found.from_day == date(2026, 11, 2)


@pytest.mark.parametrize(
    ("head", "roles"),
    [
        ("Buchungstag;Betrag;Verwendungszweck", ("date", "amount", "remittance")),
        ("Date;Amount;Description", ("date", "amount", "remittance")),
        ("Fecha;Importe (€);Concepto", ("date", "amount", "remittance")),
        ("Date opération;Montant;Libellé", ("date", "amount", "remittance")),
        ("Data mov.;Montante;Descrição", ("date", "amount", "remittance")),
        ("Datum;Soll;Haben", ("date", "left", "came")),
        ("Buchungsdatum;Umsatz;S/H", ("date", "amount", "mark")),
    ],
)
def test_columns_are_known_by_their_names_in_several_languages(
    head: str, roles: tuple[str, ...]
) -> None:
    columns = guessed(decoded(f"{head}\n31.10.2026;1,00;2,00\n".encode()), "EUR", TODAY)

    assert [getattr(columns, role) for role in roles] == head.split(";")


def test_a_table_without_names_of_its_columns_is_refused() -> None:
    with pytest.raises(HeadMissing, match="begins at line 1"):
        guessed(decoded(b"31.10.2026;1,00;rent\n30.10.2026;2,00;rent\n"), "EUR", TODAY)


# --- letters -------------------------------------------------------------------------------------

ALPHABETS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")


@pytest.mark.parametrize("encoding", ALPHABETS)
def test_letters_are_told_by_their_bytes(encoding: str) -> None:
    text = "Day;Amount;Who;Text;Id\n2026-11-18;1.00;Zoë Müller;für;\n"

    found = decoded(text.encode(encoding))

    assert found.text == text
    assert found.is_safe == (encoding != "cp1252")


@pytest.mark.parametrize(
    "data", [b"a;b\n\x81;\x8d", b"a;b\n1;\x00", b"a;b\n\x01\x02", "a;ü".encode("utf-32")]
)
def test_what_has_no_letters_is_refused(data: bytes) -> None:
    with pytest.raises(TextUnreadable):
        decoded(data)


def test_letters_that_nobody_has_looked_at_are_not_believed() -> None:
    row = ("2026-11-18", "1.00", "Zoë", "", "")
    windows = rows(row).decode().encode("cp1252")

    with pytest.raises(ColumnsUnknown):
        read(windows)
    assert read(windows, encoding="cp1252").lines[0].party == "Zoë"
    assert read(rows(row), encoding="cp1252").lines[0].party == "Zoë"


# --- days and amounts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("31.12.2026", "dmy", date(2026, 12, 31)),
        ("1.2.26", "dmy", date(2026, 2, 1)),
        ("02/01/2026", "mdy", date(2026, 2, 1)),
        ("2026-02-01", "ymd", date(2026, 2, 1)),
        ("20260201", "ymd", date(2026, 2, 1)),
        ("01022026", "dmy", date(2026, 2, 1)),
        ("1 Feb 2026", "dmy", date(2026, 2, 1)),
        ("2026-02-01T10:30:00Z", "ymd", date(2026, 2, 1)),
        ("01/02/2026 10:30", "dmy", date(2026, 2, 1)),
    ],
)
def test_days_are_read_in_the_order_that_was_said(text: str, order: str, day: date) -> None:
    assert day_of(text, order) == day


@pytest.mark.parametrize(
    ("text", "order"),
    [("31.12.2026", "mdy"), ("31.11.2026", "dmy"), ("2026-02-01", "dmy"), ("1.2.026", "dmy"),
     ("1.2/2026", "dmy"), ("", "dmy"), ("yesterday", "ymd"), ("1_0.12.2026", "dmy")],
)  # fmt: skip
def test_what_is_no_day_in_that_order_is_refused(text: str, order: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011, whichever sentence
        day_of(text, order)


@given(st.dates(date(2016, 1, 1), date(2026, 11, 21)))
def test_the_true_order_is_always_among_the_possible_ones(day: date) -> None:
    forms = {"dmy": f"{day:%d.%m.%Y}", "mdy": f"{day:%m/%d/%Y}", "ymd": f"{day:%Y-%m-%d}"}

    for order, text in forms.items():
        assert order in orders_of([text], TODAY)
        assert day_of(text, order) == day


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "minor"),
    [
        ("1.015,00", ",", ".", 101500),
        ("1,015.00", ".", ",", 101500),
        ("1 015,5", ",", " ", 101550),
        ("1\u202f015,50", ",", " ", 101550),
        ("1'015.50", ".", "'", 101550),
        ("1015", ".", ",", 101500),
        ("-12,50", ",", ".", -1250),
        ("12,50-", ",", ".", -1250),
        ("\u221212,50", ",", ".", -1250),
        ("(12.50)", ".", ",", -1250),
        ("+12.50", ".", ",", 1250),
        ("12,50 EUR", ",", ".", 1250),
        ("-€ 12.50", ".", ",", -1250),
        (",50", ",", ".", 50),
    ],
)
def test_amounts_are_read_by_the_signs_that_were_said(
    text: str, decimal: str, thousands: str, minor: int
) -> None:
    assert amount_of(text, "EUR", decimal, thousands) == minor


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"),
    [
        ("1.015,00", ".", ","),
        ("1,0150.00", ".", ","),
        ("10,15.00", ".", ","),
        ("12.505", ".", ","),
        ("12.500", ".", ""),
        ("12.", ".", ","),
        ("1e3", ".", ","),
        ("1_000", ".", ","),
        ("٣", ".", ","),
        ("NaN", ".", ","),
        ("--1", ".", ","),
        ("-1-", ".", ","),
        ("12.50 USD", ".", ","),
        ("", ".", ","),
        ("1" * 20, ".", ","),
    ],
)
def test_what_is_no_amount_with_these_signs_is_refused(
    text: str, decimal: str, thousands: str
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011, whichever sentence
        amount_of(text, "EUR", decimal, thousands)


@given(st.integers(-(10**12), 10**12), st.sampled_from([(",", "."), (".", ","), (",", " ")]))
def test_every_amount_is_read_back_as_it_was_written(minor: int, signs: tuple[str, str]) -> None:
    decimal, thousands = signs
    plain = f"{abs(minor) // 100:,}".replace(",", thousands)
    text = f"{'-' if minor < 0 else ''}{plain}{decimal}{abs(minor) % 100:02}"

    assert amount_of(text, "EUR", decimal, thousands) == minor


@pytest.mark.parametrize(
    ("texts", "signs"),
    [(["1.015,00"], (",", ".")), (["5,00", "1.015"], (",", ".")), (["1,015"], None),
     (["100"], None), (["1'015.50"], (".", "'")), (["1 015,50"], (",", " "))],
)  # fmt: skip
def test_signs_are_guessed_only_where_an_amount_tells_them(
    texts: list[str], signs: tuple[str, str] | None
) -> None:
    assert signs_of(texts) == signs


# --- columns -------------------------------------------------------------------------------------


def test_an_amount_may_come_with_a_mark_of_its_direction() -> None:
    heads = ("Day", "Amount", "S/H")
    columns = replace(PLAIN, heads=heads, mark="S/H", party="", remittance="", bank_reference="")
    marked = [("2026-11-18", "5.00", mark) for mark in ("H", "S", "C", "Dr.", "Haber", "-")]

    found = read(rows(*marked, heads=heads), columns)

    assert [each.amount for each in found.lines] == [500, -500, 500, -500, 500, -500]
    with pytest.raises(LineWrong, match=r"Line 2: “S/H” is “x”; it must be C or D"):
        read(rows(("2026-11-18", "5.00", "x"), heads=heads), columns)
    with pytest.raises(LineWrong, match="marked as one that came"):
        read(rows(("2026-11-18", "-5.00", "H"), heads=heads), columns)


def test_a_file_with_other_heads_asks_again() -> None:
    row = ("2026-11-18", "1.00", "", "", "")

    with pytest.raises(ColumnsUnknown):
        read(rows(row, heads=("Date", "Amount", "Who", "Text", "Id")))


def test_lines_before_the_head_are_passed_over_and_may_name_the_account() -> None:
    body = rows(("2026-11-18", "1.00", "", "", ""))
    ours = f"Account;{NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:]}\n\n".encode()

    assert read(ours + body).number == NUMBER
    with pytest.raises(WrongAccount, match=GERMAN):
        read(f"Konto;{GERMAN}\n".encode() + body)


def test_columns_of_the_same_name_are_told_apart() -> None:
    heads = ("Day", "Amount", "Text", "Text", "")
    columns = replace(
        PLAIN, heads=("Day", "Amount", "Text", "Text (2)", "Column 5"), party="Text (2)",
        bank_reference="",
    )  # fmt: skip

    [line] = read(rows(("2026-11-18", "1.00", "one", "two", ""), heads=heads), columns).lines

    assert (line.remittance, line.party) == ("one", "two")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"date": ""}, "date"),
        ({"amount": ""}, "amount"),
        ({"came": "Text", "remittance": ""}, "left"),
        ({"came": "Text", "left": "Who", "party": "", "remittance": ""}, "amount"),
        ({"days": ""}, "days"),
        ({"decimal": ""}, "decimal"),
        ({"thousands": "."}, "thousands"),
        ({"party": "Nobody"}, "party"),
        ({"party": "Day"}, "party"),
    ],
)
def test_what_was_said_of_the_columns_must_make_sense(said: dict[str, str], field: str) -> None:
    with pytest.raises(ColumnWrong) as wrong:
        replace(PLAIN, **said).check()  # type: ignore[arg-type]

    assert wrong.value.field == field


def test_columns_are_kept_and_found_again() -> None:
    assert Columns.of(PLAIN.as_json) == PLAIN


# --- lines -------------------------------------------------------------------------------------


def test_every_wrong_line_is_told_with_its_number_and_what_would_be_right() -> None:
    data = rows(
        ("18.11.2026", "1.00", "", "", ""),
        ("2026-11-18", "1,00", "", "", ""),
        ("2026-11-18", "", "", "", ""),
        ("", "1.00", "", "", ""),
        ("2026-11-18", "1.00", "", ""),
        ("2026-11-18", "1.00", "", "", ""),
    )

    with pytest.raises(Refused) as refused:
        read(data)

    assert [str(each) for each in refused.value.problems] == [
        "Line 2: “Day” is “18.11.2026”; it must be a day as it was said: year, month, day.",
        "Line 3: “Amount” is “1,00”; it must be an amount such as 1234.56.",
        "Line 4: “Amount” is empty; it must be an amount.",
        "Line 5: “Day” is empty; it must be a day.",
        "Line 6: it has 4 cells, and the head has 5. The file is cut off there, or it is the "
        "bank's own sum: then take the line out.",
    ]


def test_a_lost_quotation_mark_does_not_make_one_cell_of_the_rest() -> None:
    with pytest.raises(StatementBroken, match="line 3"):
        read(rows(("2026-11-18", "1.00", '"Ana', "", ""), ("2026-11-18", "1.00", "", "", "")))


def test_a_line_without_money_is_passed_over_and_counted() -> None:
    found = read(rows(("2026-11-18", "0.00", "", "", ""), ("2026-11-18", "1.00", "", "", "")))

    assert ([each.amount for each in found.lines], found.skipped.zero) == ([100], 1)


def test_the_currency_and_the_account_of_every_line_are_checked() -> None:
    heads = ("Day", "Amount", "Cur", "Own")
    columns = replace(PLAIN, heads=heads, currency="Cur", own="Own", party="", remittance="",
                      bank_reference="")  # fmt: skip

    assert read(rows(("2026-11-18", "1.00", "EUR", "1234567890"), heads=heads), columns).lines
    with pytest.raises(WrongCurrency, match="Line 2: the currency is USD"):
        read(rows(("2026-11-18", "1.00", "USD", NUMBER), heads=heads), columns)
    with pytest.raises(WrongAccount):
        read(rows(("2026-11-18", "1.00", "EUR", GERMAN), heads=heads), columns)


def test_balances_show_a_missing_line_in_either_order() -> None:
    heads = ("Day", "Amount", "Balance")
    columns = replace(PLAIN, heads=heads, balance="Balance", party="", remittance="",
                      bank_reference="")  # fmt: skip
    lines = [("2026-11-16", "1.00", "11.00"), ("2026-11-17", "2.00", "13.00"),
             ("2026-11-18", "-4.00", "9.00")]  # fmt: skip

    for order in (lines, lines[::-1]):
        found = read(rows(*order, heads=heads), columns)
        assert (found.opening, found.closing) == (1000, 900)
        with pytest.raises(StatementIncomplete, match="do not follow from one another"):
            read(rows(order[0], order[2], heads=heads), columns)


def test_the_preview_shows_what_is_read_and_what_is_not() -> None:
    text = decoded(rows(("2026-11-18", "1.00", "Ana", "", ""), ("x", "1.00", "", "", "")))

    first, second = preview(text, "EUR", NUMBER, PLAIN, 8)

    assert not isinstance(first, DomainError)
    assert first.party == "Ana"
    assert isinstance(second, LineWrong)
