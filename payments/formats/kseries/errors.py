"""How K-Series clients are told that something is wrong: at once, or by webhook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response, request

from bookings import errors as bookings
from kit import clock, form
from kit.cards import has_card_number
from kit.errors import DomainError, Refused
from kit.failures import reach_of
from kit.form import Malformed
from partners import errors as partners
from partners.routes import headers as headers_of
from payments import card_errors as cards
from payments import errors as payments
from payments.formats.kseries.schemas import INVALID_ACCOUNT

# Whose fields are wrong, by the vendor's names for its objects.
OBJECTS = {"/o/op/1/pay": "apeStandalonePayment", "/o/wh/": "apeWebhookEndpoint"}
# The wire's names of what errors speak of, where they are about a field of the request.
FIELDS = {"amount": "paymentAmount", "tip": "tipAmount", "url": "url"}
# The wire's codes of faults found while reading. ("required": of a text that is there, but empty.)
CODES = {
    "required": "Size",
    "too_short": "Size",
    "too_long": "Size",
    "invalid": "typeMismatch",
    "repeated": "typeMismatch",
    "control_character": "Pattern",
    "not_unicode": "Pattern",
    "card_number": "Pattern",
}


class AccountUnknown(payments.BookingUnknown):
    """No booking of this location is called so."""

    def __init__(self, came: object) -> None:
        DomainError.__init__(self, f"There is no account {came} at this location.")


class AccountsDiffer(payments.BookingUnknown):
    """Which of two accounts is meant, only the sender knows."""

    def __init__(self, identifier: str, account_id: int) -> None:
        said = f"iKaccountIdentifier {identifier} and iKaccountId {account_id}"
        DomainError.__init__(self, f"{said} name different accounts.")


class NoDefaultMethod(payments.MethodUnknown):
    """The payment names no method, and its location has none for such payments."""

    def __init__(self) -> None:
        sentence = "paymentMethod was not given, and this location has no default method."
        DomainError.__init__(self, sentence)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an error becomes. `status`: when it is answered at once. `account_type`: when a webhook
    tells it (None: the task's time was over). `words`: the message, or the reason. `code`: of an
    error that is about a field."""

    status: int
    account_type: str | None
    words: str = "{error}"
    code: str | None = None


INVALID = Answer(400, "INVALID_TASK")
NO_METHOD = Answer(400, "PAYMENT_METHOD_NOT_FOUND")
NOT_UPDATED = Answer(409, "UPDATE_FAILED")

ANSWERS: dict[type[DomainError], Answer] = {
    # Met by the calls of this format.
    payments.BookingUnknown: Answer(404, "ACCOUNT_NOT_FOUND", "Account not found"),
    payments.BookingCancelled: Answer(409, "ACCOUNT_ALREADY_CLOSED", "Account already closed"),
    payments.Overpaid: Answer(422, "OVERPAID", "the payment amount is greater than the amount due"),
    payments.MethodUnknown: NO_METHOD,
    payments.NotFromOutside: NO_METHOD,
    payments.OnlyNotCompleted: NO_METHOD,
    payments.MethodNotForPartner: NO_METHOD,
    payments.MethodIsForRefunds: NO_METHOD,
    payments.TipNotTaken: INVALID,
    payments.WrongDecimals: Answer(400, "INVALID_TASK", code="Digits"),
    payments.CommandReferenceUsed: Answer(
        400, "INVALID_TASK", "reference has already been used {error.reference}"
    ),
    payments.ReferenceAlreadyUsed: INVALID,
    payments.NotAppliedInTime: Answer(409, None),
    payments.BookingBusy: NOT_UPDATED,
    partners.Unauthenticated: Answer(401, "INVALID_TASK"),
    partners.ScopeMissing: Answer(403, "INVALID_TASK"),
    partners.TooManyRequests: Answer(429, "INVALID_TASK"),
    partners.LocationUnknown: Answer(404, "INVALID_TASK"),
    partners.EndpointUnknown: Answer(404, "INVALID_TASK"),
    partners.EndpointExists: INVALID,
    partners.TargetRefused: Answer(400, "INVALID_TASK", code="URL"),
    # Nothing that this format does can be refused for these; whatever else were, would be.
    **dict.fromkeys(
        (
            payments.WrongCurrency,
            payments.LineUnknown,
            payments.PropertyNotBooked,
            payments.TagUnknown,
            payments.AttributeUnknown,
            payments.AttributeMissing,
            payments.PaidInTheFuture,
            payments.RefundedBeforePaid,
            payments.FailedAndPaid,
            payments.OnlyCompleted,
            payments.NotARefundMethod,
            payments.RefundTooLarge,
            payments.DueDateMissing,
            payments.KeyReused,
            payments.PaymentUnknown,
            payments.VoidIsForTheDesk,
            partners.SignatureWrong,
            partners.CredentialWrong,
            partners.CommissionIsKept,
        ),
        INVALID,
    ),
    **dict.fromkeys(
        (
            payments.NotComing,
            payments.NotCleared,
            payments.IsARefund,
            payments.AlreadyRefunded,
            payments.AlreadyUndone,
            cards.ActUnderWay,
            payments.RepaymentTooLarge,
            bookings.PropertyUnknown,
            bookings.PropertyTwice,
            bookings.ExtraUnknown,
            bookings.SeveralLocations,
            bookings.BrandElsewhere,
            bookings.BrandUnknown,
            bookings.CurrencyUnknown,
            bookings.ContactUnknown,
            bookings.SourceUnknown,
            bookings.BookingTagUnknown,
            bookings.ArrivedAlready,
            bookings.CostDecimals,
            bookings.NightsTaken,
            bookings.AlreadyCancelled,
            bookings.NotCancelled,
            bookings.AmendOfCancelled,
            bookings.NotOnOffer,
            bookings.InsuranceNotOffered,
            bookings.VoucherUnknown,
            bookings.ExternalPaymentPresent,
            bookings.NotConfirmable,
            bookings.StillOpen,
            bookings.TooLateToWaive,
        ),
        NOT_UPDATED,
    ),
}


def answer_to(error: DomainError) -> Answer:
    """The row of an error; those of this format count as what they are a kind of."""
    return next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)


def words_of(error: DomainError) -> str:
    return answer_to(error).words.format(error=error)


def failure(refusal: DomainError | Refused) -> dict[str, Any]:
    """What a webhook says of a payment that was not applied; the first problem is the worst."""
    problems = refusal.problems if isinstance(refusal, Refused) else (refusal,)
    reason = "; ".join(words_of(each) for each in problems)
    kind = answer_to(problems[0]).account_type
    if kind is None:
        timeout = {"errorKey": "errors.payment.pos.task_timeout", "message": reason}
        return {"reason": reason, "errors": {"timeout": timeout}}
    message = " ".join(each.message for each in problems)
    return {"reason": reason, "errors": {"account": {"type": kind, "message": message}}}


def moment(at: datetime) -> str:
    """A moment as the vendor writes it: 2023-11-07T23:00:20.075+0000."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}+0000"


class KSeriesDoor:
    """Errors in the shape of K-Series, for everything below /o/ and /f/."""

    def reach(self, path: str) -> int:
        return max(reach_of("/o/", path), reach_of("/f/", path))

    def refused(self, error: DomainError | Refused) -> Response:
        problems = error.problems if isinstance(error, Refused) else (error,)
        told = [
            (FIELDS.get(each.field or ""), answer_to(each).code, words_of(each))
            for each in problems
        ]
        wrong = [(field, code, text) for field, code, text in told if field and code]
        message = _sentence((field, text) for field, code, text in told)
        first = problems[0]
        return _shown(answer_to(first).status, message, wrong, headers_of(first))

    def malformed(self, error: Malformed) -> Response:
        wrong = [
            (field, CODES.get(fault.code, fault.code), str(fault))
            for field, fault in error.faults
            if field
        ]
        return _shown(error.status, _sentence(error.faults), wrong, {})

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        return _shown(status, message, (), headers)


def _sentence(told: Iterable[tuple[str | None, str]]) -> str:
    """All that is wrong in one text, each with the name of its field."""
    *before, last = (_named(field, text) for field, text in told)
    return "; ".join([*(each.rstrip(".") for each in before), last])


def _named(field: str | None, text: str) -> str:
    if field is None or text.startswith(field) or text == INVALID_ACCOUNT:
        return text
    return f"{field} {text}" if text.startswith("must") else f"{field}: {text}"


def _shown(
    status: int,
    message: str,
    wrong: Sequence[tuple[str, str, str]],
    headers: Mapping[str, str],
) -> Response:
    path = "?" if has_card_number(request.path) else request.path
    body: dict[str, Any] = {
        "timestamp": moment(clock.now()),
        "status": status,
        "error": HTTPStatus(status).phrase,
        "message": message,
        "path": path,
    }
    if wrong:
        name = next((name for start, name in OBJECTS.items() if path.startswith(start)), "request")
        body["errors"] = [
            {"field": field, "code": code, "defaultMessage": text, "objectName": name}
            for field, code, text in wrong
        ]
    return form.answer(form.encode(body), status, headers)
