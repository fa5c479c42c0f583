"""Day close: what came by which method, and the cash that was counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from desk.access import is_part, me, needs, origin, within
from desk.closing.counting import first_values, read, typed
from desk.closing.queries import closes, entries, places
from desk.forms import NONE, SEEN, Slips, asked, carry_out, of_refusal
from desk.payments.sources import sources
from desk.words import _, long_day_text
from kit import clock
from kit.db import reading
from kit.errors import Refused
from kit.money import Money
from locations.errors import NoSuchLocation
from office.closing import queries
from office.closing.closing import Closed, CloseDay, Planned, close_day, plan
from office.closing.errors import ClosingError, DayClosed
from office.closing.paper import close_pdf
from office.closing.records import Record, close_taking, record_of
from office.closing.rules import Place, field_of, lines_of
from office.models import DayClose
from staff.permissions import Permission

bp = Blueprint("closing", __name__, url_prefix="/closing")

FILTERS = ("location", "from", "to", "differences")


@bp.get("/")
@needs(Permission.CLOSE_DAY)
def index() -> ResponseReturnValue:
    """Where days wait to be closed, and those that are."""
    given = {name: text for name in FILTERS if (text := request.args.get(name, "").strip())}
    with reading() as session:
        there = places(session, clock.now())
        page, summed = closes(session, given)
    return render_template(
        "desk/closing/list.html", places=there, page=page, summed=summed, values=given
    )


@bp.get("/day")
@needs(Permission.CLOSE_DAY)
def choose() -> ResponseReturnValue:
    """To the page of the day that somebody chose; without a location back to the list."""
    location = request.args.get("location", type=int)
    if not location:
        return redirect(url_for("desk.closing.index"), 303)
    day = _day(request.args.get("day", ""))
    return redirect(url_for("desk.closing.form", location_id=location, day=day), 303)


@bp.get("/<int:location_id>/<day>")
@needs(Permission.CLOSE_DAY)
def form(location_id: int, day: str) -> ResponseReturnValue:
    """A day that is closed leads to its close."""
    with reading() as session:
        place = _place(session, location_id)
        try:
            planned = plan(session, place, _day(day), clock.now())
        except DayClosed:
            close_id = close_taking(session, location_id, _day(day))
            if close_id is None:
                raise
            return redirect(url_for("desk.closing.show", close_id=close_id), 303)
    return _form(planned, first_values(planned), NONE)


@bp.post("/<int:location_id>/<day>")
@needs(Permission.CLOSE_DAY)
def close(location_id: int, day: str) -> ResponseReturnValue:
    wanted = _day(day)
    with reading() as session:
        place = _place(session, location_id)

    def work(connection: Connection, came: Mapping[str, Any]) -> Closed:
        counts, note = typed(came)
        seen = request.form.get(SEEN, "")
        order = CloseDay(location_id=location_id, day=wanted, counts=counts, seen=seen, note=note)
        return close_day(connection, order, origin(), clock.now)

    return carry_out(
        work,
        then=lambda closed: url_for("desk.closing.show", close_id=closed.close_id),
        again=lambda slips: _again(location_id, wanted, slips),
        said=lambda _closed: _(
            "%(day)s is closed at %(place)s.", day=long_day_text(wanted), place=place.name
        ),
    )


@bp.post("/<int:location_id>/<day>/preview")
@needs(Permission.CLOSE_DAY)
def preview(location_id: int, day: str) -> ResponseReturnValue:
    """What the close would say. Nothing is stored, and nothing is refused."""
    page = _again(location_id, _day(day), NONE)
    return Response(page, content_type="text/html; charset=utf-8")


@bp.get("/<int:close_id>")
@needs(Permission.CLOSE_DAY)
def show(close_id: int) -> ResponseReturnValue:
    """The record of a close, and its entries page by page."""
    method = request.args.get("method", type=int)
    currency = request.args.get("currency", "")[:3] or None
    with reading() as session:
        record = _record(session, close_id)
        page = entries(session, close_id, method, currency)
    lines = [line.figure for line in record.lines]
    chosen = [each for each in lines if each.key == (method, currency)]
    return render_template(
        "desk/closing/record.html",
        record=record,
        page=page,
        chosen=chosen[0] if chosen else None,
        kept={"close_id": close_id, "method": method, "currency": currency},
        sources=sources(),
        amount_of=Money,
    )


@bp.get("/<int:close_id>/close.pdf")
@needs(Permission.CLOSE_DAY)
def paper(close_id: int) -> ResponseReturnValue:
    """The record on paper: the same bytes every time."""
    with reading() as session:
        pdf = close_pdf(session, _record(session, close_id))
    answer = Response(pdf.content, content_type="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=pdf.name)
    return answer


def _day(text: str) -> date:
    """The day of an address; 404 for what is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        abort(404)
    return found if found.isoformat() == text else abort(404)


def _place(session: Session, location_id: int) -> Place:
    """The location; 404 when there is none, or it is out of the person's reach."""
    if not me().reaches(location_id):
        abort(404)
    try:
        return queries.place_of(session, location_id)
    except NoSuchLocation:
        abort(404)


def _record(session: Session, close_id: int) -> Record:
    return record_of(session, close_id, within(DayClose.location_id)) or abort(404)


def _again(location_id: int, day: date, slips: Slips) -> str:
    """The form as it was typed in, on the figures as they stand; a day that somebody has closed
    meanwhile is told with a link to its close."""
    with reading() as session:
        place = _place(session, location_id)
        try:
            planned = plan(session, place, day, clock.now())
        except ClosingError as error:
            close_id = close_taking(session, location_id, day)
            return render_template(
                "desk/closing/gone.html", place=place, day=day, close_id=close_id, text=str(error)
            )
    return _form(planned, asked(), slips)


def _form(planned: Planned, values: Mapping[str, Any], slips: Slips) -> str:
    counts, _note, mistyped = read(values)
    lines, problems = lines_of(planned.figures, planned.carried, counts)
    taken = {each.field for each in mistyped}
    found: list[Any] = [*mistyped, *(each for each in problems if each.field not in taken)]
    # What nobody has come to yet is not told while others are typed in.
    told = [each for each in found if values.get(str(each.field)) or "reason" in str(each.field)]
    is_preview = request.path.endswith("/preview")
    missing = of_refusal(Refused(found)) if found else NONE
    shown = of_refusal(Refused(told)) if told and is_preview else NONE
    return render_template(
        "desk/closing/parts.html" if is_part() and is_preview else "desk/closing/form.html",
        planned=planned,
        today=clock.day_at(clock.now(), planned.place.zone),
        lines=lines,
        values=values,
        slips=slips if slips.any else shown,
        missing=missing,
        field_of=field_of,
        amount_of=Money,
    )
