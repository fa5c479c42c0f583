"""Which letters the papers' font has: Latin, Greek, Cyrillic, Armenian and Georgian ones, and signs
of currencies.

A letter that it lacks is drawn as one that says so. The library would leave it out, and write the
letters of a guest's name into the log.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from kit.locales import DEFAULT, date_text, money_text
from kit.money import Money

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = FONTS / "DejaVuSans.ttf", FONTS / "DejaVuSans-Bold.ttf"
MISSING = "\N{REPLACEMENT CHARACTER}"
FROM_THE_RIGHT = ("R", "AL")


@cache
def _letters() -> frozenset[int]:
    """The code points that both weights have."""
    found = []
    for file in (REGULAR, BOLD):
        with TTFont(file, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return found[0] & found[1]


def printable(text: str) -> str:
    """The text with letters that the font has, on one line."""
    return "".join(_letter(each) for each in unicodedata.normalize("NFC", text)).strip()


def _letter(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind == "Cf":  # joiners and marks of direction, which have no shape
        return ""
    if kind in ("Cc", "Zl", "Zp") or letter.isspace():
        # A space that holds words together stays one, where the font has it.
        return letter if kind == "Zs" and ord(letter) in _letters() else " "
    return letter if ord(letter) in _letters() else MISSING


@cache
def locale_on_paper(locale: str, currency: str) -> str:
    """The guest's locale, or English where the font cannot write its dates or money: a day with
    half of its letters missing tells nobody anything."""
    days = [date_text(date(2026, month, 28), locale) for month in range(1, 13)]
    samples = [*days, money_text(Money(123456789, currency), locale)]
    return locale if all(_is_readable(each) for each in samples) else DEFAULT


def _is_readable(text: str) -> bool:
    # Letters that run from the right would have to be joined, which nothing here does.
    from_the_right = any(unicodedata.bidirectional(each) in FROM_THE_RIGHT for each in text)
    return not from_the_right and MISSING not in printable(text)
