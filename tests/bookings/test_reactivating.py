"""GET and POST /apis/booking/reactivate: a cancelled booking is taken up again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import Booking, ScheduleLine
from kit import clock
from kit.db import transaction
from outbox.models import Message
from tags.models import BookingTag
from tests import make
from tests.bookings.given import (
    CREATE,
    IN_PROGRESS,
    REACTIVATE,
    Sums,
    amended,
    asks,
    at_the_desk,
    book,
    by_head,
    home,
    lines,
    log,
    nights,
    span,
    stay,
    sums,
    told,
)
from tests.bookings.test_cancelling import STAGE_1, booked, cancel, paid
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal


def reactivate(client: Client, booking: int, **fields: Any) -> None:
    body = "&".join(f"{name}={value}" for name, value in {"BookingId": booking, **fields}.items())
    answer = client.post(REACTIVATE, body)
    assert answer.status_code == 200, answer.text
    assert answer.json == {"Success": True, "BookingId": booking}


def test_lines_and_money_are_exactly_as_before(agency: Client) -> None:
    booking = booked(agency)
    at_the_desk(paid(agency, booking, "300.00"))
    before = lines(booking), sums(booking), [x.id for x in make.rows_of(ScheduleLine)]
    cancel(agency, booking)

    reactivate(agency, booking)

    assert (lines(booking), sums(booking), [x.id for x in make.rows_of(ScheduleLine)]) == before
    assert [x.closed_amount for x in make.rows_of(ScheduleLine)] == [None] * 4


def test_an_amended_schedule_comes_back_amended(agency: Client) -> None:
    place = home(breakages_deposit="200.00")
    booking = book(agency, stay(place, InsuranceBreakages="BreakageDeposit"))
    amended(agency, booking, stay(place, nights=1))
    amended(agency, booking, stay(place, nights=3))
    before = lines(booking)
    cancel(agency, booking)

    reactivate(agency, booking)

    assert lines(booking) == before
    assert nights(booking) == span(place, count=3)


def test_the_fee_is_closed_over_and_over(agency: Client) -> None:
    booking = booked(agency, **STAGE_1)
    at_the_desk(paid(agency, booking, "300.00"))
    before = asks(booking), sums(booking)

    for _ in range(2):
        cancel(agency, booking)
        assert asks(booking) == [("Cancellation fee", 27000)]
        assert sums(booking) == Sums("cancelled", 27000, 27000, 3000)

        reactivate(agency, booking)
        assert (asks(booking), sums(booking)) == before

    closed = [(x.kind, x.closed_amount) for x in make.rows_of(ScheduleLine) if x.closed_amount]
    assert closed == [("cancellation_fee", 27000)] * 2


@pytest.mark.parametrize(
    ("amount", "status"), [("269.99", "provisional"), ("270.00", "booking"), ("1", "provisional")]
)
def test_it_is_provisional_until_stage_1_is_paid(agency: Client, amount: str, status: str) -> None:
    booking = booked(agency)
    at_the_desk(paid(agency, booking, amount))
    cancel(agency, booking)

    reactivate(agency, booking)

    assert sums(booking).status == status


def test_money_that_was_refunded_meanwhile_is_due_again(agency: Client) -> None:
    booking = booked(agency)
    payment = paid(agency, booking, "300.00")
    agency.post(f"/apis/payments/{payment}/refund", "")
    cancel(agency, booking)

    reactivate(agency, booking)

    assert sums(booking) == Sums("provisional", 79500, 0, 0)


def test_money_that_came_meanwhile_goes_on_the_lines(agency: Client) -> None:
    booking = booked(agency)
    cancel(agency, booking)
    paid(agency, booking, "300.00")
    assert sums(booking) == Sums("cancelled", 0, 0, 30000)

    reactivate(agency, booking)

    assert sums(booking) == Sums("booking", 79500, 30000, 0)


def test_a_booking_of_which_nothing_is_due_at_stage_1_is_booked_again(agency: Client) -> None:
    booking = book(agency, stay(home(rule=make.rule(balance_days=30))))
    cancel(agency, booking)

    reactivate(agency, booking)

    assert sums(booking) == Sums("booking", 70000, 0, 0)


def test_an_owners_booking_blocks_the_dates_again(agency: Client) -> None:
    place = home()
    booking = agency.post(CREATE, f"OwnerBooking=1&{stay(place)}").json["BookingId"]
    cancel(agency, booking)

    reactivate(agency, booking)

    assert sums(booking) == Sums("blockout", 0, 0, 0)
    assert nights(booking) == span(place)


def test_a_head_request_reactivates_nothing_and_is_told_what_would(agency: Client) -> None:
    booking = book(agency, stay(home()))
    cancel(agency, booking)

    with nothing_written():
        answer = by_head(agency, f"{REACTIVATE}?BookingId={booking}")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_a_website_booking_is_held_anew(agency: Client) -> None:
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    booking = book(agency, stay(home()), BookingTagIds=IN_PROGRESS)
    long_ago = clock.now() - timedelta(days=2)
    with transaction() as connection:
        connection.execute(update(BookingTag).values(added_at=long_ago))
        connection.execute(update(Booking).values(created_at=long_ago))
    cancel(agency, booking)

    reactivate(agency, booking)

    [tag] = make.rows_of(BookingTag)
    assert clock.now() - tag.added_at < timedelta(minutes=5)


def test_the_log_says_that_it_was_and_why(agency: Client) -> None:
    booking = booked(agency, **STAGE_1)
    cancel(agency, booking)

    reactivate(agency, booking, Reason="well again")

    entry = log(booking)[-1]
    assert (entry.action, entry.severity, entry.actor_id) == (
        "booking.reactivated",
        "medium",
        agency.partner_id,
    )
    body = told(entry)["entry"]
    assert body["reason"] == "well again"
    assert (body["before"]["status"], body["before"]["total"]) == ("cancelled", 27000)
    assert (body["after"]["status"], body["after"]["total"]) == ("provisional", 79500)
    assert len(make.rows_of(Message)) == 1  # of the cancelling alone


def test_it_is_reactivated_by_get_as_the_vendors_client_does(agency: Client) -> None:
    booking = booked(agency)
    cancel(agency, booking)

    answer = agency.get(f"{REACTIVATE}?bookingid={booking}")

    assert answer.json == {"Success": True, "BookingId": booking}
    assert sums(booking).status == "provisional"


def test_only_a_cancelled_booking_is_reactivated(agency: Client) -> None:
    booking = booked(agency)

    with nothing_written():
        answer = agency.post(REACTIVATE, f"BookingId={booking}")

    assert refusal(answer) == (409, [("BookingId", "not_cancelled")])
    assert answer.json["Message"] == (
        f"Booking {booking} is not cancelled but provisional; there is nothing to reactivate."
    )


def test_a_booking_of_another_location_does_not_exist(agency: Client) -> None:
    elsewhere = make.booking(location_id=2)

    for wanted in (elsewhere, 999):
        answer = agency.post(REACTIVATE, f"BookingId={wanted}")

        assert refusal(answer) == (404, [("BookingId", "booking_unknown")])
    assert refusal(agency.get(REACTIVATE)) == (400, [("BookingId", "required")])


def test_only_who_may_write_bookings_reactivates_them(app: Any) -> None:
    client = Client.of_new_partner(app, scopes="bookings:read payments:write payments:refund")
    booking = make.booking()

    assert client.get(f"{REACTIVATE}?BookingId={booking}").status_code == 403
    assert client.post(REACTIVATE, f"BookingId={booking}").status_code == 403


def test_a_dry_run_shows_what_would_be_and_changes_nothing(agency: Client) -> None:
    booking = booked(agency)
    cancel(agency, booking)

    with nothing_written():
        answer = agency.post(REACTIVATE, f"BookingId={booking}", Prefer="dry-run")

    assert answer.json["Bookings"][0]["Status"] == "Provisional"
    assert sums(booking).status == "cancelled"
    assert nights(booking) == set()
