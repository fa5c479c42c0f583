"""The guest's door, /guest/ and /pay/: small pages without cookies, scripts or anything from
outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, g, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from audit.chain import Actor, Origin
from bookings.resuming import Resumable, look, resume
from checkout import door, paying
from checkout.errors import PapersBusy
from checkout.offering import ways_to_pay
from kit.clock import day_at
from kit.db import in_transaction, reading
from kit.errors import DomainError, Refused
from kit.failures import reach_of
from kit.form import Malformed
from kit.locales import date_text, money_text, time_text
from partners.errors import TooManyRequests
from payments import links
from payments.errors import BookingBusy, BookingUnknown

PREFIXES = ("/guest/", paying.PREFIX)

bp = Blueprint(
    "checkout", __name__, url_prefix="/guest", template_folder="templates", static_folder="static"
)


def init_app(app: Flask) -> None:
    links.init_app(app)
    app.register_blueprint(bp)
    app.register_blueprint(paying.bp)


@bp.get("/bookings/<token>")
def booking(token: str) -> Response:
    """What was booked, and the button to take it up again; changes nothing."""
    booking_id = door.opened(links.booking_of, token)
    with reading() as session:
        found = look(session.connection(), booking_id)
        onward = _onward(session.connection(), found)
    return door.page("guest/booking.html", **_shown(found), onward=onward)


@bp.post("/bookings/<token>")
def take_up(token: str) -> AnyResponse:
    """Take the booking up again, then show what has become of it."""
    booking_id = door.opened(links.booking_of, token)
    # Without the guest's address: the event log holds nothing personal of guests.
    origin = Origin(Actor("system", None, "guest link"), None, g.get("request_id"))
    in_transaction(lambda connection: resume(connection, booking_id, origin))
    return door.go(url_for("checkout.booking", token=token))


def _onward(connection: Connection, found: Resumable) -> str | None:
    """Where a guest whose dates are held goes on to pay: our own page when the location offers ways
    to pay on it, else the agency's. None: there is neither."""
    if found.state != "held":
        return None
    if not ways_to_pay(connection, found.booking):
        return found.pay_at
    token = links.token_to_pay(connection, found.booking, found.now)
    return None if token is None else url_for("pay.page", token=token)


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
    }


class GuestDoor:
    """Errors as pages for guests, which tell nothing of the booking or of the service."""

    def reach(self, path: str) -> int:
        return max(reach_of(prefix, path) for prefix in PREFIXES)

    def refused(self, error: DomainError | Refused) -> Response:
        if again := paying.refused(error):
            return again
        if isinstance(error, TooManyRequests):
            return self._sorry(429, {"Retry-After": str(error.wait_s)})
        if isinstance(error, BookingBusy | PapersBusy):
            return self._sorry(503, {"Retry-After": "1"})
        return self._sorry(404 if isinstance(error, BookingUnknown) else 409)

    def malformed(self, error: Malformed) -> Response:
        return self._sorry(error.status)

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        return self._sorry(status, headers)

    def _sorry(self, status: int, headers: Mapping[str, str] | None = None) -> Response:
        request_id = g.get("request_id", "")
        page = door.page("guest/sorry.html", status, request_id=request_id)
        page.headers.update(headers or {})
        return page
