"""Undoing a match: the page that says what it does, and doing it.

What was found is let go of and stays as it is. What was cleared or recorded is voided, which needs
the permissions for that: "Void", and for an external payment "Delete external payments".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from desk.access import me, needs, origin, refuse
from desk.cards.using import SureForm
from desk.forms import NONE, Slips, asked, carry_out
from desk.payments.changing import Here, here
from desk.payments.effects import Effect, effect
from desk.payments.sentences import at_fields, typed
from desk.statements.reading import MatchRow, match
from desk.typed import TypedForm
from desk.words import _, money_text
from kit import clock
from kit.db import reading
from kit.fields import PlainText
from payments.statements.undoing import UndoMatch, Undone, undo_match
from payments.voiding import standing_without
from staff.permissions import Permission

bp = Blueprint("undoing", __name__, url_prefix="/matches")


class ReasonForm(TypedForm):
    reason = PlainText(data_key="Reason", most=500, required=True)


@bp.get("/<int:match_id>/undo")
@needs(Permission.RECONCILE)
def page(match_id: int) -> ResponseReturnValue:
    _may(match_id)
    return _page(match_id, NONE)


@bp.post("/<int:match_id>/undo")
@needs(Permission.RECONCILE)
def undo(match_id: int) -> ResponseReturnValue:
    found, line_id = _may(match_id)
    form = SureForm(found.payment) if found.voids else ReasonForm()

    def work(connection: Connection, came: Mapping[str, Any]) -> Undone:
        order = UndoMatch(
            match_id=match_id,
            reason=typed(form, came)["reason"],
            may_delete_external=me().may(Permission.DELETE_EXTERNAL),
            locations=me().locations,
        )
        return undo_match(connection, order, origin(), clock.now)

    return carry_out(
        work,
        then=lambda _undone: url_for("desk.statements.lines.show", line_id=line_id),
        again=lambda slips: _page(match_id, at_fields(slips, form.fields)),
        said=lambda undone: _said(found, undone),
    )


def _may(match_id: int) -> tuple[MatchRow, int]:
    """The match and its line, for whoever may undo it. Raises NotAllowed, and what was tried is
    logged."""
    with reading() as session:
        found, line_id = match(session, match_id)
    needed = [Permission.VOID] if found.voids else []
    needed += [Permission.DELETE_EXTERNAL] if found.voids and found.is_external else []
    for permission in needed:
        if not me().may(permission):
            refuse(permission)
    return found, line_id


def _said(found: MatchRow, undone: Undone) -> str:
    amount = money_text(found.payment)
    if not found.voids:
        return _("The match is undone; payment %(id)s stays as it is.", id=undone.payment_id)
    if undone.reopened_id is None:
        return _("The match is undone; %(amount)s is void now, and the line waits.", amount=amount)
    return _(
        "The match is undone; %(amount)s waits to be cleared again, as payment %(id)s.",
        amount=amount,
        id=undone.reopened_id,
    )


def _page(match_id: int, slips: Slips) -> str:
    with reading() as session:
        found, line_id = match(session, match_id)
        event = "payment.deleted"
        stands = here(session, found.facts.payment_id, event) if found.voids else None
    return render_template(
        "desk/statements/undo.html",
        match=found,
        line_id=line_id,
        here=stands,
        effect=stands and _effect(stands),
        values=asked(),
        slips=slips,
    )


def _effect(stands: Here) -> Effect:
    """What voiding the payment does to its booking; nothing when it cannot be voided."""
    account, row = stands.account, stands.row
    can = row.state == "cleared" and not account.refunds_of(row.id)
    return effect(account, standing_without(account, row) if can else account.standing)
