"""PAR Brink: what every refusal is as a result code, and how failures look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, request

import bookings.errors as stays
import partners.errors as door
from kit.errors import DomainError, Refused
from kit.failures import reach_of
from kit.form import Malformed
from payments import card_errors, errors
from payments.formats.brink import envelope
from payments.formats.brink.envelope import SoapFault

PATH = "/Ordering.svc"

SUCCESS, UNKNOWN_ERROR, INVALID_REQUEST, SERVER_UNAVAILABLE, ACCESS_DENIED = range(5)
NOT_PROCESSED, ORDER_NOT_FOUND, ORDER_CLOSED, TRY_AGAIN, TENDER_ERROR = 101, 102, 103, 104, 106

ANSWERS: dict[type[DomainError], int] = {
    # At the door.
    door.Unauthenticated: ACCESS_DENIED,
    door.ScopeMissing: ACCESS_DENIED,
    door.CredentialWrong: ACCESS_DENIED,
    door.SignatureWrong: ACCESS_DENIED,
    door.LocationUnknown: ACCESS_DENIED,
    door.CommissionIsKept: ACCESS_DENIED,
    door.TooManyRequests: SERVER_UNAVAILABLE,
    door.EndpointUnknown: INVALID_REQUEST,
    door.EndpointExists: INVALID_REQUEST,
    door.TargetRefused: INVALID_REQUEST,
    # The order.
    errors.BookingUnknown: ORDER_NOT_FOUND,
    errors.BookingCancelled: ORDER_CLOSED,
    errors.BookingBusy: TRY_AGAIN,
    # The request.
    errors.WrongCurrency: INVALID_REQUEST,
    errors.WrongDecimals: INVALID_REQUEST,
    errors.LineUnknown: INVALID_REQUEST,
    errors.PropertyNotBooked: INVALID_REQUEST,
    errors.TagUnknown: INVALID_REQUEST,
    errors.FailedAndPaid: INVALID_REQUEST,
    errors.PaidInTheFuture: INVALID_REQUEST,
    errors.RefundedBeforePaid: INVALID_REQUEST,
    errors.AttributeUnknown: INVALID_REQUEST,
    errors.AttributeMissing: INVALID_REQUEST,
    errors.KeyReused: INVALID_REQUEST,
    errors.ReferenceAlreadyUsed: INVALID_REQUEST,
    errors.CommandReferenceUsed: INVALID_REQUEST,
    # The tender.
    errors.MethodUnknown: TENDER_ERROR,
    errors.NotFromOutside: TENDER_ERROR,
    errors.OnlyCompleted: TENDER_ERROR,
    errors.OnlyNotCompleted: TENDER_ERROR,
    errors.MethodNotForPartner: TENDER_ERROR,
    errors.MethodIsForRefunds: TENDER_ERROR,
    errors.NotARefundMethod: TENDER_ERROR,
    errors.TipNotTaken: TENDER_ERROR,
    # The payment.
    errors.Overpaid: NOT_PROCESSED,
    errors.DueDateMissing: NOT_PROCESSED,
    errors.NotAppliedInTime: NOT_PROCESSED,
    errors.PaymentUnknown: NOT_PROCESSED,
    errors.NotComing: NOT_PROCESSED,
    errors.NotCleared: NOT_PROCESSED,
    errors.IsARefund: NOT_PROCESSED,
    errors.AlreadyRefunded: NOT_PROCESSED,
    errors.AlreadyUndone: NOT_PROCESSED,
    card_errors.ActUnderWay: TRY_AGAIN,
    errors.RefundTooLarge: NOT_PROCESSED,
    errors.RepaymentTooLarge: NOT_PROCESSED,
    errors.VoidIsForTheDesk: NOT_PROCESSED,
    # Stays: no ApplyPayment meets them.
    stays.PropertyUnknown: NOT_PROCESSED,
    stays.PropertyTwice: NOT_PROCESSED,
    stays.ExtraUnknown: NOT_PROCESSED,
    stays.SeveralLocations: NOT_PROCESSED,
    stays.BrandElsewhere: NOT_PROCESSED,
    stays.BrandUnknown: NOT_PROCESSED,
    stays.CurrencyUnknown: NOT_PROCESSED,
    stays.ContactUnknown: NOT_PROCESSED,
    stays.SourceUnknown: NOT_PROCESSED,
    stays.BookingTagUnknown: NOT_PROCESSED,
    stays.ArrivedAlready: NOT_PROCESSED,
    stays.CostDecimals: NOT_PROCESSED,
    stays.NightsTaken: NOT_PROCESSED,
    stays.AlreadyCancelled: NOT_PROCESSED,
    stays.NotCancelled: NOT_PROCESSED,
    stays.AmendOfCancelled: NOT_PROCESSED,
    stays.NotConfirmable: NOT_PROCESSED,
    stays.StillOpen: NOT_PROCESSED,
    stays.TooLateToWaive: NOT_PROCESSED,
    stays.NotOnOffer: NOT_PROCESSED,
    stays.InsuranceNotOffered: NOT_PROCESSED,
    stays.VoucherUnknown: NOT_PROCESSED,
    stays.ExternalPaymentPresent: NOT_PROCESSED,
}

# The wire's words for what errors speak of, and for what they say where the wire has others.
WORDS = {
    "booking_id": "OrderId",
    "amount": "Payment.Amount",
    "tip": "Payment.TipAmount",
    "method": "Payment.TenderId",
}
SENTENCES: dict[type[DomainError], str] = {
    errors.KeyReused: "Payment.Id: another payment came under this Id of the order; a new payment "
    "needs the next Id.",
}
MOST_TOLD = 20


class BrinkDoor:
    """SOAP on all paths below PATH: results for what a payment may meet, Faults for the rest."""

    def reach(self, path: str) -> int:
        return reach_of(PATH, path)

    def refused(self, error: DomainError | Refused) -> Response:
        problems = error.problems if isinstance(error, Refused) else (error,)
        code = ANSWERS[type(problems[0])]
        return _result(code, [_sentence(each) for each in problems], _wait(problems[0]))

    def malformed(self, error: Malformed) -> Response:
        """With a field, the request is wrong; without, it did not come as it was sent."""
        sentences = [str(fault) for _, fault in error.faults]
        if all(field for field, _ in error.faults):
            return _result(INVALID_REQUEST, sentences)
        return envelope.answer(envelope.fault("Client", _told(sentences)), error.status)

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        """A payment that fails here is answered by a result; anything else is a Fault."""
        results = {500: UNKNOWN_ERROR, 503: SERVER_UNAVAILABLE}
        if request.method == "POST" and status in results:
            return _result(results[status], [message], headers)
        side = "Server" if status >= 500 else "Client"
        return envelope.answer(envelope.fault(side, message), status, headers)


def faulty(error: SoapFault) -> Response:
    """SOAP 1.1 binds every Fault of its own to 500."""
    return envelope.answer(envelope.fault(error.code, str(error)), 500)


def _result(
    code: int, sentences: Sequence[str], headers: Mapping[str, str] | None = None
) -> Response:
    return envelope.answer(envelope.result(code, _told(sentences)), headers=headers)


def _told(sentences: Sequence[str]) -> str:
    """All of them, but for what would only fill the line."""
    more = len(sentences) - MOST_TOLD
    rest = [f"And {more} more."] if more > 0 else []
    return " ".join([*sentences[:MOST_TOLD], *rest])


def _sentence(error: DomainError) -> str:
    if type(error) in SENTENCES:
        return SENTENCES[type(error)]
    word = WORDS.get(error.field or "")
    return f"{word}: {error.message}" if word else error.message


def _wait(error: DomainError) -> dict[str, str]:
    if isinstance(error, door.TooManyRequests):
        return {"Retry-After": str(error.wait_s)}
    return {"Retry-After": "1"} if isinstance(error, errors.BookingBusy) else {}
