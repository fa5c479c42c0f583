"""The schedule of a booking: what is due, when, and what amending or cancelling makes of it.

Pure rules (product section 3). Amounts are minor units of the booking's currency. A percentage is
rounded half up, the balance is what remains; only the one booking fee of several properties is
split, by largest remainder.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from bookings.prices import Rule, StayPrice
from kit import money
from payments.allocation import BALANCE, DEPOSIT

CANCELLATION_FEE = "cancellation_fee"  # the kind of line that asks for what the agency keeps


@dataclass(frozen=True, slots=True)
class Due:
    """A line to be made. `kind` is one of bookings.models.LINE_KINDS."""

    name: str
    kind: str
    stage: int
    amount: int
    due_on: date
    property_id: int | None


def schedule_of(stays: Sequence[StayPrice], arrives_on: date, today: date) -> list[Due]:
    """The schedule of a new booking: tax, fee, deposit and insurance at once; the balance and the
    security deposit N days before arrival, or at once when that day has come. No lines of nothing.
    """
    fees = _fees(stays)
    lines = [
        due
        for stay, fee in zip(stays, fees, strict=True)
        for due in _of_stay(stay, fee, balance_day(stay.rule, arrives_on, today), today)
    ]
    return [due for due in lines if due.amount]


def balance_day(rule: Rule, arrives_on: date, today: date) -> date:
    """When the balance is due: never before today. Arrivals of the first days of the calendar have
    no day so long before them."""
    if (arrives_on - date.min).days < rule.balance_days:
        return today
    return max(today, arrives_on - timedelta(days=rule.balance_days))


def _of_stay(stay: StayPrice, fee: int, later: date, today: date) -> list[Due]:
    rule, at = stay.rule, stay.property_id
    deposit = percent(stay.base, rule.deposit_rate)
    tax = f"{_rate(rule.tax_rate)}% tax"
    return [
        Due(tax, "tax", DEPOSIT, percent(stay.base, rule.tax_rate), today, at),
        Due("Booking Fee", "fee", DEPOSIT, fee, today, at),
        Due("Insurance", "insurance", DEPOSIT, stay.insurance, today, at),
        Due("Rental Deposit", "deposit", DEPOSIT, deposit, today, at),
        Due("Rental Balance", "balance", BALANCE, stay.base - deposit, later, at),
        Due("Security Deposit", "security_deposit", BALANCE, stay.security_deposit, later, at),
    ]


def _fees(stays: Sequence[StayPrice]) -> list[int]:
    """A booking has one booking fee, the highest of its properties' rules, whatever their number;
    each property bears its part of it."""
    fee = max((stay.rule.booking_fee for stay in stays), default=0)
    weights = [stay.base for stay in stays]
    if not any(weights):
        weights = [1] * len(stays)
    return money.split(fee, weights) if stays else []


def percent(amount: int, rate: int) -> int:
    """A rate in hundredths of a percent of an amount, half up."""
    return money.percent(amount, Decimal(rate) / 100)


def _rate(rate: int) -> str:
    """1000 as "10", 1250 as "12.5"."""
    return f"{(Decimal(rate) / 100).normalize():f}"


def rent_of(stays: Iterable[StayPrice]) -> int:
    """What these stays ask for in all, but for the one fee of the booking, and for security
    deposits, which are returned."""
    return sum(
        each.base + percent(each.base, each.rule.tax_rate) + each.insurance for each in stays
    )


class Asking(Protocol):
    """A line of the schedule as amending and cancelling look at it."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def stage(self) -> int: ...
    @property
    def due_on(self) -> date: ...
    @property
    def amount(self) -> int: ...
    @property
    def property_id(self) -> int | None: ...


def shrunk(
    lines: Iterable[Asking], less: int, gone: Container[int | None] = ()
) -> tuple[dict[int, int], int]:
    """New amounts by line id when the total falls by `less`: from the last line on, stage 2 first;
    the security deposit stays. Also what could not be taken off, because no line was left.

    `gone`: properties that are booked no more. Their lines go before all others, of these the part
    of the booking's fee last, since the booking still has it."""

    def place(line: Asking) -> tuple[bool, bool, int, date, int]:
        is_gone = line.property_id in gone
        return is_gone, is_gone and line.kind != "fee", line.stage, line.due_on, line.id

    falling = sorted(
        (line for line in lines if line.kind != "security_deposit"), key=place, reverse=True
    )
    amounts, left = {}, less
    for line in falling:
        part = min(left, line.amount)
        if part:
            amounts[line.id] = line.amount - part
            left -= part
    return amounts, left


def cancellation_fee(lines: Sequence[Asking], rules: Mapping[int, Rule]) -> int:
    """What the agency keeps of a booking that is cancelled, by the rule of each property: nothing,
    what stage 1 asks for, or a percentage of all but the security deposit. Lines of no property go
    by the strictest of the rules, which matters only when the properties' rules differ."""
    fee = 0
    for property_id in dict.fromkeys(line.property_id for line in lines):
        mine = [line for line in lines if line.property_id == property_id]
        if property_id is None:
            fee += max((_kept(mine, rule) for rule in rules.values()), default=0)
        elif property_id in rules:
            fee += _kept(mine, rules[property_id])
    return fee


def _kept(lines: Sequence[Asking], rule: Rule) -> int:
    asked = [line for line in lines if line.kind != "security_deposit"]
    if rule.keeps == "stage_1":
        return sum(line.amount for line in asked if line.stage == DEPOSIT)
    if rule.keeps == "percentage":
        return percent(sum(line.amount for line in asked), rule.kept_rate)
    return 0
