"""Recording a payment: the form, what it would do, and doing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy import Connection

from desk.access import is_part, needs, origin
from desk.bookings.searching import cleaned
from desk.forms import NONE, SEEN, Slips, asked, carry_out, hold, of_refusal
from desk.payments.effects import Effect, effect
from desk.record.queries import Counter, counter, currency_of, find
from desk.typed import Slip, TypedForm
from desk.words import _, money_text
from kit import clock
from kit.db import reading
from kit.errors import DomainError, Refused
from kit.fields import Amount, Choice, Day, Flag, Numbers, PlainText
from kit.money import Money
from payments.facts import Detail
from payments.policies import attribute_field
from payments.recording import Planned, RecordPayment, plan, record_payment
from payments.saving import Done
from staff.permissions import Permission

bp = Blueprint("record", __name__)

ATTRIBUTE = re.compile(r"attribute\((.+)\)")  # payments.policies.attribute_field
LONGEST_ATTRIBUTE = 250
STATES = {"cleared": "cleared", "uncleared": "uncleared", "deferred": "deferred"}


class RecordForm(TypedForm):
    """A payment as it is typed in."""

    amount = Amount(data_key="Amount", positive=True, required=True)
    method = PlainText(data_key="Method", most=100, required=True)
    state = Choice(STATES, data_key="Is the money there?", required=True)
    paid_on = Day(data_key="Day", required=True)
    wishes = Numbers(data_key="Fill first", load_default=(1, 2))
    charges = Amount(data_key="Charges", load_default=Decimal(0))
    tip = Amount(data_key="Tip", load_default=Decimal(0))
    comments = PlainText(data_key="Comments", most=2000, lines=True, load_default="")
    reference = PlainText(data_key="Reference", most=50, load_default=None)
    send_email = Flag(data_key="Send the receipt", load_default=False)


@bp.get("/record")
@needs(Permission.RECORD)
def which() -> ResponseReturnValue:
    """Which booking the payment is for."""
    words = cleaned(request.args.get("booking", ""))
    if not words:
        return render_template("desk/record/which.html", words="", found=[])
    with reading() as session:
        found = find(session, words)
    if len(found) == 1:
        return redirect(url_for("desk.record.form", booking_id=found[0].id), 303)
    return render_template("desk/record/which.html", words=words, found=found)


@bp.get("/bookings/<int:booking_id>/record")
@needs(Permission.RECORD)
def form(booking_id: int) -> ResponseReturnValue:
    return _page(booking_id, NONE, fresh=True)


@bp.post("/bookings/<int:booking_id>/record")
@needs(Permission.RECORD)
def record(booking_id: int) -> ResponseReturnValue:
    def work(connection: Connection, wanted: Mapping[str, Any]) -> tuple[Done, str]:
        order = _order(booking_id, wanted)
        hold(connection, booking_id)
        done = record_payment(connection, order, origin(), clock.now)
        return done, _said(order, done, currency_of(connection, booking_id))

    return carry_out(
        work,
        then=lambda did: f"/desk/bookings/{booking_id}#payment-{did[0].payment_id}",
        again=lambda slips: _page(booking_id, slips),
        said=lambda did: did[1],
    )


@bp.post("/bookings/<int:booking_id>/record/preview")
@needs(Permission.RECORD)
def preview(booking_id: int) -> ResponseReturnValue:
    """What the payment would do. Nothing is stored, and nothing is refused: what is wrong with
    the form stands beside it."""
    return Response(_page(booking_id, NONE), content_type="text/html; charset=utf-8")


def _said(order: RecordPayment, done: Done, currency: str) -> str:
    """What happened to the money, in a sentence or two."""
    left = Money(done.saved.total - done.saved.paid, currency)
    amount = money_text(Money.of(order.amount, currency))
    told = {"amount": amount, "method": order.method, "left": money_text(left)}
    text = {
        "cleared": _("%(amount)s by %(method)s was recorded; %(left)s is open now.", **told),
        "uncleared": _(
            "%(amount)s by %(method)s is under way; nothing counts as paid yet.", **told
        ),
        "deferred": _("%(amount)s by %(method)s is promised; nothing counts as paid yet.", **told),
    }[order.state]
    return " ".join([text, *(each.message for each in done.warnings)])


def _page(booking_id: int, slips: Slips, *, fresh: bool = False) -> str:
    with reading() as session:
        here = counter(session, booking_id)
    values = _first_values(here) if fresh else asked()
    planned, found = _planned(here, values)
    template = "desk/record/parts.html" if is_part() else "desk/record/form.html"
    return render_template(
        template,
        here=here,
        values=values,
        slips=slips if slips.any else NONE if fresh else found,
        missing=found,
        planned=planned,
        effect=_effect(here, planned),
        amount=_amount(here, values),
        details=_details(here, values),
        swaps_details=request.form.get("details_of", "") != values.get("method", ""),
        stale=request.form.get(SEEN, here.log_count, type=int) != here.log_count,
    )


def _first_values(here: Counter) -> dict[str, Any]:
    """The form as it first stands: what is due, or all that is open; today; a receipt."""
    amount = here.due or here.open
    lines = request.args.get("lines", "1,2")
    return {
        "amount": request.args.get("amount", amount.plain if amount else ""),
        "wishes": lines if all(each.isdigit() for each in lines.split(",")) else "1,2",
        "state": "cleared",
        "method": here.allowed[0].name if here.allowed else "",
        "paid_on": here.account.today.isoformat(),
        "send_email": "true",
    }


def _planned(here: Counter, values: Mapping[str, Any]) -> tuple[Planned | None, Slips]:
    """What the form as it stands would do, or what is wrong with it."""
    try:
        order = _order(here.account.booking.id, values)
        return plan(order, here.account, here.methods), NONE
    except (DomainError, Refused) as error:
        return None, of_refusal(error)


def _details(here: Counter, values: Mapping[str, Any]) -> list[tuple[Detail, str, str]]:
    """The attributes of the chosen method, each with its field and what was typed in."""
    chosen = [each for each in here.allowed if each.name == values.get("method")]
    fields = [(each, attribute_field(each.name)) for method in chosen for each in method.details]
    return [(each, field, values.get(field, "")) for each, field in fields]


def _order(booking_id: int, came: Mapping[str, Any]) -> RecordPayment:
    """What the form asks for. Raises what is mistyped, all of it."""
    values, slips = RecordForm().read(came)
    attributes = []
    for field, text in came.items():
        if isinstance(text, str) and (found := ATTRIBUTE.fullmatch(field)):
            attributes.append((found[1], text))
            slips += _mistyped(field, found[1], text)
    Refused.if_any(slips)
    return RecordPayment(booking_id=booking_id, attributes=tuple(attributes), **values)


def _mistyped(field: str, name: str, text: str) -> list[Slip]:
    try:
        PlainText(data_key=name, most=LONGEST_ATTRIBUTE).read(text)
    except ValidationError as error:
        return [Slip(field, str(each)) for each in error.messages]
    return []


def _effect(here: Counter, planned: Planned | None) -> Effect:
    if planned is None:
        return effect(here.account, here.account.standing)
    return effect(here.account, planned.then, planned.start)


def _amount(here: Counter, values: Mapping[str, Any]) -> Money | None:
    """The amount that the button repeats; None when it is none."""
    try:
        amount = Money.parse(values.get("amount", ""), here.account.booking.currency)
    except ValueError:
        return None
    return amount if amount.minor > 0 else None
