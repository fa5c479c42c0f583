"""The desk's blueprint: the gate before every page, the frame around it, the headers on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, g, redirect, request, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

import desk.account.routes
import desk.bookings.routes
import desk.cards.routes
import desk.changes.new
import desk.changes.routes
import desk.closing.routes
import desk.dangerous.routes
import desk.deposit.routes
import desk.exports.routes
import desk.journal.routes
import desk.links.routes
import desk.locations.routes
import desk.log.routes
import desk.messages.routes
import desk.methods.routes
import desk.papers.routes
import desk.partners.routes
import desk.payments.routes
import desk.record.routes
import desk.reports.routes
import desk.staff.routes
import desk.statements.accounts
import desk.statements.routes
import desk.statements.uploading
import desk.tags.routes
import desk.today.routes
from desk import assets, words
from desk.access import STATIC, csrf, gate, is_part
from desk.forms import form_key, refusals, told
from desk.menu import menu
from desk.waiting import Waiting, waiting
from kit import clock
from kit.settings import setting
from staff.permissions import Permission
from staff.sessions import LONGEST

bp = Blueprint("desk", __name__, url_prefix="/desk", template_folder="templates")

# The pages, each a folder of its own.
PAGES = (
    desk.bookings.routes,
    desk.today.routes,
    desk.changes.routes,
    desk.changes.new,
    desk.messages.routes,
    desk.locations.routes,
    desk.methods.routes,
    desk.dangerous.routes,
    desk.log.routes,
    desk.partners.routes,
    desk.deposit.routes,
    desk.payments.routes,
    desk.cards.routes,
    desk.papers.routes,
    desk.links.routes,
    desk.record.routes,
    desk.reports.routes,
    desk.statements.accounts,
    desk.statements.uploading,
    desk.statements.routes,
    desk.closing.routes,
    desk.journal.routes,
    desk.exports.routes,
    desk.tags.routes,
    desk.account.routes,
    desk.staff.routes,
)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


class Cookies(SecureCookieSessionInterface):
    """A cookie that came by https goes by nothing else, whatever address is set."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return by_https()


def by_https() -> bool:
    """Whether this request came by https, or all are to."""
    return bool(setting("SESSION_COOKIE_SECURE")) or request.is_secure


def init_app(app: Flask) -> None:
    """Open the desk. Its cookie goes to its own pages only."""
    public = app.config["PUBLIC_URL"] or ""
    app.config.update(
        SESSION_COOKIE_NAME="desk",
        SESSION_COOKIE_PATH="/desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=public.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=LONGEST,
        SESSION_REFRESH_EACH_REQUEST=False,
        # Only the desk's gate asks for the token: programs have none.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # it ends with the session
    )
    app.session_interface = Cookies()
    csrf.init_app(app)
    words.init_app(app)
    app.register_blueprint(bp)
    app.add_url_rule("/", "root", _home)


def _home() -> AnyResponse:
    return redirect(url_for("desk.today.index"), 302)


def protect(response: Response) -> Response:
    """No page of the desk is framed, kept or run with anything from elsewhere."""
    if request.endpoint != STATIC:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if by_https():
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def frame() -> dict[str, Any]:
    """What every template may use."""
    found = g.get("me")
    return {
        "me": found,
        "may": found.may if found else lambda _: False,
        "P": Permission,
        "is_part": is_part(),
        "asset": assets.asset,
        "form_key": form_key,
        "csrf": generate_csrf,
        "told": told,
        "refusals": refusals,
        "now": clock.now(),
        "waits": _waits if found else Waiting,
        "menu": lambda: menu(g.me, _waits()) if found else [],
    }


def _waits() -> Waiting:
    """What the side bar counts, looked up once a page."""
    if "waiting" not in g:
        g.waiting = waiting(g.me)
    found: Waiting = g.waiting
    return found


bp.before_request(gate)
bp.after_request(protect)
bp.context_processor(frame)
bp.add_url_rule("/static/<path:filename>", "static", assets.send)
for page in PAGES:
    bp.register_blueprint(page.bp)
