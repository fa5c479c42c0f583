"""One line of a bank statement: all that is known of it, and saying what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from desk.access import is_part, me, needs, origin
from desk.bookings.searching import cleaned
from desk.forms import NONE, Slips, asked, carry_out, of_refusal
from desk.payments.sentences import at_fields, typed
from desk.record.queries import Found, find
from desk.statements.allowing import may_all, missing, need
from desk.statements.confirming import confirm_one, need_for_picked, picked
from desk.statements.drafting import Draft, typed_rows, with_booking, with_promise
from desk.statements.foreseeing import draft, foreseen, is_for
from desk.statements.offers import offers
from desk.statements.reading import WholeLine, one
from desk.statements.words import match_word
from desk.typed import TypedForm
from desk.words import _
from kit import clock
from kit.db import reading
from kit.errors import Refused
from kit.fields import PlainText
from payments.statements.matching import (
    Confirmed,
    ConfirmMatch,
    PutAside,
    TakeUp,
    confirm_match,
    put_aside,
    take_up,
)
from staff.permissions import MEANINGS, Permission

T = TypeVar("T")

bp = Blueprint("lines", __name__, url_prefix="/lines")

JOIN = "join"  # as often as lines are ticked
REVISION = "revision"  # of the line, as the page showed it
SEEN = "seen"  # with a booking's id: how many entries its log had then


class AsideForm(TypedForm):
    reason = PlainText(data_key="Reason", most=500, required=True)


@bp.get("/<int:line_id>")
@needs(Permission.RECONCILE)
def show(line_id: int) -> ResponseReturnValue:
    return _page(line_id, NONE)


@bp.get("/<int:line_id>/find")
@needs(Permission.RECONCILE)
def search(line_id: int) -> ResponseReturnValue:
    """What a search finds: under the field while somebody types, or with the whole page."""
    if not is_part():
        return _page(line_id, NONE)
    words = cleaned(request.args.get("q", ""))
    with reading() as session:
        whole = one(session, line_id)
        found = _found(session, whole, words)
    return render_template("desk/statements/found.html", whole=whole, words=words, found=found)


@bp.post("/<int:line_id>/confirm")
@needs(Permission.RECONCILE)
def confirm(line_id: int) -> ResponseReturnValue:
    """What is proposed for it."""

    def work(connection: Connection, _form: object) -> Confirmed:
        [wanted] = picked()
        return confirm_one(connection, wanted, clock.now())

    need_for_picked()
    return _change(line_id, work, _matched)


@bp.post("/<int:line_id>/split")
@needs(Permission.RECONCILE)
def split(line_id: int) -> ResponseReturnValue:
    """What somebody says it is: one booking or several, alone or with other lines."""

    def work(connection: Connection, _form: object) -> Confirmed:
        session = Session(connection)
        wanted = _draft(session, one(session, line_id))
        Refused.if_any(wanted.problems)
        order = ConfirmMatch(
            line_ids=tuple(line.id for line in wanted.lines),
            parts=wanted.parts,
            seen={line.id: _revision(line.id) for line in wanted.lines},
            seen_bookings={part.booking_id: _seen(part.booking_id) for part in wanted.parts},
            locations=me().locations,
        )
        return confirm_match(connection, order, origin(), clock.now)

    if not may_all():
        with reading() as session:
            wanted = _draft(session, one(session, line_id))
        need(wanted.kinds)
    return _change(line_id, work, _matched)


@bp.get("/<int:line_id>/split/preview")
@bp.post("/<int:line_id>/split/preview")
@needs(Permission.RECONCILE)
def preview(line_id: int) -> ResponseReturnValue:
    """What the rows would do; with a booking more, or one less. Nothing is stored or refused."""
    return Response(_page(line_id, NONE), content_type="text/html; charset=utf-8")


@bp.post("/<int:line_id>/aside")
@needs(Permission.RECONCILE)
def aside(line_id: int) -> ResponseReturnValue:
    """It is no booking's money."""

    def work(connection: Connection, wanted: Mapping[str, Any]) -> None:
        reason = typed(AsideForm(), wanted)["reason"]
        order = PutAside(
            line_id=line_id, reason=reason, seen=_revision(line_id), locations=me().locations
        )
        put_aside(connection, order, origin(), clock.now)

    undo = url_for("desk.statements.lines.up", line_id=line_id)
    return _change(line_id, work, lambda _done: _("The line was put aside."), undo)


@bp.post("/<int:line_id>/up")
@needs(Permission.RECONCILE)
def up(line_id: int) -> ResponseReturnValue:
    """It is somebody's, after all. An "Undo" knows no revision: it is of the line as it is."""

    def work(connection: Connection, _form: object) -> None:
        there = one(Session(connection), line_id).line.row.revision
        order = TakeUp(line_id=line_id, seen=_revision(line_id, there), locations=me().locations)
        take_up(connection, order, origin(), clock.now)

    return _change(line_id, work, lambda _done: _("The line waits again."))


def _matched(confirmed: Confirmed) -> str:
    """That it is done, and what else should be known."""
    return " ".join([_("The line is matched."), *(each.message for each in confirmed.warnings)])


def _change(
    line_id: int,
    work: Callable[[Connection, Any], T],
    said: Callable[[T], str],
    undo: str | None = None,
) -> AnyResponse:
    """Carry out a change of a line; its page tells what was done, or why it was not."""
    with reading() as session:
        one(session, line_id)  # 404 for a line out of reach
    return carry_out(
        work,
        then=lambda _done: url_for("desk.statements.lines.show", line_id=line_id),
        again=lambda slips: _page(line_id, slips),
        said=said,
        undo=undo,
    )


def _revision(line_id: int, default: int = -1) -> int:
    """The line as the page of this form showed it; one without it was made of no line."""
    return request.form.get(f"{REVISION}_{line_id}", default, type=int)


def _seen(booking_id: int) -> int:
    """The booking as the page of this form showed it; one without it showed no booking."""
    return request.form.get(f"{SEEN}_{booking_id}", -1, type=int)


def _draft(session: Session, whole: WholeLine) -> Draft:
    """The rows of the form, or of the address, as they stand after a button beside them."""
    values = request.form if request.method == "POST" else request.args
    rows = typed_rows(values)
    joined = values.getlist(JOIN, type=int)
    rest_waits = values.get("rest") == "true"
    dropped = values.get("drop", -1, type=int)
    rows = [row for place, row in enumerate(rows) if place != dropped]
    found = draft(session, whole, rows, joined, rest_waits=rest_waits)
    if more := values.get("add", "").strip():
        rows = with_booking(found, more)
        found = draft(session, whole, rows, joined, rest_waits=rest_waits)
        rows = with_promise(found)
        found = draft(session, whole, rows, joined, rest_waits=rest_waits)
    return found


def _found(session: Session, whole: WholeLine, words: str) -> list[Found]:
    return find(session, words, is_for(whole.line)) if words else []


def _page(line_id: int, slips: Slips) -> str:
    words = cleaned(request.values.get("q", ""))
    with reading() as session:
        whole = one(session, line_id)
        wanted = _draft(session, whole)
        waits = whole.line.is_waiting
        offered = offers(session, [whole.line], clock.now()) if waits else {}
        effects = foreseen(session, wanted, clock.now()) if waits else []
        found = _found(session, whole, words) if waits else []
    if request.path.endswith("/preview"):
        slips = of_refusal(Refused([each for row in wanted.rows for each in row.problems]))
    fields = {f"{row.at}{name}" for row in wanted.rows for name in ("booking", "amount", "payment")}
    is_swapped = is_part() and not {"add", "drop"} & request.form.keys()
    return render_template(
        "desk/statements/split_parts.html" if is_swapped else "desk/statements/line.html",
        whole=whole,
        line=whole.line,
        draft=wanted,
        effects=effects,
        missing=missing(wanted.kinds),
        meanings=MEANINGS,
        offers=offered.get(line_id, []),
        words=words,
        found=found,
        values=asked(),
        slips=at_fields(slips, {*fields, "reason"}),
        match_word=match_word,
    )
