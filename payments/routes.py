"""The house API of payments: /apis/payments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from kit import form
from kit.db import in_transaction, reading
from kit.errors import DomainError
from kit.form import Blueprint
from kit.paging import Bookmarks
from partners.authentication import caller, origin, requires
from partners.limits import limits
from payments import (
    calls,
    card_errors,
    describing,
    describing_answers,
    describing_fields,
    errors,
    forms,
    queries,
    schemas,
)
from payments.clearing import ClearPayment, FailPayment, clear_payment, fail_payment
from payments.commands import SharedPayment, TakePayment
from payments.refunding import RefundPayment, refund_payment
from payments.saving import Done
from payments.sharing import take_shared
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
    errors.PaymentUnknown: 404,
    errors.WrongCurrency: 400,
    errors.WrongDecimals: 400,
    errors.LineUnknown: 400,
    errors.PropertyNotBooked: 400,
    errors.TagUnknown: 400,
    errors.MethodUnknown: 400,
    errors.AttributeUnknown: 400,
    errors.AttributeMissing: 400,
    errors.PaidInTheFuture: 400,
    errors.RefundedBeforePaid: 400,
    errors.FailedAndPaid: 400,
    errors.ReferenceAlreadyUsed: 409,
    errors.CommandReferenceUsed: 409,
    errors.NotAppliedInTime: 409,
    errors.BookingCancelled: 409,
    errors.NotComing: 409,
    errors.NotCleared: 409,
    errors.IsARefund: 409,
    errors.AlreadyRefunded: 409,
    errors.AlreadyUndone: 409,
    card_errors.ActUnderWay: 409,
    errors.BookingBusy: 409,
    errors.KeyReused: 422,
    errors.NotFromOutside: 422,
    errors.OnlyCompleted: 422,
    errors.OnlyNotCompleted: 422,
    errors.MethodNotForPartner: 422,
    errors.MethodIsForRefunds: 422,
    errors.NotARefundMethod: 422,
    errors.TipNotTaken: 422,
    errors.Overpaid: 422,
    errors.DueDateMissing: 422,
    errors.RefundTooLarge: 422,
    errors.RepaymentTooLarge: 422,
    errors.VoidIsForTheDesk: 403,
}

FORM = forms.TakePaymentForm()
# The wire's words for what errors speak of.
WORDS = form.wire_words(forms.RefundForm(), FORM) | {
    "payment_id": "PaymentID",
    "attributes": "Attributes",
}
DESCRIBED = describing.described(STATUS, WORDS)
PAYMENT = f"/payments/<int(max={10**18 - 1}):payment_id>"
BY_ID = {"parameters": [describing_fields.BY_ID]}


@bp.post("/payments")
@requires("payments:write")
@bp.doc(**DESCRIBED["take"])
@bp.arguments(FORM, location="form")
def take(order: TakePayment | SharedPayment) -> ResponseReturnValue:
    """Record a payment."""
    parts = len(order.parts) if isinstance(order, SharedPayment) else 1
    limits().count_payment(caller().partner_id, parts)
    if isinstance(order, SharedPayment):
        return calls.write(lambda connection: _share(connection, order))
    call = _call()
    if form.is_dry_run():
        return calls.try_out(lambda connection: _try(connection, order), call.fingerprint)
    taken = in_transaction(lambda connection: take_payment(connection, order, caller(), call))
    return form.answer(taken.answer, headers=_headers(replayed=taken.replayed))


@bp.get("/payments")
@requires("payments:read")
@bp.doc(**DESCRIBED["list"])
@bp.alt_response(200, **describing_answers.LISTED, schema=schemas.PaymentsOut())
@bp.arguments(forms.PaymentsQuery(), location="query")
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


@bp.post(f"{PAYMENT}/clear", **BY_ID)
@requires("payments:write")
@bp.doc(**DESCRIBED["clear"])
@bp.arguments(forms.ClearForm(), location="form_or_query")
def clear(asked: dict[str, Any], payment_id: int) -> ResponseReturnValue:
    """Clear a payment: the money that was promised is there."""
    order = ClearPayment(payment_id=payment_id, **asked)
    return _change(lambda connection: clear_payment(connection, order, origin(), caller()))


@bp.post(f"{PAYMENT}/fail", **BY_ID)
@requires("payments:write")
@bp.doc(**DESCRIBED["fail"])
@bp.arguments(forms.FailForm(), location="form_or_query")
def fail(asked: dict[str, Any], payment_id: int) -> ResponseReturnValue:
    """Fail a payment: the money that was promised will not come."""
    order = FailPayment(payment_id=payment_id, **asked)
    return _change(lambda connection: fail_payment(connection, order, origin(), caller()))


@bp.post(f"{PAYMENT}/refund", **BY_ID)
@requires("payments:refund")
@bp.doc(**DESCRIBED["refund"])
@bp.arguments(forms.RefundForm(), location="form_or_query")
def refund(asked: dict[str, Any], payment_id: int) -> ResponseReturnValue:
    """Refund a payment, in whole or in part."""
    order = RefundPayment(payment_id=payment_id, source="ipro", **asked)
    return _change(
        lambda connection: refund_payment(connection, order, origin(), caller()), is_new=True
    )


@bp.post(f"{PAYMENT}/void", **BY_ID)
@requires("payments:write")
@bp.doc(**DESCRIBED["void"])
def void(payment_id: int) -> ResponseReturnValue:
    """Refused always: a payment is voided at the desk."""
    raise errors.VoidIsForTheDesk(payment_id)


def _change(work: Callable[[Connection], Done], *, is_new: bool = False) -> ResponseReturnValue:
    """A change of one payment; with a preference for it, the payment is part of the answer."""
    ids = ("PaymentId",) if is_new else ()

    def outcome(connection: Connection) -> calls.Outcome:
        done = work(connection)
        shown: dict[str, Any] = {"PaymentId": done.payment_id}
        if is_full := calls.wants_all():
            shown = schemas.represented(calls.receipt_of(connection, done))
        changed = () if is_new else (done.payment_id,)
        return calls.Outcome(shown, (done.booking_id,), done.warnings, ids, is_full, changed)

    return calls.write(outcome)


def _try(connection: Connection, order: TakePayment) -> calls.Outcome:
    """One payment that is only tried out."""
    [receipt] = take_shared(connection, SharedPayment((order,)), caller(), origin())
    shown = {"PaymentId": receipt.payment.id}
    warnings = receipt.booking.warnings
    return calls.Outcome(shown, (order.booking_id,), warnings, ids=("PaymentId",))


def _share(connection: Connection, order: SharedPayment) -> calls.Outcome:
    """One payment over several bookings."""
    receipts = take_shared(connection, order, caller(), origin())
    ids = [receipt.payment.id for receipt in receipts]
    return calls.Outcome(
        {"PaymentId": ids[0], "PaymentIds": ids},
        tuple(part.booking_id for part in order.parts),
        [remark for receipt in receipts for remark in receipt.booking.warnings],
        ids=("PaymentId", "PaymentIds"),
    )


def _call() -> Call:
    """The request as the ledger has to know it, to answer the same one the same way again."""
    key = calls.idempotency_key()
    mark = fingerprint(request.method, request.path, request.get_data(cache=True))
    shape = schemas.represented if form.prefers(calls.FULL) else schemas.taken
    return Call(origin(), lambda receipt: schemas.succeeded(shape(receipt)), key, mark)


def _headers(*, replayed: bool) -> dict[str, Any]:
    if replayed:  # the first answer, whatever it was asked for then
        return {"Idempotency-Replayed": "true"}
    return {"Preference-Applied": calls.FULL} if form.prefers(calls.FULL) else {}
