"""Card numbers: found, so that they can be refused before anything is logged or stored.

Following product rules: a run of 13 to 19 digits, single spaces or hyphens between them ignored,
that no letter or digit touches, that passes Luhn *and* has the prefix and length of a scheme.
A UUID is none, though: senders name payments by them, and the digits that one in some 50,000 of
them begins with would be taken for a card's.

Strangers may send 64 kB of "4-1-1-1-...", where a number could begin and end at every digit: so
each beginning costs a look at its first four digits, and each end that fits two sums made before.
"""

from __future__ import annotations

import re
from itertools import accumulate

# A row of digits; single separators between them belong to it.
ROW = re.compile(r"(?<![^\W_])[0-9](?:[ -]?[0-9]){12,}(?![^\W_])")

# As RFC 9562 writes it, with its version and variant.
UUID = re.compile(
    r"(?<![^\W_])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![^\W_])",
    re.IGNORECASE,
)

# Of numbers whose first four digits are in these ranges: the lengths that they have.
_SCHEMES = (
    ((4000, 4999), (13, 16, 19)),  # Visa
    ((5100, 5599), (16,)),  # Mastercard
    ((2221, 2720), (16,)),
    ((3400, 3499), (15,)),  # American Express
    ((3700, 3799), (15,)),
    ((3000, 3099), (14,)),  # Diners
    ((3600, 3699), (14,)),
    ((3800, 3899), (14,)),
    ((6011, 6011), (16, 17, 18, 19)),  # Discover, JCB, UnionPay
    ((6440, 6599), (16, 17, 18, 19)),
    ((3500, 3599), (16, 17, 18, 19)),
    ((6200, 6299), (16, 17, 18, 19)),
)
_LENGTHS = {
    str(prefix): lengths for (first, last), lengths in _SCHEMES for prefix in range(first, last + 1)
}
_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(bytes(range(10)), bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))


def has_card_number(text: str) -> bool:
    """Whether a card number stands somewhere in the text, outside of UUIDs."""
    return _rows_have_card(text) and _rows_have_card(UUID.sub("x", text))


def _rows_have_card(text: str) -> bool:
    return any(_row_has_card(row.group()) for row in ROW.finditer(text))


def _row_has_card(row: str) -> bool:
    """A row of digits may hold more than the number: an amount before it, a date after it.

    Every run that begins and ends at a separator (or at the row's ends) is looked at.
    """
    groups = re.split("[ -]", row)
    digits = "".join(groups)
    borders = set(accumulate(map(len, groups), initial=0))
    sums = _luhn_sums(digits, 0), _luhn_sums(digits, 1)
    for start in borders:
        for length in _LENGTHS.get(digits[start : start + 4], ()):
            end = start + length
            if end in borders and (sums[end % 2][end] - sums[end % 2][start]) % 10 == 0:
                return True
    return False


def _luhn_sums(digits: str, odd: int) -> list[int]:
    """What Luhn makes of the digits up to each place, in numbers that end at an even place, or at
    an odd one: there every second digit, from the last but one backwards, counts double."""
    values = bytearray(digits.encode().translate(_VALUES))
    values[odd::2] = values[odd::2].translate(_DOUBLED)
    return list(accumulate(values, initial=0))
