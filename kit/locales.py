"""Dates and money as people of a locale write them (Babel)."""

from __future__ import annotations

from copy import copy
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import NumberPattern

from kit.currencies import exponent
from kit.money import Money

DEFAULT = "en_GB"
# What people write instead of a country's code.
OTHER_CODES = {"uk": "GB"}


@cache
def _locale(name: str) -> Locale:
    """The locale of a name such as "pt_PT" or "de-AT"; English where the name is none."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale.parse(DEFAULT)


@cache
def _pattern(locale: str, currency: str) -> NumberPattern:
    pattern: NumberPattern = copy(_locale(locale).currency_formats["standard"])
    pattern.frac_prec = (exponent(currency), exponent(currency))
    return pattern


def money_text(amount: Money, locale: str) -> str:
    """An amount as a guest reads it, e.g. "€248.00" in en_GB and "248,00 €" in pt_PT.

    The decimals are ISO 4217's (kit.currencies), not CLDR's.
    """
    pattern = _pattern(locale, amount.currency)
    text: str = pattern.apply(
        amount.decimal, _locale(locale), currency=amount.currency, currency_digits=False
    )
    return text


def date_text(day: date, locale: str) -> str:
    """A day as a guest reads it, e.g. "20 November 2026"."""
    return format_date(day, format="long", locale=_locale(locale))


def clock_text(instant: datetime, zone: str, locale: str) -> str:
    """The time of day at an IANA zone, e.g. "14:35"."""
    there = instant.astimezone(ZoneInfo(zone))
    text: str = format_time(there, format="short", tzinfo=there.tzinfo, locale=_locale(locale))
    return text


def time_text(instant: datetime, zone: str, locale: str) -> str:
    """The same, and what that time is called: "14:35 (Azores Standard Time)"."""
    name = get_timezone_name(instant.astimezone(ZoneInfo(zone)), "long", locale=_locale(locale))
    return f"{clock_text(instant, zone, locale)} ({name})"


@cache
def _territories() -> dict[str, str]:
    """Codes of territories by their English names in lower case ("portugal": "PT")."""
    return {name.casefold(): code for code, name in Locale("en").territories.items()}


def country_code(country: str) -> str | None:
    """The code of a country by its English name or its code ("PT" for "Portugal" and for "pt");
    None for one we do not know."""
    wanted = country.strip().casefold()
    code = _territories().get(wanted, OTHER_CODES.get(wanted, wanted.upper()))
    return code if len(code) == len("PT") and code in _territories().values() else None


def locale_of(country: str) -> str:
    """How people of a country most likely write dates and money: "pt_PT" for "Portugal" or "PT".

    English for a country we do not know: a wrong guess is worse than a plain one.
    """
    code = country_code(country)
    try:
        found = Locale.parse(f"und_{code}") if code else None
    except (ValueError, UnknownLocaleError):
        found = None
    return f"{found.language}_{found.territory}" if found else DEFAULT
