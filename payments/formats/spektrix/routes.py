"""Spektrix v3: custom payments: the calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from kit import form
from kit.db import reading
from kit.failures import add_door
from locations.finding import Place, by_client_name
from partners.authentication import caller, enter
from partners.errors import LocationUnknown
from partners.limits import limits
from payments.formats.spektrix import baskets, paying, schemas, types
from payments.formats.spektrix.errors import SpektrixDoor
from payments.formats.spektrix.replaying import Key, keep, once, run
from payments.formats.spektrix.signing import Signed, sign_in
from payments.taking import fingerprint

bp = Blueprint("spektrix", __name__, url_prefix="/<client_name>/api/v3")
BASKET = f"/baskets/<int(max={10**18 - 1}):basket_id>"
LOOKING = ("GET", "HEAD")


def register(app: Flask) -> None:
    """Speak this format."""
    app.register_blueprint(bp)
    add_door(app, SpektrixDoor())


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was let in: the location it names, its body, whether its client may waive
    commissions, and what its answer is kept under."""

    place: Place
    body: bytes
    may_waive: bool
    key: Key


View = Callable[..., ResponseReturnValue]


def signed(scope: str) -> Callable[[View], View]:
    """A view for clients that sign and have this scope; a write is answered once a signature."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(client_name: str, **options: Any) -> ResponseReturnValue:
            call = sign_in()
            key = _key(call)

            def answer() -> Response:
                place = _enter(call, client_name, scope)
                visit = Visit(place, call.body, call.found.may_waive_commission, key)
                return view(visit, **options)  # type: ignore[return-value]

            return answer() if request.method in LOOKING else once(key, answer)

        guarded.required_scope = scope  # type: ignore[attr-defined]
        return guarded

    return decorate


def _key(call: Signed) -> Key:
    mark = fingerprint(request.method, call.url, call.body)
    return Key.of(call.found.caller.partner_id, call.signature, mark)


def _enter(call: Signed, client_name: str, scope: str) -> Place:
    """Let the client in at the one location that it names, if it reaches that."""
    found, place = call.found.caller, by_client_name(client_name)
    if place is None or place.id not in found.locations:
        raise LocationUnknown("of that client name")
    enter(replace(found, locations=frozenset({place.id})), scope)
    return place


@bp.get("/custom-payment-types")
@signed("payments:write")
def custom_payment_types(visit: Visit) -> Response:
    with reading() as session:
        found = types.usable(session.connection(), visit.place.id, caller().partner_id)
    return form.answer(form.encode([each.shown for each in found]))


@bp.post(f"{BASKET}/custom-payments")
@signed("payments:write")
def pay(visit: Visit, basket_id: int) -> Response:
    asked = schemas.custom_payment(visit.body)
    limits().count_payment(caller().partner_id)
    return run(lambda connection: paying.pay(connection, asked, basket_id, visit.place, visit.key))


@bp.get(BASKET)
@signed("bookings:read")
def show(visit: Visit, basket_id: int) -> Response:
    with reading() as session:
        return form.answer(baskets.basket(session, basket_id))


@bp.route(BASKET, methods=["POST", "PATCH"])
@signed("payments:write")
def change(visit: Visit, basket_id: int) -> Response:
    wanted = schemas.waives_commission(visit.body)

    def work(connection: Connection) -> bytes:
        return baskets.waive(connection, basket_id, wanted=wanted, may_waive=visit.may_waive)

    return keep(visit.key, work)


@bp.post(f"{BASKET}/confirm")
@signed("payments:write")
def confirm(visit: Visit, basket_id: int) -> Response:
    return keep(visit.key, lambda connection: baskets.confirm(connection, basket_id))
