"""Waiving the agency's commission: the booking fee is taken off the total.

An amendment like any other (bookings.amending): the line asks for nothing from now on, and money
that lay on it flows on into other open lines, or is credit. That it was waived is a fact of the
booking, not read from its lines: amendments shrink them too, if need be to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from audit.chain import Entry, Origin
from bookings.errors import TooLateToWaive
from bookings.models import Booking
from kit import clock
from partners.authentication import Caller
from payments.account import Account, Clock, LineRow, open_account
from payments.saving import Change, Saved, save, unchanged

FEE = "fee"  # the kind of line that asks for the commission


def waive_commission(
    connection: Connection,
    booking_id: int,
    origin: Origin,
    caller: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Saved:
    """Waive in the caller's transaction. Who may, the door has asked already; `caller` None is the
    desk. A booking without commission, or whose commission was waived before, stays as it is; of
    a commission that amendments have shrunk to nothing, it is recorded that it was waived.

    Raises BookingUnknown, and TooLateToWaive for what is not provisional (any more).
    """
    account = open_account(connection, booking_id, caller, clock_of)
    if is_waived(connection, booking_id):
        return unchanged(account)
    if account.booking.status != "provisional":
        raise TooLateToWaive(booking_id, account.booking.status)
    fees = [line for line in account.lines if line.kind == FEE]
    if not fees:
        return unchanged(account)
    return save(connection, account, _change(account, fees), origin)


def _change(account: Account, fees: Sequence[LineRow]) -> Change:
    waived = {line.id: line.amount for line in fees if line.amount}
    standing = account.standing.resized(dict.fromkeys(waived, 0)).use_credit()
    after = {
        "commission_waived": sum(waived.values()),
        "currency": account.booking.currency,
        "lines_waived": [[line_id, amount] for line_id, amount in waived.items()],
    }
    return Change(
        standing=standing,
        cause="amendment",
        status=account.confirmed(standing, account.coming),
        booking={"commission_waived_at": account.now},
        entry=Entry("booking.amended", {}, {}, after, severity="high"),
    )


def is_waived(connection: Connection, booking_id: int) -> bool:
    """Whether the commission of a booking was taken off."""
    query = select(Booking.commission_waived_at).where(Booking.id == booking_id)
    return connection.execute(query).scalar_one() is not None
