"""The house API of payments: /apis/payments."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from kit import form
from kit.cards import has_card_number
from kit.db import in_transaction, reading
from kit.errors import DomainError
from kit.fields import Fault
from kit.form import Blueprint, Malformed
from kit.paging import Bookmarks
from partners.authentication import caller, origin, requires
from partners.limits import limits
from payments import describing, errors, queries, schemas
from payments.commands import TakePayment
from payments.taking import Call, fingerprint, take_payment

bp = Blueprint(
    "payments",
    __name__,
    url_prefix="/apis",
    template_folder="templates",
    description=describing.ABOUT,
)
BOOKMARKS = Bookmarks()

# What every refusal of the ledger is in the house dialect (formats/ipro.md section 3).
STATUS: dict[type[DomainError], int] = {
    errors.BookingUnknown: 404,
    errors.WrongCurrency: 400,
    errors.WrongDecimals: 400,
    errors.LineUnknown: 400,
    errors.PropertyNotBooked: 400,
    errors.TagUnknown: 400,
    errors.MethodUnknown: 400,
    errors.PaidInTheFuture: 400,
    errors.FailedAndPaid: 400,
    errors.ReferenceAlreadyUsed: 409,
    errors.BookingCancelled: 409,
    errors.BookingBusy: 409,
    errors.KeyReused: 422,
    errors.NotFromOutside: 422,
    errors.OnlyCompleted: 422,
    errors.OnlyNotCompleted: 422,
    errors.MethodNotForPartner: 422,
    errors.MethodIsForRefunds: 422,
    errors.Overpaid: 422,
    errors.DueDateMissing: 422,
}

FORM = schemas.TakePaymentForm()
# The wire's words for what errors speak of.
WORDS = {str(field.name): key for key, field in FORM.fields_by_key.items()}
DESCRIBED = describing.described(STATUS, WORDS)


@bp.post("/payments")
@requires("payments:write")
@form.no_dry_run
@bp.doc(**DESCRIBED["take"])
@bp.arguments(FORM, location="form")
def take(order: TakePayment) -> ResponseReturnValue:
    """Record a payment."""
    limits().count_payment(caller().partner_id)
    call = _call()
    taken = in_transaction(lambda connection: take_payment(connection, order, caller(), call))
    return form.answer(taken.answer, headers=_headers(replayed=taken.replayed))


@bp.get("/payments")
@requires("payments:read")
@bp.doc(**DESCRIBED["list"])
@bp.alt_response(200, **describing.LISTED, schema=schemas.PaymentsOut())
@bp.arguments(schemas.PaymentsQuery(), location="query")
def list_(wanted: tuple[queries.PaymentFilter, int | None, int]) -> ResponseReturnValue:
    """List payments, the newest first."""
    which, size, index = wanted
    with reading() as session:
        if size is None:
            found, total = queries.list_payments(session, caller().locations, which), None
        else:
            found, total = queries.page_of_payments(
                session, caller().locations, which, size, index, BOOKMARKS
            )
    return form.answer(schemas.listed(found, total))


def _call() -> Call:
    """The request as the ledger has to know it, to answer the same one the same way again."""
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        _check_key(key)
    mark = fingerprint(request.method, request.path, request.get_data(cache=True))
    render = schemas.represented if form.prefers("return=representation") else schemas.taken
    return Call(origin(), render, key, mark)


def _check_key(key: str) -> None:
    fault: Fault | None = None
    if not 1 <= len(key) <= 255 or not key.isprintable():
        sentence = "The Idempotency-Key must have 1 to 255 printable characters."
        fault = Fault("invalid", sentence)
    elif has_card_number(key):
        fault = Fault("card_number", "The Idempotency-Key holds what looks like a card number.")
    if fault:
        raise Malformed([("Idempotency-Key", fault)])


def _headers(*, replayed: bool) -> dict[str, Any]:
    if replayed:  # the first answer, whatever it was asked for then
        return {"Idempotency-Replayed": "true"}
    wished = form.prefers("return=representation")
    return {"Preference-Applied": "return=representation"} if wished else {}
