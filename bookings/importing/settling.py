"""What becomes of a booking's schedule and of the money that came already: the ledger's rules.

Pure. Amounts are minor units of the booking's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bookings.importing.records import Record
from bookings.schedule import CANCELLATION_FEE, Due
from payments.allocation import DEPOSIT, Allocation, OpenLine, after, allocate
from payments.deciding import category_of
from payments.standing import NO_WISH


@dataclass(frozen=True, slots=True)
class SettledLine:
    """A line of the schedule as it is written. `closed`: what it asked for before cancelling."""

    id: int
    due: Due
    amount: int
    closed: int | None
    paid: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The figures of a booking with the money that came, and where that lies."""

    status: str
    lines: tuple[SettledLine, ...]
    covers: Allocation
    category: int

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def paid(self) -> int:
        return sum(line.paid for line in self.lines)


def dues_of(record: Record) -> list[Due]:
    """All lines of the booking's schedule. What the agency keeps of a cancelled one is a line of
    no property, and the last."""
    if not record.fee:
        return list(record.dues)
    fee = Due("Cancellation fee", CANCELLATION_FEE, DEPOSIT, record.fee, record.created_on, None)
    return [*record.dues, fee]


def settle(record: Record, dues: Sequence[Due], line_ids: Sequence[int]) -> Settled:
    """The money over the lines in the automatic order. The lines of a cancelled booking are
    closed, but for its fee: what that does not take is credit."""
    cancelled = record.status == "cancelled"
    lines = list(zip(line_ids, dues, strict=True))
    closed = {id: due.amount for id, due in lines if cancelled and due.kind != CANCELLATION_FEE}
    asked = {id: 0 if id in closed else due.amount for id, due in lines}
    before = [OpenLine(id, due.stage, due.due_on, asked[id], due.property_id) for id, due in lines]
    covers = allocate(record.paid.amount if record.paid else 0, before, NO_WISH)
    left = after(before, covers.shares)
    paid = {share.line_id: share.amount for share in covers.shares}
    settled = tuple(
        SettledLine(id, due, asked[id], closed.get(id), paid.get(id, 0)) for id, due in lines
    )
    return Settled(_status(record, left), settled, covers, category_of("cleared", before, left))


def _status(record: Record, left: Sequence[OpenLine]) -> str:
    """Provisional until what is due at stage 1 is paid, then a booking, as everywhere."""
    waits = any(line.open for line in left if line.stage == DEPOSIT)
    if record.status == "provisional" and not waits:
        return "booking"
    return record.status
