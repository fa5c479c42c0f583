"""What a booking would cost, with nothing stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from bookings.availability import taken
from bookings.commands import StayWish
from bookings.quoting import Quote, quote
from bookings.schedule import Due, balance_day, schedule_of
from kit import clock
from kit.errors import Refused
from partners.authentication import Caller
from payments.account import Clock


@dataclass(frozen=True, slots=True)
class Calculation:
    """The quote, the schedule it would have, and which properties are taken on some night.
    `deposit` and `fee` are minor units of the quote's currency."""

    quote: Quote
    lines: tuple[Due, ...]
    balance_on: date
    taken: frozenset[int]
    today: date

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def fee(self) -> int:
        return sum(line.amount for line in self.lines if line.kind == "fee")

    @property
    def deposit(self) -> int:
        """What would be due at once: stage 1, and all of it when the balance's day has come."""
        return sum(line.amount for line in self.lines if line.due_on <= self.today)


def calculate(
    connection: Connection,
    wishes: tuple[StayWish, ...],
    caller: Caller,
    brand_id: int | None = None,
    clock_of: Clock = clock.now,
) -> Calculation:
    """The price of these stays; past dates are fine. Four queries, whatever is asked for.

    Raises the errors of bookings.errors that creating would raise, but for taken nights.
    """
    found = quote(connection, wishes, caller.locations, brand_id)
    Refused.if_any(found.refusals)
    today = clock.day_at(clock_of(), found.place.time_zone)
    arrives_on = min(stay.wish.arrives_on for stay in found.stays)
    days = [balance_day(price.rule, arrives_on, today) for price in found.prices]
    return Calculation(
        quote=found,
        lines=tuple(schedule_of(found.prices, arrives_on, today)),
        balance_on=max(days),
        taken=frozenset(taken(connection, found.spans)),
        today=today,
    )
