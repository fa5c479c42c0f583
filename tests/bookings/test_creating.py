"""POST /apis/booking: what a new booking is."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import (
    Booking,
    BookingExtra,
    Contact,
    Guest,
    ScheduleLine,
    Source,
    Stay,
)
from kit.db import transaction
from kit.vault import vault
from tags.models import BookingTag
from tests import make
from tests.bookings.given import (
    ARRIVES,
    BALANCE_DAYS,
    CREATE,
    NIGHTS,
    Sums,
    asked,
    asks,
    book,
    created,
    day,
    extras,
    home,
    lines,
    nights,
    span,
    stay,
    sums,
)
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

TOTAL = 79500
LATER = ARRIVES - BALANCE_DAYS


# --- what a booking is ------------------------------------------------------------------------


def test_a_booking_has_its_schedule_by_its_propertys_rule(agency: Client) -> None:
    booking = book(agency, stay(home()))

    assert sums(booking) == Sums("provisional", TOTAL, 0, 0)
    assert lines(booking) == [
        ("10% tax", 1, 7000, 0, 0),
        ("Booking Fee", 1, 2500, 0, 0),
        ("Rental Deposit", 1, 17500, 0, 0),
        ("Rental Balance", 2, 52500, 0, LATER),
    ]


def test_a_booking_holds_its_nights_but_not_the_day_of_leaving(agency: Client) -> None:
    place = home()

    assert nights(book(agency, stay(place))) == span(place)


# As the vendor's public C# client sends it: every field it knows, most of them empty.
CSHARP = (
    "BrandId=1&EnquiryId=&BookingTagIds=12&Source=Website&SendEmail=True&PaidAmount="
    "&PaymentMethod=&PaymentToken=&CardPartialNumbers=&CardType=&IsDeferredPayment=False"
    "&SagepaySecurityKey=&SagepayVendorTxCode=&SagepayVPSTxId=&SagepayTxAuthNo="
    "&Contact.ContactId=&Contact.Title=Mrs&Contact.FirstName=Filomena&Contact.LastName=Quintal"
    "&Contact.Email=&Contact.Email1=filomena@example.com&Contact.Telephone=%2B351+291+1"
    "&Contact.Mobile=&Contact.Address1=Rua+1&Contact.Address2=&Contact.City=Funchal&Contact.County="
    "&Contact.Postcode=9000&Contact.Country=Portugal&Contact.Source=Google"
    "&InternalNotes=&GuestNotes=allergic to nuts&HousekeeperNotes=&OwnerBooking="
    "&Properties[0].Id={place}&Properties[0].Checkin={first}&Properties[0].Checkout={last}"
    "&Properties[0].LeadGuestName=Filomena+Quintal&Properties[0].LeadGuestAge=41"
    "&Properties[0].LeadGuestPassport=XP123456&Properties[0].Adults=2&Properties[0].Children=1"
    "&Properties[0].Infants=&Properties[0].InsuranceBreakages=BreakageDeposit"
    "&Properties[0].CommissionType=&Properties[0].VoucherCode=&Properties[0].AccommodationCost="
    "&Properties[0].OwnerAmount=&Properties[0].Guests[0].Name=Zacarias&Properties[0].Guests[0].Age=40"
    "&Properties[0].Guests[0].Passport=&Properties[0].Guests[1].Name=&Properties[0].Guests[1].Age="
    "&Properties[0].Guests[2].Name=Eva&Properties[0].Guests[2].Age=&Properties[0].Extras[0].Id={cot}"
    "&Properties[0].Extras[0].Qty=2&Properties[0].Extras[1].Id={basket}&Properties[0].Extras[1].Qty="
)


def csharp() -> str:
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    make._insert(Source, id=1, name="Website")
    place = home(breakages_deposit="200.00")
    cot, basket = make.extra(place, "30.00", "Cot"), make.extra(place, "50.00", "Basket")
    return CSHARP.format(
        place=place, cot=cot, basket=basket, first=day(ARRIVES), last=day(ARRIVES + NIGHTS)
    )


def check_csharp(booking: int) -> None:
    """Everything that the C# client's call says is stored."""
    row = make.row_of(Booking, booking)
    assert (row.status, row.source_id, row.currency) == ("provisional", 1, "EUR")
    assert (row.guest_notes, row.internal_notes) == ("allergic to nuts", "")
    [contact] = make.rows_of(Contact)
    assert (contact.title, contact.email, contact.telephone) == (
        "Mrs",
        "filomena@example.com",
        "+351 291 1",
    )
    assert (contact.country, contact.locale, contact.source) == ("Portugal", "pt_PT", "Google")
    guests = make.rows_of(Guest)
    assert [(g.name, g.age, g.is_lead) for g in guests] == [
        ("Filomena Quintal", 41, True),
        ("Zacarias", 40, False),
        ("Eva", None, False),
    ]
    assert vault().open(guests[0].passport) == "XP123456"
    assert guests[0].passport_mask == "****56"
    [stored] = make.rows_of(Stay)
    assert (stored.adults, stored.children, stored.infants, stored.pets) == (2, 1, 0, 0)
    assert (stored.accommodation, stored.breakages) == (70000, "deposit")
    ordered = [(x.name, x.quantity, x.price) for x in make.rows_of(BookingExtra)]
    assert ordered == [("Cot", 2, 3000), ("Basket", 1, 5000)]
    assert [(t.booking_id, t.tag_id) for t in make.rows_of(BookingTag)] == [(booking, 12)]
    # 10 % and 25 % of 700.00 + 60.00 + 50.00.
    assert asks(booking) == [
        ("10% tax", 8100),
        ("Booking Fee", 2500),
        ("Rental Deposit", 20250),
        ("Rental Balance", 60750),
        ("Security Deposit", 20000),
    ]


def test_a_booking_comes_as_the_public_csharp_client_sends_it(agency: Client) -> None:
    check_csharp(created(agency.post(CREATE, csharp())))


def test_its_fields_may_come_in_the_query_string(agency: Client) -> None:
    query = csharp().replace("[", "%5B").replace("]", "%5D").replace(" ", "+")

    check_csharp(created(agency.post(f"{CREATE}?{query}", "", Content_Type="")))


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_names_are_known_in_any_case(agency: Client, change: Any) -> None:
    pairs = [pair.partition("=") for pair in csharp().split("&")]

    body = "&".join(f"{change(name)}={value}" for name, _, value in pairs)

    check_csharp(created(agency.post(CREATE, body)))


def test_an_answer_names_the_booking_and_with_a_preference_shows_it(agency: Client) -> None:
    place = home()

    plain = agency.post(CREATE, asked(stay(place)))
    shown = agency.post(CREATE, asked(stay(place, 200)), Prefer="return=representation")

    assert list(plain.json or {}) == ["Success", "BookingId"]
    assert shown.json["Booking"]["BookingId"] == shown.json["BookingId"]
    assert shown.json["Booking"]["RenterTotal"] == 795.00


def test_of_a_contact_that_is_known_nothing_new_is_stored(agency: Client) -> None:
    place = home()
    [known] = {make.row_of(Booking, book(agency, stay(place))).contact_id}

    body = f"Contact.ContactId={known}&Contact.FirstName=Eva&{stay(place, 200)}"
    second = created(agency.post(CREATE, body))

    assert make.row_of(Booking, second).contact_id == known
    assert [contact.first_name for contact in make.rows_of(Contact)] == ["Filomena"]


def test_a_source_is_known_by_its_id_or_its_name(agency: Client) -> None:
    place = home()
    make._insert(Source, id=7, name="Fair")
    make._insert(Source, id=8, name="7")

    by_name = book(agency, stay(place), Source="Fair")
    by_id = book(agency, stay(place, 200), Source="8")
    by_either = book(agency, stay(place, 300), Source="7")

    found = [make.row_of(Booking, each).source_id for each in (by_name, by_id, by_either)]
    assert found == [7, 8, 8]  # a name comes before an id


def test_notes_that_come_with_a_property_are_added_to_the_bookings(agency: Client) -> None:
    place = home()

    booking = book(
        agency,
        stay(place, GuestNotes="late arrival"),
        GuestNotes="allergic",
        HousekeeperNotes="linen",
        InternalNotes="VIP",
    )

    row = make.row_of(Booking, booking)
    assert row.guest_notes == "allergic\nlate arrival"
    assert (row.housekeeper_notes, row.internal_notes) == ("linen", "VIP")


def test_a_cost_that_was_agreed_on_takes_the_place_of_the_price_list(agency: Client) -> None:
    place = home()

    booking = book(agency, stay(place, AccommodationCost="650.50", OwnerAmount="500"))

    [stored] = make.rows_of(Stay)
    assert (stored.accommodation, stored.owner_amount) == (65050, 50000)
    assert asks(booking) == [
        ("10% tax", 6505),
        ("Booking Fee", 2500),
        ("Rental Deposit", 16263),  # 162.625, half up
        ("Rental Balance", 48787),
    ]


def test_several_properties_are_one_booking_with_lines_for_each(agency: Client) -> None:
    house, flat = home(), home(night_price="50.00")

    booking = book(agency, stay(house), stay(flat, ARRIVES + 1, 4, at=1))

    row = make.row_of(Booking, booking)
    assert (row.arrives_on, row.leaves_on) == (day(ARRIVES), day(ARRIVES + NIGHTS))
    assert nights(booking) == span(house) | span(flat, ARRIVES + 1, 4)
    fees = [x for x in make.rows_of(ScheduleLine) if x.kind == "fee"]
    assert [(x.property_id, x.amount) for x in fees] == [(house, 1944), (flat, 556)]
    assert sums(booking).total == 90000 + 9000 + 2500


def test_a_property_may_be_insured_instead(agency: Client) -> None:
    booking = book(agency, stay(home(insurance="35.00"), InsuranceBreakages="Insurance"))

    assert ("Insurance", 3500) in asks(booking)


def test_all_is_due_at_once_when_arrival_is_near(agency: Client) -> None:
    booking = book(agency, stay(home(), BALANCE_DAYS))

    assert {due for *_, due in lines(booking)} == {0}
    assert [stage for _, stage, *_ in lines(booking)] == [1, 1, 1, 2]


def test_who_arrives_today_can_still_book(agency: Client) -> None:
    booking = book(agency, stay(home(), 0))

    assert {due for *_, due in lines(booking)} == {0}


def test_a_booking_of_which_nothing_is_due_at_stage_1_is_booked(agency: Client) -> None:
    booking = book(agency, stay(home(rule=make.rule(balance_days=30))))

    assert sums(booking) == Sums("booking", 70000, 0, 0)


def test_a_location_of_another_currency_has_amounts_of_its_own(app: Any) -> None:
    make.location(1, "JPY")
    client = Client.of_new_partner(app)
    rule = make.rule(tax_rate=1000, deposit_rate=5000, booking_fee="25")

    booking = book(client, stay(home(night_price="15", rule=rule), nights=1))

    assert asks(booking) == [
        ("10% tax", 2),  # 1.5 yen
        ("Booking Fee", 25),
        ("Rental Deposit", 8),  # 7.5 yen
        ("Rental Balance", 7),
    ]


# --- names of accounts ------------------------------------------------------------------------


def test_an_account_is_named_after_its_booking(agency: Client) -> None:
    booking = book(agency, stay(home()))

    assert make.row_of(Booking, booking).account_identifier == f"A{booking}.1"


def test_the_next_name_is_taken_when_somebody_has_given_that_one(agency: Client) -> None:
    place = home()
    first = book(agency, stay(place))
    others = (first, make.booking())
    with transaction() as connection:
        for n, other in enumerate(others, start=1):
            name = update(Booking).where(Booking.id == other)
            connection.execute(name.values(account_identifier=f"A{first + 2}.{n}"))

    booking = book(agency, stay(place, 200))

    assert booking == first + 2
    assert make.row_of(Booking, booking).account_identifier == f"A{booking}.3"


def test_the_same_name_at_another_location_is_not_in_the_way(agency: Client) -> None:
    place = home()
    there = make.booking(location_id=2, account_identifier="A2.1")
    assert there == 1

    booking = book(agency, stay(place))

    assert (booking, make.row_of(Booking, booking).account_identifier) == (2, "A2.1")


# --- owners -----------------------------------------------------------------------------------


def test_an_owners_booking_blocks_the_dates_and_costs_nothing(agency: Client) -> None:
    place = home(breakages_deposit="200.00")
    cot = make.extra(place)
    fields = extras((cot, 1)) | {"InsuranceBreakages": "BreakageDeposit"}

    booking = created(agency.post(CREATE, f"OwnerBooking=1&{stay(place, **fields)}"))

    assert sums(booking) == Sums("blockout", 0, 0, 0)
    assert lines(booking) == []
    assert nights(booking) == span(place)
    assert [x.accommodation for x in make.rows_of(Stay)] == [0]
    assert [(x.name, x.price) for x in make.rows_of(BookingExtra)] == [("Cot", 0)]


def test_an_owner_needs_no_price_and_no_rule(agency: Client) -> None:
    place = home(night_price=None, rule=None)

    booking = created(agency.post(CREATE, f"OwnerBooking=1&{stay(place)}"))

    assert nights(booking) == span(place)


def test_an_owners_booking_takes_no_money(agency: Client) -> None:
    make.method()
    body = f"OwnerBooking=true&PaidAmount=10&PaymentMethod=PayPal&{stay(home())}"

    with nothing_written():
        answer = agency.post(CREATE, body)

    assert refusal(answer) == (
        400,
        [("OwnerBooking", "contradiction"), ("PaidAmount", "contradiction")],
    )
