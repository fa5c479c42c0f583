"""Card numbers: found, so that they can be refused before anything is logged or stored.

Following product rules: a run of 13 to 19 digits, single spaces or hyphens between them ignored,
that no letter or digit touches, that passes Luhn *and* has the prefix and length of a scheme.
"""

from __future__ import annotations

import re

# A row of digits; single separators between them belong to it.
ROW = re.compile(r"(?<![^\W_])[0-9](?:[ -]?[0-9]){12,}(?![^\W_])")

_SCHEMES = (
    re.compile(r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"),  # Visa
    re.compile(
        r"(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    ),
    re.compile(r"3[47][0-9]{13}"),  # American Express
    re.compile(r"3[068][0-9]{12}"),  # Diners
    re.compile(r"(?:6011|64[4-9][0-9]|65[0-9]{2}|35[0-9]{2}|62[0-9]{2})[0-9]{12,15}"),
)


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def _is_card(digits: str) -> bool:
    return any(scheme.fullmatch(digits) for scheme in _SCHEMES) and _passes_luhn(digits)


def has_card_number(text: str) -> bool:
    """Whether a card number stands somewhere in the text."""
    return any(_row_has_card(row.group()) for row in ROW.finditer(text))


def _row_has_card(row: str) -> bool:
    """A row of digits may hold more than the number: an amount before it, a date after it.

    Every run that begins and ends at a separator (or at the row's ends) is looked at.
    """
    groups = re.split(r"[ -]", row)
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) > 19:
                break
            if len(digits) >= 13 and _is_card(digits):
                return True
    return False
