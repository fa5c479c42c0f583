"""What a guest has to pay: pure, from where a booking's money lies.

What is promised (a cheque under way, a transfer for a date) is not asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from payments.allocation import OpenLine


@dataclass(frozen=True, slots=True)
class Owed:
    """Lines to pay, in the order in which they fall due, and their open amounts in minor units."""

    lines: tuple[OpenLine, ...]

    @property
    def amount(self) -> int:
        return sum(line.open for line in self.lines)

    @property
    def due_on(self) -> date | None:
        """The day by which the last of it is to be paid."""
        return max((line.due_on for line in self.lines), default=None)

    @property
    def wishes(self) -> tuple[int, ...]:
        return tuple(line.id for line in self.lines)


def owed(open_lines: Sequence[OpenLine]) -> Owed:
    """All that is open. `open_lines` as they will be when all promised money has come."""
    waiting = [line for line in open_lines if line.open > 0]
    return Owed(tuple(sorted(waiting, key=lambda line: (line.due_on, line.stage, line.id))))


def owed_next(open_lines: Sequence[OpenLine], today: date) -> Owed:
    """What a guest is asked for first: all that is due by today, or, when nothing is, all that
    falls due on the next day on which anything does."""
    every = owed(open_lines).lines
    if not every:
        return Owed(())
    until = max(today, every[0].due_on)
    return Owed(tuple(line for line in every if line.due_on <= until))
