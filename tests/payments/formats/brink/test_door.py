"""What fails around an ApplyPayment: at our address everything is told in SOAP."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bookings.errors import BookingError
from kit.errors import leaves
from partners.errors import PartnerError
from payments import ledger
from payments.errors import PaymentError
from payments.formats.brink import errors, routes
from payments.formats.brink.errors import ANSWERS
from payments.models import Payment
from tests import make
from tests.meeting import Gate, before, meanwhile
from tests.payments.conftest import Processes
from tests.payments.formats.brink.given import ACTION, Till, code, fault, payment, request, result
from tests.payments.proofs import nothing_written

# Of what no database has a say in.
ONCE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
SEEDS = {0, 1, 2, 3, 4, 101, 102, 103, 104, 106}


def test_every_refusal_has_one_result_code() -> None:
    theirs = {*leaves(PaymentError), *leaves(PartnerError), *leaves(BookingError)}

    assert set(ANSWERS) == {each for each in theirs if not each.__module__.startswith("tests.")}
    assert set(ANSWERS.values()) <= SEEDS - {errors.SUCCESS, errors.UNKNOWN_ERROR}


def test_every_field_that_a_payment_of_ours_is_refused_for_has_a_word() -> None:
    """Others cannot be wrong: an ApplyPayment does not have them."""
    theirs = {"wishes", "property_id", "currency", "paid_on", "balance_due_on", "attributes",
              "payment_id", "reference"}  # fmt: skip
    fields = {each.field for each in leaves(PaymentError) if each.field} - theirs

    assert {"booking_id", "method", "amount", "tip"} <= fields
    assert fields <= set(errors.WORDS)


def failing(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise error

    return fail


def test_a_bug_of_ours_is_an_unknown_error_that_tells_its_request_id_alone(
    till: Till, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "write", failing(RuntimeError("hunter2")))

    with nothing_written():
        answer = till.send(request(order, payment()), X_Request_Id="r-1")

    sentence = "An unexpected error; it is logged under the request id r-1."
    assert result(answer) == (1, sentence)


@ONCE
@pytest.mark.parametrize(
    "error",
    [PoolTimeout("x"), DBAPIError("SELECT", {}, Exception("x"), connection_invalidated=True)],
)
@pytest.mark.parametrize("at", ["look", "write"])
def test_while_the_database_is_away_the_server_is_unavailable(
    till: Till, order: int, monkeypatch: pytest.MonkeyPatch, at: str, error: Exception
) -> None:
    with monkeypatch.context() as away:
        away.setattr(ledger, at, failing(error))
        refused = till.pay(order)
    again = till.pay(order)

    sentence = "The database cannot be reached just now; send the same request again."
    assert result(refused) == (3, sentence)
    assert int(refused.headers["Retry-After"]) > 0
    assert (code(again), len(make.rows_of(Payment))) == (0, 1)


def test_a_database_that_is_away_at_sign_in_is_told_so_too(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partners.credentials.glance", failing(PoolTimeout("x")))

    assert code(till.pay(1)) == 3


@pytest.mark.long
def test_an_order_that_is_busy_for_too_long_is_told_so_and_the_same_payment_is_taken_once(
    till: Till, order: int, processes: Processes, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setattr("kit.db.LOCK_TIMEOUT_S", 0.25)
    monkeypatch.setattr("kit.db.BUSY_TIMEOUT_S", 0.25)
    one, two = (till.at(each) for each in processes(2))
    gate = Gate()
    before(monkeypatch, ledger, "write", gate.pass_through)

    taken, refused = meanwhile(gate, lambda: one.pay(order), lambda: two.pay(order))
    again = two.pay(order)

    # SQLite has one lock for everything: there it is the database that cannot be had just now.
    postgres = app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql")
    told, message = result(refused)
    assert told == (104 if postgres else 3)
    assert "send" in message
    assert int(refused.headers["Retry-After"]) > 0
    assert (code(taken), code(again), len(make.rows_of(Payment))) == (0, 0, 1)


def test_a_body_that_is_too_large_is_a_fault(till: Till, order: int) -> None:
    with nothing_written():
        answer = till.send(request(order, payment()) + " " * (64 * 1024))

    assert fault(answer) == (413, "Client", "The body is larger than 65536 bytes.")


@ONCE
@pytest.mark.parametrize("missing", [0, 1, 100])
def test_a_message_in_chunks_is_taken_when_all_of_it_came(
    till: Till, order: int, missing: int
) -> None:
    body = request(order, payment()).encode()

    answer = till.stream(body[: len(body) - missing], None)

    assert len(make.rows_of(Payment)) == (0 if missing else 1)
    assert (answer.status_code == 200) is not bool(missing)


@ONCE
def test_a_message_in_chunks_that_is_too_large_is_a_fault(till: Till, order: int) -> None:
    body = request(order, payment()).ljust(64 * 1024 + 1).encode()

    with nothing_written():
        answer = till.stream(body, None)

    assert fault(answer) == (413, "Client", "The body is larger than 65536 bytes.")


def test_a_body_that_was_cut_off_is_a_fault(till: Till, order: int) -> None:
    body = request(order, payment()).encode()

    with nothing_written():
        answer = till.stream(body, len(body) + 4)

    sentence = f"The body was cut off: {len(body)} of {len(body) + 4} bytes came."
    assert fault(answer) == (400, "Client", sentence)


@ONCE
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/Ordering.svc", 405),
        ("DELETE", "/ordering.svc", 405),
        ("POST", "/Ordering.svc/ApplyPayment", 404),
        ("GET", "/ORDERING.SVC/x", 404),
    ],
)
def test_other_methods_and_addresses_below_ours_are_faults(
    app: Flask, method: str, path: str, status: int
) -> None:
    answer = app.test_client().open(path, method=method)

    assert fault(answer)[:2] == (status, "Client")
    assert ("Allow" in answer.headers) == (status == 405)


def test_addresses_of_others_are_told_in_their_own_way(app: Flask) -> None:
    assert app.test_client().post("/Ordering").json["Code"] == "not_found"


def test_a_description_that_fails_is_a_fault_and_no_result(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "render_template", failing(RuntimeError("hunter2")))

    answer = app.test_client().get("/Ordering.svc?wsdl")

    assert fault(answer)[:2] == (500, "Server")
    assert "hunter2" not in answer.text


@ONCE
@pytest.mark.parametrize("path", ["/Ordering.svc", "/ordering.svc", "/ORDERING.SVC?ApplyPayment",
                                  "/Ordering.svc/", "/oRdErInG.sVc?x=1&y"])  # fmt: skip
def test_the_address_counts_in_any_case_and_with_any_query(
    till: Till, order: int, path: str
) -> None:
    headers = {"AccessToken": till.access, "LocationToken": till.here, "SOAPAction": ACTION}
    body = request(order, payment())

    answer = till.app.test_client().post(path, data=body, headers=headers, content_type="text/xml")

    assert result(answer) == (0, "Success")
