"""The sandbox's own page, where a guest "pays": it stands for the page of a real provider."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from kit import clock
from kit.db import glance
from kit.form import NOT_KEPT
from kit.locales import DEFAULT, money_text
from kit.vault import derived_key
from locations.models import Location
from outbox.worker import Job
from payments.gateways.gateway import Decline
from payments.gateways.registry import register as register_gateway
from payments.gateways.sandbox import api, engine
from payments.gateways.sandbox.behaviour import Behaviour, behaviour, in_words
from payments.gateways.sandbox.engine import Transaction
from payments.gateways.sandbox.gateway import Sandbox
from payments.gateways.sandbox.notices import send_notices

bp = Blueprint(
    "sandbox",
    __name__,
    url_prefix="/sandbox",
    template_folder="templates",
    static_folder="static",
    static_url_path="/-/static",  # a code is no such thing
)

# What a card of the sandbox does: its word in the form, its last digits, and why it is declined.
# "by_amount" does what the amount says.
CARDS: dict[str, tuple[str, Decline | None, bool]] = {
    "works": ("0006", None, False),
    "no_funds": ("0019", "no_funds", False),
    "expired": ("0027", "expired", False),
    "not_authenticated": ("0035", "not_authenticated", False),
    "later": ("0043", None, True),
}


def register(app: Flask) -> None:
    """Offer the sandbox, if the settings say so."""
    if not app.config["SANDBOX_GATEWAY"]:
        return
    app.register_blueprint(bp)
    api.register(app)
    key = derived_key(app.config["SECRET_KEY"], "sandbox notices")
    register_gateway(app, Sandbox(key, page_of=_page_of))


def jobs(app: Flask) -> list[Job]:
    """What the worker does for it."""
    if not app.config["SANDBOX_GATEWAY"]:
        return []
    return [Job("tell of sandbox payments", timedelta(seconds=1), send_notices, "sandbox")]


def meets_real_bookings() -> str | None:
    """Why the service must not serve: whoever pays real bookings with the sandbox pays nothing."""
    if not current_app.config["SANDBOX_GATEWAY"]:
        return None
    real = select(Location.id).where(Location.is_demonstration.is_(False)).limit(1)
    if glance(real, {}) is None:
        return None
    return (
        "FLASK_SANDBOX_GATEWAY is on, and there are bookings that are not the demonstration's: "
        "switch it off"
    )


def _page_of(page: str) -> str:
    return url_for("sandbox.page", page=page)


@bp.get("/<page>")
def page(page: str) -> Response:
    """What is to be paid, and the cards to choose from; changes nothing."""
    return _page(_found(page))


@bp.post("/<page>")
def pay(page: str) -> AnyResponse:
    """Pay with the card that was chosen, or leave; then back to where the guest came from."""
    found = _found(page)
    if not found.leads_back(clock.now()):
        return _page(found)
    code, card = found.code, request.form.get("card", "")
    if card == "leave":
        engine.close(code)
    elif card == "by_amount":
        engine.pay(code, behaviour(found.amount), "0006")
    elif card in CARDS:
        last_digits, decline, later = CARDS[card]
        becomes = Behaviour("declined" if decline else "paid", decline, later)
        engine.pay(code, becomes, last_digits)
    else:
        return _page(found, 422)
    answer = redirect(str(found.back_url), 303)
    answer.headers.update({**NOT_KEPT, **_headers(found)})
    return answer


def _found(page: str) -> Transaction:
    found = engine.look_at_page(page)
    if found is None:
        abort(_nothing())
    return found


def _page(found: Transaction, status: int = 200) -> Response:
    text = render_template(
        "sandbox/page.html",
        found=found,
        back=_back(found),
        amount=money_text(found.money, DEFAULT),
        by_amount=in_words(behaviour(found.amount)),
        is_wrong=status != 200,
    )
    answer = Response(text, status, content_type="text/html; charset=utf-8")
    answer.headers.update({**NOT_KEPT, **_headers(found)})
    return answer


def _nothing() -> Response:
    answer = Response(render_template("sandbox/nothing.html"), 404)
    answer.headers.update({**NOT_KEPT, **_headers(None)})
    return answer


def _back(found: Transaction | None) -> str:
    """Where the guest came from; "" when the page does not say so any more."""
    return found.back_url or "" if found and found.leads_back(clock.now()) else ""


def _headers(found: Transaction | None) -> dict[str, str]:
    """The form leads back to where the guest came from, which a browser asks leave for."""
    parts = urlsplit(_back(found))
    back = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self'{back}; "
            "frame-ancestors 'none'; base-uri 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
