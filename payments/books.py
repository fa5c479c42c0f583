"""What must always be true of the books of a booking (product section 2): pure.

`flask ledger check` holds every booking against these rules; the property-based tests do so
after every step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

MOVED = ("cleared", "void")
# Kinds of card payments that make a payment; the others change one.
MADE = ("pay", "charge", "refund")
AFTER = {"release": MOVED, "abort": ("failed",), "void": ("void",)}


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
    gateway: str | None = None
    cleared_at: datetime | None = None
    voided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IntentBook:
    """What a card provider was asked to do, and which payment was recorded for it; `amount` is
    more than 0 for refunds, too."""

    id: int
    booking_id: int
    gateway: str
    kind: str
    state: str
    amount: int
    currency: str
    of_payment_id: int | None
    payment_id: int | None


@dataclass(frozen=True, slots=True)
class AllocationBook:
    """The net of one payment on one line (None: credit). `came_at` is when its money first came
    there; `void_from` and `void_to` are when voids moved it, first and last."""

    payment_id: int
    booking_id: int
    line_id: int | None
    amount: int
    came_at: datetime | None = None
    void_from: datetime | None = None
    void_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """One booking with all that hangs on it."""

    booking: BookingBook
    lines: Sequence[LineBook]
    payments: Sequence[PaymentBook]
    allocations: Sequence[AllocationBook]
    intents: Sequence[IntentBook] = ()


def faults(books: Books) -> Iterator[str]:
    """A sentence for every rule that a booking's books break; nothing when they are right."""
    yield from _payments(books)
    yield from _moments(books)
    yield from _lines(books)
    yield from _booking(books)
    yield from _cards(books)


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


def _moments(books: Books) -> Iterator[str]:
    """Money counts from the moment it came to lie somewhere, until it was moved away again: closed
    days and the journal go by that. A refund has no rows; its reversal moves those of what it paid
    back, at a moment that lies among theirs."""
    came: dict[int, datetime] = {}
    voids: dict[int, list[datetime]] = defaultdict(list)
    for row in books.allocations:
        if row.came_at is not None:
            came[row.payment_id] = min(row.came_at, came.get(row.payment_id, row.came_at))
        voids[row.payment_id] += [at for at in (row.void_from, row.void_to) if at is not None]
    for payment in books.payments:
        if payment.refund_of is None and payment.cleared_at != came.get(payment.id):
            yield (
                f"payment {payment.id} counts from {payment.cleared_at}, "
                f"but its money came at {came.get(payment.id)}"
            )
        if payment.state == "void" and payment.cleared_at is not None:
            yield from _reversed(payment, voids[payment.refund_of or payment.id])


def _reversed(payment: PaymentBook, voids: Sequence[datetime]) -> Iterator[str]:
    """`voids`: when voids moved the money, of which only the last can be a payment's own."""
    if payment.voided_at is None:
        yield f"payment {payment.id} was reversed, but nothing says when"
    elif payment.amount and not _is_among(payment, payment.voided_at, voids):
        last = max(voids, default=None)
        yield (
            f"payment {payment.id} was reversed at {payment.voided_at}, "
            f"but its money was moved by a void at {last}"
        )


def _is_among(payment: PaymentBook, at: datetime, voids: Sequence[datetime]) -> bool:
    if not voids:
        return False
    earliest = max(voids) if payment.refund_of is None else min(voids)
    return earliest <= at <= max(voids)


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


def _cards(books: Books) -> Iterator[str]:
    """What providers did is in the ledger once, and nothing that they did not."""
    payments = {payment.id: payment for payment in books.payments}
    told: dict[int, int] = defaultdict(int)
    for intent in books.intents:
        payment = payments.get(intent.payment_id or 0)
        if intent.state == "succeeded" and (payment is None or not _is_told(intent, payment)):
            yield (
                f"card payment {intent.id} ({intent.kind} of {intent.amount}) succeeded, but "
                f"payment {intent.payment_id} does not say so"
            )
        elif payment is not None and _stands_for(intent, payment):
            told[payment.id] += 1
    for payment in books.payments:
        if payment.gateway is not None and payment.state in MOVED and not told[payment.id]:
            yield f"payment {payment.id} names {payment.gateway}, which was not asked for it"
        if told[payment.id] > 1:
            yield f"payment {payment.id} stands for {told[payment.id]} card payments"


def _stands_for(intent: IntentBook, payment: PaymentBook) -> bool:
    """Whether the payment was recorded for the intent's money; a void one also when the provider
    told later that it had taken none."""
    is_taken_back = intent.state == "failed" and payment.state == "void"
    return intent.kind in MADE and (intent.state == "succeeded" or is_taken_back)


def _is_told(intent: IntentBook, payment: PaymentBook) -> bool:
    """Whether a payment is what its succeeded intent made of it. Staff may void later what they
    like; a promise that was released may have charges and tip beside its amount."""
    if intent.kind not in MADE:
        return payment.id == intent.of_payment_id and payment.state in AFTER[intent.kind]
    amount = -intent.amount if intent.kind == "refund" else intent.amount
    refund_of = intent.of_payment_id if intent.kind == "refund" else None
    facts = (payment.amount, payment.currency, payment.refund_of, payment.gateway)
    is_same = facts == (amount, intent.currency, refund_of, intent.gateway)
    return is_same and payment.state in MOVED


def _place(line_id: int | None) -> str:
    return "credit" if line_id is None else f"line {line_id}"
