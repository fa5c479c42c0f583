"""What a change would do to a booking's money, line by line: shown before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kit.money import Money
from payments.account import Account, LineRow
from payments.standing import Standing


@dataclass(frozen=True, slots=True)
class LineEffect:
    """One line before and after. `promised` is what others have promised of it, where that counts;
    `gets` is what comes to it, negative for what leaves it; `state` is its word afterwards
    (desk/macros.html)."""

    name: str
    due_on: date
    paid_before: Money
    promised: Money
    open_before: Money
    gets: Money
    open_after: Money
    state: str

    @property
    def bar(self) -> list[tuple[str, int]]:
        """The parts of its bar: what stays, what is promised, what comes, what leaves it, what is
        open."""
        came, left = max(self.gets.minor, 0), max(-self.gets.minor, 0)
        stays = self.paid_before.minor - left
        return [("paid", stays), ("promised", self.promised.minor), ("new", came), ("left", left),
                ("", self.open_after.minor - left)]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effect:
    """All lines that ask for something, before or after, and the booking's sums."""

    lines: tuple[LineEffect, ...]
    open_before: Money
    open_after: Money
    gets: Money
    credit_before: Money
    credit_after: Money

    @property
    def opened(self) -> list[LineEffect]:
        """Lines that money leaves."""
        return [line for line in self.lines if line.gets.minor < 0]


def effect(account: Account, after: Standing, start: Standing | None = None) -> Effect:
    """The way of an account to this standing, from `start`: as it is (None), or as it will be when
    what is promised has come."""
    before = start or account.standing
    return Effect(
        lines=tuple(_lines(account, before, after)),
        open_before=account.money(before.total - before.paid),
        open_after=account.money(after.total - after.paid),
        gets=account.money(after.paid - before.paid),
        credit_before=account.money(before.credit),
        credit_after=account.money(after.credit),
    )


def _lines(account: Account, before: Standing, after: Standing) -> list[LineEffect]:
    asks = {line.id: line.amount for line in after.lines}
    rows = sorted(account.lines, key=lambda row: (row.stage, row.due_on, row.id))
    return [
        _line(account, row, before.on(row.id), asks[row.id], after.on(row.id))
        for row in rows
        if row.amount or asks[row.id]
    ]


def _line(account: Account, row: LineRow, was: int, asks: int, lies: int) -> LineEffect:
    return LineEffect(
        name=row.name,
        due_on=row.due_on,
        paid_before=account.money(row.paid),
        promised=account.money(was - row.paid),
        open_before=account.money(row.amount - was),
        gets=account.money(lies - was),
        open_after=account.money(asks - lies),
        state=state_of(asks, lies, row.due_on, account.today),
    )


def state_of(asks: int, lies: int, due_on: date, today: date) -> str:
    """The word for a line that asks for so much, of which so much is there."""
    if lies >= asks:
        return "paid"
    if due_on <= today:
        return "overdue" if due_on < today else "due"
    return "part" if lies else "open"
