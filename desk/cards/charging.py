"""Charging a stored card again: the page that says what the money will cover, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from desk.access import is_part, needs
from desk.cards.using import REASON, use_card
from desk.cards.words import title_of
from desk.forms import NONE, Slips, asked, of_refusal
from desk.payments.changing import Here, here
from desk.payments.effects import effect
from desk.payments.sentences import typed
from desk.typed import TypedForm
from kit.db import reading
from kit.errors import Refused
from kit.fields import Amount, Flag, PlainText
from kit.money import Money
from payments import intents, policies
from payments.allocation import AUTOMATIC, rank
from payments.deciding import wrong_decimals
from payments.ordering import UseCard, owed_now, taken_by
from staff.permissions import Permission

bp = Blueprint("charging", __name__)


class ChargeForm(TypedForm):
    """How much, why; `confirmed`: what is more than open may become credit."""

    amount = Amount(data_key="Amount", positive=True, required=True)
    confirmed = Flag(data_key="More than is open", load_default=False)
    reason = PlainText(data_key="Reason", most=REASON, required=True)


@bp.get("/payments/<int:payment_id>/charge")
@needs(Permission.CHARGE)
def page(payment_id: int) -> ResponseReturnValue:
    return _page(payment_id, NONE, fresh=True)


@bp.post("/payments/<int:payment_id>/charge")
@needs(Permission.CHARGE)
def charge(payment_id: int) -> ResponseReturnValue:
    form = ChargeForm()

    def order_of(came: Mapping[str, Any]) -> UseCard:
        return UseCard(act="charge", payment_id=payment_id, **typed(form, came))

    return use_card(payment_id, order_of, lambda slips: _page(payment_id, slips), form)


@bp.post("/payments/<int:payment_id>/charge/preview")
@needs(Permission.CHARGE)
def preview(payment_id: int) -> ResponseReturnValue:
    """What the money would cover. Nothing is stored, and nothing is refused."""
    return Response(_page(payment_id, NONE), content_type="text/html; charset=utf-8")


def _page(payment_id: int, slips: Slips, *, fresh: bool = False) -> str:
    with reading() as session:
        found = here(session, payment_id, "payment.recorded")
        pending = intents.pending_money(session.connection(), found.payment.facts.booking_id)
        rules = taken_by(session.connection(), found.account, found.row.method_id)
    account = found.account
    open_ = account.money(owed_now(account, whole=True).amount)
    values = _first(found) if fresh else asked()
    wrong, amount = _amount(found, values)
    wish = rank(AUTOMATIC, None)
    then = account.with_money(0, amount.minor, wish) if amount else account.standing
    gateway = found.payment.usable.get("charge")
    return render_template(
        "desk/cards/charge_parts.html" if is_part() else "desk/cards/charge.html",
        here=found,
        payment=found.payment,
        gateway=gateway and title_of(gateway),
        pending=pending,
        open=open_,
        amount=amount,
        more=amount - open_ if amount > open_ else None,
        refuses_more=policies.refuses_more(*rules),
        effect=effect(account, then),
        status=account.confirmed(then, account.coming),
        values=values,
        slips=slips if slips.any else NONE if fresh else wrong,
        missing=wrong,
    )


def _first(found: Here) -> dict[str, Any]:
    """The form as it first stands: what the guest has to pay next."""
    due = found.account.money(owed_now(found.account, whole=False).amount)
    return {"amount": due.plain if due else ""}


def _amount(found: Here, values: Mapping[str, Any]) -> tuple[Slips, Money]:
    """What is wrong with the amount, and how much it is: nothing when something is wrong."""
    nothing = found.account.money(0)
    wanted, slips = ChargeForm().read({"reason": "-", **values})
    problems: list[Any] = [each for each in slips if each.field == "amount"]
    if not problems:
        problems = wrong_decimals("amount", wanted["amount"], nothing.currency)
    if problems:
        return of_refusal(Refused(problems)), nothing
    return NONE, Money.of(wanted["amount"], nothing.currency)
