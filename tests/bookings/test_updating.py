"""POST /apis/booking/update: the notes on a booking."""

from __future__ import annotations

from typing import Any

from bookings.models import Booking
from tests import make
from tests.bookings.given import CANCEL, book, home, lines, log, stay, sums, told
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

UPDATE = "/apis/booking/update"


def notes(booking: int) -> tuple[str, str, str]:
    row = make.row_of(Booking, booking)
    return row.guest_notes, row.housekeeper_notes, row.internal_notes


def test_the_notes_that_are_given_take_the_place_of_the_old_ones(agency: Client) -> None:
    booking = book(agency, stay(home()), GuestNotes="old", InternalNotes="VIP")
    before = lines(booking), sums(booking)

    answer = agency.post(
        f"{UPDATE}?BookingId={booking}", "GuestNotes=allergic&HousekeeperNotes=two%0Abeds"
    )

    assert answer.json == {"Success": True, "BookingId": booking}
    assert notes(booking) == ("allergic", "two\nbeds", "VIP")
    assert (lines(booking), sums(booking)) == before


def test_an_empty_note_is_an_absent_one(agency: Client) -> None:
    booking = book(agency, stay(home()), GuestNotes="old")

    agency.post(UPDATE, f"BookingId={booking}&GuestNotes=&InternalNotes=new")

    assert notes(booking) == ("old", "", "new")


def test_all_of_it_may_come_in_the_query_string(agency: Client) -> None:
    booking = book(agency, stay(home()))

    answer = agency.post(f"{UPDATE}?BookingId={booking}&GuestNotes=a+b", "", Content_Type="")

    assert answer.status_code == 200
    assert notes(booking)[0] == "a b"


def test_a_cancelled_booking_may_be_noted_too(agency: Client) -> None:
    booking = book(agency, stay(home()))
    agency.post(CANCEL, f"BookingId={booking}")

    agency.post(UPDATE, f"BookingId={booking}&InternalNotes=moved+away")

    assert notes(booking)[2] == "moved away"
    assert sums(booking).status == "cancelled"


def test_the_log_names_the_notes_but_not_what_they_say(agency: Client) -> None:
    booking = book(agency, stay(home()))

    agency.post(UPDATE, f"BookingId={booking}&InternalNotes=secret&GuestNotes=allergic")

    entry = log(booking)[-1]
    assert (entry.action, entry.severity) == ("booking.updated", "low")
    assert told(entry)["entry"]["after"]["fields"] == ["guest_notes", "internal_notes"]
    assert "secret" not in entry.body


def test_every_note_that_cannot_be_taken_is_named(agency: Client) -> None:
    booking = book(agency, stay(home()))
    body = f"BookingId={booking}&GuestNotes={'n' * 2001}&InternalNotes=4111111111111111"

    with nothing_written():
        answer = agency.post(UPDATE, body)

    assert refusal(answer) == (
        400,
        [("GuestNotes", "too_long"), ("InternalNotes", "card_number")],
    )


def test_a_booking_of_another_location_does_not_exist(agency: Client) -> None:
    for wanted in (make.booking(location_id=2), 999):
        answer = agency.post(UPDATE, f"BookingId={wanted}&GuestNotes=x")

        assert refusal(answer) == (404, [("BookingId", "booking_unknown")])


def test_only_who_may_write_bookings_notes_on_them(app: Any) -> None:
    client = Client.of_new_partner(app, scopes="bookings:read payments:write")

    assert client.post(UPDATE, f"BookingId={make.booking()}&GuestNotes=x").status_code == 403
