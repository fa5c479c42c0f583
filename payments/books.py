"""What must always be true of the books of a booking (product section 2): pure.

`flask ledger check` holds every booking against these rules; the property-based tests do so
after every step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BookingBook:
    """The figures stored on a booking, in minor units."""

    id: int
    status: str
    currency: str
    total: int
    paid: int
    credit: int
    charges: int


@dataclass(frozen=True, slots=True)
class LineBook:
    id: int
    booking_id: int
    amount: int
    paid: int


@dataclass(frozen=True, slots=True)
class PaymentBook:
    id: int
    booking_id: int
    state: str
    amount: int
    charges: int
    currency: str
    refund_of: int | None = None


@dataclass(frozen=True, slots=True)
class AllocationBook:
    """The net of one payment on one line (None: credit)."""

    payment_id: int
    booking_id: int
    line_id: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Books:
    """One booking with all that hangs on it."""

    booking: BookingBook
    lines: Sequence[LineBook]
    payments: Sequence[PaymentBook]
    allocations: Sequence[AllocationBook]


def faults(books: Books) -> Iterator[str]:
    """A sentence for every rule that a booking's books break; nothing when they are right."""
    yield from _payments(books)
    yield from _lines(books)
    yield from _booking(books)


def _payments(books: Books) -> Iterator[str]:
    allocated: dict[int, int] = defaultdict(int)
    for row in books.allocations:
        allocated[row.payment_id] += row.amount
        if row.amount < 0:
            yield f"payment {row.payment_id} has {row.amount} on {_place(row.line_id)}"
    refunded = _refunded(books.payments)
    for payment in books.payments:
        cleared = payment.state == "cleared" and payment.refund_of is None
        back = refunded.pop(payment.id, 0) if cleared else 0
        due = payment.amount - back if cleared else 0
        if (found := allocated.pop(payment.id, 0)) != due:
            less = f" and {back} of it is refunded" if back else ""
            yield (
                f"payment {payment.id} is {payment.state} over {payment.amount}{less}, "
                f"but its allocations add up to {found}"
            )
        if payment.currency != books.booking.currency:
            yield f"payment {payment.id} is in {payment.currency}"
    for stranger in allocated:
        yield f"allocations name payment {stranger}, which is not of this booking"
    for payment_id in refunded:
        yield f"payment {payment_id} was refunded, but is no cleared payment of this booking"


def _refunded(payments: Sequence[PaymentBook]) -> dict[int, int]:
    """What was paid back of each payment."""
    found: dict[int, int] = defaultdict(int)
    for payment in payments:
        if payment.refund_of is not None and payment.state == "cleared":
            found[payment.refund_of] -= payment.amount
    return found


def _lines(books: Books) -> Iterator[str]:
    filled: dict[int, int] = defaultdict(int)
    for row in books.allocations:
        if row.line_id is not None:
            filled[row.line_id] += row.amount
    for line in books.lines:
        found = filled.pop(line.id, 0)
        if found != line.paid:
            yield f"line {line.id} says {line.paid} is paid, but its allocations add up to {found}"
        if not 0 <= line.paid <= line.amount:
            yield f"line {line.id} of {line.amount} holds {line.paid}"
    for stranger in filled:
        yield f"allocations name line {stranger}, which is not of this booking"


def _booking(books: Books) -> Iterator[str]:
    booking = books.booking
    cleared = [payment for payment in books.payments if payment.state == "cleared"]
    sums = {
        "total": sum(line.amount for line in books.lines),
        "paid": sum(line.paid for line in books.lines),
        "credit": sum(row.amount for row in books.allocations if row.line_id is None),
        "charges": sum(payment.charges for payment in cleared),
    }
    for name, found in sums.items():
        if (stored := getattr(booking, name)) != found:
            yield f"the booking says {name} {stored}, but its rows add up to {found}"
    if booking.status != "cancelled" and booking.credit and booking.paid != booking.total:
        left = booking.total - booking.paid
        yield f"there is credit of {booking.credit} while {left} is open"


def _place(line_id: int | None) -> str:
    return "credit" if line_id is None else f"line {line_id}"
