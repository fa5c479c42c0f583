"""The same signature again gets its first answer, byte for byte, and nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from bookings.models import Booking
from kit import clock
from kit.db import in_transaction, transaction
from partners.errors import TooManyRequests
from payments.errors import BookingBusy
from payments.formats.spektrix import paying
from payments.models import MethodAttribute, Payment, PaymentMethod, StoredAnswer
from payments.replies import forget_old_answers
from tests import make
from tests.make import Client, Due
from tests.payments.formats.spektrix.given import (
    OTHER,
    REFUND,
    TILL,
    Till,
    details,
    new_till,
    payment,
    told,
)
from tests.payments.proofs import nothing_written, unchanged

STAGES = [Due("60.00"), Due("40.00", 2, 30)]
Again = Callable[[], TestResponse]


def twice(
    till: Till, method: str, call: str, body: str | None = None
) -> tuple[TestResponse, Again]:
    """The answer to a request, and how to send the very same one again."""
    path = till.path(call)
    headers = till.headers(method, path, (body or "").encode())

    def send() -> TestResponse:
        return till.send(method, path, body, headers)

    return send(), send


def is_replayed(first: TestResponse, again: TestResponse) -> bool:
    same = (again.status_code, again.data) == (first.status_code, first.data)
    kind = again.headers["Content-Type"] == first.headers["Content-Type"]
    return same and kind and again.headers.get("Idempotency-Replayed") == "true"


@pytest.mark.parametrize("type_id", [TILL, REFUND])
def test_a_payment_or_refund_sent_again_is_answered_as_before_and_recorded_once(
    till: Till, type_id: str
) -> None:
    basket = make.booking(STAGES)
    till.pay(basket, "30.00")
    first, send = twice(
        till, "POST", f"baskets/{basket}/custom-payments", payment("10.40", type_id)
    )

    with unchanged():
        again = send()

    assert first.status_code == 200
    assert "Idempotency-Replayed" not in first.headers
    assert is_replayed(first, again)
    assert len(make.rows_of(Payment)) == 2


def test_the_first_answer_is_given_again_whatever_has_changed_since(till: Till) -> None:
    basket = make.booking(STAGES)
    body = payment("10.40", more=details(Reference="r"))
    first, send = twice(till, "POST", f"baskets/{basket}/custom-payments", body)
    with transaction() as connection:
        connection.execute(update(Booking).values(status="cancelled"))
        connection.execute(update(MethodAttribute).values(required=True))
        connection.execute(update(PaymentMethod).values(active=False))

    assert first.status_code == 200
    assert is_replayed(first, send())


def test_a_payment_of_another_second_is_another_payment(till: Till) -> None:
    basket = make.booking(STAGES)

    answers = [till.pay(basket, "10.00") for _ in range(2)]

    assert [answer.data for answer in answers] == [answers[0].data] * 2
    assert make.row_of(Booking, basket).paid == 2000


@pytest.mark.parametrize(
    ("method", "call", "body"),
    [
        ("POST", "", '{"WaiveTransactionCommission":true}'),
        ("PATCH", "", '{"WaiveTransactionCommission":false}'),
        ("POST", "/confirm", None),
    ],
)
def test_every_other_write_is_answered_once_as_well(
    till: Till, method: str, call: str, body: str | None
) -> None:
    status = "booking" if call else "provisional"
    basket = make.booking([] if call else ["10.00"], status=status)
    with transaction() as connection:
        connection.exec_driver_sql("UPDATE partners SET may_waive_commission = true")
    first, send = twice(till, method, f"baskets/{basket}{call}", body)
    make.method("PayPal")
    with transaction() as connection:
        connection.execute(update(Booking).values(status="cancelled"))

    with nothing_written():
        again = send()

    assert first.status_code == 200, first.text
    assert is_replayed(first, again)


# Bodies that are refused, and how.
REFUSED = {
    "unreadable": ("{", 400),
    "unknown type": (payment("1.00", "X" * 33), 400),
    "too much": (payment("100.01"), 400),
    "a detail is missing": (payment("1.00", OTHER), 400),
    "nothing to repay": (payment("1.00", REFUND), 400),
}


def test_a_refusal_is_given_again_even_when_the_request_would_be_good_now(till: Till) -> None:
    basket = make.booking(STAGES)
    refused = {name: (*twice(till, "POST", f"baskets/{basket}/custom-payments", body), status)
               for name, (body, status) in REFUSED.items()}  # fmt: skip
    make.method("New", public_id="X" * 33)
    with transaction() as connection:
        connection.execute(update(MethodAttribute).values(required=False))
        connection.exec_driver_sql("UPDATE schedule_lines SET amount = amount * 2")
        connection.exec_driver_sql("UPDATE bookings SET total = total * 2")
    till.pay(basket, "10.00")

    for name, (first, send, status) in refused.items():
        with unchanged():
            again = send()

        assert first.status_code == status, name
        assert is_replayed(first, again), name


def test_a_basket_that_was_not_there_is_not_there_for_that_signature(till: Till) -> None:
    first, send = twice(till, "POST", "baskets/1/custom-payments", payment("1.00"))
    assert make.booking(id=1) == 1

    assert told(first)[0] == 404
    assert is_replayed(first, send())


def test_a_client_name_out_of_reach_and_a_missing_scope_are_kept_too(app: Flask) -> None:
    reader = new_till(app, "bookings:read")
    stray = Till(app, reader.partner_id, "client9")

    for till, status in ((reader, 403), (stray, 404)):
        first, send = twice(till, "POST", "baskets/1/confirm")

        assert first.status_code == status
        assert is_replayed(first, send())


def test_a_request_sent_again_counts_as_no_other_payment(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    limits = till.app.extensions["limits"]
    monkeypatch.setattr(limits, "count_payment", counted.append)
    basket = make.booking(STAGES)
    first, send = twice(till, "POST", f"baskets/{basket}/custom-payments", payment("10.00"))

    assert is_replayed(first, send())
    assert counted == [till.partner_id]


# --- what is not kept ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [(BookingBusy(), 503), (TooManyRequests(3), 429), (RuntimeError("hunter2"), 500)],
)
def test_what_only_says_come_again_is_not_kept(
    till: Till, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    basket = make.booking(STAGES)

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(paying, "take_payment", fail)
        with unchanged():
            first, send = twice(till, "POST", f"baskets/{basket}/custom-payments", payment("10.00"))
    taken = send()
    again = send()

    assert (first.status_code, taken.status_code) == (status, 200)
    assert "hunter2" not in first.text
    assert "Idempotency-Replayed" not in taken.headers
    assert is_replayed(taken, again)
    assert (status == 500) == ("Retry-After" not in first.headers)


def test_a_request_that_did_not_sign_in_is_judged_anew(till: Till) -> None:
    basket = make.booking(STAGES)
    path = till.path(f"baskets/{basket}/custom-payments")
    stranger = Till(till.app, 0, login="new")
    headers = stranger.headers("POST", path, payment("10.00").encode())

    first = till.send("POST", path, payment("10.00"), headers)
    make.credential(till.partner_id, "spektrix", stranger.secret, login="new")
    again = till.send("POST", path, payment("10.00"), headers)

    assert (first.status_code, again.status_code) == (401, 200)
    assert make.rows_of(Payment, booking_id=basket) != []


def test_looking_is_never_kept(till: Till) -> None:
    basket = make.booking(STAGES)
    first, send = twice(till, "GET", f"baskets/{basket}")
    till.pay(basket, "10.00")

    assert send().json["paid"] == 10
    assert first.json["paid"] == 0
    assert len(make.rows_of(StoredAnswer)) == 1


def test_an_answer_is_kept_for_longer_than_its_signature_is_good(till: Till) -> None:
    basket = make.booking(STAGES)
    first, send = twice(till, "POST", f"baskets/{basket}/custom-payments", payment("10.00"))
    later = clock.now() + timedelta(minutes=14)
    gone = in_transaction(lambda c: forget_old_answers(c, clock.now() + timedelta(hours=47)))

    with time_machine.travel(later):
        again = send()
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        late = send()

    assert gone == 0
    assert is_replayed(first, again)
    assert late.status_code == 401
    assert make.row_of(Booking, basket).paid == 1000


def test_a_key_of_another_door_is_never_a_signature(till: Till) -> None:
    """Signatures are kept among the Idempotency-Keys of the same partner."""
    basket = make.booking(STAGES)
    make.method("PayPal")
    twice(till, "POST", f"baskets/{basket}/custom-payments", payment("10.00"))
    [kept] = make.rows_of(StoredAnswer)
    client = Client(till.app, till.partner_id, make.token(till.partner_id))

    answer = client.pay(basket, "10.00", headers={"Idempotency-Key": kept.key})

    assert kept.key.startswith("\x1fspektrix ")
    assert (answer.status_code, answer.json["Errors"][0]["Field"]) == (400, "Idempotency-Key")
