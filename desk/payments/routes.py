"""Payments: the list by day, and one with all that is known of it."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

import desk.payments.changing
import desk.payments.voiding
from desk.access import needs
from desk.forms import NONE, of_refusal
from desk.payments.filters import wanted_of
from desk.payments.queries import payments
from desk.payments.reading import one
from desk.payments.sources import sources
from desk.words import _
from kit.db import reading
from kit.errors import Refused
from kit.money import Money
from staff.permissions import Permission

bp = Blueprint("payments", __name__, url_prefix="/payments")
bp.register_blueprint(desk.payments.changing.bp)
bp.register_blueprint(desk.payments.voiding.bp)


@bp.get("")
@needs(Permission.READ)
def index() -> ResponseReturnValue:
    values = {name: text.strip() for name, text in request.args.items() if text.strip()}
    wanted, wrong = wanted_of(values)
    slips = of_refusal(Refused(wrong)) if wrong else NONE
    with reading() as session:
        page, days, choices = payments(session, wanted)
    kept = {name: text for name, text in values.items() if name not in ("after", "before")}
    return render_template(
        "desk/payments/list.html",
        page=page,
        days=days,
        choices=choices,
        values=values,
        kept=kept,
        wanted=wanted,
        slips=slips,
        sources=sources(),
        amount_of=lambda row: Money(row.amount, row.currency),
    )


@bp.get("/<int:payment_id>")
@needs(Permission.READ)
def show(payment_id: int) -> ResponseReturnValue:
    with reading() as session:
        payment = one(session, payment_id)
    return render_template(
        "desk/payments/one.html", payment=payment, sources=sources(), causes=causes()
    )


def causes() -> dict[str, str]:
    """Why money came to a line or left it."""
    return {
        "payment": _("Recorded"),
        "clearing": _("Cleared"),
        "refund": _("Refunded"),
        "void": _("Void"),
        "amendment": _("Booking amended"),
        "cancellation": _("Booking cancelled"),
    }
