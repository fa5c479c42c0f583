"""Bank statements: what the bank says came and left, and which payment each line is."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

import desk.statements.lines
import desk.statements.undoing
from desk.access import needs
from desk.forms import NONE, Slips, carry_out
from desk.payments.sentences import at_fields
from desk.statements.confirming import confirm_all, need_for_picked, picked
from desk.statements.filters import filters
from desk.statements.offers import offers
from desk.statements.queries import lines
from desk.statements.words import match_word
from kit import clock
from kit.db import reading
from staff.permissions import Permission

bp = Blueprint("statements", __name__, url_prefix="/statements")
bp.register_blueprint(desk.statements.lines.bp)
bp.register_blueprint(desk.statements.undoing.bp)


@bp.get("/")
@needs(Permission.RECONCILE)
def index() -> ResponseReturnValue:
    return _page(NONE)


@bp.post("/confirm")
@needs(Permission.RECONCILE)
def confirm() -> ResponseReturnValue:
    """What is ticked, or the one whose button was pressed; each on its own, so that one that is
    refused keeps no other from being done."""
    _wanted, back, _wrong = filters(request.args)
    need_for_picked()
    return carry_out(
        lambda _connection, _form: picked(),
        then=lambda _picked: url_for("desk.statements.index", **back),
        again=lambda slips: _page(at_fields(slips, ())),
        afterwards=confirm_all,
    )


def _page(slips: Slips) -> str:
    wanted, values, wrong = filters(request.args)
    with reading() as session:
        page, rows, beside = lines(session, wanted)
        offered = offers(session, rows, clock.now())
    return render_template(
        "desk/statements/list.html",
        page=page,
        rows=rows,
        beside=beside,
        best={line_id: listed[0] for line_id, listed in offered.items() if listed},
        wanted=wanted,
        values=values,
        wrong=wrong,
        slips=slips,
        match_word=match_word,
    )
