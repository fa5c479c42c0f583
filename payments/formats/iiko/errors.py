"""How this wire shows errors: {"correlationId", "errorDescription", "error"}, always."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import uuid4

from flask import Response

from bookings import errors as booking_errors
from kit import form
from kit.errors import DomainError, Refused
from kit.failures import reach_of
from kit.form import Malformed
from partners import errors as partner_errors
from payments import card_errors, errors

PREFIX = "/api/"


class Answer(NamedTuple):
    """What an error is on this wire. `word` is the errorReason of a command's status, and `error`
    where it is told at once; None: our own code."""

    status: int
    word: str | None


# The vendor documents 400, 401, 408 and 500; it has words for a few reasons, and one for the rest.
OWN = Answer(400, None)
COMMON = Answer(400, "Common")
NO_ORDER = Answer(400, "OrderNotFound")
NO_TYPE = Answer(400, "PaymentTypeNotFound")
NOT_EXTERNAL = Answer(400, "PaymentTypeCanNotBeUsedAsExternal")

ANSWERS: dict[type[DomainError], Answer] = {
    partner_errors.Unauthenticated: Answer(401, None),
    partner_errors.CredentialWrong: Answer(401, None),
    partner_errors.SignatureWrong: Answer(401, None),
    partner_errors.ScopeMissing: Answer(403, None),
    partner_errors.CommissionIsKept: Answer(403, None),
    partner_errors.TooManyRequests: Answer(429, None),
    partner_errors.LocationUnknown: Answer(400, "OrganizationNotFound"),
    partner_errors.EndpointUnknown: OWN,
    partner_errors.EndpointExists: OWN,
    partner_errors.TargetRefused: OWN,
    errors.BookingUnknown: NO_ORDER,
    errors.MethodUnknown: NO_TYPE,
    errors.MethodNotForPartner: NO_TYPE,
    errors.MethodIsForRefunds: NO_TYPE,
    errors.NotFromOutside: NOT_EXTERNAL,
    errors.OnlyNotCompleted: NOT_EXTERNAL,
    errors.OnlyCompleted: COMMON,
    errors.Overpaid: COMMON,
    errors.BookingCancelled: COMMON,
    errors.NotAppliedInTime: COMMON,
    errors.TipNotTaken: COMMON,
    errors.WrongDecimals: COMMON,
    errors.DueDateMissing: COMMON,
    errors.PaidInTheFuture: COMMON,
    errors.KeyReused: OWN,
    errors.CommandReferenceUsed: OWN,
    # What the calls of this wire do not lead to.
    errors.PaymentUnknown: COMMON,
    errors.WrongCurrency: COMMON,
    errors.LineUnknown: COMMON,
    errors.PropertyNotBooked: COMMON,
    errors.TagUnknown: COMMON,
    errors.AttributeUnknown: COMMON,
    errors.AttributeMissing: COMMON,
    errors.RefundedBeforePaid: COMMON,
    errors.FailedAndPaid: COMMON,
    errors.ReferenceAlreadyUsed: COMMON,
    errors.NotComing: COMMON,
    errors.NotCleared: COMMON,
    errors.IsARefund: COMMON,
    errors.AlreadyRefunded: COMMON,
    errors.AlreadyUndone: COMMON,
    card_errors.ActUnderWay: COMMON,
    errors.BookingBusy: COMMON,
    errors.NotARefundMethod: COMMON,
    errors.RefundTooLarge: COMMON,
    errors.RepaymentTooLarge: COMMON,
    errors.VoidIsForTheDesk: COMMON,
    booking_errors.PropertyUnknown: COMMON,
    booking_errors.PropertyTwice: COMMON,
    booking_errors.ExtraUnknown: COMMON,
    booking_errors.SeveralLocations: COMMON,
    booking_errors.BrandElsewhere: COMMON,
    booking_errors.BrandUnknown: COMMON,
    booking_errors.CurrencyUnknown: COMMON,
    booking_errors.ContactUnknown: COMMON,
    booking_errors.SourceUnknown: COMMON,
    booking_errors.BookingTagUnknown: COMMON,
    booking_errors.ArrivedAlready: COMMON,
    booking_errors.CostDecimals: COMMON,
    booking_errors.NightsTaken: COMMON,
    booking_errors.AlreadyCancelled: COMMON,
    booking_errors.NotCancelled: COMMON,
    booking_errors.AmendOfCancelled: COMMON,
    booking_errors.NotOnOffer: COMMON,
    booking_errors.InsuranceNotOffered: COMMON,
    booking_errors.VoucherUnknown: COMMON,
    booking_errors.ExternalPaymentPresent: COMMON,
    booking_errors.StillOpen: COMMON,
    booking_errors.NotConfirmable: COMMON,
    booking_errors.TooLateToWaive: COMMON,
}


def problems_of(error: DomainError | Refused) -> tuple[DomainError, ...]:
    return error.problems if isinstance(error, Refused) else (error,)


def in_words(error: DomainError) -> str:
    """The sentence of an error where this wire's own words differ from ours."""
    if isinstance(error, partner_errors.Unauthenticated):
        state = "unknown, expired or revoked" if error.token_came else "missing"
        return (
            f"The token is {state}; ask /api/1/access_token for one and send it as "
            "Authorization: Bearer <token>."
        )
    if isinstance(error, partner_errors.LocationUnknown):
        return error.message.replace("location", "organization", 1)
    return error.message


class IikoDoor:
    def reach(self, path: str) -> int:
        return reach_of(PREFIX, path)

    def refused(self, error: DomainError | Refused) -> Response:
        problems = problems_of(error)
        answer = ANSWERS[type(problems[0])]
        word = answer.word or problems[0].code
        return _error(answer.status, word, " ".join(map(in_words, problems)), _headers(problems[0]))

    def malformed(self, error: Malformed) -> Response:
        codes = {fault.code for _, fault in error.faults}
        word = codes.pop() if len(codes) == 1 else "several_problems"
        told = [_placed(field, fault) for field, fault in error.faults]
        return _error(error.status, word, " ".join(told))

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        return _error(status, code, message, headers)


def _placed(field: str | None, sentence: str) -> str:
    """Most sentences begin with the place of what is wrong; the others get it."""
    return sentence if field is None or sentence.startswith(field) else f"{field}: {sentence}"


def _headers(error: DomainError) -> dict[str, str]:
    if isinstance(error, partner_errors.TooManyRequests):
        return {"Retry-After": str(error.wait_s)}
    return {"WWW-Authenticate": "Bearer"} if ANSWERS[type(error)].status == 401 else {}


def _error(
    status: int, word: str, sentence: str, headers: Mapping[str, str] | None = None
) -> Response:
    body = {"correlationId": str(uuid4()), "errorDescription": sentence, "error": word}
    return form.answer(form.encode(body), status, headers)
