"""The schedule of one booking as a timeline: pure, from its rows to what is shown.

In every row Paid + Promised + Open = Amount. What is promised lies on the lines as it will when it
clears (payments.allocation), in the order in which the promises were recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any, Literal

from kit.money import Money
from payments.account import LineRow
from payments.allocation import OpenLine, promised, rank

LineState = Literal["paid", "promised", "part", "open", "due", "overdue", "nothing", "closed"]
LATE: tuple[LineState, ...] = ("due", "overdue")


@dataclass(frozen=True, slots=True)
class LineView:
    """One amount due. A closed line asks for nothing any more: its amount is what it asked for."""

    id: int
    name: str
    stage: int
    due_on: date
    state: LineState
    amount: Money
    paid: Money
    promised: Money
    open: Money

    @property
    def is_late(self) -> bool:
        return self.state in LATE

    @property
    def bar(self) -> list[tuple[str, int]]:
        """Its parts in the order of all bars: paid, promised, due, open."""
        parts = [("paid", self.paid.minor), ("promised", self.promised.minor)]
        return [*parts, ("late" if self.is_late else "open", self.open.minor)]


@dataclass(frozen=True, slots=True)
class DueView:
    """What is due on one day. `days` is how far away it is, negative when it has passed; `rail`
    is the dot beside it: late, paid, or open."""

    day: date
    days: int
    stages: Sequence[int]
    lines: Sequence[LineView]
    rail: Literal["late", "paid", "open"]
    late: Money
    promised: Money


@dataclass(frozen=True, slots=True)
class Schedule:
    """The whole timeline and its sums. `late` is what should have come by today and is neither
    paid nor promised, `later` what is open after today; `covers` is what each promised payment
    will pay, as lines (None: credit) and amounts."""

    dues: Sequence[DueView]
    closed: Sequence[LineView]
    total: Money
    paid: Money
    promised: Money
    late: Money
    later: Money
    is_overdue: bool
    covers: Mapping[int, Sequence[tuple[int | None, Money]]]

    @property
    def open(self) -> Money:
        return self.late + self.later

    @property
    def lines(self) -> list[LineView]:
        return [line for due in self.dues for line in due.lines]

    @property
    def bar(self) -> list[tuple[str, int]]:
        found = [("paid", self.paid), ("promised", self.promised), ("late", self.late)]
        return [*((name, money.minor) for name, money in found), ("open", self.later.minor)]


def schedule(
    lines: Sequence[LineRow],
    coming: Iterable[Any],
    currency: str,
    today: date,
    *,
    is_cancelled: bool = False,
) -> Schedule:
    """`coming` are the uncleared and deferred payments, the oldest first; `today` is the day at
    the booking's location. Money that comes to a cancelled booking is credit: nothing of it is
    promised to a line, and no line is waited for."""
    promises, covers = _promises([] if is_cancelled else lines, coming)
    waits_until = None if is_cancelled else today
    views = [
        _line(line, promises.get(line.id, 0), currency, waits_until)
        for line in sorted(lines, key=lambda line: (line.due_on, line.stage, line.id))
    ]
    standing = [view for view in views if view.state != "closed"]
    dues = [
        _due(day, list(group), currency, today)
        for day, group in groupby(standing, key=lambda view: view.due_on)
    ]

    def added(amounts: Iterable[Money]) -> Money:
        return Money.sum(amounts, currency)

    return Schedule(
        dues=dues,
        closed=[view for view in views if view.state == "closed"],
        total=added(view.amount for view in standing),
        paid=added(view.paid for view in standing),
        promised=added(view.promised for view in standing),
        late=added(view.open for view in standing if view.is_late),
        later=added(view.open for view in standing if not view.is_late),
        is_overdue=any(view.state == "overdue" for view in standing),
        covers={
            payment: [(line, Money(minor, currency)) for line, minor in parts]
            for payment, parts in covers.items()
        },
    )


def _promises(
    lines: Sequence[LineRow], coming: Iterable[Any]
) -> tuple[dict[int, int], dict[int, list[tuple[int | None, int]]]]:
    """What is promised of each line, and what each payment will cover."""
    now = [
        OpenLine(line.id, line.stage, line.due_on, line.amount - line.paid, line.property_id)
        for line in lines
    ]
    start, covers = now, {}
    for payment in coming:
        wish = rank([int(each) for each in payment.wishes.split(",")], payment.property_id)
        then = promised(now, [(payment.amount, wish)])
        parts = [(was.id, was.open - is_now.open) for was, is_now in zip(now, then, strict=True)]
        filled: list[tuple[int | None, int]] = [(line, part) for line, part in parts if part]
        credit = payment.amount - sum(part for _, part in filled)
        covers[payment.id] = filled + ([(None, credit)] if credit else [])
        now = then
    taken = {was.id: was.open - then.open for was, then in zip(start, now, strict=True)}
    return taken, covers


def _line(line: LineRow, promise: int, currency: str, today: date | None) -> LineView:
    nothing = Money.zero(currency)
    left = line.amount - line.paid - promise
    view = LineView(
        line.id, line.name, line.stage, line.due_on, _state(line, promise, today),
        Money(line.amount, currency), Money(line.paid, currency), Money(promise, currency),
        Money(left, currency),
    )  # fmt: skip
    if line.closed_amount is None:
        return view
    asked = Money(line.closed_amount, currency)
    return replace(view, amount=asked, paid=nothing, promised=nothing, open=nothing)


def _state(line: LineRow, promise: int, today: date | None) -> LineState:
    """The worst that can be said of what is open of it; `today` None: nothing is ever late."""
    if line.closed_amount is not None:
        return "closed"
    if line.amount - line.paid - promise == 0:
        return _covered(line, promise)
    if today is None or line.due_on > today:
        return "part" if line.paid else "open"
    return "overdue" if line.due_on < today else "due"


def _covered(line: LineRow, promise: int) -> LineState:
    if not line.amount:
        return "nothing"
    return "promised" if promise else "paid"


def _due(day: date, lines: list[LineView], currency: str, today: date) -> DueView:
    late = Money.sum((line.open for line in lines if line.is_late), currency)
    is_paid = all(line.state in ("paid", "nothing") for line in lines)
    return DueView(
        day=day,
        days=(day - today).days,
        stages=sorted({line.stage for line in lines}),
        lines=lines,
        rail="late" if late else "paid" if is_paid else "open",
        late=late,
        promised=Money.sum((line.promised for line in lines), currency),
    )
