"""Reactivating a cancelled booking at the desk."""

from __future__ import annotations

import pytest

from bookings.models import Booking, ScheduleLine
from tests import make
from tests.bookings.given import ARRIVES, Sums, book, day, nights, span, stay, sums
from tests.desk.people import Desk
from tests.desk.test_cancel import booking, cancel, form, paid_at_the_desk, path
from tests.make import Client
from tests.payments.proofs import broken_chains, nothing_written, wrong_books

__all__ = ["booking"]


@pytest.mark.long
def test_taking_up_restores_the_schedule_and_says_so_before(
    manager: Desk, client: Client, booking: int
) -> None:
    house = make.rows_of(ScheduleLine, booking_id=booking)[0].property_id
    paid_at_the_desk(client, booking, "300.00")
    cancel(manager, booking)

    with nothing_written():
        page = manager.get(path(booking, "reactivate"))
    answer = manager.post(path(booking, "reactivate"), form(manager, booking, "reactivate"))

    assert page.all("h1") == [f"Reactivate booking {booking}?"]
    steps = page.all(".dk-steps > li")
    assert "495.00 EUR" in steps[0]
    assert steps[1] == "The cancellation fee of 270.00 EUR is closed."
    assert "It is a booking again." in steps[-1]
    assert (answer.status, answer.leads_to) == (303, f"/desk/bookings/{booking}")
    assert sums(booking) == Sums("booking", 79500, 30000, 0)
    assert nights(booking) == span(house)
    assert "495.00 EUR of it is open." in manager.get("/desk/tags/").text
    assert wrong_books() == broken_chains() == []


@pytest.mark.long
def test_nights_that_are_gone_name_the_booking_that_has_them(
    manager: Desk, client: Client, booking: int
) -> None:
    house = make.rows_of(ScheduleLine, booking_id=booking)[0].property_id
    cancel(manager, booking)
    asked = form(manager, booking, "reactivate")
    other = book(client, stay(house, ARRIVES + 5, 4))

    page = manager.get(path(booking, "reactivate"))
    answer = manager.post(path(booking, "reactivate"), asked)

    assert f"/desk/bookings/{other}" in [a.get("href") for a in page.root.cssselect("main a")]
    assert "It cannot be reactivated: other bookings have its nights." in page.text
    assert not page.root.cssselect("main form")
    assert answer.status == 422
    assert f"Booking {other}" in answer.text
    assert make.row_of(Booking, booking).status == "cancelled"
    assert str(day(ARRIVES + 5).day) in page.text


def test_what_is_not_cancelled_is_not_taken_up(manager: Desk, booking: int) -> None:
    page = manager.get(path(booking, "reactivate"))
    answer = manager.post(path(booking, "reactivate"), {})

    assert page.all("h1") == [f"Booking {booking} is not cancelled"]
    assert "there is nothing to reactivate" in page.text
    assert answer.status == 422
