"""From a payment's id to its booking's account: the start of clearing, refunding and voiding;
and what stands in the way of changing it."""

from __future__ import annotations

from sqlalchemy import Connection, literal_column, select

from partners.authentication import Caller
from payments import intents
from payments.account import Account, Clock, PaymentRow, open_account
from payments.card_errors import ActUnderWay
from payments.errors import BookingUnknown, PaymentUnknown
from payments.models import Payment
from payments.statements.errors import MatchedWithBank
from payments.statements.models import STANDS, BankMatch


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


def check_unchanging(connection: Connection, payment_id: int) -> None:
    """That no card provider may be changing the payment just now: a change by hand would be one
    too many, or against the other. Its booking is held. Raises ActUnderWay."""
    if intents.pending_act(connection, payment_id):
        raise ActUnderWay(payment_id)


def check_unmatched(connection: Connection, payment_id: int) -> None:
    """That no line of the bank is matched with the payment: it would be settled by nothing. Its
    booking is held, and so nobody matches it meanwhile. Raises MatchedWithBank."""
    standing = select(BankMatch.id).where(BankMatch.payment_id == payment_id)
    if connection.scalar(standing.where(literal_column(STANDS))) is not None:
        raise MatchedWithBank(payment_id)
