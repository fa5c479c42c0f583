"""Bodies that are too large, of another kind, or not readable; and card numbers anywhere."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from bookings.models import Booking
from payments.models import CardOnFile, Payment
from tests import make
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

pytestmark = [pytest.mark.long, pytest.mark.one_database]

PATH = "/apis/payments"
CARD = "4111111111111111"
LIMIT = 64 * 1024


@pytest.fixture
def booking(client: Client) -> int:
    assert client
    make.method("PayPal")
    return make.booking(["60.00", "40.00"])


def form_body(booking: int, **fields: str) -> str:
    """The fields of a payment that would be taken, as they go over the wire."""
    form = {
        "Amount": "10.00",
        "BookingId": str(booking),
        "PaymentScheduleIds": "1,2",
        "Status": "0",
        "Currency": "EUR",
        "PaymentDate": "2026-01-02",
        "PaymentMethod": "PayPal",
    } | fields
    return "&".join(f"{name}={value}" for name, value in form.items())


def send_chunked(client: Client, body: bytes) -> TestResponse:
    """Post without saying how long the body is, as chunked transfer does."""
    return client.app.test_client().post(
        PATH,
        input_stream=BytesIO(body),
        headers={
            "Authorization": f"Bearer {client.token}",
            "Transfer-Encoding": "chunked",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        environ_overrides={"wsgi.input_terminated": True},
    )


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(client: Client, booking: int) -> None:
    body = form_body(booking, Filling="")
    full = body + "x" * (LIMIT - len(body))

    fits = client.post(PATH, full)
    with nothing_written():
        too_large = client.post(PATH, full + "x")

    assert fits.status_code == 200
    assert refusal(too_large) == (413, [(None, "body_too_large")])


@pytest.mark.parametrize("size", [200, LIMIT + 1, 200_000])
def test_a_body_in_chunks_is_refused_because_nobody_can_tell_whether_it_is_whole(
    client: Client, booking: int, size: int
) -> None:
    body = form_body(booking, Filling="").encode()

    with nothing_written():
        answer = send_chunked(client, body.ljust(size, b"x"))

    assert refusal(answer) == (411, [(None, "length_required")])


def test_a_body_that_was_cut_off_is_no_smaller_payment(client: Client, booking: int) -> None:
    body = form_body(booking, Comments="two halves").encode()
    told = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body))}
    headers = {"Authorization": f"Bearer {client.token}", "Idempotency-Key": "a key"}

    with nothing_written():
        answer = client.app.test_client().post(
            PATH,
            headers=headers,
            content_type="application/x-www-form-urlencoded",
            input_stream=BytesIO(body[:-4]),
            environ_overrides=told,
        )

    assert refusal(answer) == (400, [(None, "body_cut_off")])


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=b", "text/plain", "text/xml", ""]
)
def test_another_content_type_than_a_form_is_refused(
    client: Client, booking: int, kind: str
) -> None:
    with nothing_written():
        answer = client.post(PATH, form_body(booking), Content_Type=kind)

    assert refusal(answer) == (415, [(None, "unsupported_media_type")])


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded; charset=utf-8",
        "APPLICATION/X-WWW-FORM-URLENCODED",
        "application/x-www-form-urlencoded;charset=UTF-8",
    ],
)
def test_the_content_type_of_a_form_is_read_in_any_case_and_with_its_charset(
    client: Client, booking: int, kind: str
) -> None:
    answer = client.post(PATH, form_body(booking), Content_Type=kind)

    assert answer.status_code == 200


def test_json_in_a_form_has_none_of_the_fields(client: Client, booking: int) -> None:
    body = f'{{"Amount": "10.00", "BookingId": {booking}, "Status": 0}}'

    with nothing_written():
        answer = client.post(PATH, body)

    status, wrong = refusal(answer)
    assert status == 400
    assert {code for _, code in wrong} == {"required"}
    assert [field for field, _ in wrong] == [
        "PaymentScheduleIds", "Status", "Currency", "PaymentDate", "PaymentMethod", "Amount",
        "BookingId",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body", ["", "&", "&&&", "=", "===", "=5&=6", "Amount", "\r\n", "%", "%zz"]
)
def test_a_body_without_values_lacks_every_field_it_must_have(
    client: Client, booking: int, body: str
) -> None:
    assert booking
    answer = client.post(PATH, body)

    status, wrong = refusal(answer)
    assert (status, len(wrong)) == (400, 7)


@pytest.mark.parametrize("bad", ["%FF", "%C3", "%ED%A0%80", "%C0%AF", "ok%F5%80%80%80"])
def test_a_value_that_is_not_utf8_is_refused_by_its_name(
    client: Client, booking: int, bad: str
) -> None:
    with nothing_written():
        answer = client.post(PATH, form_body(booking, Comments=bad, Amount="x"))

    assert refusal(answer) == (400, [("Amount", "invalid"), ("Comments", "not_utf8")])


def test_raw_bytes_that_are_not_utf8_are_refused(client: Client, booking: int) -> None:
    with nothing_written():
        answer = client.post(PATH, form_body(booking).encode() + b"&Comments=caf\xe9")

    assert refusal(answer) == (400, [("Comments", "not_utf8")])


@pytest.mark.parametrize(
    ("again", "field"),
    [
        ("Amount=10.00", "Amount"),
        ("amount=20.00", "Amount"),
        ("BOOKINGID=1", "BookingId"),
        ("Status=0", "Status"),
        ("Comments=a&comments=b", "Comments"),
    ],
)
def test_a_name_given_twice_is_refused_even_with_the_same_value(
    client: Client, booking: int, again: str, field: str
) -> None:
    with nothing_written():
        answer = client.post(PATH, f"{form_body(booking)}&{again}")

    assert refusal(answer) == (400, [(field, "repeated")])


def test_more_than_a_thousand_fields_are_refused(client: Client, booking: int) -> None:
    with nothing_written():
        answer = client.post(PATH, form_body(booking) + "&a=1" * 1000)

    assert refusal(answer) == (400, [(None, "too_many_fields")])


def test_a_zero_byte_in_a_name_is_an_unknown_name_and_does_no_harm(
    client: Client, booking: int
) -> None:
    answer = client.post(PATH, form_body(booking) + "&%00Amount=9&Amo%00unt=8&x%00=1")

    assert answer.status_code == 200
    assert make.row_of(Booking, booking).paid == 1000


CARD_NUMBERS = [
    CARD,
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "card 4111 1111 1111 1111, thanks",
    "paid 200.00 with 4111-1111-1111-1111",
    "3782 822463 10005",
    "5555555555554444",
    "(4111111111111111)",
]


@pytest.mark.parametrize("number", CARD_NUMBERS)
def test_a_card_number_is_refused_wherever_a_text_may_stand(
    client: Client, booking: int, number: str
) -> None:
    fields = [
        "Comments", "PaymentMethod", "Reference", "PaymentToken", "CardType", "Currency",
        "SagepayVendorTxCode", "CardPartialNumbers", "SomethingElse",
    ]  # fmt: skip

    for field in fields:
        with nothing_written():
            answer = client.post(PATH, form_body(booking, **{field: quote(number)}))

        status, wrong = refusal(answer)
        assert status == 400
        assert (field, "card_number") in wrong
        assert number not in answer.text
        assert "1111" not in answer.text


def test_a_card_number_is_not_said_again_where_a_number_or_a_day_belongs(
    client: Client, booking: int
) -> None:
    for field in ("Amount", "PaymentDate", "Status", "SendEmail"):
        answer = client.post(PATH, form_body(booking, **{field: CARD}))

        assert refusal(answer) == (400, [(field, "invalid")])
        assert CARD not in answer.text


def test_a_card_number_in_the_idempotency_key_is_refused(client: Client, booking: int) -> None:
    with nothing_written():
        answer = client.post(PATH, form_body(booking), Idempotency_Key="4111 1111 1111 1111")

    assert refusal(answer) == (400, [("Idempotency-Key", "card_number")])
    assert "1111" not in answer.text


@pytest.mark.parametrize(
    "harmless",
    [
        "4111111111111112",  # fails Luhn
        "1234567890123452",  # passes Luhn, but no scheme begins so
        "41111111111111111111111",  # too long for a card
        "x4111111111111111",  # a letter touches it
        "d7124bc2-7276-473e-9c37-a1b154b8404e",
        "411111111111",
    ],
)
def test_digits_that_are_no_card_number_are_taken(
    client: Client, booking: int, harmless: str
) -> None:
    fields: dict[str, Any] = {"Comments": harmless, "Reference": harmless, "PaymentToken": harmless}

    answer = client.post(PATH, form_body(booking, **fields))

    assert answer.status_code == 200
    assert make.rows_of(Payment)[0].comments == harmless
    assert len(make.rows_of(CardOnFile)) == 1


def test_an_id_that_looks_like_a_card_number_is_an_id(client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["100.00"], id=int(CARD))

    answer = client.post(PATH, form_body(booking))

    assert answer.status_code == 200
    assert make.row_of(Booking, int(CARD)).paid == 1000


def test_without_a_token_nobody_learns_what_else_is_wrong(client: Client) -> None:
    answer = client.app.test_client().post(PATH, data="{", content_type="application/json")

    assert refusal(answer) == (401, [(None, "unauthenticated")])
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_without_the_scope_records_nothing(client: Client, booking: int) -> None:
    reader = Client.of_new_partner(client.app, scopes="payments:read bookings:read")

    with nothing_written():
        answer = reader.post(PATH, form_body(booking))

    assert refusal(answer) == (403, [(None, "scope_missing")])
