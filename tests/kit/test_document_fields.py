"""What the fields of JSON documents make of values, and what they say of wrong ones."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kit.documents import (
    Document,
    JsonNumber,
    load,
    parse,
)
from kit.form import Malformed
from tests.kit.orders import AMOUNT, ORDER, read, told


def wrong(name: str, value: str) -> tuple[str, str]:
    """Code and sentence about one value, as JSON, of an order."""
    with pytest.raises(Malformed) as caught:
        load(ORDER, parse(f'{{"id":7,"{name}":{value}}}'.encode()))
    [(place, fault)] = caught.value.faults
    assert place == name
    return fault.code, str(fault)


# --- amounts -----------------------------------------------------------------------------------


def paid(amount: str) -> Decimal:
    raw = f'{{"id":7,"Payments":[{{"Amount":{amount}}}]}}'
    [payment] = load(ORDER, parse(raw.encode()))["payments"]
    found: Decimal = payment["amount"]
    return found


@pytest.mark.parametrize(
    "digits", ["20.06", "0.1", "0.2", "7", "0.01", "9999999999.99", "17.123456789012345678"]
)
@pytest.mark.parametrize("quoted", [False, True], ids=["number", "text"])
def test_an_amount_is_a_number_or_a_text_and_keeps_its_digits(digits: str, quoted: bool) -> None:
    assert str(paid(f'"{digits}"' if quoted else digits)) == str(Decimal(digits))


@pytest.mark.parametrize(
    ("sent", "amount"),
    [("100.0", "100"), ("10.7500", "10.75"), ("10.40", "10.4"), ("100", "100"), ("0.10", "0.1"),
     ("1.0010", "1.001"), ('"10.40"', "10.40"), ('"200.000"', "200.000")],
)  # fmt: skip
def test_zeros_at_the_end_of_an_amount_are_dropped_of_a_number_and_kept_of_a_text(
    sent: str, amount: str
) -> None:
    assert str(paid(sent)) == amount


def test_ten_cents_and_twenty_are_thirty() -> None:
    assert paid("0.1") + paid("0.2") == paid("0.3")


@pytest.mark.parametrize(
    ("came", "must_be"),
    [
        ("1e2", f"{AMOUNT}, without an exponent"),
        ('"1E+2"', f"{AMOUNT}, without an exponent"),
        ("2.006e1", f"{AMOUNT}, without an exponent"),
        ("1e-7", f"{AMOUNT}, without an exponent"),
        ("1e400", f"{AMOUNT}, without an exponent"),
        ("0", "more than 0"),
        ("0.00", "more than 0"),
        ("-0", "more than 0"),
        ("-20.06", "more than 0"),
        ("9999999999.991", AMOUNT),
        ("10000000000", AMOUNT),
        ('"1_000"', AMOUNT),
        ('"1,50"', AMOUNT),
        ('"٣"', AMOUNT),
        ('" 1"', AMOUNT),
        ('"1."', AMOUNT),
        ('"+1"', AMOUNT),
        ('"NaN"', AMOUNT),
        ('""', AMOUNT),
    ],
)
def test_what_is_no_plain_amount_is_refused_with_what_came_and_what_is_right(
    came: str, must_be: str
) -> None:
    text = f"Payments[0].Amount is '{came.strip(chr(34))}'; it must be {must_be}."

    assert told(f'{{"id":7,"Payments":[{{"Amount":{came}}}]}}') == {"Payments[0].Amount": text}


def test_an_amount_of_a_thousand_digits_is_refused_and_not_repeated() -> None:
    sentences = told(f'{{"id":7,"Payments":[{{"Amount":{"9" * 1000}}}]}}')

    text = f"Payments[0].Amount is '{'9' * 60}…'; it must be {AMOUNT}."
    assert sentences == {"Payments[0].Amount": text}


def test_an_amount_may_be_nothing_where_that_means_something() -> None:
    [payment] = read(Payments=[{"Amount": 1, "Tip": 0}])["payments"]

    assert payment["tip"] == 0
    assert told('{"id":7,"Payments":[{"Amount":1,"Tip":-0.01}]}') == {
        "Payments[0].Tip": "Payments[0].Tip is '-0.01'; it must be 0 or more."
    }


# --- other values ------------------------------------------------------------------------------


@pytest.mark.parametrize("came", ["60", '"60"', "3600"])
def test_a_whole_number_may_be_a_text_of_digits(came: str) -> None:
    found = load(ORDER, parse(f'{{"id":1,"seconds":{came}}}'.encode()))

    assert found["seconds"] == int(came.strip('"'))


@pytest.mark.parametrize(
    "came",
    ["59", "3601", "60.0", "6e1", "-60", '""', '"sixty"', '"٦٠"', '" 60"', '"060"', "9" * 99],
)
def test_another_number_is_refused_with_its_limits(came: str) -> None:
    shown = came.strip('"')[:60] + ("…" if len(came) > 60 else "")

    assert wrong("seconds", came) == (
        "invalid",
        f"seconds is '{shown}'; it must be a whole number from 60 to 3600.",
    )


def test_a_number_is_of_64_bits() -> None:
    assert read(id=2**63 - 1)["id"] == 2**63 - 1
    assert told(f'{{"id":{2**63}}}') == {
        "id": f"id is '{2**63}'; it must be a whole number from 0."
    }


@pytest.mark.parametrize("came", ['"true"', "1", "0", '""', "[]", "{}"])
def test_a_flag_is_true_or_false_and_nothing_that_looks_like_it(came: str) -> None:
    raw = f'{{"id":1,"Payments":[{{"Amount":1,"IsExternal":{came}}}]}}'

    [(place, sentence)] = told(raw).items()
    assert place == "Payments[0].IsExternal"
    assert sentence.endswith("; it must be true or false.")


@pytest.mark.parametrize("flag", [True, False])
def test_a_flag_is_read(flag: bool) -> None:
    [payment] = read(Payments=[{"Amount": 1, "IsExternal": flag}])["payments"]

    assert payment["is_external"] is flag


@pytest.mark.parametrize(
    ("came", "code", "sentence"),
    [
        ('"12345678901"', "too_long", "comment has 11 characters; it must be a text of at most 10 "
                                      "characters."),
        ('"a\\nb"', "control_character", "comment holds a control character."),
        ('"a\\u007f"', "control_character", "comment holds a control character."),
        ("1", "invalid", "comment is a number; it must be a text of at most 10 characters."),
        ("true", "invalid", "comment is true or false; it must be a text of at most 10 "
                            "characters."),
    ],
)  # fmt: skip
def test_a_text_has_its_length_and_no_control_characters(
    came: str, code: str, sentence: str
) -> None:
    assert wrong("comment", came) == (code, sentence)


@pytest.mark.parametrize(
    ("digits", "code"), [("", "required"), ("123", "too_short"), ("12345", "too_long")]
)
def test_a_text_may_have_a_least_length(digits: str, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(Payments=[{"Amount": 1, "Card": {"Digits": digits}}])

    [(place, fault)] = caught.value.faults
    size = f"Payments[0].Card.Digits has {len(digits)} characters"
    assert place == "Payments[0].Card.Digits"
    assert (fault.code, str(fault)) == (
        code,
        f"{size}; it must be a text of 4 characters.",
    )


def test_a_field_of_forms_reads_texts_of_documents_and_nothing_else() -> None:
    assert read(kind="Card")["kind"] == 2
    assert wrong("kind", '"gold"') == (
        "invalid",
        "kind is 'gold'; it must be one of cash, card.",
    )
    assert wrong("kind", "2") == ("invalid", "kind is a number; it must be one of cash, card.")


KINDS = {
    "true": "true or false",
    "12": "a number",
    '"12"': "a text",
    "{}": "an object",
    "[]": "a list",
}


@pytest.mark.parametrize(
    ("name", "good", "must_be"),
    [
        ("id", ["12", '"12"'], "a whole number from 0"),
        ("comment", ['"12"'], "a text of at most 10 characters"),
        ("notes", ["[]"], "a list of at most 3"),
    ],
)
def test_a_value_of_another_kind_is_told_by_its_kind_alone(
    name: str, good: list[str], must_be: str
) -> None:
    for came, kind in KINDS.items():
        raw = f'{{"id":1,"{name}":{came}}}' if name != "id" else f'{{"id":{came}}}'
        if came in good:
            assert load(ORDER, parse(raw.encode()))
        else:
            assert told(raw) == {name: f"{name} is {kind}; it must be {must_be}."}


def test_a_secret_is_never_repeated() -> None:
    class Login(Document):
        number = JsonNumber(secret=True)

    with pytest.raises(Malformed) as caught:
        load(Login(), parse(b'{"number":"hunter2"}'))

    assert "hunter2" not in str(caught.value)
