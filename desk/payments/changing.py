"""Clearing, failing and refunding a payment: the page that says what it does, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from desk.access import is_part, me, needs, origin
from desk.cards.using import REASON as CARD_REASON
from desk.cards.using import use_card
from desk.cards.words import title_of
from desk.forms import NONE, Slips, asked, carry_out, hold, of_refusal
from desk.payments.effects import Effect, effect
from desk.payments.reading import Shown, one
from desk.payments.sentences import at_fields, typed, with_left
from desk.typed import TypedForm
from desk.words import _, money_text
from kit import clock
from kit.db import reading
from kit.errors import Refused
from kit.fields import Amount, Choice, Day, Flag, PlainText
from partners.answers import who_hears
from payments import intents, policies, queries
from payments.account import Account, PaymentRow, read_account
from payments.allocation import rank
from payments.clearing import ClearPayment, FailPayment, clear_payment, fail_payment
from payments.desk_errors import NotByCard, NothingToPayBack
from payments.intents import Intent
from payments.ordering import UseCard
from payments.refunding import (
    Parts,
    RefundPayment,
    left_of,
    parts_of,
    refund_payment,
    too_large,
)
from payments.saving import Done
from staff.permissions import Permission

bp = Blueprint("changing", __name__)

REASON = 1000
PARTS = ("amount", "charges", "tip")


class ClearForm(TypedForm):
    paid_on = Day(data_key="The money came on", required=True)
    reason = PlainText(data_key="Note", most=REASON, load_default=None)


class FailForm(TypedForm):
    reason = PlainText(data_key="Reason", most=REASON, required=True)


class RefundForm(TypedForm):
    """How much goes back; what is empty does not. `method` empty: the way the money came."""

    amount = Amount(data_key="Amount", positive=True, load_default=None)
    charges = Amount(data_key="Charges", positive=True, load_default=None)
    tip = Amount(data_key="Tip", positive=True, load_default=None)
    method = PlainText(data_key="Paid out by", most=100, load_default=None)
    reason = PlainText(data_key="Reason", most=REASON, required=True)
    send_email = Flag(data_key="Tell the guest", load_default=False)
    way = Choice({"card": "card", "recorded": "recorded"}, data_key="The way back",
                 load_default="recorded")  # fmt: skip


class CardRefundForm(RefundForm):
    """A refund to the card, of the amount alone."""

    reason = PlainText(data_key="Reason", most=CARD_REASON, required=True)


@dataclass(frozen=True, slots=True)
class Here:
    """A payment, its booking's account as it stands, who hears of an event about it, and what a
    card provider may be changing of it just now."""

    payment: Shown
    account: Account
    hear: Sequence[tuple[int, str]]
    changing: Intent | None

    @property
    def row(self) -> PaymentRow:
        return self.account.payment(self.payment.id)

    @property
    def left(self) -> Parts:
        """What can still be paid back, in minor units."""
        return left_of(self.account, self.row)


def here(session: Session, payment_id: int, event: str) -> Here:
    """Raises PaymentUnknown for a payment out of the person's reach."""
    payment = one(session, payment_id)
    booking_id = payment.facts.booking_id
    account = read_account(session.connection(), booking_id, me().locations, clock.now())
    changing = intents.pending_act(session.connection(), payment_id)
    return Here(payment, account, who_hears(session, account.booking.location_id, event), changing)


Work = Callable[[Connection, Mapping[str, Any]], Done]


def change(
    payment_id: int, work: Work, again: Callable[[Slips], str], form: TypedForm, text: str
) -> AnyResponse:
    """Carry out a change of a payment, holding its booking; `text` has a place for %(amount)s."""
    with reading() as session:
        payment = one(session, payment_id)
    booking_id, currency = payment.facts.booking_id, payment.facts.currency

    def held(connection: Connection, wanted: Mapping[str, Any]) -> Done:
        values = typed(form, wanted)
        hold(connection, booking_id)
        return work(connection, values)

    amount = money_text(payment.money("amount"))
    return carry_out(
        held,
        then=lambda done: f"/desk/bookings/{booking_id}#payment-{done.payment_id}",
        again=lambda slips: again(at_fields(slips, form.fields)),
        said=lambda done: with_left(text % {"amount": amount}, done, currency),
    )


# --- clearing and failing -------------------------------------------------------------------------


@bp.get("/<int:payment_id>/clear")
@needs(Permission.CLEAR)
def clear_page(payment_id: int) -> ResponseReturnValue:
    return _clear(payment_id, NONE)


@bp.post("/<int:payment_id>/clear")
@needs(Permission.CLEAR)
def clear(payment_id: int) -> ResponseReturnValue:
    def work(connection: Connection, wanted: Mapping[str, Any]) -> Done:
        order = ClearPayment(payment_id=payment_id, **wanted)
        return clear_payment(connection, order, origin(), None, clock.now)

    text = _("%(amount)s is there now, and counts as paid.", amount="%(amount)s")
    return change(payment_id, work, lambda slips: _clear(payment_id, slips), ClearForm(), text)


def _clear(payment_id: int, slips: Slips) -> str:
    with reading() as session:
        found = here(session, payment_id, "payment.cleared")
    row, account = found.row, found.account
    standing = account.standing
    if row.is_coming:
        standing = account.with_money(row.id, row.amount, rank(row.asked, row.property_id))
    others = [each for each in account.coming if each.id != row.id]
    return render_template(
        "desk/payments/clear.html",
        here=found,
        payment=found.payment,
        effect=effect(account, standing),
        status=account.confirmed(standing, others),
        blocked=row.is_external and row.paying == "external",
        values=asked() or {"paid_on": account.today.isoformat()},
        slips=slips,
    )


@bp.get("/<int:payment_id>/fail")
@needs(Permission.CLEAR)
def fail_page(payment_id: int) -> ResponseReturnValue:
    return _fail(payment_id, NONE)


@bp.post("/<int:payment_id>/fail")
@needs(Permission.CLEAR)
def fail(payment_id: int) -> ResponseReturnValue:
    def work(connection: Connection, wanted: Mapping[str, Any]) -> Done:
        order = FailPayment(payment_id=payment_id, **wanted)
        return fail_payment(connection, order, origin(), None, clock.now)

    text = _("%(amount)s will not come; no money was moved.", amount="%(amount)s")
    return change(payment_id, work, lambda slips: _fail(payment_id, slips), FailForm(), text)


def _fail(payment_id: int, slips: Slips) -> str:
    with reading() as session:
        found = here(session, payment_id, "payment.failed")
    return render_template(
        "desk/payments/fail.html", here=found, payment=found.payment, values=asked(), slips=slips
    )


# --- refunding ------------------------------------------------------------------------------------


@bp.get("/<int:payment_id>/refund")
@needs(Permission.REFUND)
def refund_page(payment_id: int) -> ResponseReturnValue:
    return _refund(payment_id, NONE, fresh=True)


@bp.post("/<int:payment_id>/refund")
@needs(Permission.REFUND)
def refund(payment_id: int) -> ResponseReturnValue:
    if asked().get("way") == "card":
        return _refund_to_card(payment_id)

    def work(connection: Connection, came: Mapping[str, Any]) -> Done:
        wanted = {name: value for name, value in came.items() if name != "way"}
        if all(wanted[part] is None for part in PARTS):
            raise NothingToPayBack
        order = RefundPayment(payment_id=payment_id, source="desk", **wanted)
        return refund_payment(connection, order, origin(), None, clock.now)

    text = _("The refund was recorded; pay the money out now if that is still to be done.")
    return change(payment_id, work, lambda slips: _refund(payment_id, slips), RefundForm(), text)


def _refund_to_card(payment_id: int) -> ResponseReturnValue:
    """Through the provider. Charges and tip are no part of what it took for the booking."""
    form = CardRefundForm()

    def order_of(came: Mapping[str, Any]) -> UseCard:
        wanted = typed(form, came)
        Refused.if_any([NotByCard(part) for part in ("charges", "tip") if wanted[part] is not None])
        return UseCard(
            act="refund", payment_id=payment_id, amount=wanted["amount"], reason=wanted["reason"]
        )

    return use_card(payment_id, order_of, lambda slips: _refund(payment_id, slips), form)


@bp.post("/<int:payment_id>/refund/preview")
@needs(Permission.REFUND)
def refund_preview(payment_id: int) -> ResponseReturnValue:
    """What the refund would do. Nothing is stored, and nothing is refused."""
    return Response(_refund(payment_id, NONE), content_type="text/html; charset=utf-8")


def _refund(payment_id: int, slips: Slips, *, fresh: bool = False) -> str:
    with reading() as session:
        found = here(session, payment_id, "payment.refunded")
        location = found.account.booking.location_id
        methods, _others = policies.at_the_desk(
            queries.desk_methods(session.connection(), location), pays_back=True
        )
    values = first_refund(found) if fresh else asked()
    wrong, back = _asked_back(found, values)
    gateway = found.payment.usable.get("refund")
    return render_template(
        "desk/payments/refund_parts.html" if is_part() else "desk/payments/refund.html",
        here=found,
        payment=found.payment,
        left={part: found.account.money(getattr(found.left, part)) for part in PARTS},
        methods=[(each.name, each.name) for each in methods if each.name != found.row.method],
        values=values,
        slips=slips if slips.any else NONE if fresh else wrong,
        missing=wrong,
        gateway=gateway and title_of(gateway),
        effect=_effect_of(found, back["amount"]),
        back=found.account.money(sum(back.values())),
    )


def first_refund(found: Here) -> dict[str, Any]:
    """The form as it first stands: all that can go back, or what the address says."""
    amount = found.account.money(found.left.amount)
    return {
        "amount": request.args.get("amount", amount.plain if amount else ""),
        "send_email": "true",
        "way": "card" if found.payment.is_taken else "recorded",
    }


def _asked_back(found: Here, values: Mapping[str, Any]) -> tuple[Slips, dict[str, int]]:
    """What is wrong with the parts of the form, and what would go back, in minor units: nothing
    when something is wrong."""
    nothing = dict.fromkeys(PARTS, 0)
    wanted, slips = RefundForm().read({"reason": "-", **values})
    if slips:
        return of_refusal(Refused(slips)), nothing
    currency = found.account.booking.currency
    parts, problems = parts_of({part: wanted[part] for part in PARTS}, currency)
    back = asdict(parts)
    problems += too_large(found.account, found.row, parts)
    if not problems and not any(back.values()):
        problems.append(NothingToPayBack())
    return (of_refusal(Refused(problems)), nothing) if problems else (NONE, back)


def _effect_of(found: Here, amount: int) -> Effect:
    """Charges and tip lie on no line, so only the amount changes any."""
    account, standing = found.account, found.account.standing
    return effect(account, account.without(found.payment.id, amount) if amount else standing)
