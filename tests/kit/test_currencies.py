"""How many decimals currencies have, and how senders spell them."""

from __future__ import annotations

import re

import pytest
from babel.numbers import get_currency_precision

from kit.currencies import SYMBOLS, codes, exponent, spells, symbol

# ISO 4217 (list one, 2024): every currency in use with other than two decimals, Chile's UF and
# the like (funds, not tender) apart. Written out here a second time: a slip in the code shows.
WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"


@pytest.mark.parametrize("code", WITHOUT_DECIMALS.split())
def test_a_currency_without_a_smaller_unit_has_no_decimals(code: str) -> None:
    assert exponent(code) == 0


@pytest.mark.parametrize("code", WITH_THREE.split())
def test_a_currency_of_a_thousand_parts_has_three_decimals(code: str) -> None:
    assert exponent(code) == 3


def test_every_other_currency_has_two_decimals() -> None:
    others = codes() - {*WITHOUT_DECIMALS.split(), *WITH_THREE.split()}

    assert len(others) > 100
    assert {exponent(code) for code in others} == {2}


@pytest.mark.parametrize("code", ["IQD", "HUF", "RSD", "COP", "AFN", "LAK"])
def test_decimals_are_those_of_iso_where_shops_round_otherwise(code: str) -> None:
    # CLDR either rounds these away today or has done so; banks never did.
    assert exponent(code) == (3 if code == "IQD" else 2)


def test_babel_still_differs_from_iso_or_our_own_table_may_go() -> None:
    differing = {code for code in codes() if get_currency_precision(code) != exponent(code)}

    assert "IQD" in differing


@pytest.mark.parametrize("code", ["XYZ", "eur", "", "EURO", "DEM", "XAU", "XXX"])
def test_what_is_no_tender_has_no_decimals(code: str) -> None:
    with pytest.raises(KeyError):
        exponent(code)


@pytest.mark.parametrize("text", ["EUR", "eur", "Eur", "eUr", "€"])
def test_the_euro_is_spelled_by_code_in_any_case_or_by_symbol(text: str) -> None:
    assert spells(text, "EUR")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("$", "ARS AUD CAD CLP COP HKD MXN NZD SGD TWD USD"),
        ("kr", "DKK ISK NOK SEK"),
        ("kr.", "DKK ISK NOK SEK"),
        ("£", "GBP GIP"),
        ("¥", "CNY JPY"),
        ("US$", "USD"),
        ("A$", "AUD"),
        ("€", "EUR"),
    ],
)
def test_a_symbol_fits_every_currency_that_uses_it_and_no_other(text: str, fits: str) -> None:
    assert {code for code in codes() if spells(text, code)} == set(fits.split())


@pytest.mark.parametrize("text", ["GBP", "£", "", " ", "E", "euro", "EUR ", " EUR", "€€"])
def test_what_spells_something_else_does_not_spell_the_euro(text: str) -> None:
    assert not spells(text, "EUR")


@pytest.mark.parametrize("text", ["", "XYZ", "DEM", "euro", "¤", "Kr", "LEI", "EUR ", "ſek"])
def test_what_is_no_currency_spells_none(text: str) -> None:
    assert [code for code in codes() if spells(text, code)] == []


def test_every_symbol_listed_is_of_a_currency_there_is() -> None:
    assert set(SYMBOLS) <= codes()
    assert all(re.fullmatch(r"[A-Z]{3}", code) for code in codes())


def test_no_symbol_is_the_code_of_another_currency() -> None:
    others = [codes() - {code} for code in SYMBOLS]

    assert not any(
        sign.upper() in other
        for signs, other in zip(SYMBOLS.values(), others, strict=True)
        for sign in signs
    )


@pytest.mark.parametrize(
    ("code", "sign"), [("EUR", "€"), ("GBP", "£"), ("NOK", "kr"), ("CHF", "CHF"), ("KWD", "KWD")]
)
def test_a_currency_is_printed_by_its_first_symbol_or_else_by_its_code(
    code: str, sign: str
) -> None:
    assert symbol(code) == sign


@pytest.mark.parametrize("code", sorted(codes()))
def test_what_we_print_for_a_currency_we_read_as_that_currency(code: str) -> None:
    assert spells(symbol(code), code)
