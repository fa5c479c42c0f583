"""The guest and the notes of a booking at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import Booking, Contact
from kit.db import transaction
from tests import make
from tests.bookings.given import book, home, log, stay, told
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Client
from tests.payments.proofs import broken_chains, nothing_written


@pytest.fixture
def booking(client: Client) -> int:
    return book(client, stay(home()), InternalNotes="old")


def path(booking: int) -> str:
    return f"/desk/bookings/{booking}/guest"


def form(desk: Desk, booking: int) -> dict[str, str]:
    given = desk.get(path(booking)).form("/guest")
    del given["csrf_token"]  # each browser sends its own
    return given


def change(desk: Desk, booking: int, **fields: Any) -> Page:
    return desk.post(path(booking), form(desk, booking) | fields)


def contact_of(booking: int) -> Any:
    return make.row_of(Contact, make.row_of(Booking, booking).contact_id)


def test_an_operator_changes_guest_and_notes(operator: Desk, booking: int) -> None:
    answer = change(
        operator,
        booking,
        first_name="Ana",
        email="ana@example.com",
        locale="pt_PT",
        guest_notes="Late.\r\nVery late.",
        internal_notes="",
    )

    assert (answer.status, answer.leads_to) == (303, f"/desk/bookings/{booking}")
    contact, row = contact_of(booking), make.row_of(Booking, booking)
    assert (contact.first_name, contact.last_name) == ("Ana", "Quintal")
    assert (contact.email, contact.locale) == ("ana@example.com", "pt_PT")
    assert (row.guest_notes, row.internal_notes) == ("Late.\nVery late.", "")


def test_the_log_names_fields_and_never_what_they_say(operator: Desk, booking: int) -> None:
    change(operator, booking, first_name="Zacarias", guest_notes="allergic to nuts")

    entry = log(booking)[-1]
    assert (entry.action, told(entry)["entry"]["after"]["fields"]) == (
        "booking.updated",
        ["first_name", "guest_notes"],
    )
    assert "Zacarias" not in entry.body
    assert "allergic" not in entry.body
    assert broken_chains() == []


def test_nothing_changed_writes_no_entry(operator: Desk, booking: int) -> None:
    before = len(log(booking))

    answer = change(operator, booking)

    assert answer.status == 303
    assert len(log(booking)) == before


def test_every_wrong_field_is_told_and_nothing_written(operator: Desk, booking: int) -> None:
    asked = form(operator, booking) | {
        "email": "ana@example.com, eve@example.com",
        "locale": "klingon!",
        "mobile": "1" * 41,
        "guest_notes": "my card is 4111111111111111",
    }

    with nothing_written():
        page = operator.post(path(booking), asked)

    assert page.status == 422
    assert {each.get("id") for each in page.root.cssselect(".dk-wrong")} == {
        "e-email",
        "e-locale",
        "e-mobile",
        "e-guest_notes",
    }
    assert page.all("#e-guest_notes") == [
        "This holds what looks like a card number; never write one down."
    ]


def test_somebody_must_be_left(operator: Desk, booking: int) -> None:
    page = change(operator, booking, first_name="", last_name="", email="")

    assert page.status == 422
    assert page.all("#e-last_name") == ["A booking needs a name or an e-mail of its guest."]


def test_a_guest_of_other_bookings_stays_there_as_it_is(
    operator: Desk, client: Client, booking: int
) -> None:
    other = book(client, stay(home()))
    guest = make.row_of(Booking, booking).contact_id
    with transaction() as connection:
        connection.execute(update(Booking).where(Booking.id == other).values(contact_id=guest))

    page = operator.get(path(booking))
    change(operator, booking, last_name="Sousa")

    assert "changed for this booking only" in page.text
    assert (contact_of(booking).last_name, contact_of(other).last_name) == ("Sousa", "Quintal")


def test_two_people_who_change_different_fields_do_not_undo_each_other(
    operator: Desk, manager: Desk, booking: int
) -> None:
    one, two = form(operator, booking), form(manager, booking)

    answers = [
        operator.post(path(booking), one | {"first_name": "Ana"}),
        manager.post(path(booking), two | {"guest_notes": "Late."}),
    ]

    assert [answer.status for answer in answers] == [303, 303]
    assert contact_of(booking).first_name == "Ana"
    assert make.row_of(Booking, booking).guest_notes == "Late."


def test_who_changes_the_same_field_second_is_told_what_it_is_now(
    operator: Desk, manager: Desk, booking: int
) -> None:
    one, two = form(operator, booking), form(manager, booking)
    operator.post(path(booking), one | {"first_name": "Ana"})

    page = manager.post(path(booking), two | {"first_name": "Eva"})
    again = manager.post(path(booking), page.form("/guest"))

    assert page.status == 422
    assert "it is now “Ana”" in page.all("#e-first_name")[0]
    assert (again.status, contact_of(booking).first_name) == (303, "Eva")


def test_passports_are_shown_masked_and_cannot_be_typed_in(operator: Desk, client: Client) -> None:
    lead: dict[str, Any] = {"LeadGuestName": "Filomena", "LeadGuestPassport": "XP123456"}
    booking = book(client, stay(home(), **lead))

    page = operator.get(path(booking))

    assert "XP123456" not in page.answer.text
    assert "****56" in page.text
    assert not [name for name in page.form("/guest") if "passport" in name]


def test_the_guest_of_a_cancelled_booking_may_be_changed(
    operator: Desk, client: Client, booking: int
) -> None:
    client.post("/apis/booking/cancel", f"BookingId={booking}")

    assert change(operator, booking, telephone="+351 292 000 000").status == 303
    assert contact_of(booking).telephone == "+351 292 000 000"


def test_another_location_s_guest_is_nobody_s_to_see(
    desk_of: DeskOf, booking: int, operator: Desk
) -> None:
    make.location(2)
    elsewhere = desk_of("operator", locations=[2])
    asked = form(operator, booking) | {"first_name": "Eva"}

    with nothing_written():
        answers = [elsewhere.get(path(booking)), elsewhere.post(path(booking), asked)]

    assert [answer.status for answer in answers] == [404, 404]
