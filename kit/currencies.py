"""Currencies: how many decimals they have, and how senders spell them.

Decimals are ISO 4217's. CLDR (Babel) rounds some currencies as shops do and not as banks do
(it gives the dinar of Iraq none), so it is asked for names and formats only, never for decimals.
"""

from __future__ import annotations

from functools import cache

from babel.core import get_global
from babel.numbers import get_territory_currencies

NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"}
    | {"XAF", "XOF", "XPF"}
)
THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))

SYMBOLS: dict[str, tuple[str, ...]] = {
    # The first symbol is the one we print. Several currencies may share one: the booking decides.
    "AED": ("د.إ",),
    "ARS": ("$",),
    "AUD": ("$", "A$", "AU$"),
    "BGN": ("лв", "лв."),
    "BRL": ("R$",),
    "CAD": ("$", "C$", "CA$"),
    "CHF": ("CHF", "Fr", "Fr."),
    "CLP": ("$",),
    "CNY": ("¥", "CN¥", "元"),
    "COP": ("$",),
    "CRC": ("₡",),
    "CZK": ("Kč",),
    "DKK": ("kr", "kr."),
    "EUR": ("€",),
    "GBP": ("£",),
    "GEL": ("₾",),
    "GHS": ("₵", "GH₵"),
    "GIP": ("£",),
    "HKD": ("$", "HK$"),
    "HUF": ("Ft",),
    "IDR": ("Rp",),
    "ILS": ("₪",),
    "INR": ("₹",),
    "ISK": ("kr", "kr."),
    "JPY": ("¥", "JP¥", "円", "￥"),
    "KRW": ("₩",),
    "KZT": ("₸",),
    "MXN": ("$", "MX$"),
    "MYR": ("RM",),
    "NGN": ("₦",),
    "NOK": ("kr", "kr."),
    "NZD": ("$", "NZ$"),
    "PHP": ("₱",),
    "PLN": ("zł",),
    "PYG": ("₲",),
    "RON": ("lei",),
    "RUB": ("₽",),
    "SEK": ("kr", "kr."),
    "SGD": ("$", "S$"),
    "THB": ("฿",),
    "TRY": ("₺",),
    "TWD": ("NT$", "$"),
    "UAH": ("₴",),
    "USD": ("$", "US$"),
    "VND": ("₫",),
    "ZAR": ("R",),
}


@cache
def codes() -> frozenset[str]:
    """ISO 4217 codes of the currencies that are legal tender somewhere today."""
    territories = get_global("territory_currencies")
    return frozenset(code for place in territories for code in get_territory_currencies(place))


@cache
def exponent(code: str) -> int:
    """How many decimals the currency has: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises KeyError for a code that is no currency.
    """
    if code not in codes():
        raise KeyError(code)
    return 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2


def symbol(code: str) -> str:
    """The sign we print for a currency: its symbol where it has one, otherwise the code."""
    return SYMBOLS.get(code, (code,))[0]


def spells(text: str, code: str) -> bool:
    """Whether a sender's text can mean this currency: its code in any case, or one of its symbols.

    "$" spells the dollars of all countries: which one is meant is the booking's to say.
    """
    # Some letters outside ASCII have capitals within it.
    return (text.isascii() and text.upper() == code) or text in SYMBOLS.get(code, ())
