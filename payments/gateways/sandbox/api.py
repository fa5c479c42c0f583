"""The sandbox for other programs: their checkout pages order a payment here, send the guest to the
sandbox's page, and ask what has become of it (docs/integrate.md)."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, url_for
from flask.typing import ResponseReturnValue

import partners.routes
from kit import form
from kit.errors import DomainError
from kit.failures import HouseDoor, add_door
from kit.fields import number
from kit.form import Blueprint, Refusals
from kit.vault import derived_key
from partners.authentication import caller, requires
from partners.limits import limits
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import REASONS
from payments.gateways.sandbox.engine import Transaction
from payments.gateways.sandbox.errors import CodeTaken, CodeUnknown
from payments.gateways.sandbox.forms import OpenForm, Wanted

PREFIX = "/sandbox/transactions"
CODES = "sandbox_codes"
HASHED = 24
CARD_TYPE = "Sandbox"

bp = Blueprint("sandbox_api", __name__, url_prefix=PREFIX)

STATUS: dict[type[DomainError], int] = {CodeUnknown: 404, CodeTaken: 409}
FORM = OpenForm()
WORDS = form.wire_words(FORM)


def register(app: Flask) -> None:
    """Let partners order payments; for the sandbox's own `register` only."""
    app.extensions[CODES] = derived_key(app.config["SECRET_KEY"], "sandbox codes")
    app.register_blueprint(bp)
    refusals = Refusals(STATUS | partners.routes.STATUS, WORDS, partners.routes.headers)
    add_door(app, HouseDoor(refusals, PREFIX))


@bp.post("")
@requires("payments:write")
@bp.arguments(FORM, location="form")
def open_page(wanted: Wanted) -> ResponseReturnValue:
    """Open a page for the guest to pay on; the same page when the same order comes again.

    A page that the guest has left is open again then: nothing was paid on it.
    """
    limits().count_payment(caller().partner_id)
    code = _code(wanted.code)
    back = _with_code(wanted.back_url, wanted.code)
    found = engine.open_page(code, wanted.amount, wanted.description, back, None)
    if differs := _differences(found, wanted, back):
        raise CodeTaken(wanted.code, differs)
    if found.state == "closed":
        engine.reopen(code)
    told = {"Success": True, "Code": wanted.code, "Url": _page_of(str(found.page))}
    return form.answer(form.encode(told))


@bp.get("/<code>")
@requires("payments:write")
def look(code: str) -> ResponseReturnValue:
    """What has become of a transaction."""
    found = engine.look(_code(code))
    if found is None:
        raise CodeUnknown
    return form.answer(form.encode(_shown(code, found)))


def _shown(code: str, found: Transaction) -> dict[str, Any]:
    """A transaction as its partner sees it. `Payment` is what to send on to POST /apis/payments
    when it has come to an end, in its fields."""
    is_over = found.state in ("paid", "declined")
    decline = found.decline if found.state == "declined" else None
    return {
        "Code": code,
        "State": found.state,
        "Amount": number(found.money),
        "Currency": found.currency,
        "Decline": decline,
        "Reason": REASONS[decline] if decline else None,  # type: ignore[index]
        "Payment": _payment(code, found) if is_over else None,
    }


def _payment(code: str, found: Transaction) -> dict[str, Any]:
    """The day is that of the order, so that a payment that is sent again is the same payment; of a
    card that was declined there is nothing to charge again."""
    token = {"PaymentToken": found.token} if found.state == "paid" else {}
    return {
        "Reference": code,
        "Amount": number(found.money),
        "Currency": found.currency,
        "PaymentDate": found.created_at.date().isoformat(),
        "CardPartialNumbers": found.last_digits,
        "CardType": CARD_TYPE,
        **token,
    }


def _code(code: str) -> str:
    """What the sandbox knows a partner's transaction by: no code of another partner, or of ours,
    is ever the same."""
    key: bytes = current_app.extensions[CODES]
    partner = caller().partner_id
    mark = hmac.new(key, f"{partner} {code}".encode(), sha256).hexdigest()
    return f"P{partner}-{mark[:HASHED]}"


def _with_code(url: str, code: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'Code': code})}"


def _differences(found: Transaction, wanted: Wanted, back: str) -> list[str]:
    """The names of fields that the first order had other values in."""
    values = {
        "Amount": (found.amount, wanted.amount.minor),
        "Currency": (found.currency, wanted.amount.currency),
        "Description": (found.description, wanted.description),
        "BackUrl": (found.back_url, back),
    }
    return [name for name, (first, now) in values.items() if first != now]


def _page_of(page: str) -> str:
    """The page's address, at the address of FLASK_PUBLIC_URL if there is one."""
    path, public = url_for("sandbox.page", page=page), current_app.config["PUBLIC_URL"]
    return (
        f"{public.rstrip('/')}{path}"
        if public
        else url_for("sandbox.page", page=page, _external=True)
    )
