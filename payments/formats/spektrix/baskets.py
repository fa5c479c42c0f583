"""Baskets: a booking as Spektrix clients see it, and what they may change of it."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from bookings.confirming import confirm_booking
from bookings.waiving import is_waived, waive_commission
from kit import clock, form
from kit.fields import Fault, number
from kit.form import Malformed
from partners.authentication import caller, origin
from partners.errors import CommissionIsKept
from payments import queries
from payments.account import read_account
from payments.formats.spektrix.replaying import packed
from payments.formats.spektrix.schemas import shown_payment
from payments.models import Payment
from payments.queries import PaymentFilter

KEPT_WAIVED = Fault("invalid", "A commission that was waived cannot be asked for again.")


def basket(session: Session, basket_id: int) -> bytes:
    """A booking within the caller's reach. Its custom payments are all money that is there,
    whoever recorded it, refunds negative: they add up to what is paid. Details that other senders
    gave are not told to this one. Raises BookingUnknown."""
    reach = caller().locations
    account = read_account(session.connection(), basket_id, reach, clock.now())
    payments = queries.list_payments(session, reach, PaymentFilter(booking_id=basket_id))
    booking, own = account.booking, _own(session, basket_id)
    shown = {
        "id": str(basket_id),
        "total": number(account.money(booking.total)),
        "paid": number(account.money(booking.paid)),
        "outstanding": number(account.money(booking.total - booking.paid)),
        "customPayments": [
            shown_payment(each.method, each.amount, each.attributes if each.id in own else ())
            for each in reversed(payments)
            if each.state == "cleared"
        ],
        "waiveTransactionCommission": is_waived(session.connection(), basket_id),
    }
    return form.encode(shown)


def _own(session: Session, basket_id: int) -> frozenset[int]:
    """The payments that the caller recorded itself, by whichever format."""
    query = select(Payment.id).where(Payment.booking_id == basket_id)
    return frozenset(session.scalars(query.where(Payment.partner_id == caller().partner_id)))


def waive(connection: Connection, basket_id: int, *, wanted: bool, may_waive: bool) -> bytes:
    """Waive the commission, for who may; the basket then. Raises CommissionIsKept, and Malformed
    when it is wanted back."""
    if wanted and not may_waive:
        raise CommissionIsKept
    if wanted:
        waive_commission(connection, basket_id, origin(), caller())
    told = _packed(connection, basket_id)
    if not wanted and is_waived(connection, basket_id):
        raise Malformed([("WaiveTransactionCommission", KEPT_WAIVED)])
    return told


def confirm(connection: Connection, basket_id: int) -> bytes:
    """Make the booking one that is booked; the basket then."""
    confirm_booking(connection, basket_id, origin(), caller())
    return _packed(connection, basket_id)


def _packed(connection: Connection, basket_id: int) -> bytes:
    with Session(connection) as session:
        return packed(basket(session, basket_id))
