"""The same payment sent twice is one payment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import Booking
from kit import clock
from kit.db import in_transaction, transaction
from payments.models import Payment, StoredAnswer
from payments.replies import forget_old_answers
from tests import make
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

KEY = {"Idempotency-Key": "checkout-42"}
REPLAYED = "Idempotency-Replayed"


@pytest.fixture
def booking(client: Client) -> int:
    assert client
    make.method("PayPal")
    make.tag(20, "Payment Failed", "payment_failed")
    return make.booking(["60.00", "40.00"])


@pytest.mark.parametrize("prefer", [{}, {"Prefer": "return=representation"}])
def test_the_first_answer_is_given_again_byte_for_byte(
    client: Client, booking: int, prefer: dict[str, str]
) -> None:
    first = client.pay(booking, "10.00", headers=KEY | prefer)

    with nothing_written():
        again = client.pay(booking, "10.00", headers=KEY | prefer)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.data == first.data
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert make.row_of(Booking, booking).paid == 1000


def test_the_first_answer_is_given_again_after_the_booking_has_changed(
    client: Client, booking: int
) -> None:
    headers = KEY | {"Prefer": "return=representation"}
    first = client.pay(booking, "10.00", headers=headers)
    client.pay(booking, "70.00", Charges="5")
    with transaction() as connection:
        connection.execute(update(Booking).values(status="cancelled"))

    again = client.pay(booking, "10.00", headers=headers)

    assert again.data == first.data
    assert first.json is not None
    assert first.json["Payment"]["Booking"]["Paid"] == 10


@pytest.mark.long
def test_another_process_gives_the_same_answer(
    client: Client, booking: int, processes: Any
) -> None:
    first = client.pay(booking, "10.00", headers=KEY)
    [other] = processes(1)

    again = client.at(other).pay(booking, "10.00", headers=KEY)

    assert (again.data, again.headers[REPLAYED]) == (first.data, "true")


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "10.01"},
        {"amount": "10.0"},
        {"Comments": "x"},
        {"SendEmail": "FALSE"},
        {"X": "1"},
    ],
)
def test_the_same_key_with_another_body_is_refused(
    client: Client, booking: int, other: dict[str, str]
) -> None:
    client.pay(booking, "10.00", headers=KEY)

    with nothing_written():
        answer = client.pay(booking, headers=KEY, **({"amount": "10.00"} | other))

    assert refusal(answer) == (422, [(None, "idempotency_key_reused")])
    assert REPLAYED not in answer.headers


def test_the_same_key_for_another_booking_is_refused(client: Client, booking: int) -> None:
    client.pay(booking, "10.00", headers=KEY)

    answer = client.pay(make.booking(["60.00"]), "10.00", headers=KEY)

    assert refusal(answer) == (422, [(None, "idempotency_key_reused")])


@pytest.mark.parametrize(
    "wrong",
    [
        {"Amount": "x"},
        {"Currency": "GBP"},
        {"BookingId": 999_999},
        {"AddBookingTag": 77},
        {"PaymentMethod": "Exact"},
        {"Status": 1, "IsDeferredPayment": "maybe"},
    ],
)
def test_a_request_that_is_refused_burns_no_key(
    client: Client, booking: int, wrong: dict[str, Any]
) -> None:
    make.method("Exact", paying="on_site")

    refused = client.pay(booking, "10.00", headers=KEY, **wrong)
    taken = client.pay(booking, "10.00", headers=KEY)

    assert 400 <= refused.status_code < 500
    assert taken.status_code == 200
    assert REPLAYED not in taken.headers


def test_a_key_is_its_partners_own(client: Client, booking: int) -> None:
    other = Client.of_new_partner(client.app)

    answers = [each.pay(booking, "10.00", headers=KEY) for each in (client, other)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data != answers[1].data
    assert make.row_of(Booking, booking).paid == 2000


@pytest.mark.parametrize("key", ["k", "k" * 255, "3d3f-42 ~!#", "é"])
def test_a_key_has_1_to_255_printable_characters(client: Client, booking: int, key: str) -> None:
    first, again = (
        client.pay(booking, "10.00", headers={"Idempotency-Key": key}) for _ in range(2)
    )

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers[REPLAYED] == "true"


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there", "bell\x07"])
def test_another_key_is_refused_by_its_name(client: Client, booking: int, key: str) -> None:
    with nothing_written():
        answer = client.pay(booking, "10.00", headers={"Idempotency-Key": key})

    assert refusal(answer) == (400, [("Idempotency-Key", "invalid")])


def test_an_answer_is_kept_for_a_day_at_least_and_then_forgotten(
    client: Client, booking: int
) -> None:
    client.pay(booking, "10.00", headers=KEY)
    now = clock.now()

    kept = in_transaction(lambda c: forget_old_answers(c, now + timedelta(hours=25)))
    there = len(make.rows_of(StoredAnswer))
    gone = in_transaction(lambda c: forget_old_answers(c, now + timedelta(hours=49)))

    assert (kept, there, gone) == (0, 1, 1)
    assert make.rows_of(StoredAnswer) == []


def test_without_a_key_the_same_body_is_another_payment(client: Client, booking: int) -> None:
    answers = [client.pay(booking, "10.00") for _ in range(2)]

    assert answers[0].data != answers[1].data
    assert make.row_of(Booking, booking).paid == 2000


def test_a_reference_is_used_once_on_a_booking_and_names_the_first_payment(
    client: Client, booking: int
) -> None:
    first = client.pay(booking, "10.00", Reference="order-1")

    with nothing_written():
        again = client.pay(booking, "20.00", Reference="order-1")

    assert refusal(again) == (409, [("Reference", "reference_already_used")])
    assert first.json is not None
    assert again.json is not None
    assert again.json["Message"] == (
        f"order-1 is already used on this booking by payment {first.json['PaymentId']}."
    )


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_reference_is_held_by_money_that_is_there_or_promised(
    client: Client, booking: int, status: int
) -> None:
    answers = [client.pay(booking, "10.00", Reference="r", Status=status) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 409]


def test_a_failed_payment_frees_its_reference(client: Client, booking: int) -> None:
    declined: dict[str, Any] = {"Status": 1, "AddBookingTag": 20}

    answers = [
        client.pay(booking, "10.00", Reference="r", **declined),
        client.pay(booking, "10.00", Reference="r", **declined),
        client.pay(booking, "10.00", Reference="r"),
        client.pay(booking, "10.00", Reference="r"),
    ]

    assert [each.status_code for each in answers] == [200, 200, 200, 409]


def test_a_void_payment_frees_its_reference(client: Client, booking: int) -> None:
    client.pay(booking, "10.00", Reference="r", Status=1)
    with transaction() as connection:
        connection.execute(update(Payment).values(state="void"))

    assert client.pay(booking, "10.00", Reference="r").status_code == 200


def test_a_reference_is_of_one_booking_and_one_partner(client: Client, booking: int) -> None:
    other, elsewhere = Client.of_new_partner(client.app), make.booking(["60.00"])

    answers = [
        client.pay(booking, "10.00", Reference="r"),
        client.pay(elsewhere, "10.00", Reference="r"),
        other.pay(booking, "10.00", Reference="r"),
        client.pay(booking, "10.00", Reference="R"),
    ]

    assert [each.status_code for each in answers] == [200, 200, 200, 200]


@pytest.mark.long
def test_a_replay_comes_before_the_reference_is_found_used(client: Client, booking: int) -> None:
    first, again = (client.pay(booking, "10.00", Reference="r", headers=KEY) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.data == first.data


def test_a_replay_says_nothing_of_a_wish_that_the_first_answer_did_not_know(client: Client) -> None:
    make.method("Late wish")
    booking = make.booking(["60.00"])
    key = {"Idempotency-Key": "wished for later"}
    fields = {"PaymentMethod": "Late wish"}

    first = client.pay(booking, headers=key, **fields)
    again = client.pay(booking, headers=key | {"Prefer": "return=representation"}, **fields)

    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Preference-Applied" not in again.headers
