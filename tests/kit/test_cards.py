"""Card numbers are found wherever they stand, and ids are not taken for them."""

from __future__ import annotations

import re
import sys
import time
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.cards import has_card_number

pytestmark = pytest.mark.long

VISA = "4111111111111111"


def completed(start: str, length: int) -> str:
    """The start, zeros, and the digit that makes it pass Luhn."""
    body = start.ljust(length - 1, "0")[: length - 1]
    digits = [int(digit) for digit in reversed(body)]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[::2]]
    return body + str(-sum(doubled + digits[1::2]) % 10)


SCHEMES = (
    [("4", length) for length in (13, 16, 19)]
    + [(start, 16) for start in ("51", "52", "53", "54", "55")]
    + [(start, 16) for start in ("2221", "2229", "2230", "2299", "23", "26", "270", "2719", "2720")]
    + [(start, 15) for start in ("34", "37")]
    + [(start, 14) for start in ("30", "36", "38")]
    + [
        (start, length)
        for start in ("6011", "644", "649", "65", "35", "62")
        for length in (16, 17, 18, 19)
    ]
)
ids = [f"{start}-{length}" for start, length in SCHEMES]


@pytest.mark.parametrize(("start", "length"), SCHEMES, ids=ids)
def test_every_scheme_is_known_at_every_length_it_has(start: str, length: int) -> None:
    assert has_card_number(completed(start, length))


@pytest.mark.parametrize(
    ("start", "length"),
    [
        *[("4", length) for length in (12, 14, 15, 17, 18, 20)],
        *[("51", 15), ("51", 17), ("34", 14), ("34", 16), ("30", 13), ("36", 15), ("36", 16)],
        *[("6011", 15), ("6012", 16), ("643", 16), ("61", 16), ("2220", 16), ("2721", 16)],
        *[("50", 16), ("56", 16), ("31", 14), ("33", 15), ("39", 14)],
        *[("0", 16), ("1", 16), ("9", 16)],
    ],
)
def test_an_id_that_passes_luhn_without_a_schemes_start_and_length_is_fine(
    start: str, length: int
) -> None:
    assert not has_card_number(completed(start, length))


@pytest.mark.parametrize("digit", "023456789")
def test_a_number_that_fails_luhn_is_none(digit: str) -> None:
    assert not has_card_number(VISA[:-1] + digit)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111-1111 1111-1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "3782 822463 10005",
        "4222-2222-2222-2",
    ],
)
def test_single_spaces_and_hyphens_between_digits_hide_nothing(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "4111  1111 1111 1111",
        "4111--1111-1111-1111",
        "4111 -1111 1111 1111",
        "4111.1111.1111.1111",
        "4111\n1111 1111 1111",
        "4111\t1111 1111 1111",
    ],
)
def test_other_separators_make_other_numbers(text: str) -> None:
    assert not has_card_number(text)


@pytest.mark.parametrize("touching", ["x", "Z", "é", "ß", "Ж", "字", "9", "٣"])
def test_digits_that_a_letter_or_digit_touches_are_part_of_something_else(touching: str) -> None:
    # 9 in front of or behind the number makes a longer one that fits no scheme.
    assert not has_card_number(touching + VISA)
    assert not has_card_number(VISA + touching)


@pytest.mark.parametrize(
    "beside", ["_", "/", ".", ",", ":", "#", "(", '"', "\n", "€", "=", "&", ""]
)
def test_signs_beside_a_number_do_not_hide_it(beside: str) -> None:
    assert has_card_number(f"paid{beside or ' '}{beside}{VISA}{beside}")


@pytest.mark.parametrize(
    "text",
    [
        f"100 {VISA}",
        f"{VISA} 12 27",
        f"2026-11-20 {VISA} 123",
        "1 4111 1111 1111 1111 12/27",
        "4111 1111 1111 1112 4111 1111 1111 1111",
        "0000 0000 0000 4111 1111 1111 1111 0000 0000",
    ],
)
def test_a_number_in_a_longer_row_of_digits_is_found(text: str) -> None:
    assert has_card_number(text)


def test_a_run_of_digits_without_separators_is_one_number() -> None:
    assert not has_card_number(VISA + "1227")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no digits",
        "4111 1111",
        "+351 912 345 678",
        "2026-11-20 10:15:00.000000",
        "DE89 3704 0044 0532 0130 00",
        "1234567890123456",
        "{7DC1A2F0-4111-1111-1111-0A0B0C0D0E0F}",
    ],
)
def test_everyday_texts_hold_no_card_number(text: str) -> None:
    assert not has_card_number(text)


# Its first sixteen digits pass Luhn and begin as a card number of Visa does.
UNLUCKY = "45219368-2558-4698-81b4-a3aee207fad0"


def test_a_uuid_is_no_card_number_whatever_its_digits_are() -> None:
    assert has_card_number(UNLUCKY[:18])  # what makes it unlucky

    assert not has_card_number(UNLUCKY)
    assert not has_card_number(UNLUCKY.upper())
    assert not has_card_number(f"{{{UNLUCKY}}} and {UNLUCKY}")


@pytest.mark.parametrize(
    "text",
    [
        UNLUCKY[:-1],
        UNLUCKY + "0",
        UNLUCKY.replace("-4698", "-0698").replace("45219368", "45219366"),  # of no version
        UNLUCKY.replace("-81b4", "-71b4"),  # of no variant
        f"{UNLUCKY} {VISA}",
        f"{VISA}-{UNLUCKY}",
        f"{UNLUCKY}-4111-1111-1111-1111",
    ],
)
def test_what_only_resembles_a_uuid_or_stands_beside_one_hides_nothing(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize("text", ["４１１１１１１１１１１１１１１１", "٤١١١١١١١١١١١١١١١"])
def test_digits_of_other_scripts_are_no_card_number(text: str) -> None:
    assert not has_card_number(text)


FULL = ["1" * 60_000, "1 " * 30_000, "1" * 60_000 + "x", "1-" * 30_000, "4-1-1-1-" * 7_500,
        "4-" * 30_000, "5 2 " * 15_000 + "x", "1 " * 12 + "1" * 60_000 + "x"]  # fmt: skip


@pytest.mark.parametrize("text", FULL, ids=lambda text: text[:8])
def test_a_body_full_of_digits_is_judged_at_once(text: str) -> None:
    began = time.process_time()

    assert not has_card_number(text)
    # The processor's time, whoever else is busy: 0.1 s; what is quadratic takes minutes.
    assert time.process_time() - began < 5


def calls_to_judge(text: str) -> int:
    """How many functions are called, ours and Python's own, to find no card number in a text."""
    calls = 0

    def count(_: FrameType, event: str, __: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        found = has_card_number(text)
    finally:
        sys.setprofile(None)
    assert not found
    return calls


@pytest.mark.parametrize("row", ["4-1-1-1-", "4-", "5 2 ", "1-"])
def test_a_number_that_could_begin_anywhere_costs_one_look_for_each_beginning(row: str) -> None:
    small, large = row * 1_000, row * 4_000

    few, many = calls_to_judge(small), calls_to_judge(large)

    assert many < len(large)
    assert many < 4.1 * few


BESIDE = st.text(st.characters(exclude_categories=("L", "N", "M")), max_size=10).filter(
    lambda text: not re.search(r"[0-9]", text)
)


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """Any number of any scheme that passes Luhn, with any single separators in it."""
    start, length = draw(st.sampled_from(SCHEMES))
    middle = draw(st.text("0123456789", min_size=length, max_size=length))
    number = completed((start + middle)[: length - 1], length)
    separators = draw(st.lists(st.sampled_from(["", " ", "-"]), min_size=length, max_size=length))
    spread = "".join(digit + gap for digit, gap in zip(number, separators, strict=True))
    return spread.rstrip(" -")


@given(BESIDE, card_numbers(), BESIDE)
def test_any_card_number_in_any_text_is_found(before: str, number: str, after: str) -> None:
    assert has_card_number(f"{before}{number}{after}")


@given(st.text(max_size=12), card_numbers(), st.text(max_size=12))
def test_whatever_words_stand_around_it_a_card_number_is_found(
    before: str, number: str, after: str
) -> None:
    assert has_card_number(f"{before}\n{number}\n{after}")


# --- the same, written slowly --------------------------------------------------------------------

ROW = re.compile(r"(?<![^\W_])[0-9](?:[ -]?[0-9]){12,}(?![^\W_])")
SHAPE = re.compile(
    "4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"
    "|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    "|3[47][0-9]{13}|3[068][0-9]{12}"
    "|(?:6011|64[4-9][0-9]|65[0-9]{2}|35[0-9]{2}|62[0-9]{2})[0-9]{12,15}"
)


def is_card(digits: str) -> bool:
    values = [int(digit) for digit in reversed(digits)]
    doubled = [2 * value - 9 * (value > 4) for value in values[1::2]]
    return bool(SHAPE.fullmatch(digits)) and sum(values[::2] + doubled) % 10 == 0


def holds_card_number(text: str) -> bool:
    """Every run of whole groups in every row, tried one after the other."""
    rows = [re.split(r"[ -]", row.group()) for row in ROW.finditer(text)]
    return any(
        is_card("".join(groups[first:last]))
        for groups in rows
        for first in range(len(groups))
        for last in range(first + 1, len(groups) + 1)
    )


ROWS = st.lists(
    st.one_of(
        card_numbers(),
        st.text("0123456789", min_size=1, max_size=20),
        st.text("0123456789 -", max_size=40),
        st.sampled_from(["4", "41", "4111", "5", "22", "2221", "35", "37", "6011", "62", "0", "1"]),
        st.sampled_from([" ", "-", "  ", "- ", "x", "_", "é", "٣", "\n"]),
    ),
    max_size=12,
)


@given(ROWS, st.sampled_from(["", " ", "-"]))
def test_what_is_found_is_what_trying_every_run_finds(parts: list[str], between: str) -> None:
    text = between.join(parts)

    assert has_card_number(text) == holds_card_number(text)


@given(st.text("45", min_size=1, max_size=60), st.sampled_from(["", " ", "-"]))
def test_in_rows_of_single_digits_every_run_is_looked_at(digits: str, between: str) -> None:
    text = between.join(digits)

    assert has_card_number(text) == holds_card_number(text)


@pytest.mark.parametrize("length", range(12, 21))
def test_of_all_beginnings_those_of_schemes_are_known(length: int) -> None:
    numbers = [completed(f"{prefix:04}", length) for prefix in range(10_000)]

    wrong = [number for number in numbers if has_card_number(number) != holds_card_number(number)]

    assert wrong == []
