"""An Idempotency-Key with any writing call: the same request again is answered, not done, again."""

from __future__ import annotations

import pytest

from bookings.models import Booking
from payments.models import StoredAnswer
from tests import make
from tests.make import Client
from tests.payments.moving import SHOW, move, paid
from tests.payments.proofs import refusal, unchanged
from tests.payments.writing import STAGES, WRITES, ready

pytestmark = pytest.mark.long

KEY = {"Idempotency_Key": "a key"}


@pytest.fixture(autouse=True)
def _ready(client: Client) -> None:
    assert client
    ready()


@pytest.mark.parametrize("prefer", [{}, SHOW])
@pytest.mark.parametrize("name", WRITES)
def test_the_first_answer_is_given_again_byte_for_byte(
    client: Client, name: str, prefer: dict[str, str]
) -> None:
    write = WRITES[name](client)
    first = write.send(client, **KEY, **prefer)

    with unchanged():
        again = write.send(client, **KEY)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


@pytest.mark.parametrize("name", WRITES)
def test_the_same_key_with_another_request_is_refused(client: Client, name: str) -> None:
    write = WRITES[name](client)
    write.send(client, **KEY)

    with unchanged():
        answer = write.send(client, write.other, **KEY)

    assert refusal(answer) == (422, [(None, "idempotency_key_reused")])


def test_a_key_belongs_to_one_call(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "10", headers=KEY)

    with unchanged():
        answers = [
            move(client, payment, "refund", **KEY),
            client.post("/apis/booking/update", f"BookingId={booking}&GuestNotes=x", **KEY),
            client.get(f"/apis/booking/cancel?BookingId={booking}", **KEY),
        ]

    assert [refusal(each)[0] for each in answers] == [422] * 3


def test_the_query_is_part_of_the_request(client: Client) -> None:
    first, other = (make.booking(STAGES) for _ in range(2))

    done = client.get(f"/apis/booking/cancel?BookingId={first}", **KEY)
    refused = client.get(f"/apis/booking/cancel?BookingId={other}", **KEY)
    by_post = client.post(f"/apis/booking/cancel?BookingId={first}", "", **KEY)

    assert done.status_code == 200
    assert refusal(refused) == (422, [(None, "idempotency_key_reused")])
    assert refusal(by_post) == (422, [(None, "idempotency_key_reused")])
    assert make.row_of(Booking, other).status == "booking"


def test_a_request_that_is_refused_burns_no_key(client: Client) -> None:
    payment = paid(client, make.booking(STAGES), "70")

    with unchanged():
        answers = [
            move(client, payment, "refund", "Amount=x", **KEY),
            move(client, payment, "refund", "Amount=71", **KEY),
            move(client, payment, "clear", **KEY),
            move(client, payment + 9, "refund", **KEY),
            client.post("/apis/booking", "x=1", **KEY),
        ]
    done = move(client, payment, "refund", "Amount=70", **KEY)

    assert [each.status_code for each in answers] == [400, 422, 409, 404, 400]
    assert done.status_code == 200


def test_partners_have_keys_of_their_own(client: Client) -> None:
    other = Client.of_new_partner(client.app)
    payments = [paid(each, make.booking(STAGES), "70") for each in (client, other)]

    answers = [
        move(each, payment, "refund", **KEY)
        for each, payment in zip((client, other), payments, strict=True)
    ]

    assert [each.status_code for each in answers] == [200, 200]
    assert len(make.rows_of(StoredAnswer)) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "4111 1111 1111 1111"])
@pytest.mark.parametrize("name", ["refund", "create", "cancel by GET", "share"])
def test_what_cannot_be_a_key_is_refused_before_anything_is_done(
    client: Client, name: str, key: str
) -> None:
    write = WRITES[name](client)

    with unchanged():
        answer = write.send(client, Idempotency_Key=key)

    status, [(field, _)] = refusal(answer)
    assert (status, field) == (400, "Idempotency-Key")
    assert "4111" not in answer.text
