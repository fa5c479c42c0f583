"""PAR Brink: ApplyPayment, by SOAP: the calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request

from kit import clock
from kit.db import in_transaction
from kit.failures import add_door
from kit.settings import setting
from partners.authentication import caller, origin
from partners.limits import limits
from payments.formats.brink import envelope, reading
from payments.formats.brink.envelope import SoapFault
from payments.formats.brink.errors import PATH, SUCCESS, BrinkDoor, faulty
from payments.formats.brink.schemas import ApplyPayment
from payments.formats.brink.signing_in import place, signed_in
from payments.taking import Call, take_payment

bp = Blueprint("brink", __name__, template_folder="templates")
bp.register_error_handler(SoapFault, faulty)

DESCRIPTIONS = {"wsdl", "singlewsdl"}


def register(app: Flask) -> None:
    """Speak this format."""
    app.register_blueprint(bp)
    add_door(app, BrinkDoor())
    app.wsgi_app = _AnyCase(app.wsgi_app)  # type: ignore[method-assign]


@bp.post(PATH)
@signed_in("payments:write")
def apply_payment() -> Response:
    """Apply a payment to an order: ours is a booking."""
    asked = reading.read(envelope.operation(request))
    limits().count_payment(caller().partner_id)
    order = asked.order(clock.day_at(clock.now(), place().time_zone))
    call = _call(asked)
    taken = in_transaction(lambda connection: take_payment(connection, order, caller(), call))
    return envelope.answer(taken.answer)


@bp.get(PATH)
def describe() -> Response:
    """The description of the service (WSDL), or where it is."""
    address = f"{(setting('PUBLIC_URL') or request.url_root).rstrip('/')}{PATH}"
    if DESCRIPTIONS & {name.lower() for name in request.args}:
        parts = {"address": address, "action": envelope.ACTION}
        return envelope.answer(render_template("brink/ordering.wsdl.xml", **parts).encode())
    return Response(f"SOAP 1.1: ApplyPayment. Its description: {address}?wsdl\n",
                    content_type="text/plain; charset=utf-8")  # fmt: skip


def _call(asked: ApplyPayment) -> Call:
    """The Id counts up within an order: it is the one key that a sender has to send again with."""
    key = f"\x1fbrink {place().id} {asked.order_id} {asked.payment_id}"
    success = envelope.result(SUCCESS, "Success")
    return Call(origin(), lambda _: success, key, asked.fingerprint(), lasting=True)


class _AnyCase:
    """The vendor's addresses count in any case; ours has one."""

    def __init__(self, wsgi_app: Callable[..., Any]) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "")
        if path[: len(PATH)].lower() == PATH.lower():
            environ["PATH_INFO"] = PATH + path[len(PATH) :]
        return self._wsgi_app(environ, start_response)
