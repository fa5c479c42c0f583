"""How money falls on the lines of a schedule: pure rules (product section 2).

Amounts are minor units of the booking's one currency; nothing here compares across bookings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

DEPOSIT, BALANCE = 1, 2
STAGES = (DEPOSIT, BALANCE)
AUTOMATIC = (DEPOSIT, BALANCE)


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of the schedule and what is still open of it (0 when it is paid)."""

    id: int
    stage: int
    due_on: date
    open: int
    property_id: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a payment goes to one line."""

    line_id: int
    amount: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """Where a payment's money goes: shares on lines, and the rest as credit."""

    shares: tuple[Share, ...]
    credit: int


Rank = Callable[[OpenLine], tuple[int, int]]


def rank(wishes: Sequence[int], property_id: int | None) -> Rank:
    """Which lines a sender wants filled first: lower ranks before higher ones.

    `wishes` are stages (1, 2) and ids of lines in the order asked; 1,2 is no wish at all, since
    the automatic order is by stage. A property's lines come before those of other properties,
    except that lines named by id outrank the property: whoever names a line means it.
    """
    names_lines = any(wish not in STAGES for wish in wishes)

    def of(line: OpenLine) -> tuple[int, int]:
        asked = [place for place, wish in enumerate(wishes) if wish in (line.id, line.stage)]
        place = asked[0] if asked else len(wishes)
        elsewhere = int(property_id is not None and line.property_id != property_id)
        return (place, elsewhere) if names_lines else (elsewhere, place)

    return of


def allocate(paid: int, lines: Iterable[OpenLine], rank: Rank) -> Allocation:
    """Fill open lines with one payment: those asked for first, then by stage, due date and id.

    Shares and credit always add up to what was paid: nothing is refused here, and nothing is
    left of which nobody could later say whose it is.
    """
    left = paid
    shares = []
    for line in sorted(lines, key=lambda line: (rank(line), line.stage, line.due_on, line.id)):
        amount = min(left, line.open)
        if amount > 0:
            shares.append(Share(line.id, amount))
            left -= amount
    return Allocation(tuple(shares), left)


def after(lines: Iterable[OpenLine], shares: Iterable[Share]) -> list[OpenLine]:
    """The lines with the shares taken off what is open of them."""
    taken = {share.line_id: share.amount for share in shares}
    return [replace(line, open=line.open - taken.get(line.id, 0)) for line in lines]


def promised(lines: Sequence[OpenLine], coming: Iterable[tuple[int, Rank]]) -> list[OpenLine]:
    """The lines as they will be when all that is promised has come: what is open then.

    `coming` are uncleared and deferred payments in the order they were recorded: amount and rank.
    """
    then = list(lines)
    for amount, wish in coming:
        then = after(then, allocate(amount, then, wish).shares)
    return then
