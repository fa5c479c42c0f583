"""GET /apis/bookings: what a synchronising client reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from bookings.models import Booking, BookingExtra, Extra, Guest, Stay
from kit import clock
from kit.db import transaction
from kit.paging import Bookmarks
from tests import make
from tests.make import Client, Due
from tests.payments.proofs import counted_queries

VENDOR_KEYS = """
BookingId ExternalReservationID PropertyId ContactID RepContactId BookingStatusId BrandId
TransactionID OrderTime ModifiedTime CheckIn CheckOut Country Currency RenterAmount BookingFee
BookingFeeVAT HolidayExtras InsuranceTotal AgentCommission Discount PaymentCharges Compensation
RenterBalance Commission CommissionVAT SecurityDeposit RenterTotal RatePerDay PropertyTypes Status
Source BookingTags CustomerName Adults Children Infants Pets Guests HolidayExtrasOrdered Deposit
DepositDueDate Balance BalanceDueDate GuestNotes HouseKeeperNotes InternalNotes PaymentSchedules
Payments HolidayNotes ArrivalNotes DepartureNotes Bills
Credit
"""


def listed(client: Client, query: str = "") -> list[int]:
    """The ids of the bookings that a query finds, in their order."""
    answer = client.get(f"/apis/bookings?{query}")
    assert answer.status_code == 200, answer.text
    return [item["BookingId"] for item in answer.json["Items"]]


def test_an_item_has_every_key_of_the_vendor(client: Client) -> None:
    make.booking()

    item = client.get("/apis/bookings").json["Items"][0]

    assert sorted(item) == sorted(VENDOR_KEYS.split())


def test_an_item_tells_the_booking_and_its_money(client: Client) -> None:
    make.method("PayPal")
    make.tag(2, "VIP")
    dues = [Due("363.00", name="Deposit"), Due("652.00", stage=2, due_in=30, name="Balance")]
    booking = make.booking(dues, tags=[2])
    client.pay(booking, "400.00", Charges="3.50")

    answer = client.get("/apis/bookings")
    item = answer.json["Items"][0]

    assert item["CustomerName"] == "Maria Silva"
    assert (item["Status"], item["BookingStatusId"], item["Currency"]) == ("Booking", 3, "€")
    assert (item["Deposit"], item["Balance"]) == (363.0, 652.0)
    assert (item["RenterTotal"], item["RenterBalance"], item["PaymentCharges"]) == (1015, 615, 3.5)
    assert item["BookingTags"] == [{"Id": 2, "Name": "VIP"}]
    assert [line["Outstanding"] for line in item["PaymentSchedules"]] == [0, 615]
    assert [payment["State"] for payment in item["Payments"]] == ["cleared"]
    assert '"RenterBalance":615.00' in answer.text
    day = clock.now().date() + timedelta(days=30)
    assert item["BalanceDueDate"] == f"{day:%d/%m/%Y}"


def test_moments_have_a_fraction_of_a_second(client: Client) -> None:
    """A bare "...00Z" breaks a public client."""
    make.booking()

    item = client.get("/apis/bookings").json["Items"][0]

    assert item["OrderTime"].endswith("0Z")
    assert len(item["ModifiedTime"].partition(".")[2]) == len("9230000Z")


def test_a_list_without_hits_is_empty_and_never_null(client: Client) -> None:
    assert client.get("/apis/bookings").json == {"TotalHits": 0, "Items": []}


def test_everything_empty_and_a_bare_name_is_no_filter(client: Client) -> None:
    booking = make.booking()
    query = "size=15=1&index=1&term=&bookingstatus=&propertyids=&contactIDs=&balancestatus=" \
        "&orderDateFrom=&checkinfrom=&modifiedTimeFrom=&IncludeBookingTags=&bookingID"  # fmt: skip

    assert listed(client, query) == [booking]


def test_bookings_of_other_locations_do_not_exist_for_a_partner(client: Client) -> None:
    make.booking(location_id=2)

    assert client.get("/apis/bookings").json["TotalHits"] == 0


def test_the_newest_comes_first(client: Client) -> None:
    first, second = make.booking(), make.booking()

    assert listed(client) == [second, first]


def test_sort_and_direction_are_the_clients_choice(client: Client) -> None:
    today = clock.now().date()
    late = make.booking(arrives_on=today + timedelta(days=9), leaves_on=today + timedelta(days=12))
    soon = make.booking(arrives_on=today + timedelta(days=2), leaves_on=today + timedelta(days=4))

    assert listed(client, "Sort=CheckIn&SortDirection=asc") == [soon, late]
    assert listed(client, "Sort=CreateDate&SortDirection=asc") == [late, soon]


def test_page_after_page_each_booking_comes_once(client: Client) -> None:
    made = [make.booking() for _ in range(5)]

    pages = [listed(client, f"size=2&index={index}") for index in (1, 2, 3, 4)]

    assert pages == [made[4:2:-1], made[2:0:-1], [made[0]], []]


@pytest.mark.long
@pytest.mark.parametrize("sort", ["CreateDate", "CheckIn"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("is_cold", [True, False], ids=["cold", "warm"])
def test_every_page_down_to_the_deepest_is_the_same_to_a_process_that_has_shown_none(
    client: Client, sort: str, direction: str, is_cold: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several are made at one moment and arrive on one day.
    today, now = clock.now().date(), clock.now()
    for n in (3, 1, 2, 1, 3, 2, 1):
        make.booking(
            created_at=now - timedelta(hours=n),
            arrives_on=today + timedelta(days=n),
            leaves_on=today + timedelta(days=9),
        )
    query = f"Sort={sort}&SortDirection={direction}"
    every = listed(client, f"{query}&size=300")

    found = []
    for index in range(1, 5):
        if is_cold:
            monkeypatch.setattr("bookings.routes.BOOKMARKS", Bookmarks())
        found.append(listed(client, f"{query}&size=2&index={index}"))

    assert len(every) == 7
    assert found == [every[:2], every[2:4], every[4:6], every[6:]]


def test_the_total_counts_all_hits_not_the_page(client: Client) -> None:
    for _ in range(3):
        make.booking()

    answer = client.get("/apis/bookings?size=1&index=3")

    assert answer.json["TotalHits"] == 3
    assert len(answer.json["Items"]) == 1


def test_a_page_of_more_than_300_is_refused(client: Client) -> None:
    answer = client.get("/apis/bookings?size=301")

    assert answer.status_code == 400
    assert answer.json["Errors"][0]["Field"] == "size"


def test_filters_find_what_they_name(client: Client) -> None:
    make.tag(2, "VIP")
    today = clock.now().date()
    arrives, leaves = today + timedelta(days=5), today + timedelta(days=8)
    one = make.booking(
        tags=[2], account_identifier="A1234.56", arrives_on=arrives, leaves_on=leaves
    )
    two = make.booking(status="cancelled", id=7777)
    row, other = make.row_of(Booking, one), make.row_of(Booking, two)

    found = {
        query: listed(client, query)
        for query in [
            f"bookingID={one}",
            "term=1234.5",
            "term=silva",
            "term=7777",
            "bookingstatus=4",
            "IncludeBookingTags=2",
            "ExcludeBookingTags=2",
            f"contactIDs={row.contact_id},999",
            f"checkinto={row.arrives_on}",
            f"checkinfrom={other.arrives_on}",
            f"orderDateFrom={today + timedelta(days=1)}",
            f"orderDateTo={today}",
            "LocationId=1",
            "LocationId=2",
            "BrandID=2",
        ]
    }

    assert found == {
        f"bookingID={one}": [one],
        "term=1234.5": [one],
        "term=silva": [two, one],
        "term=7777": [two],
        "bookingstatus=4": [two],
        "IncludeBookingTags=2": [one],
        "ExcludeBookingTags=2": [two],
        f"contactIDs={row.contact_id},999": [one],
        f"checkinto={row.arrives_on}": [one],
        f"checkinfrom={other.arrives_on}": [two],
        f"orderDateFrom={today + timedelta(days=1)}": [],
        f"orderDateTo={today}": [two, one],
        "LocationId=1": [two, one],
        "LocationId=2": [],
        "BrandID=2": [],
    }


def test_a_term_is_text_and_no_pattern(client: Client) -> None:
    make.booking()

    assert listed(client, "term=%25") == []
    assert listed(client, "term=S_lva") == []


def test_the_balance_filter_tells_paid_from_outstanding(client: Client) -> None:
    make.method("PayPal")
    paid, open_ = make.booking(["10.00"]), make.booking(["10.00"])
    client.pay(paid, "10.00")

    assert listed(client, "balancestatus=paid") == [paid]
    assert listed(client, "balancestatus=outstanding") == [open_]


def test_a_property_filter_finds_every_booking_of_it(client: Client) -> None:
    booking = make.booking(properties=2)
    make.booking()
    item = client.get(f"/apis/bookings?bookingID={booking}").json["Items"][0]

    assert listed(client, f"propertyids={item['PropertyId']}") == [booking]


def test_a_payment_makes_its_booking_modified(client: Client) -> None:
    make.method("PayPal")
    long_ago = clock.now() - timedelta(days=3)
    paid = make.booking(modified_at=long_ago)
    make.booking(modified_at=long_ago)
    since = f"{clock.now() - timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}"

    client.pay(paid, "10.00")

    assert listed(client, f"modifiedTimeFrom={since}Z") == [paid]


@pytest.mark.parametrize("query", ["checkinfrom=2026-02-30", "bookingstatus=9", "index=0",
                                   "propertyids=a", "modifiedTimeFrom=yesterday"])  # fmt: skip
def test_a_known_name_with_a_wrong_value_is_named(client: Client, query: str) -> None:
    answer = client.get(f"/apis/bookings?{query}")

    assert answer.status_code == 400
    assert answer.json["Errors"][0]["Field"].lower() == query.partition("=")[0].lower()


def test_a_wish_for_changes_since_2015_is_no_reason_for_304(client: Client) -> None:
    answer = client.get("/apis/bookings", If_Modified_Since="Wed, 21 Oct 2015 07:28:00 GMT")

    assert answer.status_code == 200


def _guests_and_extras() -> None:
    """One of each for every stay."""
    stays = select(Stay.booking_id, Stay.property_id)
    with transaction() as connection:
        connection.execute(insert(Extra), [{"id": 1, "name": "Cot"}])
        for stay in connection.execute(stays).mappings().all():
            connection.execute(insert(Guest), [{**stay, "is_lead": True, "name": "Ana"}])
            ordered = {"extra_id": 1, "name": "Cot", "quantity": 1, "price": 1}
            connection.execute(insert(BookingExtra), [{**stay, **ordered}])


def test_a_page_takes_the_same_nine_statements_whatever_its_size(client: Client) -> None:
    make.method("PayPal")
    make.tag(2, "VIP")
    for _ in range(12):
        client.pay(make.booking(tags=[2], properties=2), "10.00")
    _guests_and_extras()
    client.get("/apis/bookings?size=1")

    counts = []
    for size in (1, 12):
        with counted_queries() as seen:
            answer = client.get(f"/apis/bookings?size={size}")
        assert all(len(item["Guests"]) == 2 for item in answer.json["Items"])
        counts.append(len(seen))

    assert counts == [9, 9]


def test_properties_come_with_their_currency(client: Client) -> None:
    make.location(2, "GBP")
    mine = make.place(1, "Casa Azul")
    make.place(2, "Rose Cottage")

    answer = client.get("/apis/properties")

    assert answer.json == [{"Id": mine, "Name": "Casa Azul", "Currency": "EUR"}]


def test_sources_are_a_bare_array(client: Client) -> None:
    assert client.get("/apis/sources").json == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("orderDateTo=9999-12-31", 200),
        ("modifiedTimeTo=9999-12-31", 200),
        ("modifiedTimeFrom=0001-01-01", 200),
        ("modifiedTimeFrom=0001-01-01T00:00:00%2B14:00", 400),
        ("modifiedTimeTo=9999-12-31T23:59:59-14:00", 400),
        ("checkinfrom=2024-W01-1", 400),
    ],
)
def test_the_ends_of_the_calendar_are_no_errors_of_ours(
    client: Client, query: str, status: int
) -> None:
    assert client.get(f"/apis/bookings?{query}").status_code == status
