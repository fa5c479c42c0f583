"""From a payment's id to its booking's account: the start of clearing, refunding and voiding."""

from __future__ import annotations

from sqlalchemy import Connection, select

from partners.authentication import Caller
from payments.account import Account, Clock, PaymentRow, open_account
from payments.errors import BookingUnknown, PaymentUnknown
from payments.models import Payment


def open_payment(
    connection: Connection, payment_id: int, partner: Caller | None, clock_of: Clock
) -> tuple[Account, PaymentRow]:
    """Hold the payment's booking and read its account.

    A partner finds only what it recorded itself, at locations it still reaches; the desk
    (`partner` None) finds everything. Raises PaymentUnknown.
    """
    query = select(Payment.booking_id, Payment.partner_id).where(Payment.id == payment_id)
    row = connection.execute(query).first()
    if row is None or (partner is not None and row.partner_id != partner.partner_id):
        raise PaymentUnknown(payment_id)
    try:
        account = open_account(connection, row.booking_id, partner, clock_of)
    except BookingUnknown:
        raise PaymentUnknown(payment_id) from None
    return account, account.payment(payment_id)
