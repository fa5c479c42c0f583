"""POST /apis/enquiry: what somebody who has not booked yet asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from audit.models import LogEntry
from bookings.models import Enquiry
from kit import clock
from tests import make
from tests.bookings.given import home
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

pytestmark = pytest.mark.one_database

ENQUIRY = "/apis/enquiry"


def stored(client: Client, body: str) -> Any:
    """The row of an enquiry."""
    answer = client.post(ENQUIRY, body)
    assert answer.status_code == 200, answer.text
    assert list(answer.json or {}) == ["Success", "EnquiryId"]
    return make.row_of(Enquiry, answer.json["EnquiryId"])


def test_an_enquiry_is_stored_as_the_vendors_clients_send_it(agency: Client) -> None:
    house, flat = home(), home()

    row = stored(
        agency,
        "firstname=Filomena&lastname=Quintal&email=filomena@example.com"
        f"&propertyids={house},{flat}&startdate=2016-02-27&enddate=2016-03-05&days=7&budget=900.50"
        "&mobile=%2B351+912&phone=291&adults=2&children=1&source=Website&comments=Pool%0Aheated?"
        "&createdate=2016-01-05T07:26:40.7595426Z",
    )

    assert (row.location_id, row.partner_id) == (1, agency.partner_id)
    assert (row.first_name, row.last_name, row.email) == (
        "Filomena",
        "Quintal",
        "filomena@example.com",
    )
    assert (row.mobile, row.telephone, row.property_ids) == ("+351 912", "291", [house, flat])
    assert (row.arrives_on, row.leaves_on, row.nights) == (date(2016, 2, 27), date(2016, 3, 5), 7)
    assert (row.budget, row.currency, row.adults, row.children) == (90050, "EUR", 2, 1)
    assert (row.source, row.comments) == ("Website", "Pool\nheated?")
    assert row.asked_at == datetime(2016, 1, 5, 7, 26, 40, 759542, tzinfo=UTC)


def test_little_is_needed_of_it(agency: Client) -> None:
    row = stored(agency, "Telephone=291&firstname=&budget=&propertyids=&createdate=")

    assert (row.telephone, row.email, row.property_ids, row.budget) == ("291", None, [], None)
    assert clock.now() - row.asked_at < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("currency", "budget", "stored_as"),
    [
        ("", "900.5", (90050, "EUR")),
        ("€", "1", (100, "EUR")),
        ("gbp", "1.25", (125, "GBP")),
        ("JPY", "900", (900, "JPY")),
        ("kwd", "1.125", (1125, "KWD")),
    ],
)
def test_a_budget_is_in_the_currency_it_names_or_in_the_locations(
    agency: Client, currency: str, budget: str, stored_as: tuple[int, str]
) -> None:
    row = stored(agency, f"email=a@example.com&budget={budget}&currency={currency}")

    assert (row.budget, row.currency) == stored_as


def test_it_goes_to_the_location_of_its_properties_or_brand_or_the_first(app: Any) -> None:
    client = Client.of_new_partner(app, locations=(2, 3))
    place = home(3)

    found = [
        stored(client, f"email=a@example.com&{wish}").location_id
        for wish in (f"propertyids={place}", "BrandId=3", f"BrandId=3&propertyids={place}", "")
    ]

    assert found == [3, 3, 3, 2]


def test_the_log_says_that_it_came_and_not_from_whom(agency: Client) -> None:
    row = stored(agency, "firstname=Filomena&email=filomena@example.com&comments=allergic")

    [entry] = make.rows_of(LogEntry)
    assert (entry.action, entry.chain, entry.actor_id) == (
        "enquiry.received",
        0,
        agency.partner_id,
    )
    assert f'"enquiry":{row.id}' in entry.body


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("firstname=Ana", [("email", "required")]),
        ("email=nobody", [("email", "invalid")]),
        (
            "email=a@example.com&startdate=2030-02-30&days=367&budget=1e3&adults=x&propertyids=a",
            [
                ("propertyids", "invalid"),
                ("startdate", "invalid"),
                ("days", "invalid"),
                ("budget", "invalid"),
                ("adults", "invalid"),
            ],
        ),
        (
            "phone=1&startdate=2030-02-02&enddate=2030-02-02",
            [("enddate", "dates")],
        ),
        ("phone=1&createdate=yesterday", [("createdate", "invalid")]),
        (f"phone=1&comments={'c' * 5001}", [("comments", "too_long")]),
        ("phone=1&comments=4111+1111+1111+1111", [("comments", "card_number")]),
        ("phone=1&BrandId=2", [("BrandId", "brand_unknown")]),
        ("phone=1&currency=XYZ", [("currency", "currency_unknown")]),
        ("phone=1&budget=1.001", [("budget", "cost_decimals")]),
        (
            "phone=1&propertyids=998,999&BrandId=7&currency=moon&budget=1.001",
            [
                ("propertyids", "property_unknown"),
                ("propertyids", "property_unknown"),
                ("BrandId", "brand_unknown"),
                ("currency", "currency_unknown"),
                ("budget", "cost_decimals"),
            ],
        ),
    ],
)
def test_everything_that_is_wrong_is_told_at_once(
    agency: Client, body: str, wrong: list[tuple[str, str]]
) -> None:
    with nothing_written():
        answer = agency.post(ENQUIRY, body)

    assert refusal(answer) == (400, wrong)


def test_properties_of_other_locations_do_not_exist(agency: Client) -> None:
    elsewhere = home(2)

    answer = agency.post(ENQUIRY, f"phone=1&propertyids={elsewhere}")

    assert refusal(answer) == (400, [("propertyids", "property_unknown")])


def test_one_enquiry_is_of_one_location(app: Any) -> None:
    client = Client.of_new_partner(app, locations=(1, 2))

    answer = client.post(ENQUIRY, f"phone=1&propertyids={home(1)},{home(2)}")

    assert refusal(answer) == (400, [("propertyids", "several_locations")])


def test_a_brand_is_that_of_the_properties(app: Any) -> None:
    client = Client.of_new_partner(app, locations=(1, 2))

    answer = client.post(ENQUIRY, f"phone=1&BrandId=2&propertyids={home(1)}")

    assert refusal(answer) == (400, [("BrandId", "brand_unknown")])


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ("", "You have no location that takes enquiries; ask the agency for one."),
        ("&BrandId=7", "There is no brand 7 for this enquiry."),
    ],
)
@pytest.mark.parametrize("money", ["", "&budget=900", "&budget=900&currency=GBP", "&currency=moon"])
def test_a_partner_without_any_location_is_told_so_whatever_the_budget(
    app: Any, wish: str, sentence: str, money: str
) -> None:
    client = Client.of_new_partner(app, locations=())

    answer = client.post(ENQUIRY, f"phone=1{wish}{money}")

    assert refusal(answer) == (400, [("BrandId", "brand_unknown")])
    assert answer.json["Message"] == sentence


def test_only_who_may_write_bookings_enquires(app: Any) -> None:
    client = Client.of_new_partner(app, scopes="bookings:read payments:write")

    assert client.post(ENQUIRY, "phone=1").status_code == 403


def test_a_dry_run_stores_nothing_and_gives_no_id(agency: Client) -> None:
    with nothing_written():
        answer = agency.post(ENQUIRY, "phone=1", Prefer="dry-run")

    assert (answer.json["DryRun"], answer.json["EnquiryId"]) == (True, None)
