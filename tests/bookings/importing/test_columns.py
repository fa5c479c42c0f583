"""What of a line can be judged by itself: every column's bad values, and what belongs together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bookings.forms import ContactForm
from bookings.importing.columns import COLUMNS, REQUIRED, SCHEMA, read_header, read_row
from kit.fields import PlainText, Typed
from tests.bookings.importing.sheets import ASKED, MONEY, line

DATE = "it must be a real date, yyyy-mm-dd."
AMOUNT = "it must be a plain decimal such as 200 or 200.50, at most 9999999999.99."
COUNT = "it must be a whole number of at most 999."
DAYS = ("arrival", "departure", "created", "deposit_due", "balance_due", "paid_on")
AMOUNTS = (
    "accommodation", "tax", "fee", "insurance", "deposit", "balance", "security_deposit",
    "cancellation_fee", "paid",
)  # fmt: skip
COUNTS = ("adults", "children", "infants", "pets")
TEXTS = [name for name, field in SCHEMA.load_fields.items() if isinstance(field, PlainText)]


def faults(**cells: str) -> tuple[str, ...]:
    return read_row(2, line(**cells)).faults


def test_every_column_is_of_a_kind_whose_bad_values_are_tested_here() -> None:
    assert {*DAYS, *AMOUNTS, *COUNTS, *TEXTS, "status"} == set(COLUMNS)


def test_a_line_that_is_right_has_values_and_no_faults() -> None:
    row = read_row(7, line(adults="2", **ASKED, **MONEY))

    assert (row.number, row.faults) == (7, ())
    assert (row.values["arrival"], row.values["adults"]) == (date(2030, 6, 1), 2)
    assert row.values["paid"] == Decimal("300.00")


def test_empty_cells_are_no_values() -> None:
    row = read_row(2, line() | dict.fromkeys(set(COLUMNS) - {*line()}, ""))

    assert row.faults == ()
    assert set(row.values) == set(line())


@pytest.mark.parametrize("column", DAYS)
@pytest.mark.parametrize(
    "came", ["2030-02-30", "01/06/2030", "2030-6-1", " 2030-06-01", "٢٠٣٠-٠٦-٠١"]
)
def test_days_are_strict(column: str, came: str) -> None:
    assert f"{column} is {came!r}; {DATE}" in faults(**{**ASKED, **MONEY, column: came})


@pytest.mark.parametrize("column", AMOUNTS)
@pytest.mark.parametrize("came", ["1,200.50", "200,50", "-5", "1e3", "€5", "5.", "10000000000"])
def test_amounts_are_plain_decimals(column: str, came: str) -> None:
    cells = {**ASKED, **MONEY, "status": "cancelled", column: came}

    assert faults(**cells) == (f"{column} is {came!r}; {AMOUNT}",)


@pytest.mark.parametrize("column", COUNTS)
@pytest.mark.parametrize("came", ["two", "1000", "-1", "1.5"])
def test_counts_are_small_whole_numbers(column: str, came: str) -> None:
    assert faults(**{column: came}) == (f"{column} is {came!r}; {COUNT}",)


@pytest.mark.parametrize("column", TEXTS)
def test_texts_have_the_longest_length_of_their_field(column: str) -> None:
    most = SCHEMA.load_fields[column].most  # type: ignore[attr-defined]

    assert faults(**{column: "x" * (most + 1)})[0] == (
        f"{column} has {most + 1} characters; it may have {most}."
    )


def test_the_guest_s_texts_have_the_limits_of_the_api() -> None:
    there = {name: field for name, field in ContactForm().load_fields.items() if name in COLUMNS}
    limits = {name: getattr(field, "most", None) for name, field in there.items()}

    assert len(limits) > 10
    assert {name: getattr(SCHEMA.load_fields[name], "most", None) for name in there} == limits


@pytest.mark.parametrize("column", TEXTS)
def test_control_characters_are_refused_in_texts(column: str) -> None:
    assert any("control character" in each for each in faults(**{column: "a\x00b"}))


@pytest.mark.parametrize("column", TEXTS)
@pytest.mark.parametrize("came", ["4111 1111 1111 1111", "'=4111111111111111"])
def test_card_numbers_are_refused_in_texts_and_not_repeated(column: str, came: str) -> None:
    sentence = f"{column} holds what looks like a card number; take it out of the file."

    found = faults(**{column: came})
    assert sentence in found
    assert "1111" not in " ".join(found)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_card_number_in_the_wrong_column_is_refused_and_not_repeated(column: str) -> None:
    found = faults(**{**ASKED, **MONEY, column: "4111111111111111"})

    assert found
    assert "4111" not in " ".join(found)


@pytest.mark.parametrize("column", TEXTS)
def test_what_is_not_utf_8_is_told_by_its_column(column: str) -> None:
    sentence = f"{column} is not UTF-8; save the file as CSV in UTF-8."

    assert sentence in faults(**{column: "Jos\udce9"})


@pytest.mark.parametrize("column", REQUIRED)
def test_required_cells_must_be_there(column: str) -> None:
    assert any(each.startswith(f"{column} is missing") for each in faults(**{column: ""}))


def test_all_that_is_wrong_with_a_line_is_told_in_the_order_of_columns() -> None:
    found = faults(location="", email="nobody", account=" A", adults="x", paid="1")

    assert [each.split()[0] for each in found] == [
        "account", "location", "email", "adults", "paid_on", "method",
    ]  # fmt: skip


@pytest.mark.parametrize("came", ["open", "Confirmed", "1"])
def test_an_unknown_status_is_told_with_those_there_are(came: str) -> None:
    assert faults(status=came) == (
        f"status is {came!r}; it must be one of booking, provisional, blockout, cancelled.",
    )


@pytest.mark.parametrize("departure", ["2030-06-01", "2030-05-31", "2031-06-03"])
def test_a_stay_has_a_night_and_at_most_a_year(departure: str) -> None:
    assert faults(departure=departure) == (
        f"departure is {departure}; it must be after arrival (2030-06-01), and at most 366 nights "
        "later.",
    )


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"paid": "5", "method": "PayPal"}, "paid_on is missing; paid needs it."),
        ({"paid": "5", "paid_on": "2024-03-01"}, "method is missing; paid needs it."),
        ({"method": "PayPal"}, "method comes without money; give paid, or leave it empty."),
        ({"paid": "0", "reference": "X"},
         "reference comes without money; give paid, or leave it empty."),
        ({"deposit": "5"}, "deposit_due is missing; deposit must be due on a day, yyyy-mm-dd."),
        ({"balance": "5"}, "balance_due is missing; balance must be due on a day, yyyy-mm-dd."),
        ({"deposit": "0", "tax": "5"},
         "deposit_due is missing; tax must be due on a day, yyyy-mm-dd."),
        ({"cancellation_fee": "5"}, "cancellation_fee is only for status cancelled."),
        ({"status": "blockout", "deposit": "5"},
         "deposit must be empty; a blockout asks for no money."),
        ({"last_name": ""}, "last_name is missing; a booking needs a name or an e-mail."),
    ],
)  # fmt: skip
def test_columns_that_belong_together_come_together(cells: dict[str, str], sentence: str) -> None:
    assert faults(**cells) == (sentence,)


@pytest.mark.parametrize("column", ["tax", "fee", "insurance", "security_deposit", "deposit_due"])
def test_a_schedule_of_one_s_own_needs_a_deposit_or_a_balance(column: str) -> None:
    (sentence,) = faults(**{column: "2030-01-01" if column == "deposit_due" else "5"})

    assert sentence.startswith(f"{column} needs deposit or balance beside it")


@pytest.mark.parametrize("status", ["blockout", "cancelled"])
def test_blockouts_and_cancelled_bookings_may_be_nobody_s(status: str) -> None:
    assert faults(status=status, last_name="") == ()


def test_an_escaped_cell_is_read_as_what_it_was() -> None:
    row = read_row(2, line(mobile="'+351 912", first_name="'t Hooft", city="''=1"))

    assert row.values["mobile"] == "+351 912"
    assert (row.values["first_name"], row.values["city"]) == ("'t Hooft", "'=1")


def test_a_header_may_be_in_any_case_and_order_with_spaces() -> None:
    names = [f" {name.upper()} " for name in reversed(COLUMNS)]

    assert read_header(names) == (list(reversed(COLUMNS)), [])


def test_all_that_is_wrong_with_a_header_is_told() -> None:
    found = read_header(["account", "account", "locaton", "arrival", "x" * 99, "", "property"])

    assert found.faults == [
        "There is no column 'locaton'; did you mean location?",
        f"There is no column {'x' * 50!r}; docs/import.md lists those there are.",
        "A column has no name; take it out, or name it.",
        "The column account is there twice.",
        "The column location is missing.",
        "The column departure is missing.",
    ]


def test_a_header_that_is_no_utf_8_is_told_as_such() -> None:
    assert read_header(["\udcff\udcfea\x00"]).faults[0] == (
        "The file is not UTF-8; save it as CSV in UTF-8."
    )


def test_typed_columns_are_not_searched_for_card_numbers() -> None:
    assert {name for name, f in SCHEMA.load_fields.items() if isinstance(f, Typed)} == {
        *DAYS, *AMOUNTS, *COUNTS, "status",
    }  # fmt: skip
