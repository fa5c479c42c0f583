"""Voiding: a payment typed in or sent by mistake is reversed. Its row stays; nothing is erased.

For the desk alone: partners refund, and are answered 403. Who may void an external payment is a
question of permissions, which the desk asks before it comes here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from audit.chain import Entry, Origin
from kit import clock
from payments import errors
from payments.account import Account, Clock, PaymentRow
from payments.card_errors import PaidBackByGateway, TakenByGateway
from payments.finding import check_unchanging, check_unmatched, open_payment
from payments.models import CardOnFile
from payments.saving import Change, Done, at_provider, save
from payments.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidPayment:
    """Reverse a payment, or a refund; a reason is always told. `at_provider`: the card provider
    that took its money has just voided it."""

    payment_id: int
    reason: str
    at_provider: bool = False


def void_payment(
    connection: Connection, order: VoidPayment, origin: Origin, clock_of: Clock = clock.now
) -> Done:
    """Reverse a payment: what lay on lines leaves them; a refund that is reversed comes back.

    A website booking is held anew from now on, as when a payment fails: nobody had a reason to pay
    for it while this one stood.

    Raises PaymentUnknown, AlreadyUndone (failed or void) and AlreadyRefunded: what was paid back
    to the guest cannot be made to never have come. TakenByGateway, PaidBackByGateway: the money
    would stay where it is. ActUnderWay while the provider may be changing it. MatchedWithBank:
    undoing the match voids it. What the provider has voided is void, whatever it is matched with.
    """
    account, payment = open_payment(connection, order.payment_id, None, clock_of)
    if payment.gateway is not None and payment.state == "cleared" and not order.at_provider:
        _check_gateway(connection, payment, payment.gateway)
    if payment.state in ("failed", "void"):
        raise errors.AlreadyUndone(payment.id, payment.state)
    if refunds := account.refunds_of(payment.id):
        given = account.money(-sum(each.amount for each in refunds))
        raise errors.AlreadyRefunded(payment.id, given)
    if not order.at_provider:
        check_unmatched(connection, payment.id)
        check_unchanging(connection, payment.id)
    values = {"state": "void", "failure_reason": order.reason, "category": 0}
    standing = standing_without(account, payment)
    others = [each for each in account.coming if each.id != payment.id]
    change = Change(
        standing=standing,
        cause="void",
        status=account.confirmed(standing, others),
        payments={payment.id: values},
        held_anew=True,
        entry=Entry(
            "payment.deleted",
            {"payment": payment.id},
            {"state": payment.state},
            {"state": "void", "amount": payment.amount, "external": payment.is_external,
             **at_provider(order.at_provider)},
            severity="high" if payment.is_external or order.at_provider else "medium",
            reason=order.reason,
        ),
    )  # fmt: skip
    return Done(payment.id, account.booking.id, save(connection, account, change, origin))


def _check_gateway(connection: Connection, payment: PaymentRow, gateway: str) -> None:
    """Money that a provider has is void there, not here. But what a person vouched for came without
    the provider's own values, so that it can be asked for nothing: the person has to do it there.
    Raises TakenByGateway and PaidBackByGateway."""
    if payment.refund_of is not None:
        raise PaidBackByGateway(payment.id, gateway)
    query = select(CardOnFile.sealed).where(CardOnFile.payment_id == payment.id)
    if connection.scalar(query) is not None:
        raise TakenByGateway(payment.id, gateway)


def standing_without(account: Account, payment: PaymentRow) -> Standing:
    """Where money lies once this payment, or this refund, is void."""
    if payment.refund_of is None:
        held = payment.amount if payment.state == "cleared" else 0
        return account.without(payment.id, held)
    standing = account.with_money(payment.refund_of, -payment.amount)
    return standing if account.booking.is_cancelled else standing.use_credit()
