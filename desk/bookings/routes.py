"""Bookings: the list with its search, one booking, and the tags on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select

from audit.chain import Origin
from bookings.models import Booking
from desk.access import needs, origin, within
from desk.bookings import reading
from desk.bookings.filters import asked_of, wanted_of
from desk.bookings.page import brief, page_of
from desk.bookings.paying import besides
from desk.bookings.queries import MONEY, STATUSES, Wanted, choices, page_of_bookings
from desk.bookings.searching import as_id
from desk.cards import words
from desk.forms import NONE, Slips, carry_out, hold
from desk.words import _
from kit import clock, db
from staff.permissions import Permission
from tags.tagging import put_tag, take_tag_off

bp = Blueprint("bookings", __name__, url_prefix="/bookings")

GREATEST_ID = 2**63 - 1  # what databases can look for

Tagging = Callable[[Connection, int, int, Origin], str | None]


@bp.get("")
@needs(Permission.READ)
def index() -> ResponseReturnValue:
    wanted = wanted_of(request.args)
    now = clock.now()
    with db.reading() as session:
        if (booking_id := as_id(wanted.q)) is not None and _alone(wanted):
            known = select(Booking.id).where(Booking.id == booking_id, within(Booking.location_id))
            if session.scalar(known) is not None:
                return redirect(url_for("desk.bookings.one", booking_id=booking_id), 303)
        offered = choices(session)
        rows, found = page_of_bookings(session, wanted, offered.locations, now)
    asked = {name: value for name, value in asked_of(request.args).items() if value != ""}
    return render_template(
        "desk/bookings/list.html",
        rows=rows,
        slice=found,
        wanted=wanted,
        offered=offered,
        args=asked,
        is_filtered=bool(asked.keys() - {"sort"}),
        statuses=STATUSES,
        moneys=MONEY,
    )


@bp.get("/<int:booking_id>")
@needs(Permission.READ)
def one(booking_id: int) -> ResponseReturnValue:
    return _page(booking_id, NONE)


@bp.post("/<int:booking_id>/tags")
@needs(Permission.AMEND)
def add_tag(booking_id: int) -> ResponseReturnValue:
    # An "Undo" carries the tag in its address.
    tag_id = as_id(request.values.get("tag_id", "")) or 0
    undo = url_for("desk.bookings.remove_tag", booking_id=booking_id, tag_id=tag_id)
    return _tag(booking_id, tag_id, put_tag, _("The tag “%(name)s” was put on the booking."), undo)


@bp.post("/<int:booking_id>/tags/<int:tag_id>/remove")
@needs(Permission.AMEND)
def remove_tag(booking_id: int, tag_id: int) -> ResponseReturnValue:
    undo = url_for("desk.bookings.add_tag", booking_id=booking_id, tag_id=tag_id)
    text = _("The tag “%(name)s” was taken off the booking.")
    return _tag(booking_id, tag_id, take_tag_off, text, undo)


def _tag(
    booking_id: int, tag_id: int, change: Tagging, text: str, undo: str
) -> ResponseReturnValue:
    """Change one tag; what was done already is not told."""
    if max(booking_id, tag_id) > GREATEST_ID:
        abort(404)

    def work(connection: Connection, _form: Mapping[str, Any]) -> str | None:
        hold(connection, booking_id)
        return change(connection, booking_id, tag_id, origin())

    return carry_out(
        work,
        then=lambda _name: url_for("desk.bookings.one", booking_id=booking_id),
        again=lambda slips: _page(booking_id, slips),
        said=lambda name: None if name is None else text % {"name": name},
        undo=undo,
    )


def _page(booking_id: int, slips: Slips) -> str:
    now = clock.now()
    with db.reading() as session:
        found = reading.one(session, booking_id) if booking_id <= GREATEST_ID else None
    if found is None:
        abort(404)
    page = page_of(found, now)
    return render_template(
        "desk/bookings/one.html",
        page=page,
        row=page.row,
        slips=slips,
        besides=besides,
        card_words=words,
        brief=lambda instant: brief(instant, page.row.time_zone, now),
    )


def _alone(wanted: Wanted) -> bool:
    """Whether only a search is asked for, so that a booking's id means that booking."""
    return wanted == Wanted(q=wanted.q, sort=wanted.sort)
