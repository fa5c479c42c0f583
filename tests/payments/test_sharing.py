"""One payment of a guest over several bookings: a part for each, all of them or none."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from bookings.models import Booking
from outbox.models import Message
from payments.models import Payment
from tests import make
from tests.make import Client, Due
from tests.payments.moving import figures, on_lines
from tests.payments.proofs import broken_chains, refusal, unchanged, wrong_books

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.tag(2, "VIP")


@pytest.fixture
def both(client: Client) -> tuple[int, int]:
    assert client
    return make.booking(STAGES), make.booking(STAGES)


def share(client: Client, ids: Any, amounts: str, **fields: Any) -> TestResponse:
    given = {"BookingId": None, "Amount": None, "BookingIds": ids, "Amounts": amounts}
    return client.pay(0, **given | fields)


def listed(*ids: int) -> str:
    return ",".join(map(str, ids))


def test_each_booking_gets_its_part_and_the_answer_names_them_in_order(
    client: Client, both: tuple[int, int]
) -> None:
    first, second = both

    answer = share(client, listed(second, first), "70,10.50", AddBookingTag=2, Reference="order-1")

    assert answer.status_code == 200
    ids = answer.json["PaymentIds"]
    assert answer.json == {"Success": True, "PaymentId": ids[0], "PaymentIds": ids}
    assert [make.row_of(Payment, each).booking_id for each in ids] == [second, first]
    assert (on_lines(first), on_lines(second)) == ([1050, 0], [6000, 1000])
    assert {make.row_of(Payment, each).reference for each in ids} == {"order-1"}
    assert (wrong_books(), broken_chains()) == ([], [])


def test_each_guest_is_written_to_about_its_own_part(client: Client, both: tuple[int, int]) -> None:
    share(client, listed(*both), "70,10", SendEmail=None)

    sent = make.rows_of(Message)
    assert sorted((each.booking_id, each.context["amount"]) for each in sent) == [
        (both[0], 7000), (both[1], 1000),
    ]  # fmt: skip


def test_one_booking_may_be_given_as_a_list_of_one(client: Client, both: tuple[int, int]) -> None:
    answer = share(client, both[0], "10")

    assert answer.json["PaymentIds"] == [answer.json["PaymentId"]]
    assert figures(both[0]) == (1000, 0, 0)


@pytest.mark.parametrize("status", [1, 2])
def test_promises_may_be_shared_too(client: Client, both: tuple[int, int], status: int) -> None:
    share(client, listed(*both), "60,60", Status=status)

    assert [figures(each) for each in both] == [(0, 0, 0)] * 2
    assert len(make.rows_of(Payment)) == 2


# --- all or none --------------------------------------------------------------------------------


def test_a_part_that_is_refused_takes_all_others_with_it(
    client: Client, both: tuple[int, int]
) -> None:
    make.method("Exact", overpayment="refuse")

    with unchanged():
        answer = share(client, listed(*both), "10,100.01", PaymentMethod="Exact")

    assert refusal(answer) == (422, [("Amounts", "overpaid")])
    assert "0.01 EUR" in answer.json["Message"]


def test_what_is_wrong_with_every_part_is_told_at_once(
    client: Client, both: tuple[int, int]
) -> None:
    gone = make.booking(STAGES, status="cancelled")

    with unchanged():
        answer = share(client, listed(both[0], gone, 999_999), "1.001,5,5", Status=2)

    status, wrong = refusal(answer)
    assert wrong == [
        ("Amounts", "too_many_decimals"),
        ("BookingIds", "booking_cancelled"),
        ("BookingIds", "booking_unknown"),
    ]
    assert status == 400
    told = [error["Message"] for error in answer.json["Errors"]]
    assert f"Booking {gone} is cancelled" in told[1]
    assert "There is no booking 999999." in told


def test_bookings_of_other_locations_are_unknown_and_those_of_other_currencies_refused(
    client: Client, both: tuple[int, int]
) -> None:
    elsewhere = make.booking(STAGES, location_id=4)
    yen = make.booking(["100"], location_id=5, currency="JPY")
    wide = Client.of_new_partner(client.app, locations=[1, 5])

    with unchanged():
        unreached = share(client, listed(both[0], elsewhere), "5,5")
        mixed = share(wide, listed(both[0], yen), "5,5")

    assert refusal(unreached) == (404, [("BookingIds", "booking_unknown")])
    assert refusal(mixed) == (400, [("Currency", "currency_mismatch")])


# --- the fields ---------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"Amounts": "5"}, [("Amounts", "contradiction")]),
        ({"Amounts": "5,5,5"}, [("Amounts", "contradiction")]),
        ({"BookingIds": "7,7", "Amounts": "5,5"}, [("Amounts", "contradiction")]),
        ({"Amounts": None}, [("Amounts", "required")]),
        ({"BookingIds": None}, [("BookingIds", "required")]),
        ({"Amounts": "5,0"}, [("Amounts", "invalid")]),
        ({"Amounts": "5,,5"}, [("Amounts", "invalid")]),
        ({"Amounts": "5,1e3"}, [("Amounts", "invalid")]),
        ({"BookingIds": "7,x"}, [("BookingIds", "invalid")]),
        ({"PaymentScheduleIds": "1,1001"}, [("PaymentScheduleIds", "contradiction")]),
        ({"Amount": "5"}, [("Amount", "contradiction"), ("BookingIds", "contradiction"),
                           ("Amounts", "contradiction")]),
        ({"BookingId": "7", "Amount": "5"},
         [("Amount", "contradiction"), ("BookingId", "contradiction"),
          ("BookingIds", "contradiction"), ("Amounts", "contradiction")]),
    ],
)  # fmt: skip
def test_lists_that_do_not_fit_each_other_are_told_by_name(
    client: Client, both: tuple[int, int], fields: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    with unchanged():
        answer = client.pay(0, **{"BookingId": None, "Amount": None, "BookingIds": listed(*both),
                                  "Amounts": "5,5"} | fields)  # fmt: skip

    status, found = refusal(answer)
    assert status == 400
    assert sorted(found, key=str) == sorted(wrong, key=str)


def test_every_wrong_field_of_a_shared_payment_is_told_at_once(client: Client) -> None:
    with unchanged():
        answer = share(client, "x", "0", Status=7, Currency=None, PaymentDate="1.1.2026",
                       SendEmail="yes")  # fmt: skip

    status, wrong = refusal(answer)
    assert status == 400
    assert {field for field, _ in wrong} == {
        "BookingIds", "Amounts", "Status", "Currency", "PaymentDate", "SendEmail",
    }  # fmt: skip


def test_the_same_shared_payment_twice_is_one(client: Client, both: tuple[int, int]) -> None:
    key = {"Idempotency-Key": "shared-1"}
    first = share(client, listed(*both), "10,20", headers=key)

    with unchanged():
        again = share(client, listed(*both), "10,20", headers=key)
        other = share(client, listed(*both), "10,21", headers=key)

    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    assert refusal(other) == (422, [(None, "idempotency_key_reused")])
    assert make.row_of(Booking, both[1]).paid == 2000
