"""Tags put on bookings and taken off at the desk."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from flask import Flask

from audit.chain import Actor, Origin
from audit.models import LogEntry
from bookings.models import Booking
from kit import clock
from kit.db import in_transaction
from payments.errors import BookingUnknown
from tags.errors import NoSuchTag
from tags.models import IN_PROGRESS, BookingTag
from tags.tagging import put_tag, take_tag_off
from tests import make
from tests.payments.proofs import broken_chains, nothing_written, wrong_books

pytestmark = pytest.mark.usefixtures("app")
DESK = Origin(Actor("person", 7, "manager@example.com"), "127.0.0.1", "a request")


@pytest.fixture
def booking(app: Flask) -> int:
    make.tag(2, "VIP")
    return make.booking(["100.00"])


def put(booking: int, tag: int = 2) -> str | None:
    return in_transaction(lambda connection: put_tag(connection, booking, tag, DESK))


def take_off(booking: int, tag: int = 2) -> str | None:
    return in_transaction(lambda connection: take_tag_off(connection, booking, tag, DESK))


def tags(booking: int) -> list[int]:
    return [row.tag_id for row in make.rows_of(BookingTag, booking_id=booking)]


def test_a_tag_is_put_on_and_taken_off_and_both_are_in_the_bookings_chain(booking: int) -> None:
    put_on, stood = put(booking), tags(booking)
    taken_off = take_off(booking)

    assert (put_on, stood, taken_off, tags(booking)) == ("VIP", [2], "VIP", [])
    entries = make.rows_of(LogEntry, chain=booking)
    assert [(each.action, each.severity, each.actor_id) for each in entries] == [
        ("booking.tagged", "low", 7),
        ("booking.untagged", "low", 7),
    ]
    bodies = [orjson.loads(each.body)["entry"]["after"] for each in entries]
    assert [bodies[0]["tags_added"], bodies[1]["tags_removed"]] == [[2], [2]]
    assert broken_chains() == []
    assert wrong_books() == []


def test_who_synchronises_sees_that_the_booking_changed(booking: int) -> None:
    before = make.row_of(Booking, booking).modified_at

    put(booking)

    assert make.row_of(Booking, booking).modified_at > before


def test_what_is_done_already_changes_nothing_and_is_not_logged(booking: int) -> None:
    put(booking)

    with nothing_written():
        assert put(booking) is None
    take_off(booking)
    with nothing_written():
        assert take_off(booking) is None


def test_a_tag_and_a_booking_that_do_not_exist_are_refused(booking: int) -> None:
    for act in (put, take_off):
        with pytest.raises(NoSuchTag, match="There is no tag 99"):
            act(booking, 99)
        with pytest.raises(BookingUnknown):
            act(booking + 1)


def test_a_website_booking_in_progress_is_held_from_now_on(booking: int) -> None:
    make.tag(12, "Website Booking in Progress", role=IN_PROGRESS)
    before = clock.now()

    put(booking, 12)

    [row] = make.rows_of(BookingTag, booking_id=booking)
    assert before <= row.added_at <= before + timedelta(minutes=1)
