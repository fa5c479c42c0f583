"""Each kind of field: what it takes, and what it says to everything else."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import marshmallow as ma
import orjson
import pytest

from kit import fields, form
from kit.fields import Fault
from kit.money import Money


def loaded(field: fields.Wire, text: str) -> Any:
    """What a field named "F" makes of a text."""

    class One(form.Form):
        f = field

    field.data_key = "F"
    return One().load({"F": text})["f"]


def refused(field: fields.Wire, text: str) -> str:
    with pytest.raises(ma.ValidationError) as caught:
        loaded(field, text)
    [fault] = caught.value.normalized_messages()["F"]  # type: ignore[no-untyped-call]
    assert isinstance(fault, Fault)
    return str(fault)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_a_whole_number_is_digits(text: str, number: int) -> None:
    assert loaded(fields.WholeNumber(), text) == number


@pytest.mark.parametrize(
    "text", ["-1", "+1", "1.0", "1_0", "1e3", "٣", " 1", "1 ", "x", "9" * 19, "1\n", "0x1"]
)
def test_nothing_else_is_a_whole_number(text: str) -> None:
    assert refused(fields.WholeNumber(), text).endswith("; it must be a whole number.")


@pytest.mark.parametrize(
    "text", ["200", "200.5", "200.50", "0", "0.30000000000000004", "9999999999.99"]
)
def test_an_amount_is_a_plain_decimal_kept_as_written(text: str) -> None:
    assert loaded(fields.Amount(), text) == Decimal(text)
    assert str(loaded(fields.Amount(), text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *["1e3", "1_000", "1,000.00", "1,5", "٣", "NaN", "Infinity", "-1", "+1", "1.", ".5"],
        *[" 1", "1 ", "1\n"],
        *["10000000000", "9999999999.991", "99999999999.99", "1" * 5000],  # too much
        "0." + "1" * 61,
    ],
)
def test_nothing_else_is_an_amount(text: str) -> None:
    assert "it must be a plain decimal such as 200 or 200.50" in refused(fields.Amount(), text)


@pytest.mark.parametrize("text", ["0", "0.00", "000"])
def test_an_amount_that_must_be_positive_is_not_nothing(text: str) -> None:
    assert refused(fields.Amount(positive=True), text) == f"F is '{text}'; it must be more than 0."
    assert loaded(fields.Amount(), text) == 0


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "tRuE"])
def test_true_is_read_in_any_case(text: str) -> None:
    assert loaded(fields.Flag(), text) is True
    assert loaded(fields.Flag(), "False") is False


@pytest.mark.parametrize("text", ["1", "0", "yes", "on", "t", "true ", "truE\n", "wahr"])
def test_nothing_else_is_true_or_false(text: str) -> None:
    assert "it must be one of true, false." in refused(fields.Flag(), text)


@pytest.mark.parametrize("text", ["2024-02-29", "2026-12-31", "0001-01-01", "9999-12-31"])
def test_a_day_is_written_year_month_day(text: str) -> None:
    assert loaded(fields.Day(), text) == date.fromisoformat(text)


@pytest.mark.parametrize(
    "text",
    [
        *["2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01"],
        *["26-01-01", "2026-1-1", "20260101", "2026-W01-1", "01/02/2026", "٢٠٢٦-01-01"],
        *["2026-01-01T00:00:00", "2026-01-01 ", "2026-01-01\n"],
    ],
)
def test_nothing_else_is_a_day(text: str) -> None:
    assert refused(fields.Day(), text).endswith("; it must be a real date, yyyy-mm-dd.")


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31"])
def test_no_money_is_of_before_1900(text: str) -> None:
    told = f"F is '{text}'; it must be a real date from 1900-01-01 on, yyyy-mm-dd."
    assert refused(fields.MoneyDay(), text) == told
    assert loaded(fields.MoneyDay(), "1900-01-01") == date(1900, 1, 1)


@pytest.mark.parametrize(("text", "number"), [("15", 15), ("15=1", 15), ("1", 1), ("300x", 300)])
def test_a_leading_number_is_read_and_the_rest_is_not(text: str, number: int) -> None:
    assert loaded(fields.LeadingNumber(least=1, most=300), text) == number


@pytest.mark.parametrize("text", ["0", "301", "=1", "x15", "-1", "٣", "1" * 18])
def test_a_leading_number_stays_within_its_bounds(text: str) -> None:
    field = fields.LeadingNumber(least=1, most=300)

    assert "it must be a whole number from 1 to 300." in refused(field, text)


@pytest.mark.parametrize(("text", "meaning"), [("0", "cleared"), ("A", "first"), ("a", "first")])
def test_a_choice_means_what_is_listed(text: str, meaning: str) -> None:
    assert loaded(fields.Choice({"0": "cleared", "a": "first"}), text) == meaning


def test_any_other_choice_is_refused_with_those_there_are() -> None:
    field = fields.Choice({"0": "cleared", "a": "first"})

    assert refused(field, "3") == "F is '3'; it must be one of 0, a."


def test_a_text_may_have_its_length_and_no_more() -> None:
    assert loaded(fields.PlainText(most=3), "äöü") == "äöü"
    assert refused(fields.PlainText(most=3), "abcd") == "F has 4 characters; it may have 3."


def test_a_text_of_a_pattern_fits_it_wholly() -> None:
    field = fields.PlainText(most=9, pattern="[0-9]{4}", hint="the last four digits")

    assert loaded(field, "0123") == "0123"
    assert refused(field, "12345") == "F is '12345'; it must be the last four digits."


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("100.00,50", ["100.00", "50"]),
        ("50 , 50,0.01", ["50", "50", "0.01"]),
        ("9999999999.99", ["9999999999.99"]),
        (",".join(["1"] * 50), ["1"] * 50),
    ],
)
def test_amounts_are_read_in_their_order_and_equal_ones_stay_apart(
    text: str, amounts: list[str]
) -> None:
    assert [str(amount) for amount in loaded(fields.Amounts(), text)] == amounts


@pytest.mark.parametrize(
    "text",
    [
        *["1,,2", "1,", ",1", ",", "1;2", "1 2", "1,x", "1,-2", "1e3,1", "1,٣", "1\n,2"],
        *["1,0", "0.00", "1,000.00", "10000000000,1", "9999999999.991"],
        *[",".join(["1"] * 51), "1," * 30000],
    ],
)
def test_nothing_else_is_a_list_of_amounts(text: str) -> None:
    assert refused(fields.Amounts(), text).endswith(
        "; it must be plain decimals such as 100.00,50, each more than 0, at most 50 of them."
    )


def test_a_list_of_amounts_may_be_given_in_several_values_of_one_name() -> None:
    class Plan(form.Form):
        amounts = fields.Amounts(data_key="Amounts")

    found = Plan().load(form.gather(b"Amounts=100&amounts=50,100", Plan()))

    assert found == {"amounts": (100, 50, 100)}


@pytest.mark.parametrize(
    "text",
    [
        *["ana@example.com", "ana.de+sousa@mail.example.co.uk", "a@b", "o'neil@example.com"],
        *["josé@exämple.pt", "x" * 242 + "@example.com"],
    ],
)
def test_an_email_address_is_kept_as_written(text: str) -> None:
    assert loaded(fields.Email(), text) == text


@pytest.mark.parametrize(
    "text",
    [
        *["ana", "@example.com", "ana@", "ana@@example.com", "ana@b@c", "ana@.com", "ana@b..com"],
        *["ana@example.com.", "ana@example.com,rui@example.com", "ana@b;rui@c", "a na@example.com"],
        *["Ana <ana@example.com>", "ana@example.com ", "ana@exa\u00a0mple.com", "ana\u200b@b.com"],
        *['"ana"@example.com', "ana@[127.0.0.1]", "mailto:ana@example.com", "ana\u2028@b.com"],
    ],
)
def test_nothing_else_is_an_email_address(text: str) -> None:
    assert refused(fields.Email(), text).endswith(
        "; it must be an e-mail address such as ana@example.com."
    )


def test_an_email_address_is_one_line_of_254_characters_at_most() -> None:
    assert refused(fields.Email(), "x" * 243 + "@example.com") == (
        "F has 255 characters; it may have 254."
    )
    for end in "\r\n\x00\t":
        assert refused(fields.Email(), f"ana@b.com{end}Bcc:x@y.z") == "F holds a control character."


def test_half_of_a_surrogate_pair_is_a_control_character() -> None:
    assert refused(fields.PlainText(most=9), "a\ud800") == "F holds a control character."


def test_a_missing_field_is_told_with_what_it_must_be() -> None:
    class Needs(form.Form):
        day = fields.Day(data_key="PaymentDate", required=True)

    with pytest.raises(ma.ValidationError) as caught:
        Needs().load({})

    [fault] = caught.value.normalized_messages()["PaymentDate"]  # type: ignore[no-untyped-call]
    assert fault == "PaymentDate is missing; it must be a real date, yyyy-mm-dd."
    assert fault.code == "required"


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(20000, "EUR"), b"200.00"),
        (Money(1, "KWD"), b"0.001"),
        (Money(200, "JPY"), b"200"),
        (Money(-310, "EUR"), b"-3.10"),
        (Money(999999999999999999, "EUR"), b"9999999999999999.99"),
    ],
)
def test_money_is_a_json_number_with_all_its_decimals(money: Money, text: bytes) -> None:
    assert form.encode({"Amount": fields.number(money)}) == b'{"Amount":' + text + b"}"
    assert form.encode(fields.MoneyOut().serialize("m", {"m": money})) == text
    assert json.loads(text) == pytest.approx(orjson.loads(text))
