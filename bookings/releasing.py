"""Releasing the security deposit after check-out: the guest gets it back.

The deposit's lines ask for nothing from now on. The money that lay on them is credit, which first
flows into whatever else of the booking is open; what stays is refunded from the payments that hold
it (payments.refunding), a step of its own: releasing moves no money out of the house.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from audit.chain import Entry, Origin
from bookings.desk_errors import NoDeposit, NotCheckedOut
from bookings.models import Booking
from kit import clock
from payments.account import Account, Clock, LineRow, open_account
from payments.saving import Change, Saved, save
from payments.standing import Standing

DEPOSIT = "security_deposit"  # the kind of its lines


@dataclass(frozen=True, slots=True)
class Released:
    """What became of the deposit, in minor units: the booking's figures, and what of its credit
    each payment holds now, the most first."""

    saved: Saved
    holders: tuple[tuple[int, int], ...]


def release_deposit(
    connection: Connection,
    booking_id: int,
    origin: Origin,
    clock_of: Clock = clock.now,
    reason: str | None = None,
) -> Released:
    """Release in the caller's transaction.

    Raises BookingUnknown, NotCheckedOut before the last stay has ended, and NoDeposit when there is
    none, or none any more.
    """
    account = open_account(connection, booking_id, None, clock_of)
    day = leaves_on(connection, booking_id)
    if account.today < day:
        raise NotCheckedOut(booking_id, day)
    lines = deposits(account)
    if not lines:
        raise NoDeposit(booking_id)
    standing = without_deposit(account)
    amounts = [[line.id, line.paid] for line in lines]
    change = Change(
        standing=standing,
        cause="amendment",
        status=account.confirmed(standing, account.coming),
        entry=Entry(
            "booking.deposit_released",
            {},
            {},
            {"amount": sum(line.paid for line in lines), "lines_released": amounts},
            severity="medium",
            reason=reason,
        ),
    )
    return Released(save(connection, account, change, origin), holders(standing))


def leaves_on(connection: Connection, booking_id: int) -> date:
    """The day on which the last stay of a booking ends."""
    query = select(Booking.leaves_on).where(Booking.id == booking_id)
    day: date = connection.execute(query).scalar_one()
    return day


def deposits(account: Account) -> Sequence[LineRow]:
    """The lines of the deposit that still ask for something."""
    return [line for line in account.lines if line.kind == DEPOSIT and line.amount]


def without_deposit(account: Account) -> Standing:
    """Where money lies once the deposit is released."""
    return account.standing.resized({line.id: 0 for line in deposits(account)}).use_credit()


def holders(standing: Standing) -> tuple[tuple[int, int], ...]:
    """Payments and how much of the credit is theirs, the most first."""
    found = [(each.payment_id, each.amount) for each in standing.holdings if each.line_id is None]
    return tuple(sorted(found, key=lambda each: (-each[1], each[0])))
