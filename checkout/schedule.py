"""The schedule as a guest reads it: pure, from a booking's account to lines with a state.

In every line paid + promised + open = amount. What is promised lies where it will when it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kit.money import Money
from payments.account import Account, LineRow

LineState = Literal["paid", "promised", "under_way", "overdue", "due", "part", "open"]
LATE: tuple[LineState, ...] = ("overdue", "due")


@dataclass(frozen=True, slots=True)
class Promise:
    """What of a promised payment will lie on the line. `expected_on` None: it is under way."""

    method: str
    amount: Money
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class LineView:
    """One amount of the schedule. `paid_on` is the day the last of its money came."""

    id: int
    name: str
    due_on: date
    state: LineState
    amount: Money
    paid: Money
    open: Money
    paid_on: date | None
    promises: tuple[Promise, ...] = ()

    @property
    def is_late(self) -> bool:
        return self.state in LATE


def schedule(account: Account) -> tuple[LineView, ...]:
    """The lines that ask for something, by due day. A cancelled booking waits for nothing: of it
    only the fee is left, and that is never late."""
    lines = (line for line in account.lines if line.amount)
    ordered = sorted(lines, key=lambda line: (line.due_on, line.stage, line.id))
    return tuple(_line(account, line) for line in ordered)


def bar(lines: Sequence[LineView]) -> list[tuple[str, int]]:
    """The parts of the bar over all lines, in minor units: paid, promised, late, open."""
    paid = sum(line.paid.minor for line in lines)
    promised = sum(each.amount.minor for line in lines for each in line.promises)
    late = sum(line.open.minor for line in lines if line.is_late)
    rest = sum(line.open.minor for line in lines if not line.is_late)
    return [("paid", paid), ("promised", promised), ("late", late), ("open", rest)]


def _line(account: Account, line: LineRow) -> LineView:
    paid = account.standing.on(line.id)
    promises = () if account.booking.is_cancelled else _promises(account, line.id)
    left = line.amount - paid - sum(each.amount.minor for each in promises)
    return LineView(
        id=line.id,
        name=line.name,
        due_on=line.due_on,
        state=_state(account, line.due_on, paid, left, promises),
        amount=account.money(line.amount),
        paid=account.money(paid),
        open=account.money(left),
        paid_on=_paid_on(account, line.id),
        promises=promises,
    )


def _promises(account: Account, line_id: int) -> tuple[Promise, ...]:
    coming = {each.id: each for each in account.coming}
    return tuple(
        Promise(
            coming[each.payment_id].method,
            account.money(each.amount),
            _expected_on(account, each.payment_id),
        )
        for each in account.expected.holdings
        if each.line_id == line_id and each.payment_id in coming
    )


def _expected_on(account: Account, payment_id: int) -> date | None:
    payment = account.payment(payment_id)
    return payment.paid_on if payment.state == "deferred" else None


def _paid_on(account: Account, line_id: int) -> date | None:
    mine = [each.payment_id for each in account.standing.holdings if each.line_id == line_id]
    days = [account.payment(payment_id).settled_on for payment_id in mine]
    return max((day for day in days if day), default=None)


def _state(
    account: Account, due_on: date, paid: int, left: int, promises: Sequence[Promise]
) -> LineState:
    """The worst that can be said of what is open of a line; then what is promised of it."""
    if left and due_on <= account.today and not account.booking.is_cancelled:
        return "overdue" if due_on < account.today else "due"
    if promises:
        return "promised" if any(each.expected_on for each in promises) else "under_way"
    if left:
        return "part" if paid else "open"
    return "paid"
