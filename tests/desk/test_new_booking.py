"""A booking typed in at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import Booking, Contact, Property
from kit.db import transaction
from tests import make
from tests.bookings.given import (
    ARRIVES,
    Sums,
    asks,
    book,
    day,
    home,
    log,
    nights,
    ordered,
    span,
    stay,
    sums,
)
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.make import Client
from tests.payments.proofs import broken_chains, nothing_written, wrong_books

NEW, PREVIEW = "/desk/bookings/new", "/desk/bookings/new/preview"


@pytest.fixture
def house() -> int:
    """7 nights: 70.00, 25.00 and 175.00 at once, 525.00 with the balance."""
    return home()


def form(desk: Desk, house: int, **fields: Any) -> dict[str, str]:
    """The form for a week and a guest, with other values."""
    given = desk.get(f"{NEW}?property={house}").form("/new")
    del given["csrf_token"]  # each browser sends its own
    week = {"stays[0].arrives_on": day(ARRIVES), "stays[0].leaves_on": day(ARRIVES + 7)}
    guest = {"first_name": "Ana", "last_name": "Sousa", "email": "ana@example.com"}
    return given | {name: str(value) for name, value in (week | guest | fields).items()}


def later_week() -> dict[str, Any]:
    """Days of another week, far enough away."""
    return {"stays[0].arrives_on": day(ARRIVES + 60), "stays[0].leaves_on": day(ARRIVES + 67)}


def test_the_choice_has_what_can_be_booked_where_the_person_works(
    manager: Desk, desk_of: DeskOf, house: int
) -> None:
    home(2, name="Rose Cottage")
    make.place(name="No price")

    everywhere = manager.get(NEW).all("option")
    here = desk_of("operator", locations=[1]).get(NEW).all("option")

    assert sorted(everywhere) == ["Casa Azul", "Rose Cottage"]
    assert here == ["Casa Azul"]


def test_the_preview_tells_the_schedule_and_stores_nothing(operator: Desk, house: int) -> None:
    asked = form(operator, house, last_name="", first_name="", email="")

    with nothing_written():
        page = operator.post(PREVIEW, asked, HX_Request="true")

    assert page.status == 200
    assert page.all("tbody td.dk-money") == ["70.00", "25.00", "175.00", "525.00"]
    assert page.all("tfoot td.dk-money") == ["795.00 EUR"]
    assert "270.00 EUR is due at once" in page.text
    assert page.all("[hx-swap-oob]") == [""] * 8


@pytest.mark.long
def test_a_preview_uses_up_no_booking_number(operator: Desk, house: int) -> None:
    asked = form(operator, house)
    later = later_week()
    operator.post(NEW, asked)

    for _ in range(3):
        assert operator.post(PREVIEW, form(operator, house, **later)).status == 200
    operator.post(NEW, form(operator, house, **later))

    one, two = sorted(row.id for row in make.rows_of(Booking))
    assert two == one + 1


@pytest.mark.long
def test_the_preview_refuses_what_making_it_would(
    operator: Desk, client: Client, house: int
) -> None:
    """Nights that are gone, with the booking that has them; a day that has passed; a property
    that has no price (any more)."""
    book(client, stay(house, ARRIVES + 5, 5))
    past = {"stays[0].arrives_on": day(-3), "stays[0].leaves_on": day(4)}
    given = [form(operator, house), form(operator, house, **past)]

    for asked in given:
        told = operator.post(PREVIEW, asked)
        assert told.status == 422
        at = "[id='e-stays[0].arrives_on']"
        assert told.all(at) == operator.post(NEW, asked | {"form_key": ""}).all(at) != []

    with transaction() as connection:
        connection.execute(update(Property).values(night_price=None))
    told = operator.post(PREVIEW, form(operator, house, **later_week()))
    assert told.status == 422
    assert "This cannot be booked as it stands." in told.text


def test_without_script_the_preview_is_the_page_with_what_was_typed(
    operator: Desk, house: int
) -> None:
    page = operator.post(PREVIEW, form(operator, house))

    assert page.all("tfoot td.dk-money") == ["795.00 EUR"]
    kept = page.form("/new")
    assert (kept["last_name"], kept["stays[0].arrives_on"]) == ("Sousa", str(day(ARRIVES)))


def test_an_operator_makes_a_booking(operator: Desk, house: int) -> None:
    make.extra(house, "30.00")
    fields = {"stays[0].extras[0].quantity": 2, "guest_notes": "Late.", "country": "Portugal"}

    answer = operator.post(NEW, form(operator, house, **fields))

    [row] = make.rows_of(Booking)
    assert (answer.status, answer.leads_to) == (303, f"/desk/bookings/{row.id}")
    assert sums(row.id) == Sums("provisional", 70000 + 6000 + 7600 + 2500, 0, 0)
    assert nights(row.id) == span(house)
    assert ordered(row.id) == [("Cot", 2, 3000)]
    assert [name for name, _ in asks(row.id)] == [
        "10% tax", "Booking Fee", "Rental Deposit", "Rental Balance",
    ]  # fmt: skip
    contact = make.row_of(Contact, row.contact_id)
    assert (contact.last_name, contact.email, contact.locale) == (
        "Sousa",
        "ana@example.com",
        "pt_PT",
    )
    assert row.guest_notes == "Late."
    [entry] = log(row.id)
    assert (entry.action, entry.actor_kind, entry.actor_id) == (
        "booking.created",
        "person",
        operator.person_id,
    )
    assert "Sousa" not in entry.body
    assert f"Booking {row.id} is made, for 861.00 EUR in all." in operator.get("/desk/tags/").text
    assert wrong_books() == broken_chains() == []


def test_nights_that_are_gone_name_the_booking_at_the_field(
    operator: Desk, client: Client, house: int
) -> None:
    other = book(client, stay(house, ARRIVES + 5, 5))
    asked = form(operator, house)

    with nothing_written():
        page = operator.post(NEW, asked)

    assert page.status == 422
    [said] = page.all("[id='e-stays[0].arrives_on']")
    assert said.startswith(f"Property {house} is taken (booking {other})")


def test_every_wrong_field_is_told_and_nothing_made(operator: Desk, house: int) -> None:
    fields = {"stays[0].arrives_on": "", "stays[0].pets": "x", "email": "no address"}
    asked = form(operator, house, **fields, first_name="", last_name="")

    with nothing_written():
        page = operator.post(NEW, asked)

    assert page.status == 422
    wrong = {each.get("id") for each in page.root.cssselect(".dk-wrong") if each.text_content()}
    assert wrong == {"e-stays[0].arrives_on", "e-stays[0].pets", "e-email"}


def test_somebody_must_be_named(operator: Desk, house: int) -> None:
    page = operator.post(NEW, form(operator, house, first_name="", last_name="", email=""))

    assert page.status == 422
    assert page.all("#e-last_name") == ["A booking needs a name or an e-mail of its guest."]


def test_a_day_that_has_passed_cannot_be_booked(operator: Desk, house: int) -> None:
    page = operator.post(NEW, form(operator, house, **{"stays[0].arrives_on": day(-3)}))

    assert page.status == 422
    assert "is the earliest" in page.all("[id='e-stays[0].arrives_on']")[0]


def test_a_form_sent_twice_makes_one_booking(operator: Desk, house: int) -> None:
    asked = form(operator, house)

    answers = [operator.post(NEW, asked) for _ in range(2)]

    [row] = make.rows_of(Booking)
    assert [answer.leads_to for answer in answers] == [f"/desk/bookings/{row.id}"] * 2


def test_a_property_of_another_location_is_nothing_to_book(
    manager: Desk, desk_of: DeskOf, house: int
) -> None:
    make.location(2)
    elsewhere = desk_of("manager", locations=[2])
    asked = form(manager, house)

    with nothing_written():
        answers = [
            elsewhere.get(f"{NEW}?property={house}"),
            elsewhere.post(NEW, asked),
            elsewhere.post(PREVIEW, asked, HX_Request="true"),
        ]

    assert {answer.status for answer in answers} == {404}


def test_who_may_not_amend_makes_no_booking(desk_of: DeskOf, house: int) -> None:
    reader = desk_of("operator", withdrawn=["amend"])

    assert [reader.get(NEW).status, reader.post(NEW, {}).status] == [403, 403]
