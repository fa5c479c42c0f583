"""Amounts as people type them at the desk."""

from __future__ import annotations

import pytest

from desk.typed import typed_amount
from kit.money import TooManyDecimals


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1377.80", "EUR", 137780),
        ("1,377.80", "EUR", 137780),
        ("1,377,000", "EUR", 137700000),
        ("7.95", "EUR", 795),
        ("-1,000.50", "EUR", None),
        ("1,377", "JPY", 1377),
        ("1,377.250", "KWD", 1377250),
        # What may be a decimal comma is never taken for thousands.
        ("7,95", "EUR", None),
        ("1,5", "EUR", None),
        ("1377,80", "EUR", None),
        ("1.377,80", "EUR", None),
        ("1,377", "KWD", None),
        ("1,37,800.00", "EUR", None),
        (",100", "EUR", None),
        ("１,377.80", "EUR", None),
    ],
)
def test_a_comma_stands_between_thousands_or_the_amount_is_refused(
    text: str, currency: str, minor: int | None
) -> None:
    if minor is None:
        with pytest.raises(ValueError, match="plain amount"):
            typed_amount(text, currency)
    else:
        assert typed_amount(text, currency).minor == minor


def test_more_decimals_than_the_currency_has_are_refused() -> None:
    with pytest.raises(TooManyDecimals):
        typed_amount("1,377.805", "EUR")
