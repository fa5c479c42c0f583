"""Reversing a payment: voiding one that was recorded at the desk, deleting one from outside, having
a card provider void what it has taken for us.

Which permission it needs depends on the payment, so the views ask themselves: an external payment
needs "Delete external payments", any other one "Void".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from desk.access import me, needs, origin, refuse
from desk.cards.using import SureForm, use_card
from desk.cards.words import title_of
from desk.forms import NONE, Slips, asked
from desk.payments.changing import REASON, Here, change, here
from desk.payments.effects import effect
from desk.payments.reading import came_from_outside
from desk.payments.sentences import typed
from desk.words import _
from kit import clock
from kit.db import reading
from kit.fields import PlainText
from kit.money import Money
from payments.ordering import UseCard
from payments.saving import Done
from payments.voiding import VoidPayment, standing_without, void_payment
from staff.permissions import Permission

bp = Blueprint("voiding", __name__)


class VoidForm(SureForm):
    """The same for what no provider has to keep."""

    reason = PlainText(data_key="Reason", most=REASON, required=True)


@bp.get("/<int:payment_id>/void")
@needs(Permission.READ)
def page(payment_id: int) -> ResponseReturnValue:
    _may(payment_id)
    return _page(payment_id, NONE)


@bp.post("/<int:payment_id>/void")
@needs(Permission.READ)
def void(payment_id: int) -> ResponseReturnValue:
    external = _may(payment_id)
    with reading() as session:
        found = here(session, payment_id, "payment.deleted")
    if found.payment.is_taken:
        return _void_at_provider(found)

    def work(connection: Connection, wanted: Mapping[str, Any]) -> Done:
        order = VoidPayment(payment_id=payment_id, reason=wanted["reason"])
        return void_payment(connection, order, origin(), clock.now)

    if external:
        text = _("The external payment of %(amount)s was deleted; its row stays, void.",
                 amount="%(amount)s")  # fmt: skip
    else:
        text = _("%(amount)s is void now; its row stays.", amount="%(amount)s")
    form = VoidForm(size_of(found))
    return change(payment_id, work, lambda slips: _page(payment_id, slips), form, text)


def _void_at_provider(found: Here) -> ResponseReturnValue:
    """Its money lies with a card provider: that voids it, or nobody does."""
    payment_id, form = found.payment.id, SureForm(size_of(found))

    def order_of(came: Mapping[str, Any]) -> UseCard:
        return UseCard(act="void", payment_id=payment_id, reason=typed(form, came)["reason"])

    return use_card(payment_id, order_of, lambda slips: _page(payment_id, slips), form)


def _may(payment_id: int) -> bool:
    """Whether it is an external payment. Raises NotAllowed, and what was tried is logged."""
    with reading() as session:
        external = came_from_outside(session, payment_id)
    needed = Permission.DELETE_EXTERNAL if external else Permission.VOID
    if not me().may(needed):
        refuse(needed)
    return external


def size_of(found: Here) -> Money:
    """The amount to type: of a refund of charges or a tip alone, that."""
    row = found.row
    minor = abs(row.amount) or abs(row.charges + row.tip)
    return found.account.money(minor)


def _page(payment_id: int, slips: Slips) -> str:
    with reading() as session:
        found = here(session, payment_id, "payment.deleted")
    row, account, payment = found.row, found.account, found.payment
    can = row.state not in ("failed", "void") and not account.refunds_of(row.id)
    after = standing_without(account, row) if can else account.standing
    others = [name for id, name in found.hear if id != row.partner_id]
    return render_template(
        "desk/payments/void.html",
        here=found,
        payment=payment,
        size=size_of(found),
        can=can,
        gateway=payment.gateway and title_of(payment.gateway),
        at_provider="void" in payment.usable,
        effect=effect(account, after),
        sender_hears=any(id == row.partner_id for id, _name in found.hear),
        others=others,
        values=asked(),
        slips=slips,
    )
