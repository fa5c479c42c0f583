"""Money: an exact amount of one currency.

Amounts are integers of the currency's smallest unit ("minor": cents, pence, fils; JPY has none,
so its minor unit is the yen). Decimal appears only where text is read or printed, float never.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from kit.currencies import exponent

PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


class CurrencyMismatch(Exception):
    """Two currencies met in one sum. That is a bug of ours, not something a sender can cause."""


class TooManyDecimals(ValueError):
    """An amount is written with more decimals than its currency has."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of an ISO 4217 currency; may be negative."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a plain decimal such as "200", "200.5" or "-3.10".

        Decimal() alone would also read "1_000", "1e3", "NaN" and "٣".
        Raises ValueError for anything else and TooManyDecimals for "10.005" in EUR.
        """
        if not PLAIN.fullmatch(text):
            raise ValueError(f"{text!r} is not a plain amount")
        return cls.of(Decimal(text), currency)

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Money:
        """The amount as written. Decimals count even when they are zeros: "200.000" may be a
        thousands separator that went astray, and is refused with TooManyDecimals."""
        places = exponent(currency)
        written = amount.as_tuple().exponent
        if not isinstance(written, int):
            raise ValueError(f"{amount} is not a number")
        if -written > places:
            raise TooManyDecimals(f"{amount} has more decimals than {currency} ({places})")
        return cls(int(amount.scaleb(places)), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def sum(cls, amounts: Iterable[Money], currency: str) -> Money:
        """Add up; the currency is needed because there may be nothing to add."""
        return sum(amounts, cls.zero(currency))

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other}")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    @property
    def decimal(self) -> Decimal:
        """The amount with exactly the currency's decimals: Decimal("200.00") for 20000 EUR."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    @property
    def plain(self) -> str:
        """The amount as the wire writes it: "200.00"."""
        return f"{self.decimal:f}"

    def __str__(self) -> str:
        return f"{self.plain} {self.currency}"

    def percent(self, rate: Decimal) -> Money:
        """A percentage of the amount, half a minor unit rounded away from zero."""
        return Money(percent(self.minor, rate), self.currency)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Split over weights (not negative, not all zero) without losing or making a minor unit."""
        return [Money(part, self.currency) for part in split(self.minor, weights)]


def percent(minor: int, rate: Decimal) -> int:
    """A percentage of minor units, half a unit rounded away from zero."""
    return int((Decimal(minor) * rate / 100).quantize(Decimal(1), ROUND_HALF_UP))


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """Split minor units over weights (not negative, not all zero).

    Largest remainder: every share is rounded down, and the units left over go to those who lost
    most by the rounding, the earlier of equals first.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, nor all zero")
    sign = -1 if minor < 0 else 1
    shares = [divmod(abs(minor) * weight, whole) for weight in weights]
    left = abs(minor) - sum(share for share, _ in shares)
    most_lost = sorted(range(len(shares)), key=lambda place: -shares[place][1])
    lucky = set(most_lost[:left])
    return [sign * (share + (place in lucky)) for place, (share, _) in enumerate(shares)]
