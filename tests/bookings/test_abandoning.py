"""Bookings begun on a website and never paid for give their nights back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from audit.chain import SYSTEM
from audit.models import LogEntry
from bookings import abandoning
from bookings.abandoning import abandon, cancel_abandoned, held_until
from bookings.cancelling import close
from bookings.models import Booking, Night, ScheduleLine
from kit import clock
from kit.db import reading, transaction
from locations.models import Location
from outbox.models import Message
from payments.books import faults
from payments.checking import all_books
from payments.models import Payment
from payments.voiding import VoidPayment, void_payment
from tags.models import BookingTag
from tests import make
from tests.bookings import villas
from tests.make import Client

IN_PROGRESS, VIP = 12, 2
HOLD = 30  # minutes, as locations have it unless they say otherwise


def after(minutes: float) -> Callable[[], datetime]:
    """A clock that is so many minutes ahead."""
    at = clock.now() + timedelta(minutes=minutes)
    return lambda: at


@pytest.fixture
def villa(client: Client) -> int:
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    make.tag(VIP, "VIP")
    make.method("PayPal")
    return villas.villa()


@pytest.fixture
def begun(client: Client, villa: int) -> int:
    """A booking just begun on a website."""
    return villas.booked(client, [villa], tags=str(IN_PROGRESS))


def status(booking_id: int) -> str:
    found: str = make.row_of(Booking, booking_id).status
    return found


def actions(booking_id: int) -> list[str]:
    return [entry.action for entry in make.rows_of(LogEntry, chain=booking_id)]


def set_all(model: Any, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(model).values(values))


def test_a_booking_nobody_paid_for_is_cancelled_when_its_hold_is_over(begun: int) -> None:
    early = cancel_abandoned(after(HOLD - 1))
    late = cancel_abandoned(after(HOLD + 1))

    assert (early, late) == (0, 1)
    assert status(begun) == "cancelled"
    assert actions(begun)[-1] == "booking.abandoned"


def test_the_nights_are_free_again_and_another_guest_may_book_them(
    begun: int, client: Client, villa: int
) -> None:
    cancel_abandoned(after(HOLD + 1))

    assert make.rows_of(Night, booking_id=begun) == []
    assert villas.book(client, [villa]).status_code == 200


def test_its_lines_ask_for_nothing_and_nothing_is_kept(begun: int) -> None:
    cancel_abandoned(after(HOLD + 1))

    assert make.row_of(Booking, begun).total == 0
    assert {line.amount for line in make.rows_of(ScheduleLine, booking_id=begun)} == {0}
    with reading() as session:
        assert [fault for books in all_books(session) for fault in faults(books)] == []


def test_the_hold_is_as_long_as_the_location_says(begun: int) -> None:
    set_all(Location, hold_minutes=90)

    assert cancel_abandoned(after(89)) == 0
    assert cancel_abandoned(after(91)) == 1


def test_the_hold_begins_anew_with_the_tag(begun: int) -> None:
    set_all(BookingTag, added_at=clock.now() + timedelta(minutes=20))

    assert cancel_abandoned(after(HOLD + 1)) == 0
    assert cancel_abandoned(after(HOLD + 21)) == 1


def test_a_failed_attempt_pays_nothing_but_gives_the_guest_time_to_try_again(
    begun: int, client: Client
) -> None:
    make.tag(20, "Payment Failed", "payment_failed")
    assert client.pay(begun, "50.00", Status=1, AddBookingTag=20).status_code == 200
    set_all(Payment, created_at=clock.now() + timedelta(minutes=20))

    assert cancel_abandoned(after(HOLD + 1)) == 0
    assert cancel_abandoned(after(HOLD + 21)) == 1


def test_the_latest_of_the_three_moments_counts() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    one, two = noon + timedelta(minutes=1), noon + timedelta(minutes=2)

    assert held_until(noon, None, None, 30) == noon + timedelta(minutes=30)
    assert held_until(noon, two, one, 30) == two + timedelta(minutes=30)
    assert held_until(noon, one, two, 30) == two + timedelta(minutes=30)
    assert held_until(two, noon, one, 30) == two + timedelta(minutes=30)


@pytest.mark.parametrize("wire", [0, 1, 2], ids=["cleared", "uncleared", "deferred"])
def test_whatever_was_accepted_holds_the_booking_for_good(
    begun: int, client: Client, wire: int
) -> None:
    assert client.pay(begun, "1.00", Status=wire).status_code == 200

    assert cancel_abandoned(after(60 * 24 * 30)) == 0
    assert status(begun) == "provisional"


def test_a_promise_that_failed_holds_it_no_longer(begun: int, client: Client) -> None:
    paid = client.pay(begun, "1.00", Status=1).json
    client.post(f"/apis/payments/{paid['PaymentId']}/fail", "")

    assert cancel_abandoned(after(HOLD + 1)) == 1


@pytest.mark.parametrize("wire", [0, 1, 2], ids=["cleared", "uncleared", "deferred"])
def test_a_payment_that_is_voided_gives_the_guest_time_to_try_again(
    begun: int, client: Client, wire: int
) -> None:
    paid = client.pay(begun, "1.00", Status=wire).json["PaymentId"]
    order = VoidPayment(payment_id=paid, reason="typed in by mistake")
    with transaction() as connection:
        void_payment(connection, order, SYSTEM, after(20))

    assert cancel_abandoned(after(HOLD + 1)) == 0
    assert cancel_abandoned(after(HOLD + 21)) == 1


def test_a_booking_without_the_tag_is_held_for_as_long_as_staff_like(
    client: Client, villa: int
) -> None:
    by_phone = villas.booked(client, [villa], tags=str(VIP))

    assert cancel_abandoned(after(60 * 24 * 30)) == 0
    assert status(by_phone) == "provisional"


def test_a_booking_that_is_made_is_never_abandoned_whatever_its_tags(app: Flask) -> None:
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    made = make.booking(tags=(IN_PROGRESS,), status="booking")

    assert cancel_abandoned(after(60 * 24)) == 0
    assert status(made) == "booking"


def test_the_guest_is_written_to_once_however_often_the_booking_is_abandoned(
    begun: int, client: Client
) -> None:
    cancel_abandoned(after(HOLD + 1))
    first = make.row_of(Booking, begun).abandoned_at
    client.post("/apis/booking/reactivate", f"BookingId={begun}")
    cancel_abandoned(after(2 * HOLD + 2))

    assert actions(begun).count("booking.abandoned") == 2
    assert make.row_of(Booking, begun).abandoned_at == first
    [mail] = make.rows_of(Message)
    assert (mail.kind, mail.context["to"]) == ("email.re_engagement", "ana@example.com")


def test_a_booking_taken_up_again_is_held_anew(begun: int, client: Client) -> None:
    cancel_abandoned(after(HOLD + 1))
    set_all(Booking, created_at=clock.now() - timedelta(days=1))

    client.post("/apis/booking/reactivate", f"BookingId={begun}")

    assert cancel_abandoned(after(HOLD - 1)) == 0
    assert cancel_abandoned(after(HOLD + 1)) == 1


def test_a_guest_without_an_address_gets_no_mail(app: Flask) -> None:
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    make.booking(tags=(IN_PROGRESS,), status="provisional", email=None)

    assert cancel_abandoned(after(HOLD + 1)) == 1
    assert make.rows_of(Message) == []


def test_many_are_cancelled_batch_by_batch_the_oldest_first(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abandoning, "BATCH", 2)
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    begun = [make.booking(tags=(IN_PROGRESS,), status="provisional") for _ in range(3)]

    first = cancel_abandoned(after(HOLD + 1))
    left = [each for each in begun if status(each) == "provisional"]

    assert (first, left) == (2, begun[2:])
    assert [cancel_abandoned(after(HOLD + 1)) for _ in range(2)] == [1, 0]


def test_one_that_cannot_be_cancelled_does_not_keep_the_others(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    first, second = [make.booking(tags=(IN_PROGRESS,), status="provisional") for _ in range(2)]

    def broken(connection: Any, account: Any, *rest: Any, **options: Any) -> Any:
        if account.booking.id == first:
            raise ValueError("its rule is broken")
        return close(connection, account, *rest, **options)

    monkeypatch.setattr(abandoning, "close", broken)

    assert cancel_abandoned(after(HOLD + 1)) == 1
    assert (status(first), status(second)) == ("provisional", "cancelled")
    with pytest.raises(ValueError, match="broken"):
        cancel_abandoned(after(HOLD + 1))


def test_the_look_under_the_lock_decides_alone(begun: int, client: Client, villa: int) -> None:
    """Between the look for candidates and the lock the hold may have begun anew, or money come."""
    with transaction() as connection:
        early = abandon(connection, begun, after(HOLD - 1))
    client.pay(begun, "1.00", Status=1)
    with transaction() as connection:
        promised = abandon(connection, begun, after(HOLD + 1))

    assert (early, promised, status(begun)) == (False, False, "provisional")
