"""Where the cleared money of one booking lies, and how it moves: pure rules (product section 2).

Every change of a booking's money is a way from one standing to the next; what is written to the
ledger is the difference between the two (`moves`). Amounts are minor units of the booking's
currency. Taking a payment on the fast path uses the same `allocate` and needs none of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from payments.allocation import AUTOMATIC, OpenLine, Rank, allocate, rank

NO_WISH = rank(AUTOMATIC, None)

Place = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the schedule and what it asks for."""

    id: int
    stage: int
    due_on: date
    amount: int
    property_id: int | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """How much of one payment lies on one line; without a line it is credit. Never 0 or less."""

    payment_id: int
    line_id: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Move:
    """Money of one payment that came to a line (or to credit), or left it (negative)."""

    payment_id: int
    line_id: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Lines, and what lies where; holdings are in the order they were filled, the last one last."""

    lines: tuple[Line, ...] = ()
    holdings: tuple[Holding, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[Line], moved: Iterable[tuple[int, int | None, int]]) -> Standing:
        """The standing after all rows of the ledger: payment, line and amount, the oldest first."""
        held: dict[Place, int] = {}
        for payment_id, line_id, amount in moved:
            _add(held, (payment_id, line_id), amount)
        return cls(tuple(lines), _holdings(held))

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def paid(self) -> int:
        return sum(each.amount for each in self.holdings if each.line_id is not None)

    @property
    def credit(self) -> int:
        return sum(each.amount for each in self.holdings if each.line_id is None)

    def on(self, line_id: int) -> int:
        """What lies on a line."""
        return sum(each.amount for each in self.holdings if each.line_id == line_id)

    def of_payment(self, payment_id: int) -> int:
        """What of a payment is still there."""
        return sum(each.amount for each in self.holdings if each.payment_id == payment_id)

    @property
    def open(self) -> list[OpenLine]:
        return [
            OpenLine(line.id, line.stage, line.due_on, line.amount - self.on(line.id),
                     line.property_id)
            for line in self.lines
        ]  # fmt: skip

    def put(self, payment_id: int, amount: int, wish: Rank = NO_WISH) -> Standing:
        """New money: over the open lines as wished, the rest is credit."""
        held, found = self._held(), allocate(amount, self.open, wish)
        for share in found.shares:
            _add(held, (payment_id, share.line_id), share.amount)
        if found.credit:
            _add(held, (payment_id, None), found.credit)
        return replace(self, holdings=_holdings(held))

    def keep(self, payment_id: int, amount: int) -> Standing:
        """New money that nothing is paid with: all of it is credit, as on a cancelled booking."""
        held = self._held()
        _add(held, (payment_id, None), amount)
        return replace(self, holdings=_holdings(held))

    def take_back(self, payment_id: int, amount: int) -> Standing:
        """Money of a payment leaves: first its own credit, then its lines, the last filled first.

        Raises ValueError when less than that is there: callers have checked.
        """
        return self._taken(amount, lambda each: each.payment_id == payment_id)

    def _taken(self, amount: int, of: Callable[[Holding], bool]) -> Standing:
        held, left = self._held(), amount
        mine = [each for each in reversed(self.holdings) if of(each)]
        for each in sorted(mine, key=lambda each: each.line_id is not None):
            part = min(left, each.amount)
            held[(each.payment_id, each.line_id)] -= part
            left -= part
        if left:
            raise ValueError(f"{left} is missing of {amount}")
        return replace(self, holdings=_holdings(held))

    def use_credit(self) -> Standing:
        """Credit flows into open lines in the automatic order, the oldest credit first.

        Whatever opens a line ends with this, except on a cancelled booking (`refilled`).
        """
        standing = self
        for each in self.holdings:
            if each.line_id is None and any(line.open for line in standing.open):
                standing = standing._without(each).put(each.payment_id, each.amount)
        return standing

    def refilled(self, before: Standing) -> Standing:
        """What was taken off lines since `before` is made good by other credit: all that flows on
        a cancelled booking, where money that came late stays credit to refund."""
        capped = [replace(x, amount=min(x.amount, before.on(x.id))) for x in self.lines]
        return replace(replace(self, lines=tuple(capped)).use_credit(), lines=self.lines)

    def _without(self, credit: Holding) -> Standing:
        return self._taken(credit.amount, lambda each: each == credit)

    def resized(self, amounts: Mapping[int, int]) -> Standing:
        """Lines ask for other amounts (by id). What then is too much on a line becomes credit of
        the payment it came from, the last filled first."""
        lines = tuple(replace(x, amount=amounts.get(x.id, x.amount)) for x in self.lines)
        standing = replace(self, lines=lines)
        for line in lines:
            excess = standing.on(line.id) - line.amount
            if excess > 0:
                standing = standing._released(line.id, excess)
        return standing

    def _released(self, line_id: int, excess: int) -> Standing:
        held, left = self._held(), excess
        for each in reversed(self.holdings):
            part = min(left, each.amount) if each.line_id == line_id else 0
            if part:
                held[(each.payment_id, line_id)] -= part
                _add(held, (each.payment_id, None), part)
                left -= part
        return replace(self, holdings=_holdings(held))

    def with_lines(self, lines: Iterable[Line]) -> Standing:
        """With new lines, on which nothing lies yet."""
        return replace(self, lines=(*self.lines, *lines))

    def _held(self) -> dict[Place, int]:
        return {(each.payment_id, each.line_id): each.amount for each in self.holdings}


def moves(before: Standing, after: Standing) -> list[Move]:
    """What to write so that the ledger's sums become those of `after`: what left, then what came in
    the order it was filled, which the ledger's order says to whoever reads it again."""
    was, is_now = before._held(), after._held()
    found = [
        Move(*place, is_now.get(place, 0) - was.get(place, 0))
        for place in dict.fromkeys([*is_now, *was])
    ]
    return sorted((move for move in found if move.amount), key=lambda move: move.amount > 0)


def _add(held: dict[Place, int], place: Place, amount: int) -> None:
    """Money that comes makes its place the last one filled."""
    before = held.pop(place, 0) if amount > 0 else held.get(place, 0)
    held[place] = before + amount


def _holdings(held: Mapping[Place, int]) -> tuple[Holding, ...]:
    return tuple(Holding(*place, amount) for place, amount in held.items() if amount)
