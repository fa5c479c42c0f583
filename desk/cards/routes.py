"""One card payment: what is known of it, asking the provider, and settling by hand what nobody
could find out.

Which permission the last two need depends on what was ordered, so the views ask themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

import desk.cards.charging
import desk.cards.promising
from desk.access import go, me, needs, origin, refuse
from desk.cards import words
from desk.cards.offers import needed_for
from desk.cards.queries import Case, one
from desk.cards.using import SureForm
from desk.forms import NONE, Slips, asked, carry_out, hold, say
from desk.payments.sentences import at_fields, typed
from desk.words import _
from kit import clock
from kit.db import reading
from kit.fields import Choice
from payments.intents import Intent
from payments.settling import settle
from payments.vouching import Vouch, vouch
from staff.permissions import Permission

bp = Blueprint("cards", __name__)
bp.register_blueprint(desk.cards.charging.bp)
bp.register_blueprint(desk.cards.promising.bp)


class VouchForm(SureForm):
    """What somebody has found out, how, and the amount once more."""

    result = Choice({"done": "done", "nothing": "nothing"}, data_key="What is so", required=True)


@bp.get("/cards/<int:intent_id>")
@needs(Permission.READ)
def show(intent_id: int) -> ResponseReturnValue:
    return _page(intent_id, NONE)


@bp.post("/cards/<int:intent_id>/ask")
@needs(Permission.READ)
def ask(intent_id: int) -> ResponseReturnValue:
    """Ask the provider once more; a question never moves money."""
    intent = settle(_mine(intent_id).code).intent
    if intent.is_pending and intent.trouble is None:
        say(_("The provider was asked. It cannot say yet what has become of it."))
    return go(url_for("desk.cards.show", intent_id=intent_id))


@bp.post("/cards/<int:intent_id>/settle")
@needs(Permission.READ)
def settle_by_hand(intent_id: int) -> ResponseReturnValue:
    intent = _mine(intent_id)
    form = VouchForm(intent.money)

    def work(connection: Connection, came: Mapping[str, Any]) -> Intent:
        said = typed(form, came)
        hold(connection, intent.booking_id)
        order = Vouch(intent_id=intent_id, is_done=said["result"] == "done", reason=said["reason"])
        return vouch(connection, order, origin(), clock.now)

    return carry_out(
        work,
        then=lambda _intent: url_for("desk.cards.show", intent_id=intent_id),
        again=lambda slips: _page(intent_id, at_fields(slips, form.fields)),
        said=lambda _intent: _("It is settled, by your word."),
    )


def _case(intent_id: int) -> Case:
    with reading() as session:
        return one(session, intent_id) or abort(404)


def _mine(intent_id: int) -> Intent:
    """The card payment, for whoever may order one of its kind; what others tried is logged."""
    intent = _case(intent_id).intent
    if not me().may(needed_for(intent.kind)):
        refuse(needed_for(intent.kind))
    return intent


def _page(intent_id: int, slips: Slips) -> str:
    case = _case(intent_id)
    return render_template(
        "desk/cards/one.html",
        case=case,
        words=words,
        needed=needed_for(case.intent.kind),
        values=asked(),
        slips=slips,
    )
