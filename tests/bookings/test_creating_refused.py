"""POST /apis/booking: what is refused, under which name, and that nothing is left of it."""

from __future__ import annotations

from typing import Any

import pytest

from bookings.models import Booking
from tests import make
from tests.bookings.given import (
    CALC,
    CREATE,
    asked,
    book,
    created,
    extras,
    home,
    nights,
    stay,
)
from tests.conftest import BOTH_DATABASES
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

pytestmark = [pytest.mark.long, pytest.mark.one_database]

P = "Properties[0]"


def refused(client: Client, body: str) -> tuple[int, list[tuple[str | None, str]]]:
    with nothing_written():
        return refusal(client.post(CREATE, body))


def sentence(client: Client, body: str) -> str:
    found: str = client.post(CREATE, body).json["Message"]
    return found


# --- the form ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("BrandId", "one", "invalid"),
        ("BookingTagIds", "12,x", "invalid"),
        ("Source", "s" * 101, "too_long"),
        ("SendEmail", "yes", "invalid"),
        ("PaidAmount", "1e3", "invalid"),
        ("PaidAmount", "-1", "invalid"),
        ("PaymentMethod", "m" * 101, "too_long"),
        ("IsDeferredPayment", "1", "invalid"),
        ("CardPartialNumbers", "411", "invalid"),
        ("Reference", "r" * 51, "too_long"),
        ("ExternalReservationID", "e" * 101, "too_long"),
        ("OwnerBooking", "maybe", "invalid"),
        ("GuestNotes", "card 4111 1111 1111 1111", "card_number"),
        ("HouseKeeperNotes", "h" * 2001, "too_long"),
        ("InternalNotes", "a%00b", "control_character"),
        ("Contact.ContactId", "-1", "invalid"),
        ("Contact.Title", "t" * 21, "too_long"),
        ("Contact.Email", "two@example.com,other@example.com", "invalid"),
        ("Contact.Email1", "nobody", "invalid"),
        ("Contact.Country", "c" * 61, "too_long"),
        (f"{P}.Id", "8849.0", "invalid"),
        (f"{P}.Checkin", "20/12/2030", "invalid"),
        (f"{P}.Checkout", "2031-02-29", "invalid"),
        (f"{P}.LeadGuestName", "l" * 101, "too_long"),
        (f"{P}.LeadGuestAge", "151", "invalid"),
        (f"{P}.Adults", "1000", "invalid"),
        (f"{P}.Children", "two", "invalid"),
        (f"{P}.Infants", "-1", "invalid"),
        (f"{P}.Pets", "1.5", "invalid"),
        (f"{P}.InsuranceBreakages", "Both", "invalid"),
        (f"{P}.CommissionType", "6", "invalid"),
        (f"{P}.VoucherCode", "v" * 51, "too_long"),
        (f"{P}.AccommodationCost", "1,000.00", "invalid"),
        (f"{P}.OwnerAmount", "99999999999", "invalid"),
        (f"{P}.Guests[1].Name", "g" * 101, "too_long"),
        (f"{P}.Guests[3].Age", "old", "invalid"),
        (f"{P}.Extras[2].Id", "cot", "invalid"),
        (f"{P}.Extras[0].Qty", "1000", "invalid"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_in_full(
    agency: Client, field: str, value: str, code: str
) -> None:
    complete = {
        f"{P}.Guests[3].Age": f"{P}.Guests[3].Name=Eva",
        f"{P}.Extras[0].Qty": f"{P}.Extras[0].Id=1",
    }
    kept = [p for p in asked(stay(1)).split("&") if not p.startswith(f"{field}=")]

    found = refused(agency, "&".join([*kept, complete.get(field, ""), f"{field}={value}"]))

    assert found == (400, [(field, code)])


def test_passports_and_tokens_are_never_repeated(agency: Client) -> None:
    secret = "X" * 201
    body = asked(stay(1, LeadGuestName="A", LeadGuestPassport=secret), PaymentToken=secret)

    answer = agency.post(CREATE, body)

    assert (f"{P}.LeadGuestPassport", "too_long") in refusal(answer)[1]
    assert "XXX" not in answer.text


def test_everything_that_is_wrong_is_told_at_once_under_its_full_name(agency: Client) -> None:
    body = (
        "SendEmail=maybe&Contact.Email=nobody&Properties[0].Checkin=2030-02-30"
        "&Properties[0].Guests[1].Age=x&Properties[2].Id=7&Properties[2].Checkin=2030-12-20"
        "&Properties[2].Checkout=2030-12-19&Properties[2].Extras[4].Qty=1"
        "&Properties[2].LeadGuestAge=40&PaymentToken=tok"
    )

    status, wrong = refused(agency, body)

    assert status == 400
    assert set(wrong) == {
        ("SendEmail", "invalid"),
        ("Contact.Email", "invalid"),
        ("PaidAmount", "required"),
        ("Properties[0].Id", "required"),
        ("Properties[0].Checkin", "invalid"),
        ("Properties[0].Checkout", "required"),
        ("Properties[0].Guests[1].Name", "required"),
        ("Properties[0].Guests[1].Age", "invalid"),
        ("Properties[2].Checkout", "dates"),
        ("Properties[2].LeadGuestName", "required"),
        ("Properties[2].Extras[4].Id", "required"),
    }
    assert len(wrong) == len(set(wrong))


def test_a_booking_needs_properties_and_somebody_to_book_it(agency: Client) -> None:
    status, wrong = refused(agency, "BrandId=1")

    assert status == 400
    assert set(wrong) == {("Properties", "required"), ("Contact.LastName", "required")}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("Contact.LastName=Quintal&Contact.Email=nobody", [("Contact.Email", "invalid")]),
        ("Contact.Email=a@example.com&PaidAmount=1e3&PaymentToken=t", [("PaidAmount", "invalid")]),
        (
            f"Contact.Email=a@example.com&PaidAmount=1&PaymentMethod={'m' * 101}",
            [("PaymentMethod", "too_long")],
        ),
        (
            f"Contact.Email=a@example.com&{P}.LeadGuestAge=9&{P}.LeadGuestName={'l' * 101}",
            [(f"{P}.LeadGuestName", "too_long")],
        ),
    ],
)
def test_what_came_and_cannot_be_read_is_not_said_to_be_missing(
    agency: Client, body: str, wrong: list[tuple[str, str]]
) -> None:
    assert refused(agency, f"{body}&{stay(1)}") == (400, wrong)


def test_a_payment_needs_its_method_and_a_card_its_payment(agency: Client) -> None:
    paid = refused(agency, asked(stay(1), PaidAmount="10"))
    card = refused(agency, asked(stay(1), PaymentToken="tok"))

    assert paid == (400, [("PaymentMethod", "required")])
    assert card == (400, [("PaidAmount", "required")])


def test_the_four_sagepay_values_come_together(agency: Client) -> None:
    body = asked(stay(1), PaidAmount="1", PaymentMethod="x", SagepayVPSTxId="{A}")

    assert refused(agency, body) == (
        400,
        [(f"Sagepay{n}", "incomplete") for n in ("SecurityKey", "VendorTxCode", "TxAuthNo")],
    )


@pytest.mark.parametrize(
    ("nights_", "ok"), [(-1, False), (0, False), (1, True), (366, True), (367, False)]
)
def test_check_out_is_after_check_in_and_at_most_a_year_later(
    agency: Client, nights_: int, ok: bool
) -> None:
    body = asked(stay(home(), nights=nights_))

    if ok:
        assert len(nights(created(agency.post(CREATE, body)))) == nights_
    else:
        assert refused(agency, body) == (400, [(f"{P}.Checkout", "dates")])


def test_the_last_days_of_the_calendar_are_days_as_any_other(agency: Client) -> None:
    body = asked(stay(home(), Checkin="9999-12-30", Checkout="9999-12-31"))

    assert created(agency.post(CREATE, body))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Properties[20].Id", "Properties[20]"),
        ("Properties[999].Id", "Properties[999]"),
        ("Properties[123456789].Id", "Properties[123456…]"),
        (f"{P}.Guests[50].Name", f"{P}.Guests[50]"),
        (f"{P}.Extras[50].Id", f"{P}.Extras[50]"),
    ],
)
def test_an_index_past_the_limit_is_refused_before_anything_is_kept_for_it(
    agency: Client, name: str, place: str
) -> None:
    assert refused(agency, f"{asked(stay(1))}&{name}=1") == (400, [(place, "too_many_parts")])


def test_thousands_of_fields_are_refused_as_too_many(agency: Client) -> None:
    body = "&".join(f"Properties[{n}].Id=1" for n in range(1001))

    assert refused(agency, body) == (400, [(None, "too_many_fields")])


def test_an_extra_is_named_once(agency: Client) -> None:
    body = asked(stay(1, **extras((7, 1), (7, 1))))

    assert refused(agency, body) == (400, [(f"{P}.Extras", "repeated")])


# --- what only the agency's own data can tell -----------------------------------------------------


@BOTH_DATABASES
def test_everything_that_nothing_is_called_by_is_told_at_once(agency: Client) -> None:
    place = home()
    body = (
        f"Contact.ContactId=77&Source=Moon&BookingTagIds=5,6&BrandId=2"
        f"&{stay(place, **extras((9, 1)), OwnerAmount='1.001')}&{stay(999, at=1)}"
        f"&{stay(place, 300, at=2)}"
    )

    status, wrong = refused(agency, body)

    assert status == 400
    assert set(wrong) == {
        ("Contact.ContactId", "contact_unknown"),
        ("Source", "source_unknown"),
        ("BookingTagIds", "booking_tag_unknown"),
        ("BrandId", "brand_elsewhere"),
        (f"{P}.Extras[0].Id", "extra_unknown"),
        (f"{P}.OwnerAmount", "cost_decimals"),
        ("Properties[1].Id", "property_unknown"),
        ("Properties[2].Id", "property_twice"),
    }


@pytest.mark.parametrize("source", ["Website", "99", "9" * 40, "٣"])
def test_a_source_that_is_none_is_told_with_those_there_are(agency: Client, source: str) -> None:
    make.tag(1, "any")
    body = asked(stay(home()), Source=source)

    assert refused(agency, body) == (400, [("Source", "source_unknown")])
    assert sentence(agency, body) == f"No source is called {source!r}; there are: none yet."


@BOTH_DATABASES
@pytest.mark.parametrize("field", ["BrandId", "BookingTagIds", "Contact.ContactId", f"{P}.Id"])
def test_the_longest_numbers_are_numbers_of_nothing(agency: Client, field: str) -> None:
    kept = [p for p in asked(stay(home())).split("&") if not p.startswith(f"{field}=")]

    status, [(name, _)] = refused(agency, "&".join([*kept, f"{field}={'9' * 18}"]))

    assert (status, name) == (400, field)


def test_an_extra_that_the_property_does_not_offer_is_told_with_those_it_does(
    agency: Client,
) -> None:
    place, other = home(), home()
    cot, elsewhere = make.extra(place), make.extra(other)
    body = asked(stay(place, **extras((cot, 1), (elsewhere, 1))))

    assert refused(agency, body) == (400, [(f"{P}.Extras[1].Id", "extra_unknown")])
    assert sentence(agency, body) == (
        f"Property {place} offers no extra {elsewhere}; its extras are {cot}."
    )


def test_properties_and_extras_are_named_by_the_numbers_they_came_under(agency: Client) -> None:
    first, second = home(), home()
    holes: dict[str, Any] = {"Extras[0].Id": "", "Extras[3].Id": 7, "OwnerAmount": "1.001"}
    empty = "Properties[0].Id=&Properties[0].Checkin="
    wishes = (empty, stay(first, at=2), stay(second, at=5, **holes))

    assert refused(agency, asked(*wishes)) == (
        400,
        [
            ("Properties[5].Extras[3].Id", "extra_unknown"),
            ("Properties[5].OwnerAmount", "cost_decimals"),
        ],
    )
    book(agency, stay(second))
    taken = asked(stay(first, at=2), stay(second, at=5))
    assert refused(agency, taken) == (409, [("Properties[5].Checkin", "nights_taken")])


def test_a_property_of_another_location_does_not_exist(agency: Client) -> None:
    elsewhere = home(2)

    assert refused(agency, asked(stay(elsewhere))) == (400, [(f"{P}.Id", "property_unknown")])


def test_a_guest_of_another_location_does_not_exist(app: Any) -> None:
    here, there = Client.of_new_partner(app), Client.of_new_partner(app, locations=(2,))
    guest = make.row_of(Booking, book(there, stay(home(2)))).contact_id
    body = f"Contact.ContactId={guest}&{stay(home())}"

    assert refused(here, body) == (400, [("Contact.ContactId", "contact_unknown")])


def test_one_booking_is_of_one_location(app: Any) -> None:
    client = Client.of_new_partner(app, locations=(1, 2))
    body = asked(stay(home()), stay(home(2), at=1))

    assert refused(client, body) == (400, [("Properties[1].Id", "several_locations")])


def test_amounts_have_the_decimals_of_the_currency(app: Any) -> None:
    make.location(1, "JPY")
    client = Client.of_new_partner(app)
    body = asked(stay(home(night_price="15", rule=make.rule()), AccommodationCost="100.0"))

    assert refused(client, body) == (400, [(f"{P}.AccommodationCost", "cost_decimals")])
    assert sentence(client, body) == "100.0 has more decimals than JPY has; it has 0."


# --- conflicts and rules of the business ----------------------------------------------------------


def test_a_property_without_a_price_or_a_rule_cannot_be_booked(agency: Client) -> None:
    unpriced, unruled = home(night_price=None), home(rule=None)

    for place in (unpriced, unruled):
        assert refused(agency, asked(stay(place))) == (422, [(f"{P}.Id", "not_on_offer")])
    agreed = stay(unpriced, AccommodationCost="100")
    assert created(agency.post(CREATE, asked(agreed)))


def test_insurance_and_vouchers_that_there_are_not_are_refused_together(agency: Client) -> None:
    fields: dict[str, Any] = {"InsuranceBreakages": "Insurance", "VoucherCode": "SUMMER"}

    found = refused(agency, asked(stay(home(), **fields)))

    assert found == (
        422,
        [
            (f"{P}.InsuranceBreakages", "insurance_not_offered"),
            (f"{P}.VoucherCode", "voucher_unknown"),
        ],
    )


def test_nights_that_are_gone_are_told_before_what_the_agency_does_not_do(agency: Client) -> None:
    place = home()
    book(agency, stay(place))

    found = refused(agency, asked(stay(place, VoucherCode="SUMMER")))

    assert found == (409, [(f"{P}.Checkin", "nights_taken")])


@pytest.mark.parametrize("path", [CREATE, CALC])
def test_a_body_that_is_no_form_is_refused(agency: Client, path: str) -> None:
    answer = agency.post(path, "{}", Content_Type="application/json")

    assert refusal(answer) == (415, [(None, "unsupported_media_type")])


def test_only_who_may_write_bookings_creates_them(app: Any) -> None:
    client = Client.of_new_partner(app, scopes="bookings:read payments:write")

    assert refused(client, asked(stay(home())))[0] == 403
