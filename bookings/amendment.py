"""What an amendment makes of a schedule: pure rules (product section 3).

While the new total stays within what was asked for, lines shrink: those of properties that are
booked no more first, then from the last on. When it rises, the difference is one new line, due with
the balance. The booking fee never changes. Amounts are minor units of the booking's
currency.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from bookings.prices import Breakages, Rule, StayPrice
from bookings.schedule import CANCELLATION_FEE, Asking, Due, balance_day, rent_of, shrunk
from payments.allocation import BALANCE

NOT_RENT = ("security_deposit", CANCELLATION_FEE)


class Line(Asking, Protocol):
    """A line of the schedule, what lies on it, and whether cancelling has closed it."""

    @property
    def paid(self) -> int: ...
    @property
    def closed_amount(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Item:
    """A property of the booking, before or after: its price and what stands for breakages.
    `price.security_deposit` is what the property asks for today, in both."""

    price: StayPrice
    breakages: Breakages

    @property
    def property_id(self) -> int:
        return self.price.property_id

    @property
    def has_deposit(self) -> bool:
        return self.breakages == "deposit"


@dataclass(frozen=True, slots=True)
class Amendment:
    """How the rent differs, lines to be added, and new amounts, due days and properties of lines,
    by id. `not_taken_off` is what no line was left for."""

    difference: int
    new_lines: tuple[Due, ...]
    amounts: Mapping[int, int]
    due_on: Mapping[int, date]
    heirs: Mapping[int, int] = field(default_factory=dict)
    not_taken_off: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What days depend on: the payment rules of all properties that lines are for, the day at the
    location, the due days that were agreed on with payments, and what earlier amendments could not
    take off."""

    rules: Mapping[int, Rule]
    today: date
    agreed: Collection[date] = ()
    not_taken_off: int = 0


def amended(
    lines: Sequence[Line], before: Sequence[Item], after: Sequence[Item], terms: Terms
) -> Amendment:
    """What becomes of these lines when the booking's items change. There is an item after; there
    may be none before."""
    rent = [line for line in lines if line.closed_amount is None and line.kind not in NOT_RENT]
    difference = _rent(after) - _rent(before)
    rise = difference - terms.not_taken_off
    gone = {line.property_id for line in rent} - {None, *_ids(after)}
    less, left = shrunk(rent, max(-rise, 0), gone)
    heirs = _heirs([line for line in rent if less.get(line.id, line.amount)], before, after)
    days = _new_days(lines, before, after, terms, heirs)
    due_on = _due_with_balance(rent, days, after, terms.today)
    only = after[0].property_id if len(after) == 1 else None
    new = [Due("Amendment", "amendment", BALANCE, rise, due_on, only)]
    new += [
        Due("Security Deposit", "security_deposit", BALANCE, amount, due_on, property_id)
        for property_id, amount in _wanted_deposits(lines, before, after).items()
    ]
    return Amendment(
        difference=difference,
        new_lines=tuple(due for due in new if due.amount > 0),
        amounts=less | _unwanted_deposits(lines, before, after),
        due_on=days,
        heirs=heirs,
        not_taken_off=left,
    )


def _rent(items: Iterable[Item]) -> int:
    return rent_of(item.price for item in items)


def _heirs(lines: Iterable[Line], before: Sequence[Item], after: Sequence[Item]) -> dict[int, int]:
    """What lines still ask for goes, when their property does, to the one that came instead, or
    else to the first that stays: cancelling goes by the rules of what is booked."""
    booked, was = _ids(after), _ids(before)
    heir = next((each for each in booked if each not in was), booked[0])
    return {line.id: heir for line in lines if line.property_id not in (None, *booked)}


def first_day(items: Iterable[Item]) -> date | None:
    return min((item.price.arrives_on for item in items), default=None)


# --- days -------------------------------------------------------------------------------------


def _new_days(
    lines: Sequence[Line],
    before: Sequence[Item],
    after: Sequence[Item],
    terms: Terms,
    heirs: Mapping[int, int],
) -> dict[int, date]:
    """Open lines of the balance that were due by the old arrival are due by the new one, and by the
    rule of the property they go to; a day that was agreed on otherwise stays."""
    old, new = first_day(before), first_day(after)
    if old is None or new is None:
        return {}
    latest = min((item.price.rule for item in before), key=lambda rule: rule.balance_days)
    found = {}
    for line in lines:
        # A line of no property is of all of them, and due with the last balance.
        rule = latest if line.property_id is None else terms.rules.get(line.property_id, latest)
        heir = terms.rules.get(heirs.get(line.id, 0), rule)
        is_open = line.stage == BALANCE and line.paid < line.amount
        moves = old != new or heir != rule
        if is_open and moves and _is_by_rule(line.due_on, rule, old, terms):
            found[line.id] = balance_day(heir, new, terms.today)
    return found


def _is_by_rule(due_on: date, rule: Rule, arrives_on: date, terms: Terms) -> bool:
    """Whether the rule set this day: the regular one, or, when that had passed already, the day on
    which the line was made."""
    regular = balance_day(rule, arrives_on, date.min)
    return due_on == regular or (regular < due_on <= terms.today and due_on not in terms.agreed)


def _due_with_balance(
    rent: Iterable[Line], days: Mapping[int, date], after: Sequence[Item], today: date
) -> date:
    """When the balance is due that the guest still has to pay; without one, when it would be."""
    waiting = [
        days.get(line.id, line.due_on)
        for line in rent
        if line.stage == BALANCE and line.paid < line.amount
    ]
    if waiting:
        return max(today, *waiting)
    arrives_on = min(item.price.arrives_on for item in after)
    return max(balance_day(item.price.rule, arrives_on, today) for item in after)


# --- security deposits ------------------------------------------------------------------------


def _wanted_deposits(
    lines: Sequence[Line], before: Sequence[Item], after: Sequence[Item]
) -> dict[int, int]:
    """What properties ask for as a security deposit that did not before, and is no line yet."""
    had = {item.property_id for item in before if item.has_deposit}
    there = {each: sum(line.amount for line in _deposits(lines, each)) for each in _ids(after)}
    return {
        item.property_id: item.price.security_deposit - there[item.property_id]
        for item in after
        if item.has_deposit and item.property_id not in had
    }


def _unwanted_deposits(
    lines: Sequence[Line], before: Sequence[Item], after: Sequence[Item]
) -> dict[int, int]:
    """Deposits nobody asks for any more, by line id; those of all others are untouched."""
    had = {item.property_id for item in before if item.has_deposit}
    given_up = {item.property_id for item in after if not item.has_deposit} & had
    gone = set(_ids(before)) - set(_ids(after))
    return {line.id: 0 for each in given_up | gone for line in _deposits(lines, each)}


def _deposits(lines: Sequence[Line], property_id: int) -> list[Line]:
    deposits = (line for line in lines if line.kind == "security_deposit")
    return [line for line in deposits if line.property_id == property_id]


def _ids(items: Iterable[Item]) -> list[int]:
    return [item.property_id for item in items]
