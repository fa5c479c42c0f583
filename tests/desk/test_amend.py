"""Amending a booking at the desk: what the preview says, what is written, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import LogEntry
from bookings.models import Booking, Night, Stay
from tests import make
from tests.bookings.given import (
    ARRIVES,
    Sums,
    asks,
    book,
    day,
    extras,
    home,
    log,
    nights,
    ordered,
    span,
    stay,
    stays_of,
    sums,
    told,
)
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Client
from tests.payments.proofs import broken_chains, nothing_written, wrong_books


def path(booking: int, what: str = "amend") -> str:
    return f"/desk/bookings/{booking}/{what}"


def form(desk: Desk, booking: int, **fields: Any) -> dict[str, Any]:
    """The form as it came, with other values; "s0__leaves_on" is stays[0].leaves_on."""
    given = desk.get(path(booking)).form("/amend")
    del given["csrf_token"]  # each browser sends its own
    named = {
        (f"stays[{name[1]}].{name[4:]}" if name[2:4] == "__" else name): str(value)
        for name, value in fields.items()
    }
    return given | named


def preview(desk: Desk, booking: int, **fields: Any) -> Page:
    asked = form(desk, booking, **fields)
    return desk.post(path(booking, "amend/preview"), asked, HX_Request="true")


def amend(desk: Desk, booking: int, **fields: Any) -> Page:
    return desk.post(path(booking), form(desk, booking, **fields))


@pytest.fixture
def booking(client: Client) -> int:
    """Seven nights for 795.00: 70.00, 25.00 and 175.00 at once, 525.00 with the balance."""
    make.method()
    return book(client, stay(home()))


# --- the preview ------------------------------------------------------------------------------


def test_two_more_nights_are_one_new_line_due_with_the_balance(manager: Desk, booking: int) -> None:
    page = preview(manager, booking, s0__leaves_on=day(ARRIVES + 9))

    assert page.status == 200
    assert page.all("tbody tr:last-child th")[0].startswith("Amendment new Due ")
    assert page.all("tbody tr:last-child td") == ["–", "220.00", "+ 220.00"]
    assert page.all("tfoot tr:first-child td") == ["795.00", "1,015.00 EUR", "+ 220.00"]
    assert "220.00 EUR more is due on" in page.text


def test_a_preview_writes_nothing(manager: Desk, booking: int) -> None:
    asked = form(manager, booking, s0__leaves_on=day(ARRIVES + 9))

    with nothing_written():
        manager.post(path(booking, "amend/preview"), asked, HX_Request="true")


def test_what_shrinks_shows_its_line_before_and_after_and_the_credit(
    manager: Desk, client: Client, booking: int
) -> None:
    client.pay(booking, "795.00")

    page = preview(manager, booking, s0__leaves_on=day(ARRIVES + 5))

    assert page.all("tbody tr:last-child td") == ["525.00", "305.00", "−220.00"]
    assert "Within what was prepaid: nothing more is due." in page.text
    assert "220.00 EUR becomes credit." in page.text
    assert "One external payment stays as it is" in page.text


def test_less_to_pay_is_told_when_little_was_paid(manager: Desk, booking: int) -> None:
    page = preview(manager, booking, s0__leaves_on=day(ARRIVES + 5))

    assert "Nothing more is due; 220.00 EUR less is to be paid." in page.text


def test_a_preview_says_which_booking_has_the_nights_and_at_which_field(
    manager: Desk, client: Client, booking: int
) -> None:
    [row] = make.rows_of(Stay, booking_id=booking)
    other = book(client, stay(row.property_id, ARRIVES + 7, 3))

    page = preview(manager, booking, s0__leaves_on=day(ARRIVES + 8))

    said = f"Property {row.property_id} is taken (booking {other}) for the night of"
    assert page.status == 200
    assert "This cannot be done as it stands." in page.text
    [told_at] = [each for each in page.all("[hx-swap-oob]") if each]
    assert told_at.startswith(said)
    ids = [each.get("id") for each in page.root.cssselect("[hx-swap-oob]")]
    assert "e-stays[0].arrives_on" in ids


def test_without_script_the_preview_is_the_page_with_what_was_typed(
    manager: Desk, booking: int
) -> None:
    asked = form(manager, booking, s0__leaves_on=day(ARRIVES + 9), s0__pets=3, reason="a dog")

    page = manager.post(path(booking, "amend/preview"), asked)

    assert page.status == 200
    assert page.all("h1") == [f"Amend booking {booking}"]
    assert "220.00 EUR more is due on" in page.text
    kept = page.form("/amend")
    assert (kept["stays[0].pets"], kept["reason"]) == ("3", "a dog")


def test_a_property_that_is_added_is_on_the_form_and_in_the_preview(
    manager: Desk, booking: int
) -> None:
    second = home(name="Quinta")
    asked = form(manager, booking, add=second)

    page = manager.post(path(booking, "amend/preview"), asked)

    assert page.form("/amend")["stays[1].property"] == str(second)
    assert "770.00 EUR more is due on" in page.text


# --- what is written --------------------------------------------------------------------------


def test_an_amendment_changes_days_party_and_extras_and_says_what_is_due(
    operator: Desk, client: Client
) -> None:
    house = home()
    make.extra(house, "30.00")
    booking = book(client, stay(house))

    answer = amend(
        operator,
        booking,
        s0__leaves_on=day(ARRIVES + 8),
        s0__adults=3,
        **{"stays[0].extras[0].quantity": 2},
        reason="one night more",
    )

    assert (answer.status, answer.leads_to) == (303, path(booking, "").rstrip("/"))
    assert nights(booking) == span(house, ARRIVES, 8)
    assert make.rows_of(Stay)[0].adults == 3
    assert ordered(booking) == [("Cot", 2, 3000)]
    assert asks(booking)[-1] == ("Amendment", 11000 + 6600)
    entry = log(booking)[-1]
    assert (entry.action, entry.actor_kind, entry.actor_id) == (
        "booking.amended",
        "person",
        operator.person_id,
    )
    assert told(entry)["entry"]["reason"] == "one night more"
    assert "176.00 EUR more is due on" in operator.get("/desk/tags/").text
    assert wrong_books() == broken_chains() == []


def test_an_extra_is_taken_out_by_nothing_of_it(manager: Desk, client: Client) -> None:
    house = home()
    booking = book(client, stay(house, **extras((make.extra(house), 2))))

    answer = amend(manager, booking, **{"stays[0].extras[0].quantity": ""})

    assert answer.status == 303
    assert ordered(booking) == []


def test_a_property_is_taken_out_and_another_one_comes(manager: Desk, client: Client) -> None:
    one, two = home(), home(name="Quinta")
    booking = book(client, stay(one), stay(two, at=1))
    three = home(name="Solar")
    asked = form(manager, booking, s0__out="true", add=three)
    added = manager.post(path(booking, "amend/preview"), asked).form("/amend")

    answer = manager.post(path(booking), added)

    assert answer.status == 303
    assert [(each, dropped) for each, _cost, dropped in stays_of(booking)] == [
        (one, True),
        (two, False),
        (three, False),
    ]
    assert nights(booking) == span(two) | span(three)


def test_a_security_deposit_is_chosen_instead_of_nothing(manager: Desk, client: Client) -> None:
    booking = book(client, stay(home(breakages_deposit="200.00")))

    answer = amend(manager, booking, s0__breakages="deposit")

    assert answer.status == 303
    assert asks(booking)[-1] == ("Security Deposit", 20000)


def test_external_payments_are_not_touched(manager: Desk, client: Client, booking: int) -> None:
    client.pay(booking, "795.00")

    amend(manager, booking, s0__leaves_on=day(ARRIVES + 5))

    assert sums(booking) == Sums("booking", 57500, 57500, 22000)
    assert "Within what was prepaid: nothing more is due." in manager.get("/desk/tags/").text


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.long
def test_every_wrong_field_is_told_at_once_and_nothing_written(manager: Desk, booking: int) -> None:
    asked = form(
        manager,
        booking,
        s0__arrives_on="soon",
        s0__adults="-1",
        s0__breakages="prayer",
        reason="4111 1111 1111 1111",
    )

    with nothing_written():
        page = manager.post(path(booking), asked)

    assert page.status == 422
    wrong = {each.get("id") for each in page.root.cssselect(".dk-wrong") if each.text_content()}
    assert wrong == {
        "e-stays[0].arrives_on",
        "e-stays[0].adults",
        "e-stays[0].breakages",
        "e-reason",
    }
    described = page.root.cssselect("[aria-invalid=true]")
    assert len(described) == 4
    assert page.form("/amend")["stays[0].arrives_on"] == "soon"


def test_departure_comes_after_arrival(manager: Desk, booking: int) -> None:
    page = amend(manager, booking, s0__leaves_on=day(ARRIVES - 1))

    assert page.status == 422
    assert "it must be after the arrival" in page.text


def test_not_every_property_can_be_taken_out(manager: Desk, booking: int) -> None:
    page = amend(manager, booking, s0__out="true")

    assert page.status == 422
    assert "One property at least stays" in page.text


def test_a_property_that_was_only_chosen_is_not_left_out_in_silence(
    manager: Desk, booking: int
) -> None:
    page = amend(manager, booking, add=home(name="Quinta"))

    assert page.status == 422
    assert "This property is not on the form yet" in page.text


def test_nothing_different_is_not_written(manager: Desk, booking: int) -> None:
    with nothing_written():
        page = manager.post(path(booking), form(manager, booking, reason="no reason"))

    assert page.status == 422
    assert "Nothing is different from what is stored" in page.text


def test_a_property_of_another_location_cannot_be_slipped_in(manager: Desk, booking: int) -> None:
    other = home(2)

    with nothing_written():
        page = amend(manager, booking, **{"stays[0].property": other})

    assert page.status == 422
    assert f"There is no property {other}." in page.text


def test_a_cancelled_booking_is_not_amended_but_leads_to_taking_it_up(
    manager: Desk, client: Client, booking: int
) -> None:
    asked = form(manager, booking, s0__pets=1)
    client.post("/apis/booking/cancel", f"BookingId={booking}")

    page = manager.get(path(booking))
    answer = manager.post(
        path(booking), asked | {"seen": str(make.row_of(Booking, booking).log_count)}
    )

    assert "Reactivate it before amending it." in page.text
    assert answer.status == 422
    assert f"Booking {booking} is cancelled; reactivate it before amending it." in answer.text


def test_a_booking_of_another_location_is_nothing_to_see_or_to_change(
    desk_of: DeskOf, manager: Desk, booking: int
) -> None:
    make.location(2)
    elsewhere = desk_of("manager", locations=[2])
    asked = form(manager, booking, s0__pets=1)

    with nothing_written():
        answers = [
            elsewhere.get(path(booking)),
            elsewhere.post(path(booking), asked),
            elsewhere.post(path(booking, "amend/preview"), asked, HX_Request="true"),
        ]

    assert {answer.status for answer in answers} == {404}


def test_who_may_not_amend_is_refused_and_that_is_logged(desk_of: DeskOf, booking: int) -> None:
    reader = desk_of("operator", withdrawn=["amend"])

    answers = [reader.get(path(booking)), reader.post(path(booking), {})]

    assert [answer.status for answer in answers] == [403, 403]
    assert len(make.rows_of(LogEntry, action="staff.refused")) == 1


# --- twice, and late --------------------------------------------------------------------------


def test_a_form_sent_twice_amends_once(manager: Desk, booking: int) -> None:
    asked = form(manager, booking, s0__leaves_on=day(ARRIVES + 8))

    answers = [manager.post(path(booking), asked) for _ in range(2)]

    assert [answer.status for answer in answers] == [303, 303]
    assert len([each for each in log(booking) if each.action == "booking.amended"]) == 1


def test_the_form_of_before_is_shown_the_new_state_and_does_nothing(
    manager: Desk, client: Client, booking: int
) -> None:
    asked = form(manager, booking, s0__leaves_on=day(ARRIVES + 8))
    client.pay(booking, "100.00")

    with nothing_written():
        page = manager.post(path(booking), asked)

    assert page.status == 409
    assert f"Booking {booking} was changed after this page was made" in page.text
    again = page.form("/amend")
    assert again["stays[0].leaves_on"] == str(day(ARRIVES + 7))
    assert again["seen"] != asked["seen"]
    assert manager.post(path(booking), again | {"stays[0].pets": "1"}).status == 303


def test_the_nights_of_a_preview_are_free_for_others(
    manager: Desk, client: Client, booking: int
) -> None:
    preview(manager, booking, s0__leaves_on=day(ARRIVES + 9))

    assert len(make.rows_of(Night)) == 7
