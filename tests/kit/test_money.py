"""The arithmetic of money: exact, of one currency, nothing lost and nothing made."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import CurrencyMismatch, Money, TooManyDecimals

MINORS = st.integers(-(10**15), 10**15)
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@given(MINORS, CURRENCIES, WEIGHTS)
def test_a_split_adds_up_to_what_was_split(minor: int, currency: str, weights: list[int]) -> None:
    shares = Money(minor, currency).split(weights)

    assert Money.sum(shares, currency) == Money(minor, currency)
    assert len(shares) == len(weights)


@given(MINORS, WEIGHTS)
def test_no_share_is_a_whole_minor_unit_off_the_exact_one(minor: int, weights: list[int]) -> None:
    shares = eur(minor).split(weights)

    exact = [Fraction(minor * weight, sum(weights)) for weight in weights]
    assert all(abs(share.minor - due) < 1 for share, due in zip(shares, exact, strict=True))


@given(MINORS, WEIGHTS)
def test_a_larger_weight_never_gets_the_smaller_share(minor: int, weights: list[int]) -> None:
    shares = eur(abs(minor)).split(weights)

    ranked = sorted(zip(weights, (share.minor for share in shares), strict=True))
    assert all(
        small <= large for (light, small), (heavy, large) in pairwise(ranked) if light < heavy
    )


@given(st.integers(0, 10**15), WEIGHTS)
def test_a_debt_is_split_as_the_same_credit_is(minor: int, weights: list[int]) -> None:
    assert eur(-minor).split(weights) == [-share for share in eur(minor).split(weights)]


def test_units_left_over_go_to_those_who_lost_most_and_of_equals_to_the_earlier() -> None:
    equals, unequals = eur(100).split([1, 1, 1]), eur(100).split([1, 2])

    assert [share.minor for share in equals] == [34, 33, 33]
    assert [share.minor for share in unequals] == [33, 67]


def test_who_has_no_weight_gets_nothing() -> None:
    assert [share.minor for share in eur(101).split([0, 1, 0, 1])] == [0, 51, 0, 50]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [3, -1]])
def test_weights_that_say_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights must not be negative, nor all zero"):
        eur(100).split(weights)


@pytest.mark.parametrize(
    ("minor", "rate", "share"),
    [
        (10, "5", 1),  # 0.5: half goes up
        (10, "4.99", 0),
        (30, "5", 2),  # 1.5
        (50, "5", 3),  # 2.5: up again, not to the even neighbour
        (-10, "5", -1),  # a debt's half goes away from zero too
        (-50, "5", -3),
        (24800, "12.5", 3100),
        (1, "100", 1),
        (12345, "0", 0),
    ],
)
def test_half_a_minor_unit_of_a_percentage_goes_up(minor: int, rate: str, share: int) -> None:
    assert eur(minor).percent(Decimal(rate)) == eur(share)


@given(MINORS, st.decimals("-100", "100", places=3))
def test_a_percentage_is_off_by_half_a_minor_unit_at_most(minor: int, rate: Decimal) -> None:
    share = eur(minor).percent(rate)

    assert abs(Fraction(share.minor) - Fraction(minor) * Fraction(rate) / 100) <= Fraction(1, 2)


@given(MINORS, CURRENCIES)
def test_what_is_printed_is_read_back_as_the_same_money(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert Money.parse(money.plain, currency) == money


@pytest.mark.parametrize(
    ("text", "currency", "minor", "plain"),
    [
        ("200", "EUR", 20000, "200.00"),
        ("200.5", "EUR", 20050, "200.50"),
        ("-3.10", "EUR", -310, "-3.10"),
        ("0", "EUR", 0, "0.00"),
        ("007", "EUR", 700, "7.00"),
        ("200", "JPY", 200, "200"),
        ("200.5", "KWD", 200500, "200.500"),
        ("0.001", "KWD", 1, "0.001"),
        ("99999999999999.99", "EUR", 9999999999999999, "99999999999999.99"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(
    text: str, currency: str, minor: int, plain: str
) -> None:
    money = Money.parse(text, currency)

    assert money == Money(minor, currency)
    assert money.plain == plain
    assert str(money) == f"{plain} {currency}"


@pytest.mark.parametrize(
    "text",
    [
        *["1e3", "1E2", "1_000", "NaN", "Infinity", "-Infinity", "0x10", "1,000.00", "1,5"],
        *["", " 1", "1 ", "1\n", "+1", "--1", "-", "1.", ".5", "1.2.3", "€1"],
        *["٣", "1٫5", "½", "１"],
    ],
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a plain amount"):
        Money.parse(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency"),
    [("1.005", "EUR"), ("1.000", "EUR"), ("200.0", "JPY"), ("0.0001", "KWD")],
)
def test_more_decimals_than_the_currency_has_are_refused_even_as_zeros(
    text: str, currency: str
) -> None:
    with pytest.raises(TooManyDecimals, match=currency):
        Money.parse(text, currency)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_a_decimal_that_is_no_number_is_no_money(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        Money.of(Decimal(text), "EUR")


@given(MINORS, CURRENCIES)
def test_a_decimal_and_its_text_are_the_same_money(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert Money.of(money.decimal, currency) == money


def test_a_currency_that_does_not_exist_has_no_amounts() -> None:
    with pytest.raises(KeyError, match="XYZ"):
        Money.parse("1", "XYZ")


@pytest.mark.parametrize(
    "meet",
    [
        lambda one, other: one + other,
        lambda one, other: one - other,
        lambda one, other: one < other,
        lambda one, other: one <= other,
        lambda one, other: one > other,
        lambda one, other: one >= other,
        max,
        lambda one, other: Money.sum([one, other], "EUR"),
    ],
)
def test_two_currencies_never_meet_in_one_sum_or_comparison(meet: object) -> None:
    assert callable(meet)

    with pytest.raises(CurrencyMismatch):
        meet(Money(1, "EUR"), Money(1, "GBP"))


def test_the_same_number_of_another_currency_is_not_the_same_money() -> None:
    assert Money(1, "EUR") != Money(1, "GBP")


def test_a_sum_of_nothing_is_nothing_of_that_currency() -> None:
    assert Money.sum([], "JPY") == Money(0, "JPY") == Money.zero("JPY")


@given(MINORS, MINORS)
def test_money_is_ordered_and_added_as_its_minor_units_are(one: int, other: int) -> None:
    a, b = eur(one), eur(other)

    assert (a < b, a <= b, a > b, a >= b) == (one < other, one <= other, one > other, one >= other)
    assert (a + b, a - b, -a) == (eur(one + other), eur(one - other), eur(-one))
    assert bool(a) == bool(one)
