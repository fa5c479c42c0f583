"""Today: what needs a hand, at one look; and putting failed attempts aside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select
from werkzeug.wrappers import Response

from audit.chain import Origin
from bookings.models import Booking
from desk.access import me, needs, origin, within
from desk.cards import words
from desk.cards.offers import needed_for
from desk.forms import NONE, Slips, carry_out
from desk.today.cards import FailedAttempt, cards
from desk.today.figures import figures
from desk.words import _, moment_text
from kit import clock
from kit.db import reading
from payments.dismissing import dismiss, undismiss
from payments.models import Payment
from staff.permissions import Permission

bp = Blueprint("today", __name__)

Change = Callable[[Connection, int, Origin], int]


@bp.get("/")
@needs(Permission.READ)
def index() -> ResponseReturnValue:
    return _page(NONE)


@bp.post("/payments/<int:payment_id>/dismiss")
@needs(Permission.RECORD)
def put_aside(payment_id: int) -> ResponseReturnValue:
    undo = url_for("desk.today.take_up", payment_id=payment_id)
    return _change(
        payment_id, dismiss, _("The failed attempt was put aside. No money was moved."), undo
    )


@bp.post("/payments/<int:payment_id>/undismiss")
@needs(Permission.RECORD)
def take_up(payment_id: int) -> ResponseReturnValue:
    return _change(payment_id, undismiss, _("The failed attempt is back on Today."))


def _change(payment_id: int, change: Change, text: str, undo: str | None = None) -> Response:
    _look_for(payment_id)
    return carry_out(
        lambda connection, _form: change(connection, payment_id, origin()),
        then=lambda _id: url_for("desk.today.index"),
        again=_page,
        said=lambda _id: text,
        undo=undo,
    )


def _look_for(payment_id: int) -> None:
    """Whether the person reaches the payment, or there is none."""
    query = select(Payment.id).join(Booking, Booking.id == Payment.booking_id)
    query = query.where(Payment.id == payment_id, within(Booking.location_id))
    with reading() as session:
        if payment_id >= 2**63 or session.scalar(query) is None:
            abort(404)


def _page(slips: Slips) -> str:
    now = clock.now()
    return render_template(
        "desk/today/today.html",
        cards=cards(me().locations, now),
        figures=figures(me().locations, now),
        tried=_tried,
        card_words=words,
        needed_for=needed_for,
        clock_text=clock_text,
        minutes_left=lambda until: max(0, round((until - now).total_seconds() / 60)),
        slips=slips,
    )


def clock_text(instant: datetime, zone: str, today: object) -> str:
    """ "09:14 today", or with its day when that is another."""
    there = instant.astimezone(ZoneInfo(zone))
    if there.date() == today:
        return _("%(time)s today", time=f"{there:%H:%M}")
    return moment_text(instant, zone)


def _tried(attempt: FailedAttempt) -> str:
    """How it was tried: by which method, through whom."""
    if attempt.partner:
        return _("%(method)s through %(partner)s", method=attempt.method, partner=attempt.partner)
    if attempt.source == "guest":
        return _("%(method)s by the guest", method=attempt.method)
    return _("%(method)s at the desk", method=attempt.method)
