"""The guest's door, /guest/: small pages without cookies, scripts or anything from outside.

A link is all the right there is, so it goes nowhere: not into logs (a request is logged by its
route), not to the next page (no referrer), not into caches or search engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from audit.chain import Actor, Origin
from bookings.resuming import Resumable, look, resume
from checkout import links
from kit.clock import day_at
from kit.db import in_transaction, reading
from kit.errors import DomainError, Refused
from kit.form import NOT_KEPT, Malformed
from kit.locales import date_text, money_text, time_text
from partners.errors import TooManyRequests
from partners.limits import limits
from payments.errors import BookingBusy, BookingUnknown

PREFIX = "/guest/"

bp = Blueprint(
    "checkout", __name__, url_prefix="/guest", template_folder="templates", static_folder="static"
)

HEADERS = {
    **NOT_KEPT,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


def init_app(app: Flask) -> None:
    links.init_app(app)
    app.register_blueprint(bp)


@bp.get("/bookings/<token>")
def booking(token: str) -> Response:
    """What was booked, and the button to take it up again; changes nothing."""
    booking_id = _booking_of(token)
    with reading() as session:
        found = look(session.connection(), booking_id)
    return _page("guest/booking.html", **_shown(found))


@bp.post("/bookings/<token>")
def take_up(token: str) -> AnyResponse:
    """Take the booking up again, then show what has become of it."""
    booking_id = _booking_of(token)
    # Without the guest's address: the event log holds nothing personal of guests.
    origin = Origin(Actor("system", None, "guest link"), None, g.get("request_id"))
    in_transaction(lambda connection: resume(connection, booking_id, origin))
    answer = redirect(url_for("checkout.booking", token=token), 303)
    answer.headers.update(HEADERS)
    return answer


def _booking_of(token: str) -> int:
    """The booking of a good link; whoever tries wrong ones is told nothing, and soon to wait."""
    address = request.remote_addr or ""
    limits().check_link(address)
    found = links.booking_of(token)
    if found is None:
        limits().count_wrong_link(address)
        abort(404)
    return found


def _shown(found: Resumable) -> dict[str, Any]:
    """What the page says, in the guest's way to write money, days and times."""
    locale, until = found.locale, found.held_until
    held_until = time_text(until, found.time_zone, locale) if until else None
    if until and day_at(until, found.time_zone) != day_at(found.now, found.time_zone):
        held_until = f"{date_text(day_at(until, found.time_zone), locale)}, {held_until}"
    stays = [
        (stay.name, date_text(stay.arrives_on, locale), date_text(stay.leaves_on, locale),
         stay.nights)
        for stay in found.stays
    ]  # fmt: skip
    return {
        "found": found,
        "stays": stays,
        "total": money_text(found.total, locale),
        "due_first": money_text(found.due_first, locale) if found.due_first else None,
        "held_until": held_until,
        "received": money_text(found.received, locale) if found.received else None,
        "pay_at": found.pay_at,
    }


def _page(template: str, **shown: Any) -> Response:
    page = Response(render_template(template, **shown), content_type="text/html; charset=utf-8")
    page.headers.update(HEADERS)
    return page


class GuestDoor:
    """Errors as pages for guests, which tell nothing of the booking or of the service."""

    prefix = PREFIX

    def refused(self, error: DomainError | Refused) -> Response:
        if isinstance(error, TooManyRequests):
            return self._sorry(429, {"Retry-After": str(error.wait_s)})
        if isinstance(error, BookingBusy):
            return self._sorry(503, {"Retry-After": "1"})
        return self._sorry(404 if isinstance(error, BookingUnknown) else 409)

    def malformed(self, error: Malformed) -> Response:
        return self._sorry(error.status)

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        return self._sorry(status, headers)

    def _sorry(self, status: int, headers: Mapping[str, str] | None = None) -> Response:
        page = _page("guest/sorry.html", status=status, request_id=g.get("request_id", ""))
        page.status_code = status
        page.headers.update(headers or {})
        return page
