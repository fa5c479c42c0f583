"""What a receipt says: of a payment that is there, or of one that was paid back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from payments.papers.paper import Paper, Row, Table
from payments.papers.wording import Booked

NO_MONEY = "This is a demonstration: no money has moved, and the receipt confirms none."


@dataclass(frozen=True, slots=True)
class Received:
    """A cleared payment, or a refund of `refund_of` with what went back as positive amounts; minor
    units of the booking's currency. `covered` are names of lines with what of the amount came to
    each of them, `credit` what came to none."""

    id: int
    day: date
    method: str
    amount: int
    charges: int
    tip: int
    refund_of: int | None = None
    covered: Sequence[tuple[str, int]] = ()
    credit: int = 0

    @property
    def total(self) -> int:
        return self.amount + self.charges + self.tip


def file_name(paid: Received) -> str:
    return f"{'receipt' if paid.refund_of is None else 'refund-receipt'}-{paid.id}.pdf"


def receipt_of(paid: Received, booked: Booked) -> Paper:
    """The receipt. What is open on the booking is not on it: that changes, and a receipt does
    not."""
    is_refund = paid.refund_of is not None
    done = "paid back" if is_refund else "received"
    method = ("Paid back by", paid.method) if is_refund else ("Paid with", paid.method)
    of = [("Refund of", f"payment {paid.refund_of}")] if is_refund else []
    return Paper(
        place=booked.place,
        address=booked.address,
        title=f"{'Refund receipt' if is_refund else 'Receipt'} {paid.id}",
        lead=f"{booked.money(paid.total)} {done} on {booked.day(paid.day)}",
        facts=[*of, *booked.facts(), method],
        tables=[_sums(paid, booked), *_uses(paid, booked)],
        notes=[NO_MONEY] if booked.is_demonstration else [],
        is_demonstration=booked.is_demonstration,
    )


def _sums(paid: Received, booked: Booked) -> Table:
    """The parts and their sum, or the sum alone when there is one part."""
    parts = [("Amount", paid.amount), ("Surcharge", paid.charges), ("Tip", paid.tip)]
    rows = [Row(name, [booked.money(minor)]) for name, minor in parts if minor]
    heading, name = ("What was paid", "Received")
    if paid.refund_of is not None:
        heading, name = ("What was paid back", "Paid back")
    whole = Row(name, [booked.money(paid.total)], is_sum=True)
    return Table(heading, [""], [*(rows if len(rows) > 1 else []), whole])


def _uses(paid: Received, booked: Booked) -> list[Table]:
    rows = [Row(name, [booked.money(minor)]) for name, minor in paid.covered]
    if paid.credit:
        rows.append(Row("Kept as credit on the booking", [booked.money(paid.credit)]))
    return [Table("What the amount paid for", [""], rows)] if rows else []
