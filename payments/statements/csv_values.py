"""Days and amounts as banks write them in CSV files: texts in, exact values out; pure.

Nothing is guessed from a single value: which sign divides decimals, and whether day or month comes
first, is said once for all files of an account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from kit.currencies import spells
from kit.money import Money

# Which part of a day comes first.
ORDERS = ("dmy", "mdy", "ymd")
DAY = re.compile(
    r"([0-9]{1,4})([./\- ])([0-9]{1,2}|[A-Za-z]{3,9})\2([0-9]{2,4})(?:[T ,]+[0-9:.Z+\-]{4,})?",
    re.ASCII,
)
PLAIN_DAY = re.compile(r"[0-9]{8}", re.ASCII)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CENTURY = 2000

DECIMALS = (",", ".")
THOUSANDS = ("", ".", ",", " ", "'")
WHOLE_DIGITS = 13
SIGN = re.compile(r"([+\-]?)(.*?)([+\-]?)", re.DOTALL)
UNUSUAL = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u202f": " ", "\u2019": "'"})
# Letters or a symbol, before or behind the number.
CURRENCY = re.compile(r"^([^\W\d_]{1,4}|[$€£¥₹₺₽₩₪])\s*|\s*([^\W\d_]{1,4}|[$€£¥₹₺₽₩₪])$")
LAST = re.compile(r"([.,])([0-9]+)[+\-)]?$")


@lru_cache(maxsize=4096)  # a file has few days, and each of them often
def day_of(text: str, order: str) -> date:
    """The day of a text whose parts come in this order; a time behind it is passed over.

    Raises ValueError for what is no day in it.
    """
    text = text.strip()
    if PLAIN_DAY.fullmatch(text):
        parts = [text[:4], text[4:6], text[6:]] if order == "ymd" else _eight(text)
    elif found := DAY.fullmatch(text):
        parts = [found[1], found[3], found[4]]
    else:
        raise ValueError("no day")
    by = dict(zip(order, parts, strict=True))
    year, month, day = by["y"], by["m"], by["d"]
    if len(year) not in (2, 4) or not day.isdigit():
        raise ValueError("no day")
    return date(CENTURY + int(year) if len(year) == 2 else int(year), _month(month), int(day))


def _eight(text: str) -> list[str]:
    return [text[:2], text[2:4], text[4:]]


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return MONTHS.index(text[:3].lower()) + 1  # its ValueError is ours


def orders_of(texts: Iterable[str], last: date) -> list[str]:
    """The orders in which all of these are days, none of them after `last`."""
    found = list(ORDERS)
    for text in texts:
        found = [order for order in found if _is_day(text, order, last)]
    return found


def _is_day(text: str, order: str, last: date) -> bool:
    try:
        return day_of(text, order) <= last
    except ValueError:
        return False


class OtherCurrency(ValueError):
    """An amount names a currency that is not the account's."""


def amount_of(text: str, currency: str, decimal: str, thousands: str) -> int:
    """An amount in minor units of the currency, as "1.015,00", "-12", "12.50-" or "(12.50)".

    Raises OtherCurrency, and ValueError for what is no amount with these signs; more decimals than
    the currency has are none (kit.money).
    """
    plain = _without_currency(text.translate(UNUSUAL).strip(), currency)
    negative = plain.startswith("(") and plain.endswith(")")
    if negative:
        plain = plain[1:-1].strip()
    found = SIGN.fullmatch(plain)
    if found is None or (found[1] and found[3]) or (negative and (found[1] or found[3])):
        raise ValueError("two signs")
    digits = _digits(found[2].strip(), decimal, thousands)
    minor = Money.parse(digits, currency).minor
    return -minor if negative or "-" in (found[1], found[3]) else minor


def _without_currency(text: str, currency: str) -> str:
    """The text without the currency it may name before or behind the number."""
    while found := CURRENCY.search(text):
        named = found[1] or found[2]
        if not spells(named, currency):
            raise OtherCurrency(named)
        text = (text[: found.start()] + text[found.end() :]).strip()
    # "-€ 12.00": the sign stands before the currency.
    if text[:1] in ("+", "-") and CURRENCY.match(rest := text[1:].lstrip()):
        return text[0] + _without_currency(rest, currency)
    return text


def _digits(text: str, decimal: str, thousands: str) -> str:
    """The number as `Money.parse` reads it. Groups of thousands are of three digits, or it is
    another number than it seems."""
    whole, mark, decimals = text.partition(decimal)
    if text[:1] in ("+", "-") or (mark and not decimals):
        raise ValueError("two signs, or nothing behind the decimal sign")
    if thousands and thousands in whole:
        first, *groups = whole.split(thousands)
        if not 1 <= len(first) <= 3 or any(len(each) != 3 for each in groups):
            raise ValueError("thousands are not groups of three")
        whole = "".join([first, *groups])
    if len(whole) > WHOLE_DIGITS:
        raise ValueError("too much money")
    return f"{whole or '0'}.{decimals}" if mark else whole


def signs_of(texts: Sequence[str]) -> tuple[str, str] | None:
    """The decimal sign and that of thousands that these amounts are written with; None where they
    do not tell: "1.234" alone may be either."""
    decimal = ""
    for text in texts:
        plain = text.translate(UNUSUAL)
        if "," in plain and "." in plain:
            decimal = "," if plain.rindex(",") > plain.rindex(".") else "."
            break
        found = LAST.search(CURRENCY.sub("", plain.strip()))
        if found and len(found[2]) != 3:
            decimal = found[1]
            break
    if not decimal:
        return None
    other = "." if decimal == "," else ","
    joined = "".join(text.translate(UNUSUAL).strip() for text in texts)
    if other not in joined and "'" in joined:
        return decimal, "'"
    if other not in joined and re.search(r"[0-9] [0-9]{3}", joined):
        return decimal, " "
    return decimal, other
