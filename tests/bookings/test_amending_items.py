"""POST /apis/booking/amend: extras, properties, guests and texts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, update

from bookings.models import Booking, BookingExtra, Contact, Guest, Property, PropertyExtra, Stay
from kit.db import transaction
from tests import make
from tests.bookings.given import (
    ARRIVES,
    PARTY,
    amend,
    amended,
    asks,
    book,
    extras,
    home,
    lines,
    nights,
    ordered,
    party,
    span,
    stay,
    stays_of,
    sums,
)
from tests.make import Client
from tests.payments.proofs import refusal


def change(model: Any, id: int, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(model).where(model.id == id).values(values))


# --- prices -----------------------------------------------------------------------------------


def test_prices_that_were_agreed_on_stay(agency: Client) -> None:
    place = home(breakages_deposit="200.00")
    cot = make.extra(place)
    fields = extras((cot, 2)) | {"InsuranceBreakages": "BreakageDeposit"}
    booking = book(agency, stay(place, AccommodationCost="650", **fields))
    before = lines(booking)
    change(Property, place, night_price=99900, breakages_deposit=50000)
    with transaction() as connection:
        connection.execute(update(PropertyExtra).values(price=7700))

    amended(agency, booking, stay(place, Adults=3))
    amended(agency, booking, stay(place, InsuranceBreakages="BreakageDeposit"))

    assert lines(booking) == before
    assert stays_of(booking) == [(place, 65000, False)]


def test_a_further_night_costs_the_propertys_price_of_today(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place, AccommodationCost="650"))
    change(Property, place, night_price=20000)

    amended(agency, booking, stay(place, nights=8))

    assert stays_of(booking) == [(place, 85000, False)]
    assert asks(booking)[-1] == ("Amendment", 22000)


def test_another_price_may_be_agreed_on(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))

    amended(agency, booking, stay(place, AccommodationCost="600.00", OwnerAmount="500"))

    assert sums(booking).total == 79500 - 11000
    assert make.rows_of(Stay)[0].owner_amount == 50000


def test_what_a_property_no_longer_offers_the_booking_keeps(agency: Client) -> None:
    place = home(insurance="35.00")
    cot = make.extra(place)
    fields = extras((cot, 1)) | {"InsuranceBreakages": "Insurance"}
    booking = book(agency, stay(place, **fields))
    change(Property, place, night_price=None, insurance=None, payment_rule_id=None)
    with transaction() as connection:
        connection.execute(delete(PropertyExtra))

    amended(agency, booking, stay(place, ARRIVES + 1, Adults=3))

    assert [x.name for x in make.rows_of(BookingExtra)] == ["Cot"]
    assert nights(booking) == span(place, ARRIVES + 1)
    longer = amend(agency, booking, stay(place, nights=8))
    assert refusal(longer) == (422, [("Properties[0].Id", "not_on_offer")])


# --- extras, insurance and deposits ---------------------------------------------------------------


def test_extras_are_added_and_what_they_cost_is_due(agency: Client) -> None:
    place = home()
    cot, basket = make.extra(place), make.extra(place, "50.00", "Basket")
    booking = book(agency, stay(place, **extras((cot, 1))))

    amended(agency, booking, stay(place, **extras((cot, 1), (basket, 2))))

    assert ordered(booking) == [("Cot", 1, 3000), ("Basket", 2, 5000)]
    assert asks(booking)[-1] == ("Amendment", 11000)


def test_extras_stay_when_none_are_named(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place, **extras((make.extra(place), 2))))
    before = sums(booking)

    amended(agency, booking, stay(place, Adults=4))

    assert ordered(booking) == [("Cot", 2, 3000)]
    assert sums(booking) == before


def test_none_of_an_extra_takes_it_out(agency: Client) -> None:
    place = home()
    cot = make.extra(place)
    booking = book(agency, stay(place, **extras((cot, 2))))

    amended(agency, booking, stay(place, **extras((cot, 0))))

    assert ordered(booking) == []
    assert sums(booking).total == 79500


def test_extras_that_are_named_are_added_to_the_others(agency: Client) -> None:
    place = home()
    cot, basket = make.extra(place), make.extra(place, "50.00", "Basket")
    booking = book(agency, stay(place, **extras((cot, 2))))

    amended(agency, booking, stay(place, **extras((basket, 1))))

    assert ordered(booking) == [("Cot", 2, 3000), ("Basket", 1, 5000)]


def test_insurance_and_security_deposit_change_places(agency: Client) -> None:
    place = home(insurance="35.00", breakages_deposit="200.00")
    booking = book(agency, stay(place, InsuranceBreakages="Insurance"))

    amended(agency, booking, stay(place, InsuranceBreakages="BreakageDeposit"))

    assert asks(booking)[-2:] == [("Rental Balance", 49000), ("Security Deposit", 20000)]
    amended(agency, booking, stay(place, InsuranceBreakages="None"))
    assert sums(booking).total == 79500


# --- properties -------------------------------------------------------------------------------


def test_a_property_is_swapped_for_the_difference(agency: Client) -> None:
    house, flat = home(), home(night_price="150.00")
    guest: dict[str, Any] = {"Guests[0].Name": "Zacarias"}
    booking = book(agency, stay(house, **guest))

    amended(agency, booking, stay(flat))

    assert stays_of(booking) == [(house, 70000, True), (flat, 105000, False)]
    assert nights(booking) == span(flat)
    assert asks(booking)[-1] == ("Amendment", 38500)
    assert make.rows_of(Guest) == []


def test_a_property_is_dropped_with_its_deposit_and_added_back(agency: Client) -> None:
    house, flat = home(), home(breakages_deposit="200.00")
    wishes = (stay(house), stay(flat, at=1, InsuranceBreakages="BreakageDeposit"))
    booking = book(agency, *wishes)
    before = sums(booking)
    assert before.total == 2500 + 154000 + 20000

    amended(agency, booking, stay(house))

    assert sums(booking).total == 79500
    assert nights(booking) == span(house)
    amended(agency, booking, *wishes)
    assert sums(booking) == before
    assert stays_of(booking) == [(house, 70000, False), (flat, 70000, False)]
    assert nights(booking) == span(house) | span(flat)


def test_a_property_that_is_added_back_costs_what_it_costs_today(agency: Client) -> None:
    house, flat = home(), home()
    booking = book(agency, stay(house), stay(flat, at=1, AccommodationCost="100"))
    amended(agency, booking, stay(house))

    amended(agency, booking, stay(house), stay(flat, at=1))

    assert stays_of(booking) == [(house, 70000, False), (flat, 70000, False)]


# --- guests and texts -------------------------------------------------------------------------


def test_guests_stay_when_none_are_named(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place, **PARTY))
    before = party(booking)

    amended(agency, booking, stay(place, ARRIVES + 1))

    assert party(booking) == before
    [row] = make.rows_of(Stay)
    assert (row.adults, row.children) == (2, 1)


def test_guests_that_are_named_take_the_place_of_the_others_but_not_of_the_lead(
    agency: Client,
) -> None:
    place = home()
    booking = book(agency, stay(place, **PARTY))
    new: dict[str, Any] = {"Guests[0].Name": "Rui", "Guests[0].Passport": "PT999"}

    amended(agency, booking, stay(place, **new))

    assert party(booking) == [("Filomena", True, "XP123456"), ("Rui", False, "PT999")]


def test_another_lead_takes_the_place_of_the_lead_alone(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place, **PARTY))

    amended(agency, booking, stay(place, LeadGuestName="Rui"))

    assert party(booking) == [("Rui", True, None), ("Zacarias", False, None), ("Eva", False, None)]


def test_notes_and_the_guests_addresses_change_without_any_stay(agency: Client) -> None:
    booking = book(agency, stay(home()), Contact__Country="Portugal")
    before = lines(booking)

    amended(
        agency,
        booking,
        GuestNotes="allergic",
        Contact__Email="quintal@example.com",
        Contact__Country="Germany",
        Contact__ContactId=999,
    )

    assert make.row_of(Booking, booking).guest_notes == "allergic"
    [contact] = make.rows_of(Contact)
    assert (contact.email, contact.first_name) == ("quintal@example.com", "Filomena")
    assert (contact.country, contact.locale) == ("Germany", "de_DE")
    assert lines(booking) == before


def test_notes_beside_a_property_are_added_to_those_of_the_booking(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))

    amended(agency, booking, stay(place, GuestNotes="late"), GuestNotes="allergic")

    assert make.row_of(Booking, booking).guest_notes == "allergic\nlate"
