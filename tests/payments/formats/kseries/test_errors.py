"""Whatever goes wrong below /o/ and /f/ is told in the shape of K-Series."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bookings.errors import BookingError
from kit.errors import leaves
from partners.errors import PartnerError
from payments.errors import PaymentError
from payments.formats.kseries import routes
from payments.formats.kseries.errors import ANSWERS
from tests.payments.formats.kseries.given import SCOPES, Till, body, refusal
from tests.payments.proofs import nothing_written

pytestmark = pytest.mark.one_database

PAY = "/o/op/1/pay"
# What errors.account.type may be, of the vendor's list.
TYPES = {
    "ACCOUNT_NOT_FOUND",
    "ACCOUNT_ALREADY_CLOSED",
    "OVERPAID",
    "PAYMENT_METHOD_NOT_FOUND",
    "INVALID_TASK",
    "UPDATE_FAILED",
}


def test_every_error_has_an_answer_here() -> None:
    every = {*leaves(PaymentError), *leaves(PartnerError), *leaves(BookingError)}

    assert set(ANSWERS) == {each for each in every if not each.__module__.startswith("tests.")}


def test_every_answer_is_a_refusal_and_a_type_of_the_vendors_list() -> None:
    assert {answer.status for answer in ANSWERS.values()} <= {400, 401, 403, 404, 409, 422, 429}
    assert {answer.account_type for answer in ANSWERS.values()} == TYPES | {None}


def test_nobody_is_told_to_sign_in(till: Till) -> None:
    http = till.app.test_client()

    for path in (PAY, "/o/wh/1/webhook"):
        answer = http.post(path, data=body())
        assert (answer.status_code, refusal(answer)["error"]) == (401, "Unauthorized")
        assert refusal(answer)["path"] == path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    wrong = http.post(PAY, data=body(), headers={"Authorization": "Bearer nobodys"})
    assert (wrong.status_code, refusal(wrong)["status"]) == (401, 401)


CALLS = [
    ("POST", PAY, "orders-api"),
    ("GET", "/o/op/data/businesses", "orders-api"),
    ("GET", "/o/op/1/order/accounts/A1?businessLocationId=1001", "orders-api"),
    ("GET", "/f/finance/1001/paymentMethods", "financial-api"),
    ("PUT", "/o/wh/1/webhook", "orders-api"),
    ("POST", "/o/wh/1/webhook", "orders-api"),
    ("GET", "/o/wh/1/webhook", "orders-api"),
    ("GET", "/o/wh/1/webhook/till", "orders-api"),
    ("DELETE", "/o/wh/1/webhook/till", "orders-api"),
]


@pytest.mark.long
@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_every_call_needs_its_scope(till: Till) -> None:
    for method, path, scope in CALLS:
        [other] = set(SCOPES.split()) - {scope}
        without = Till(till.app, till.partner_id, f"{other} payments:write")

        with nothing_written():
            answer = without.call(method, path, body())

        assert (answer.status_code, refusal(answer)["error"]) == (403, "Forbidden")
        assert f"needs the scope {scope};" in refusal(answer)["message"]


def test_an_address_that_is_not_there(till: Till) -> None:
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000"

    for path in ("/o/op/2/pay", "/f/finance/x/paymentMethods", "/o/", "/f/"):
        answer = till.call("GET", path)

        told = refusal(answer)
        assert re.fullmatch(moment, told.pop("timestamp"))
        assert told == {
            "status": 404,
            "error": "Not Found",
            "message": "There is nothing at this address.",
            "path": path,
        }


def test_a_method_that_an_address_does_not_take(till: Till) -> None:
    answer = till.call("GET", PAY)

    assert (answer.status_code, refusal(answer)["error"]) == (405, "Method Not Allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_body_that_is_too_large(till: Till) -> None:
    with nothing_written():
        answer = till.call("POST", PAY, body(note="x" * 200_000))

    assert answer.status_code == 413
    assert "65536 bytes" in refusal(answer)["message"]


def sent(till: Till, raw: bytes, **environ: Any) -> Any:
    """The answer to a body as a server hands it on."""
    return till.app.test_client().post(
        PAY,
        headers={"Authorization": f"Bearer {till.token}"},
        input_stream=BytesIO(raw),
        environ_overrides={"wsgi.input_terminated": True, **environ},
    )


def test_a_body_without_its_length_or_cut_off_is_no_payment(till: Till) -> None:
    whole = body().encode()

    with nothing_written():
        unsized = sent(till, whole, CONTENT_LENGTH=None)
        cut = sent(till, whole[:-1], CONTENT_LENGTH=str(len(whole)))
        chunked = sent(till, whole[:-1], HTTP_TRANSFER_ENCODING="chunked")

    assert (unsized.status_code, refusal(unsized)["error"]) == (411, "Length Required")
    assert (chunked.status_code, refusal(chunked)["error"]) == (400, "Bad Request")
    assert (cut.status_code, refusal(cut)["error"]) == (400, "Bad Request")
    assert "cut off" in refusal(cut)["message"]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [(ValueError("a secret"), 500, "unexpected error"), (PoolTimeout(), 503, "database")],
)
def test_what_is_our_own_fault(
    till: Till, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(routes, "accept_payment", broken)
    with nothing_written():
        answer = till.pay()

    assert (answer.status_code, refusal(answer)["status"]) == (status, status)
    assert words in refusal(answer)["message"]
    assert "a secret" not in answer.text
    assert "errors" not in refusal(answer)
    assert ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.long
def test_a_partners_payments_may_be_limited(till: Till, make_app: Callable[..., Flask]) -> None:
    limited = make_app(PARTNER_PAYMENTS_LIMIT="1/minute")
    with limited.app_context():
        theirs = Till(limited, till.partner_id)
        theirs.accepted()
        answer = theirs.pay(thirdPartyPaymentReference="order-2")

    assert (answer.status_code, refusal(answer)["error"]) == (429, "Too Many Requests")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_every_answer_has_what_no_cache_may_keep(till: Till) -> None:
    paths = ("/o/wh/1/webhook", "/o/op/data/businesses", "/f/finance/1001/paymentMethods")
    answers = [till.pay(), till.pay(), *(till.call("GET", path) for path in paths)]

    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
