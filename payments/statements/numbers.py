"""Numbers of bank accounts: IBANs with their check digits, and what else banks call an account."""

from __future__ import annotations

import re

IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
# Where an IBAN may stand in a text: in one piece, or in fours.
WRITTEN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b", re.ASCII)
SEPARATORS = re.compile(r"[\s.\-/]+")
LEAST = 5  # characters of a number that is part of an IBAN; fewer are in too many of them


def plain_number(text: str) -> str:
    """A number as it is stored and compared: capitals, without spaces, dots, hyphens, slashes."""
    return SEPARATORS.sub("", text).upper()


def looks_like_iban(number: str) -> bool:
    """Whether a plain number is written as an IBAN is: a country, two digits, the rest."""
    return bool(IBAN.fullmatch(number))


def is_iban(number: str) -> bool:
    """Whether a plain number is an IBAN with the right check digits (ISO 13616, modulo 97)."""
    if not looks_like_iban(number):
        return False
    digits = "".join(str(int(each, 36)) for each in number[4:] + number[:4])
    return int(digits) % 97 == 1


def ibans_in(text: str) -> set[str]:
    """The IBANs with right check digits that stand in a text, plain."""
    found = (plain_number(each) for each in WRITTEN.findall(text.upper()))
    return {each for each in found if is_iban(each)}


def is_same_account(came: str, number: str) -> bool:
    """Whether what a file calls an account is this one, both plain: the same number, or the
    bank's own short number, which is a part of the IBAN."""
    short = came.lstrip("0")
    return came == number or (len(short) >= LEAST and short in number)
