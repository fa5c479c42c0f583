"""One booking of GET /apis/bookings, key by key, and the filters that each name one thing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from bookings.models import Booking, Source, Stay
from kit import clock
from kit.db import transaction
from tests import make
from tests.make import Client, Due
from tests.payments.proofs import refusal

PATH = "/apis/bookings"
BORN = datetime(2017, 8, 18, 5, 45, 0, 923000, tzinfo=UTC)


def page(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    found: dict[str, Any] = answer.json  # type: ignore[assignment]
    return found


def ids(client: Client, query: str) -> list[int]:
    return [item["BookingId"] for item in page(client, query)["Items"]]


def day(days: int) -> str:
    return f"{clock.now().date() + timedelta(days=days):%d/%m/%Y}"


# A deposit of 363.00 and a balance of 652.00, of which 400.00 and a surcharge of 3.50 are paid.
MONEY = {
    "RenterAmount": 1015.00,
    "BookingFee": 0,
    "BookingFeeVAT": 0,
    "HolidayExtras": 0,
    "InsuranceTotal": 0,
    "AgentCommission": 0,
    "Discount": 0,
    "PaymentCharges": 3.50,
    "Compensation": 0,
    "RenterBalance": 615.00,
    "Commission": 0,
    "CommissionVAT": 0,
    "SecurityDeposit": 0,
    "RenterTotal": 1015.00,
    "RatePerDay": 145.00,
}
PAID = {"Amount": 400.00, "Status": 0, "State": "cleared", "PaymentDate": "04/03/2026"}
PARTY = {
    "Adults": 2,
    "Children": 0,
    "Infants": 0,
    "Pets": 0,
    "Guests": [],
    "HolidayExtrasOrdered": [],
}
NOTES = {
    "GuestNotes": "Late arrival",
    "HouseKeeperNotes": "Two cots",
    "InternalNotes": "Owner's friend",
    "HolidayNotes": "",
    "ArrivalNotes": "",
    "DepartureNotes": "",
}


def shown(line: Any, name: str, paid: float, outstanding: float, due_in: int) -> dict[str, Any]:
    return {
        "PaymentScheduleID": line.id,
        "PaymentScheduleName": name,
        "Stage": line.stage,
        "Amount": paid + outstanding,
        "Paid": paid,
        "Outstanding": outstanding,
        "DueDate": day(due_in),
        "PropertyId": line.property_id,
    }


def change(model: Any, place: int, **values: Any) -> None:
    """Set these values in all rows of a property."""
    with transaction() as connection:
        connection.execute(update(model).where(model.property_id == place).values(values))


def places_of(booking: int) -> list[int]:
    """Its properties, those of dropped stays, too."""
    return [stay.property_id for stay in make.rows_of(Stay, booking_id=booking)]


def half_paid() -> int:
    """A provisional booking of two lines with everything that an item tells of it."""
    with transaction() as connection:
        connection.execute(insert(Source), [{"id": 1, "name": "Website"}])
    make.tag(12, "Website Booking in Progress")
    make.tag(2, "VIP")
    return make.booking(
        [Due("363.00", name="Deposit"), Due("652.00", stage=2, due_in=30, name="Balance")],
        tags=[12, 2],
        status="provisional",
        source_id=1,
        external_reference="AB-1",
        account_identifier="A9.1",
        created_at=BORN,
        guest_notes="Late arrival",
        housekeeper_notes="Two cots",
        internal_notes="Owner's friend",
    )


def test_an_item_has_the_shape_of_the_vendors(client: Client) -> None:
    make.method("PayPal")
    booking = half_paid()
    paid = client.pay(booking, "400.00", Charges="3.50", PaymentDate="2026-03-04").json
    deposit, balance = make.lines_of(booking)
    row = make.row_of(Booking, booking)
    change(Stay, places_of(booking)[0], accommodation=101500)

    [item] = page(client)["Items"]

    assert paid is not None
    assert item.pop("ModifiedTime") == f"{row.modified_at:%Y-%m-%dT%H:%M:%S.%f}0Z"
    assert item == {
        "BookingId": booking,
        "ExternalReservationID": "AB-1",
        "PropertyId": deposit.property_id,
        "ContactID": row.contact_id,
        "RepContactId": None,
        "BookingStatusId": 3,
        "BrandId": 1,
        "TransactionID": "A9.1",
        "OrderTime": "2017-08-18T05:45:00.9230000Z",
        "CheckIn": str(row.arrives_on),
        "CheckOut": str(row.leaves_on),
        "Country": "PT",
        "Currency": "€",
        **MONEY,
        "PropertyTypes": [],
        "Status": "Booking",
        "Source": "Website",
        "BookingTags": [
            {"Id": 2, "Name": "VIP"},
            {"Id": 12, "Name": "Website Booking in Progress"},
        ],
        "CustomerName": "Maria Silva",
        **PARTY,
        "Deposit": 363.00,
        "DepositDueDate": day(0),
        "Balance": 652.00,
        "BalanceDueDate": day(30),
        **NOTES,
        "PaymentSchedules": [
            shown(deposit, "Deposit", 363.00, 0, 0),
            shown(balance, "Balance", 37.00, 615.00, 30),
        ],
        "Payments": [PAID | {"PaymentID": paid["PaymentId"]}],
        "Bills": [],
        "Credit": 0.00,
    }


@pytest.mark.parametrize(
    ("currency", "amount", "shown", "sign"),
    [
        ("EUR", "200", "200.00", "€"),
        ("JPY", "15000", "15000", "¥"),
        ("KWD", "12.5", "12.500", "KWD"),
    ],
)
def test_money_of_an_item_has_the_decimals_of_its_currency(
    client: Client, currency: str, amount: str, shown: str, sign: str
) -> None:
    make.booking([amount], currency=currency)

    text = client.get(PATH).text

    assert f'"Currency":"{sign}"' in text
    for name in ("RenterTotal", "RenterBalance", "Deposit", "Outstanding"):
        assert f'"{name}":{shown},' in text


def test_a_whole_second_still_has_a_fraction(client: Client) -> None:
    make.booking(created_at=BORN.replace(microsecond=0))

    [item] = page(client)["Items"]

    assert item["OrderTime"] == "2017-08-18T05:45:00.0000000Z"


def test_a_booking_without_lines_of_a_stage_has_nothing_due_then(client: Client) -> None:
    make.booking([Due("10.00", stage=2)])

    [item] = page(client)["Items"]

    assert (item["Deposit"], item["DepositDueDate"]) == (0, None)


def test_a_blockout_without_anything_is_listed(client: Client) -> None:
    make.booking([], status="blockout")

    [item] = page(client)["Items"]

    assert (item["Status"], item["BookingStatusId"]) == ("Blockout", 1)
    assert item["PaymentSchedules"] == item["Payments"] == []
    assert (item["RenterTotal"], item["RatePerDay"], item["BalanceDueDate"]) == (0, 0, None)


@pytest.mark.parametrize(
    ("number", "status"), [(1, "blockout"), (2, "provisional"), (3, "booking"), (4, "cancelled")]
)
def test_every_status_has_its_number_and_can_be_asked_for(
    client: Client, number: int, status: str
) -> None:
    made = {each: make.booking(status=each) for each in
            ("blockout", "provisional", "booking", "cancelled")}  # fmt: skip

    [item] = page(client, f"bookingstatus={number}")["Items"]

    assert item["BookingId"] == made[status]
    assert (item["BookingStatusId"], item["Status"]) == (number, status.capitalize())


def test_days_of_arrival_are_filtered_with_both_their_ends(client: Client) -> None:
    today = clock.now().date()
    made = [
        make.booking(arrives_on=today + timedelta(days=n), leaves_on=today + timedelta(days=n + 1))
        for n in range(4)
    ]
    first, last = today + timedelta(days=1), today + timedelta(days=2)

    query = f"checkinfrom={first}&checkinto={last}&Sort=CheckIn&SortDirection=asc"

    assert ids(client, query) == made[1:3]


def test_days_of_the_order_are_filtered_with_both_their_ends(client: Client) -> None:
    hours = [-1, 0, 23, 24]
    midnight = BORN.replace(hour=0, minute=0)
    made = [make.booking(created_at=midnight + timedelta(hours=hour)) for hour in hours]

    found = ids(client, "orderDateFrom=2017-08-18&orderDateTo=2017-08-18&SortDirection=asc")

    assert found == made[1:3]


@pytest.mark.long
def test_moments_of_change_are_filtered_to_the_second_or_by_the_day(client: Client) -> None:
    made = [make.booking(modified_at=BORN + timedelta(hours=n)) for n in range(3)]

    def found(query: str) -> list[int]:
        return sorted(ids(client, query))

    assert found("modifiedTimeFrom=2017-08-18T06:00:00&modifiedTimeTo=2017-08-18T07:00:00Z") == [
        made[1]
    ]
    assert found("modifiedTimeFrom=2017-08-18&modifiedTimeTo=2017-08-18") == made
    assert found("modifiedTimeTo=2017-08-17") == []
    assert found("modifiedTimeFrom=2017-08-18T08:45:00%2B02:00") == made[1:]


def test_filters_narrow_each_other(client: Client) -> None:
    make.tag(2, "VIP")
    make.tag(3, "Dog")
    both = make.booking(tags=[2, 3])
    vip = make.booking(tags=[2])
    cancelled = make.booking(tags=[2], status="cancelled")

    assert ids(client, "IncludeBookingTags=2,3") == [cancelled, vip, both]
    assert ids(client, "IncludeBookingTags=2&ExcludeBookingTags=3") == [cancelled, vip]
    assert ids(client, "IncludeBookingTags=2&ExcludeBookingTags=3&bookingstatus=3") == [vip]
    assert ids(client, f"bookingID={both}&bookingstatus=4") == []


def test_another_locations_booking_is_not_found_by_any_name(client: Client) -> None:
    hidden = make.booking(location_id=2, account_identifier="SECRET.1")

    for query in (f"bookingID={hidden}", "term=SECRET", "LocationId=2", f"term={hidden}"):
        assert page(client, query) == {"TotalHits": 0, "Items": []}


def test_every_wrong_filter_is_told_in_one_answer(client: Client) -> None:
    answer = client.get(f"{PATH}?bookingID=x&size=0&Sort=name&SortDirection=up&checkinto=soon")

    status, wrong = refusal(answer)
    assert status == 400
    assert dict(wrong) == dict.fromkeys(
        ["bookingID", "size", "Sort", "SortDirection", "checkinto"], "invalid"
    )


@pytest.mark.parametrize("path", ["/apis/bookings", "/apis/properties", "/apis/sources"])
def test_reading_bookings_needs_its_scope(client: Client, path: str) -> None:
    stranger = Client.of_new_partner(client.app, scopes="payments:read")

    assert refusal(stranger.get(path)) == (403, [(None, "scope_missing")])
