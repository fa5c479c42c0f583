"""Card numbers are found wherever they stand, and ids are not taken for them."""

from __future__ import annotations

import re
import time

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


@pytest.mark.parametrize("text", ["４１１１１１１１１１１１１１１１", "٤١١١١١١١١١١١١١١١"])
def test_digits_of_other_scripts_are_no_card_number(text: str) -> None:
    assert not has_card_number(text)


@pytest.mark.parametrize("text", ["1" * 60_000, "1 " * 30_000, "1" * 60_000 + "x", "1-" * 30_000])
def test_a_body_full_of_digits_is_judged_at_once(text: str) -> None:
    began = time.process_time()

    assert not has_card_number(text)
    # The processor's time, whoever else is busy: 0.1 s; what is quadratic takes minutes.
    assert time.process_time() - began < 5


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
