"""Lightspeed K-Series: apply a payment: the calls."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from kit import clock, failures, form
from kit.cards import has_card_number
from kit.db import in_transaction, reading
from kit.fields import number
from kit.settings import setting
from locations.finding import Place, by_business_id, by_ids
from partners import endpoints, hooks
from partners.authentication import caller, origin, requires
from partners.errors import EndpointUnknown, LocationUnknown
from partners.limits import limits
from payments import inbox
from payments.formats.kseries import accounts, methods, schemas
from payments.formats.kseries.accepting import accept_payment
from payments.formats.kseries.applying import PaymentApplier, dressed
from payments.formats.kseries.errors import KSeriesDoor
from payments.formats.kseries.schemas import NAME

bp = Blueprint(NAME, __name__)
LOCATION = f"<int(max={2**63 - 1}):business_location_id>"
OK = form.encode({"status": "ok"})


def register(app: Flask) -> None:
    """Speak this format."""
    app.register_blueprint(bp)
    failures.add_door(app, KSeriesDoor())
    inbox.register(app, NAME, PaymentApplier())
    hooks.register(app, NAME, dressed)


@bp.post("/o/op/1/pay")
@requires("orders-api")
def pay() -> ResponseReturnValue:
    """Accept a payment; what came of it is told by webhook."""
    order = schemas.read_payment(request)
    limits().count_payment(caller().partner_id)
    place = _place(order.business_location_id)
    in_transaction(
        lambda connection: accept_payment(connection, order, place, caller(), origin(), clock.now())
    )
    return form.answer(OK)


@bp.get("/o/op/1/order/accounts/<path:identifier>")
@requires("orders-api")
def account(identifier: str) -> ResponseReturnValue:
    """Show an account: what it comes to, and what was paid."""
    named, business_location_id = schemas.read_account_query(request, identifier)
    place = _place(business_location_id)
    with reading() as session:
        connection = session.connection()
        found = accounts.find(connection, place.id, named, None)
        shown = accounts.shown(connection, found, caller().partner_id, number)
    return form.answer(form.encode(shown))


@bp.get("/o/op/data/businesses")
@requires("orders-api")
def businesses() -> ResponseReturnValue:
    """List the locations that the client may use, each as a business of its own."""
    with reading() as session:
        places = [Place(*row) for row in session.execute(by_ids(caller().locations))]
    named = [{"id": place.business_location_id, "name": place.name} for place in places]
    return form.answer(form.encode([{**each, "businessLocations": [each]} for each in named]))


@bp.get(f"/f/finance/{LOCATION}/paymentMethods")
@requires("financial-api")
def payment_methods(business_location_id: int) -> ResponseReturnValue:
    """List the methods that a payment here may name."""
    place = _place(business_location_id)
    with reading() as session:
        rows = methods.usable(session.connection(), place.id, caller().partner_id)
    address = (setting("PUBLIC_URL") or request.host_url).rstrip("/") + request.path
    shown = {
        "_embedded": {"paymentMethodList": [methods.shown(row) for row in rows]},
        "_links": {"self": {"href": address}},
    }
    return form.answer(form.encode(shown))


@bp.put("/o/wh/1/webhook")
@requires("orders-api")
def add_webhook() -> ResponseReturnValue:
    """Create an endpoint; the same one again changes nothing."""
    new = schemas.read_webhook(request)

    def add(connection: Connection) -> Any:
        endpoints.add_endpoint(connection, caller().partner_id, new, origin(), clock.now())
        return _webhook(connection, new.name)

    return form.answer(form.encode(in_transaction(add)))


@bp.post("/o/wh/1/webhook")
@requires("orders-api")
def change_webhook() -> ResponseReturnValue:
    """Give an endpoint another address or other credentials."""
    new = schemas.read_webhook(request)

    def change(connection: Connection) -> Any:
        endpoints.change_endpoint(connection, caller().partner_id, new, origin(), clock.now())
        return _webhook(connection, new.name)

    return form.answer(form.encode(in_transaction(change)))


@bp.get("/o/wh/1/webhook")
@requires("orders-api")
def webhooks() -> ResponseReturnValue:
    """List the client's endpoints."""
    with reading() as session:
        rows = endpoints.endpoints_of(session.connection(), caller().partner_id, NAME)
    return form.answer(form.encode([schemas.webhook_shown(row) for row in rows]))


@bp.get("/o/wh/1/webhook/<endpoint_id>")
@requires("orders-api")
def webhook(endpoint_id: str) -> ResponseReturnValue:
    """Show an endpoint."""
    name = _readable(endpoint_id)
    with reading() as session:
        return form.answer(form.encode(_webhook(session.connection(), name)))


@bp.delete("/o/wh/1/webhook/<endpoint_id>")
@requires("orders-api")
def remove_webhook(endpoint_id: str) -> ResponseReturnValue:
    """Remove an endpoint; what it has not been told yet, it will not be."""
    name = _readable(endpoint_id)
    in_transaction(
        lambda connection: endpoints.remove_endpoint(
            connection, caller().partner_id, NAME, name, origin(), clock.now()
        )
    )
    return form.answer(OK)


def _place(business_location_id: int) -> Place:
    """The location of that number. Raises LocationUnknown, also when the caller does not reach
    it: which numbers there are is nobody's business."""
    place = by_business_id(business_location_id)
    if place is None or place.id not in caller().locations:
        raise LocationUnknown(business_location_id)
    return place


def _webhook(connection: Connection, name: str) -> Any:
    row = endpoints.find(connection, caller().partner_id, NAME, name)
    if row is None:
        raise EndpointUnknown(name)
    return schemas.webhook_shown(row)


def _readable(endpoint_id: str) -> str:
    """The id at the end of an address. Raises EndpointUnknown for what no id can be, and that is
    not to be repeated either."""
    if not endpoint_id.isprintable() or has_card_number(endpoint_id):
        raise EndpointUnknown("?")
    return endpoint_id
