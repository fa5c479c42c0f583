"""Money and days as guests of different countries read them."""

from __future__ import annotations

from datetime import date

import pytest

from kit.locales import country_code, date_text, locale_of, money_text
from kit.money import Money


def plainly(text: str) -> str:
    """With ordinary spaces: which kind of narrow space CLDR uses changes with its versions."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_GB", "€1,248.50"),
        ("pt_PT", "1 248,50 €"),
        ("de_DE", "1.248,50 €"),
        ("de-AT", "€ 1.248,50"),
        ("fr_FR", "1 248,50 €"),
    ],
)
def test_money_is_written_as_the_guests_country_writes_it(locale: str, text: str) -> None:
    assert plainly(money_text(Money(124850, "EUR"), locale)) == text


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1500, "JPY"), "JP¥1,500"),
        (Money(1500, "KWD"), "KWD1.500"),
        (Money(1500, "IQD"), "IQD1.500"),
        (Money(1500, "HUF"), "HUF15.00"),
        (Money(0, "GBP"), "£0.00"),
        (Money(-310, "GBP"), "-£3.10"),
        (Money(999999999999, "GBP"), "£9,999,999,999.99"),
    ],
)
def test_money_is_written_with_the_decimals_of_its_currency(money: Money, text: str) -> None:
    assert plainly(money_text(money, "en_GB")) == text


@pytest.mark.parametrize("locale", ["", "xx", "klingon", "en_GB_whatever_else", "../../etc", "中"])
def test_a_locale_that_there_is_not_is_read_as_english(locale: str) -> None:
    assert money_text(Money(100, "EUR"), locale) == "€1.00"
    assert date_text(date(2026, 11, 20), locale) == "20 November 2026"


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_GB", "20 November 2026"),
        ("en_US", "November 20, 2026"),
        ("pt_PT", "20 de novembro de 2026"),
        ("de_AT", "20. November 2026"),
    ],
)
def test_a_day_is_written_in_words_of_the_guests_language(locale: str, text: str) -> None:
    assert date_text(date(2026, 11, 20), locale) == text


def test_one_currency_after_another_keeps_its_own_decimals() -> None:
    texts = [money_text(Money(100, code), "en_GB") for code in ("EUR", "JPY", "EUR", "KWD", "EUR")]

    assert [plainly(text) for text in texts] == ["€1.00", "JP¥100", "€1.00", "KWD0.100", "€1.00"]


@pytest.mark.parametrize(
    ("country", "code"),
    [
        ("Portugal", "PT"),
        (" pt ", "PT"),
        ("united kingdom", "GB"),
        ("UK", "GB"),
        ("Atlantis", None),
        ("XX", None),
        ("Europe", None),
        ("150", None),
        ("", None),
    ],
)
def test_a_country_is_known_by_its_english_name_and_by_its_code(
    country: str, code: str | None
) -> None:
    assert country_code(country) == code
    assert (locale_of(country) == "en_GB") == (code in (None, "GB"))
