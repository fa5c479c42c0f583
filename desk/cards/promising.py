"""What a card provider has promised us: having it released, or given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from desk.access import needs
from desk.cards.using import SureForm, use_card
from desk.cards.words import title_of
from desk.forms import NONE, Slips, asked
from desk.payments.changing import Here, here
from desk.payments.effects import effect
from desk.payments.sentences import typed
from kit.db import reading
from kit.money import Money
from payments.allocation import rank
from payments.ordering import Act, UseCard
from staff.permissions import Permission

bp = Blueprint("promising", __name__)

EVENTS: Mapping[Act, str] = {"release": "payment.cleared", "abort": "payment.failed"}


@bp.get("/payments/<int:payment_id>/release")
@needs(Permission.CHARGE)
def release_page(payment_id: int) -> ResponseReturnValue:
    return _page(payment_id, "release", NONE)


@bp.post("/payments/<int:payment_id>/release")
@needs(Permission.CHARGE)
def release(payment_id: int) -> ResponseReturnValue:
    return _act(payment_id, "release")


@bp.get("/payments/<int:payment_id>/abort")
@needs(Permission.CHARGE)
def abort_page(payment_id: int) -> ResponseReturnValue:
    return _page(payment_id, "abort", NONE)


@bp.post("/payments/<int:payment_id>/abort")
@needs(Permission.CHARGE)
def abort(payment_id: int) -> ResponseReturnValue:
    return _act(payment_id, "abort")


def _act(payment_id: int, act: Act) -> ResponseReturnValue:
    with reading() as session:
        form = SureForm(whole_of(here(session, payment_id, EVENTS[act])))

    def order_of(came: Mapping[str, Any]) -> UseCard:
        reason = typed(form, came)["reason"]
        return UseCard(act=act, payment_id=payment_id, reason=reason)

    return use_card(payment_id, order_of, lambda slips: _page(payment_id, act, slips), form)


def whole_of(found: Here) -> Money:
    """All that the provider has of a payment."""
    row = found.row
    return found.account.money(row.amount + row.charges + row.tip)


def _page(payment_id: int, act: Act, slips: Slips) -> str:
    with reading() as session:
        found = here(session, payment_id, EVENTS[act])
    row, account = found.row, found.account
    then = account.standing
    if act == "release" and row.is_coming:
        then = account.with_money(row.id, row.amount, rank(row.asked, row.property_id))
    gateway = found.payment.usable.get(act)
    return render_template(
        "desk/cards/promise.html",
        here=found,
        payment=found.payment,
        act=act,
        gateway=gateway and title_of(gateway),
        size=whole_of(found),
        effect=effect(account, then),
        values=asked(),
        slips=slips,
    )
