"""What Spektrix clients are told when something is refused: {"message", "errors": [...]}.

The form is Spektrix's; what stands in `errors` is ours, since theirs is not public: an object for
everything that is wrong, with `field`, `code` and `message`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Response

from bookings import errors as bookings
from kit import form
from kit.errors import DomainError, Refused
from kit.form import WORD, Malformed
from partners import errors as partners
from payments import card_errors as cards
from payments import errors as payments

# The HTTP status of every error of the house. Those of bookings are mostly never met here.
ANSWERS: dict[type[DomainError], int] = {
    partners.Unauthenticated: 401,
    partners.SignatureWrong: 401,
    partners.CredentialWrong: 401,
    partners.ScopeMissing: 403,
    partners.CommissionIsKept: 403,
    partners.TooManyRequests: 429,
    partners.LocationUnknown: 404,
    partners.EndpointUnknown: 404,
    partners.EndpointExists: 409,
    partners.TargetRefused: 400,
    payments.BookingUnknown: 404,
    payments.PaymentUnknown: 404,
    payments.WrongCurrency: 400,
    payments.WrongDecimals: 400,
    payments.LineUnknown: 400,
    payments.PropertyNotBooked: 400,
    payments.TagUnknown: 400,
    payments.MethodUnknown: 400,
    payments.AttributeUnknown: 400,
    payments.AttributeMissing: 400,
    payments.PaidInTheFuture: 400,
    payments.RefundedBeforePaid: 400,
    payments.FailedAndPaid: 400,
    payments.ReferenceAlreadyUsed: 409,
    payments.CommandReferenceUsed: 409,
    payments.NotAppliedInTime: 409,
    payments.BookingCancelled: 409,
    payments.NotComing: 409,
    payments.NotCleared: 409,
    payments.IsARefund: 409,
    payments.AlreadyRefunded: 409,
    payments.AlreadyUndone: 409,
    cards.ActUnderWay: 409,
    payments.BookingBusy: 503,  # come again: no answer to the request itself
    payments.KeyReused: 409,
    payments.NotFromOutside: 400,
    payments.OnlyCompleted: 400,
    payments.OnlyNotCompleted: 400,
    payments.MethodNotForPartner: 400,
    payments.NotARefundMethod: 400,
    payments.TipNotTaken: 400,
    payments.MethodIsForRefunds: 400,
    payments.Overpaid: 400,
    payments.RefundTooLarge: 400,
    payments.RepaymentTooLarge: 400,
    payments.VoidIsForTheDesk: 403,
    payments.DueDateMissing: 400,
    bookings.PropertyUnknown: 400,
    bookings.PropertyTwice: 400,
    bookings.ExtraUnknown: 400,
    bookings.SeveralLocations: 400,
    bookings.BrandElsewhere: 400,
    bookings.BrandUnknown: 400,
    bookings.CurrencyUnknown: 400,
    bookings.ContactUnknown: 400,
    bookings.SourceUnknown: 400,
    bookings.BookingTagUnknown: 400,
    bookings.ArrivedAlready: 400,
    bookings.CostDecimals: 400,
    bookings.NightsTaken: 409,
    bookings.AlreadyCancelled: 409,
    bookings.NotCancelled: 409,
    bookings.AmendOfCancelled: 409,
    bookings.NotConfirmable: 409,
    bookings.StillOpen: 409,
    bookings.TooLateToWaive: 409,
    bookings.NotOnOffer: 400,
    bookings.InsuranceNotOffered: 400,
    bookings.VoucherUnknown: 400,
    bookings.ExternalPaymentPresent: 403,
}

# The wire's words for what errors speak of.
WORDS = {
    "booking_id": "id",
    "amount": "Amount",
    "method": "PaymentTypeId",
    "attributes": "PaymentAttributes",
    "name": "Name",
    "location": "clientname",
}
# Every path of this format. The first part is a client's name, never the beginning of another door.
PATH = re.compile(r"/(?!apis?/)[^/]+/api/v3(?=/|$)")

Told = tuple[str | None, str, str]


class SpektrixDoor:
    """Shows the errors of this format's paths."""

    def reach(self, path: str) -> int:
        found = PATH.match(path)
        return found.end() if found else 0

    def refused(self, error: DomainError | Refused) -> Response:
        return rendered(error)

    def malformed(self, error: Malformed) -> Response:
        return rendered(error)

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        return _answer(status, [(None, code, message)], headers)


def rendered(error: DomainError | Refused | Malformed) -> Response:
    """What a refusal is on the wire."""
    if isinstance(error, Malformed):
        return _answer(error.status, [(place, each.code, each) for place, each in error.faults])
    problems = error.problems if isinstance(error, Refused) else (error,)
    told = [(_word(each.field), each.code, _sentence(each)) for each in problems]
    return _answer(ANSWERS[type(problems[0])], told, _headers(problems[0]))


def _answer(status: int, told: list[Told], headers: Mapping[str, str] | None = None) -> Response:
    message = told[0][2] if len(told) == 1 else f"{len(told)} things are wrong: see errors."
    errors = [{"field": field, "code": code, "message": text} for field, code, text in told]
    return form.answer(form.encode({"message": message, "errors": errors}), status, headers)


def _word(field: str | None) -> str | None:
    """The wire's name; of a nested field ("attributes[0].name") word by word."""
    return None if field is None else WORD.sub(lambda m: WORDS.get(m[0], m[0]), field)


def _sentence(error: DomainError) -> str:
    if isinstance(error, partners.ScopeMissing):  # there is no token here
        return f"This call needs the scope {error.needed}, which this client does not have."
    return error.message


def _headers(error: DomainError) -> dict[str, str]:
    if isinstance(error, partners.SignatureWrong):
        return {"WWW-Authenticate": "SpektrixAPI3"}
    if isinstance(error, partners.TooManyRequests):
        return {"Retry-After": str(error.wait_s)}
    return {"Retry-After": "1"} if isinstance(error, payments.BookingBusy) else {}
