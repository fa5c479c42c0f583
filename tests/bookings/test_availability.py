"""Nights: two bookings never hold the same one of a property."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from bookings.models import Night
from kit.db import transaction
from tests.bookings.given import (
    ARRIVES,
    CANCEL,
    CREATE,
    NIGHTS,
    REACTIVATE,
    amend,
    amended,
    asked,
    book,
    day,
    home,
    nights,
    span,
    stay,
)
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

TAKEN = [("Properties[0].Checkin", "nights_taken")]


def cancel(client: Client, booking_id: int) -> None:
    answer = client.post(CANCEL, f"BookingId={booking_id}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("arrives", "count", "first", "last"),
    [
        (ARRIVES, NIGHTS, 0, NIGHTS - 1),  # the same
        (ARRIVES - 3, 4, 0, 0),  # its first night
        (ARRIVES + NIGHTS - 2, 9, NIGHTS - 2, NIGHTS - 1),  # its last ones
        (ARRIVES + 2, 2, 2, 3),  # in the middle of it
        (ARRIVES - 5, NIGHTS + 9, 0, NIGHTS - 1),  # all around it
    ],
)
def test_nights_that_are_gone_are_named(
    agency: Client, arrives: int, count: int, first: int, last: int
) -> None:
    place = home()
    book(agency, stay(place))

    with nothing_written():
        answer = agency.post(CREATE, asked(stay(place, arrives, count)))

    assert refusal(answer) == (409, TAKEN)
    run = f"{day(ARRIVES + first)} to {day(ARRIVES + last)}"
    named = f"nights of {run}" if last > first else f"night of {day(ARRIVES + first)}"
    assert answer.json["Message"] == f"Property {place} is taken for the {named}."


def test_nights_with_gaps_between_them_are_named_run_by_run(agency: Client) -> None:
    place = home()
    book(agency, stay(place, ARRIVES, 2))
    book(agency, stay(place, ARRIVES + 4, 1))

    answer = agency.post(CREATE, asked(stay(place)))

    assert (
        f"the nights of {day(ARRIVES)} to {day(ARRIVES + 1)}, {day(ARRIVES + 4)}."
        in (answer.json["Message"])
    )


def test_every_property_that_is_taken_is_told(agency: Client) -> None:
    house, flat, hut = home(), home(), home()
    book(agency, stay(house), stay(hut, at=1))

    answer = agency.post(CREATE, asked(stay(house), stay(flat, at=1), stay(hut, at=2)))

    assert refusal(answer) == (409, [*TAKEN, ("Properties[2].Checkin", "nights_taken")])


@pytest.mark.parametrize(("arrives", "count"), [(ARRIVES - 2, 2), (ARRIVES + NIGHTS, 3)])
def test_the_day_of_leaving_is_free_for_the_next_guest(
    agency: Client, arrives: int, count: int
) -> None:
    place = home()
    book(agency, stay(place))

    assert nights(book(agency, stay(place, arrives, count))) == span(place, arrives, count)


def test_another_property_is_free_on_the_same_nights(agency: Client) -> None:
    book(agency, stay(home()))
    other = home()

    assert nights(book(agency, stay(other))) == span(other)


def test_cancelling_frees_the_nights(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))

    cancel(agency, booking)

    assert nights(booking) == set()
    assert nights(book(agency, stay(place))) == span(place)


def test_amending_moves_the_nights(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))

    amended(agency, booking, stay(place, ARRIVES + 3))

    assert nights(booking) == span(place, ARRIVES + 3)
    assert nights(book(agency, stay(place, ARRIVES, 3))) == span(place, ARRIVES, 3)


def test_amending_into_nights_of_others_changes_nothing(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    book(agency, stay(place, ARRIVES + NIGHTS, 2))

    with nothing_written():
        answer = amend(agency, booking, stay(place, ARRIVES + 3), GuestNotes="allergic")

    assert refusal(answer) == (409, TAKEN)
    assert nights(booking) == span(place)


def test_reactivating_into_nights_of_others_names_who_has_them(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    cancel(agency, booking)
    other = book(agency, stay(place, ARRIVES + 2, 1))
    third = book(agency, stay(place, ARRIVES + 5, 9))

    with nothing_written():
        answer = agency.post(REACTIVATE, f"BookingId={booking}")

    assert refusal(answer) == (409, [("BookingId", "nights_taken")])
    assert answer.json["Message"] == (
        f"Property {place} is taken (booking {other}, {third}) for the nights of"
        f" {day(ARRIVES + 2)}, {day(ARRIVES + 5)} to {day(ARRIVES + 6)}."
    )


def test_reactivating_holds_the_nights_anew(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    cancel(agency, booking)

    assert agency.post(REACTIVATE, f"BookingId={booking}").status_code == 200

    assert nights(booking) == span(place)


def test_a_property_that_was_dropped_is_not_held_again(agency: Client) -> None:
    house, flat = home(), home()
    booking = book(agency, stay(house), stay(flat, at=1))
    amended(agency, booking, stay(house))
    cancel(agency, booking)
    book(agency, stay(flat))

    assert agency.post(REACTIVATE, f"BookingId={booking}").status_code == 200

    assert nights(booking) == span(house)


def test_the_database_itself_keeps_two_bookings_out_of_one_night(agency: Client) -> None:
    place = home()
    first, second = book(agency, stay(place)), book(agency, stay(place, 300))
    row: dict[str, Any] = {"property_id": place, "night": day(ARRIVES), "booking_id": second}

    with pytest.raises(IntegrityError), transaction() as connection:
        connection.execute(insert(Night), [row])

    assert nights(first) == span(place)
