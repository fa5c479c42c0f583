"""Tags that come with a payment: put on and taken off in its transaction."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from payments import ledger
from payments.models import Payment
from tags.models import BookingTag
from tests import make
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

PROCESSED, VIP, IN_PROGRESS = 1, 2, 12


@pytest.fixture
def booking(client: Client) -> int:
    """A provisional booking that was made on a website."""
    assert client
    make.method("PayPal")
    make.tag(PROCESSED, "Payment Processed", "payment_processed")
    make.tag(VIP, "VIP")
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    return make.booking(["60.00"], status="provisional", tags=[IN_PROGRESS])


def tags_of(booking: int) -> set[int]:
    return {row.tag_id for row in make.rows_of(BookingTag, booking_id=booking)}


def test_tags_are_added_and_removed_with_the_payment(client: Client, booking: int) -> None:
    answer = client.pay(booking, AddBookingTag="1,2", RemoveBookingTag=12)

    assert answer.status_code == 200
    assert tags_of(booking) == {PROCESSED, VIP}


def test_tags_of_other_bookings_stay(client: Client, booking: int) -> None:
    other = make.booking(["60.00"], tags=[VIP, IN_PROGRESS])

    client.pay(booking, AddBookingTag=1, RemoveBookingTag="12,2")

    assert tags_of(other) == {VIP, IN_PROGRESS}


def test_adding_a_tag_that_is_there_or_removing_one_that_is_not_is_no_error(
    client: Client, booking: int
) -> None:
    tags = {"AddBookingTag": "12,12", "RemoveBookingTag": 2}

    answers = [client.pay(booking, "1.00", **tags) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    assert tags_of(booking) == {IN_PROGRESS}


def test_a_list_of_tags_may_also_come_as_the_same_name_again(client: Client, booking: int) -> None:
    client.pay(booking, AddBookingTag="1&AddBookingTag=2")

    assert tags_of(booking) == {PROCESSED, VIP, IN_PROGRESS}


def test_one_unknown_tag_keeps_the_whole_payment_out(client: Client, booking: int) -> None:
    with nothing_written():
        answer = client.pay(booking, AddBookingTag="1,77", RemoveBookingTag="12,88")

    expected = [("AddBookingTag", "tag_unknown"), ("RemoveBookingTag", "tag_unknown")]
    assert refusal(answer) == (400, expected)
    assert answer.json is not None
    assert [e["Message"] for e in answer.json["Errors"]] == [
        "There is no tag 77.",
        "There is no tag 88.",
    ]


def test_a_tag_added_and_removed_at_once_is_a_contradiction(client: Client, booking: int) -> None:
    with nothing_written():
        answer = client.pay(booking, AddBookingTag="1,2", RemoveBookingTag="2,12")

    status, wrong = refusal(answer)
    assert status == 400
    assert sorted(wrong) == [
        ("AddBookingTag", "contradiction"),
        ("RemoveBookingTag", "contradiction"),
    ]


def test_a_payment_that_is_refused_moves_no_tag(client: Client, booking: int) -> None:
    client.pay(booking, "1.00", AddBookingTag=1, RemoveBookingTag=12, Currency="GBP")

    assert tags_of(booking) == {IN_PROGRESS}


def test_a_crash_between_writing_and_committing_leaves_neither_payment_nor_tag(
    client: Client, booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = ledger.write

    def crash(*args: Any) -> None:
        write(*args)
        raise OperationalError("commit", {}, Exception("power cut"))

    monkeypatch.setattr(ledger, "write", crash)

    with nothing_written():
        answer = client.pay(booking, "1.00", AddBookingTag=1, RemoveBookingTag=12)

    assert answer.status_code >= 500
    assert tags_of(booking) == {IN_PROGRESS}
    assert make.rows_of(Payment) == []
