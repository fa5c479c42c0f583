"""A line divided by hand: rows of booking, amount and promise as they are typed in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from desk.bookings.searching import as_id
from desk.statements.naming import BookingName, PaymentName
from desk.statements.queries import LineRow
from desk.typed import Slip, typed_amount
from desk.words import _, money_text
from kit.errors import DomainError
from kit.money import Money, TooManyDecimals
from payments.statements.proposing import Kind, Part

ROW = re.compile(r"rows\[(\d{1,2})\]\.(booking|amount|payment)", re.ASCII)
MOST_ROWS = 20
LONGEST = 30  # of what is typed in


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A row to the letter. `payment` is the id of a promise, or of a payment that is there already;
    empty for new money."""

    booking: str
    amount: str = ""
    payment: str = ""


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A row that was read. `at` is what the names of its fields begin with; `choices` are payments
    of its booking that the money may be. What cannot be read is None."""

    at: str
    typed: TypedRow
    booking: BookingName | None
    choices: Sequence[PaymentName]
    payment: PaymentName | None
    amount: Money | None
    problems: Sequence[DomainError]

    @property
    def kind(self) -> Kind:
        if self.payment is None:
            return "recorded"
        return "cleared" if self.payment.is_coming else "found"


@dataclass(frozen=True, slots=True)
class Draft:
    """All rows, and the lines that are divided together. `rest_waits`: what the rows do not take
    of a single line may go on waiting."""

    lines: Sequence[LineRow]
    rows: Sequence[DraftRow]
    rest_waits: bool = False

    @property
    def currency(self) -> str:
        return self.lines[0].amount.currency

    @property
    def whole(self) -> Money:
        """What the lines have left, without its sign."""
        left = Money.sum((line.left for line in self.lines), self.currency)
        return left if left.minor >= 0 else -left

    @property
    def placed(self) -> Money:
        return Money.sum((row.amount for row in self.rows if row.amount), self.currency)

    @property
    def remainder(self) -> Money:
        return self.whole - self.placed

    @property
    def seen(self) -> dict[int, int]:
        """The revisions of the lines, by id."""
        return {line.id: line.row.revision for line in self.lines}

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What matching would do with the rows that have no problem."""
        return tuple(row.kind for row in self.rows if not row.problems)

    @property
    def problems(self) -> list[DomainError]:
        """What is wrong with the rows, and that they do not add up."""
        found = [problem for row in self.rows for problem in row.problems]
        if not self.rows:
            found.append(Slip("add", _("Name a booking first.")))
        elif not found and self.remainder and not self.may_wait:
            found.append(NotAddedUp(self.remainder))
        return found

    @property
    def may_wait(self) -> bool:
        """Whether something is left that may wait, and is said to."""
        return self.rest_waits and len(self.lines) == 1 and self.remainder.minor > 0

    @property
    def parts(self) -> tuple[Part, ...]:
        """What matching is asked for, with the sign of the lines; of rows without problems."""
        sign = 1 if self.lines[0].amount.minor > 0 else -1
        return tuple(
            Part(row.booking.id, sign * row.amount.minor, row.payment.id if row.payment else None)
            for row in self.rows
            if row.booking and row.amount
        )


class NotAddedUp(Slip):
    """The rows take more or less than the lines have left."""

    code = "not_added_up"

    def __init__(self, remainder: Money) -> None:
        told = money_text(remainder if remainder.minor > 0 else -remainder)
        if remainder.minor > 0:
            text = _("%(amount)s is on no booking yet; the rows must take all of it.", amount=told)
        else:
            text = _("The rows take %(amount)s more than there is.", amount=told)
        super().__init__("rows", text)


def typed_rows(values: Mapping[str, str]) -> list[TypedRow]:
    """The rows of a form or an address, in their order; at most MOST_ROWS."""
    found: dict[int, dict[str, str]] = {}
    for name, text in values.items():
        if place := ROW.fullmatch(name):
            found.setdefault(int(place[1]), {})[place[2]] = text.strip()[:LONGEST]
    rows = [found[place] for place in sorted(found)][:MOST_ROWS]
    names = ("booking", "amount", "payment")
    return [TypedRow(*(row.get(name, "") for name in names)) for row in rows]


def read_row(
    place: int,
    typed: TypedRow,
    bookings: Mapping[int, BookingName],
    choices: Mapping[int, Sequence[PaymentName]],
    currency: str,
    *,
    is_new_allowed: bool,
) -> DraftRow:
    """A row with what is known of its booking, and what is wrong with it. `is_new_allowed`: new
    money can be recorded; what left the account is a refund that is there already."""
    at = f"rows[{place}]."
    booking = bookings.get(as_id(typed.booking) or 0)
    mine = choices.get(booking.id, ()) if booking else ()
    payment = next((each for each in mine if str(each.id) == typed.payment), None)
    amount, problems = _amount(f"{at}amount", typed.amount, currency)
    if booking is None:
        text = _("There is no booking %(id)s in this currency at the places of this account.",
                 id=typed.booking)  # fmt: skip
        problems.append(Slip(f"{at}booking", text))
    elif payment is None and typed.payment:
        text = _("This payment of the booking is not waiting any more; choose again.")
        problems.append(Slip(f"{at}payment", text))
    elif payment is None and not is_new_allowed:
        text = _("Say which refund this is. Record it on the booking first if it is not there.")
        problems.append(Slip(f"{at}payment", text))
    return DraftRow(at, typed, booking, mine, payment, amount, problems)


def _amount(field: str, text: str, currency: str) -> tuple[Money | None, list[DomainError]]:
    try:
        amount = typed_amount(text, currency)
    except TooManyDecimals:
        told = _("%(currency)s has fewer decimals than that.", currency=currency)
        return None, [Slip(field, told)]
    except ValueError:
        return None, [
            Slip(field, _("Type an amount such as 300.00, with a point before the decimals."))
        ]
    if amount.minor <= 0:
        return None, [Slip(field, _("Each amount must be more than nothing."))]
    return amount, []


def with_booking(draft: Draft, booking_id: str) -> list[TypedRow]:
    """The rows as they are typed and one more, for what is not placed yet."""
    left = draft.remainder
    row = TypedRow(booking_id[:LONGEST], left.plain if left.minor > 0 else "")
    return [*(row.typed for row in draft.rows), row][:MOST_ROWS]


def with_promise(draft: Draft) -> list[TypedRow]:
    """The rows as they are typed; the last one with the promise, or the refund, that has just its
    amount, where there is one such and no other. Money that is there already is never taken for
    granted: that would count two transfers as one."""
    rows = [row.typed for row in draft.rows]
    last = draft.rows[-1]
    alike = [
        each
        for each in last.choices
        if (each.is_coming or each.is_refund)
        and last.amount
        and abs(each.moved.minor) == last.amount.minor
    ]
    if len(alike) == 1:
        rows[-1] = replace(last.typed, payment=str(alike[0].id))
    return rows
