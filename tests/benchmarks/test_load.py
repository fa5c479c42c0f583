"""The payments that the load sends."""

from __future__ import annotations

from urllib.parse import parse_qs

from benchmarks.load import Orders, message

ORDERS = Orders(0, 1, 1, ["first", "second"], [7, 8, 9], "110.00")


def form(n: int) -> dict[str, str]:
    body = message(ORDERS, n, b"2026-11-20").partition(b"\r\n\r\n")[2]
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def test_payments_go_to_the_bookings_in_turns_and_carry_names_of_their_own() -> None:
    sent = [form(n) for n in range(6)]

    assert [each["BookingId"] for each in sent] == ["7", "8", "9", "7", "8", "9"]
    assert len({each["Reference"] for each in sent}) == 6


def test_a_booking_loses_the_tag_it_was_given_by_the_payment_before() -> None:
    first, second = form(0), form(3)

    assert first["AddBookingTag"] == second["RemoveBookingTag"]
    assert first["RemoveBookingTag"] == second["AddBookingTag"]


def test_the_length_of_a_request_is_that_of_its_body() -> None:
    head, _, body = message(ORDERS, 1, b"2026-11-20").partition(b"\r\n\r\n")

    assert f"Content-Length: {len(body)}" in head.decode()
    assert b"Authorization: Bearer second" in head
