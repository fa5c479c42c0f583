"""iiko: payments from external systems: the calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from flask import Blueprint, Flask, request
from flask.typing import ResponseReturnValue

from kit import clock, form
from kit.db import in_transaction, reading
from kit.documents import load, parse, read
from kit.errors import Refused
from kit.failures import add_door
from kit.fields import Fault
from kit.form import Malformed
from locations.finding import Place, by_ids
from partners.authentication import address_of, caller, origin, requires
from partners.errors import LocationUnknown
from partners.limits import limits
from payments import inbox
from payments.calls import idempotency_key
from payments.formats.iiko import answers, commands, payment_types, schemas, signing_in
from payments.formats.iiko import ids as wire_ids
from payments.formats.iiko.applying import IikoApplier
from payments.formats.iiko.errors import IikoDoor

SCOPE = "payments:write"

bp = Blueprint("iiko", __name__, url_prefix="/api/1")


def register(app: Flask) -> None:
    """Speak this format."""
    app.register_blueprint(bp)
    add_door(app, IikoDoor())
    inbox.register(app, commands.FORMAT, IikoApplier())


@bp.post("/access_token")
def access_token() -> ResponseReturnValue:
    """A bearer token of one hour for whoever shows a partner's apiLogin."""
    address = address_of(request.remote_addr) or ""
    login = signing_in.login_of(_api_login, address)
    return _answer({"token": signing_in.token_for(login, address)})


def _api_login() -> str:
    came = read(request)
    if type(came) is str:  # one public client sends the document inside a JSON text
        came = parse(came.encode())
    login: str = load(schemas.SignIn(), came)["api_login"]
    return login


@bp.post("/organizations")
@requires(SCOPE)
def organizations() -> ResponseReturnValue:
    """The locations that the caller reaches, all or some."""
    asked = load(schemas.AskOrganizations(), read(request)).get("organization_ids")
    places = _places(caller().locations if asked is None else _reached(asked))
    return _answer({"organizations": [answers.organization(each) for each in places]})


@bp.post("/payment_types")
@requires(SCOPE)
def list_payment_types() -> ResponseReturnValue:
    """The payment methods that the caller may send payments by at these locations."""
    asked = load(schemas.AskPaymentTypes(), read(request))["organization_ids"]
    places = _places(_reached(asked))
    with reading() as session:
        types = payment_types.in_use(session.connection())
    mine = [each for each in types if each.is_listed(caller().partner_id)]
    shown = [answers.payment_type(each, places) for each in mine]
    return _answer({"paymentTypes": [each for each in shown if each["terminalGroups"]]})


@bp.post("/order/add_payments")
@bp.post("/deliveries/add_payments")
@requires(SCOPE)
def add_payments() -> ResponseReturnValue:
    """Keep payments of one booking for the worker."""
    order = load(schemas.AddPayments(), read(request))
    [location_id] = _reached([order.organization_id])
    limits().count_payment(caller().partner_id, len(order.parts))
    who, key, now = (caller(), origin()), idempotency_key(), clock.now()
    ticket, replayed = in_transaction(
        lambda connection: commands.keep(connection, order, location_id, *who, key, now)
    )
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return form.answer(form.encode({"correlationId": ticket}), headers=headers)


@bp.post("/commands/status")
@requires(SCOPE)
def command_status() -> ResponseReturnValue:
    """How far a command has come."""
    asked = load(schemas.AskStatus(), read(request))
    [location_id] = _reached([asked["organization_id"]])
    status = commands.status(caller(), location_id, asked["correlation_id"])
    if status is None:
        sentence = (
            f"correlationId is {asked['correlation_id']}; this organization has no such command."
        )
        raise Malformed([("correlationId", Fault("CommandNotFound", sentence))])
    return form.answer(form.encode(status))


def _answer(payload: dict[str, Any]) -> ResponseReturnValue:
    return form.answer(form.encode({"correlationId": str(uuid4()), **payload}))


def _reached(asked: Sequence[str]) -> frozenset[int]:
    """Ids of the caller's locations by the names they have on this wire, or their own ids."""
    mine = caller().locations
    known = {name: each for each in mine for name in (wire_ids.organization(each), str(each))}
    Refused.if_any([LocationUnknown(each) for each in asked if each not in known])
    return frozenset(known[each] for each in asked)


def _places(ids: frozenset[int]) -> list[Place]:
    with reading() as session:
        return [Place(*row) for row in session.execute(by_ids(ids))]
