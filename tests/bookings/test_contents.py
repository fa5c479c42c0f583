"""What hangs on a booking of GET /apis/bookings: guests, extras, lines, refunds; and what no longer
does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, update

from bookings.models import Booking, BookingExtra, Contact, Extra, Guest, ScheduleLine, Stay
from kit import clock
from kit.db import transaction
from payments.models import Payment
from tests import make
from tests.bookings.test_items import PATH, change, ids, page, places_of, shown
from tests.make import Client, Due


def add(model: Any, *rows: dict[str, Any]) -> None:
    with transaction() as connection:
        for row in rows:
            connection.execute(insert(model), [row])


def test_money_of_extras_has_the_decimals_of_the_booking(client: Client) -> None:
    booking = make.booking(currency="KWD")
    [place] = places_of(booking)
    change(Stay, place, accommodation=12500)
    add(Extra, {"id": 1, "name": "Cot"})
    row = {"booking_id": booking, "property_id": place, "extra_id": 1, "name": "Cot"}
    add(BookingExtra, row | {"quantity": 3, "price": 1500})

    text = client.get(PATH).text

    assert '"Price":1.500,"ExtraNetPrice":4.500,"PayableToOwner":0.000' in text
    assert '"RenterAmount":12.500,' in text
    assert '"HolidayExtras":4.500,' in text


def test_the_lead_guest_of_the_first_property_comes_first_and_has_the_contacts_addresses(
    client: Client,
) -> None:
    booking = make.booking(properties=2)
    first, second = places_of(booking)
    with transaction() as connection:
        connection.execute(update(Contact).values(mobile="+351 912"))
    here, there = ({"booking_id": booking, "property_id": place} for place in (first, second))
    add(
        Guest,
        there | {"is_lead": True, "name": "Rui", "age": 30},
        here | {"is_lead": False, "name": "Eva", "age": 4},
        here | {"is_lead": True, "name": "Ana", "passport": "sealed", "passport_mask": "****4321"},
    )

    answer = client.get(PATH)

    assert answer.json["Items"][0]["Guests"] == [
        {
            "Name": "Ana",
            "Age": None,
            "Passport": "****4321",
            "Email": "guest@example.com",
            "Mobile": "+351 912",
        },
        {"Name": "Eva", "Age": 4, "Passport": "", "Email": "", "Mobile": ""},
        {"Name": "Rui", "Age": 30, "Passport": "", "Email": "", "Mobile": ""},
    ]
    assert "sealed" not in answer.text


def test_a_contact_without_an_address_is_a_guest_with_empty_texts(client: Client) -> None:
    booking = make.booking(email=None)
    [place] = places_of(booking)
    add(Guest, {"booking_id": booking, "property_id": place, "is_lead": True, "name": "Ana"})

    [item] = page(client)["Items"]

    assert (item["Guests"][0]["Email"], item["Guests"][0]["Mobile"]) == ("", "")


def test_ordered_extras_are_listed_with_the_price_of_one_and_of_all(client: Client) -> None:
    booking = make.booking(properties=2)
    first, second = places_of(booking)
    add(Extra, {"id": 1, "name": "Baby cot"}, {"id": 2, "name": "Late check-out"})
    here, there = ({"booking_id": booking, "property_id": place} for place in (first, second))
    add(
        BookingExtra,
        there | {"extra_id": 2, "name": "Late", "quantity": 1, "price": 2050},
        here | {"extra_id": 1, "name": "Cot", "quantity": 2, "price": 1500},
    )

    [item] = page(client)["Items"]

    assert item["HolidayExtrasOrdered"] == [
        {"Name": "Cot", "Qty": 2, "Price": 15, "ExtraNetPrice": 30, "PayableToOwner": 0},
        {"Name": "Late", "Qty": 1, "Price": 20.5, "ExtraNetPrice": 20.5, "PayableToOwner": 0},
    ]
    assert item["HolidayExtras"] == 50.5


def test_each_kind_of_line_has_its_sum(client: Client) -> None:
    kinds = ["tax", "fee", "deposit", "balance", "insurance", "security_deposit", "amendment"]
    booking = make.booking([Due(f"{2**n}.00", name=kind) for n, kind in enumerate(kinds)])
    with transaction() as connection:
        connection.execute(update(ScheduleLine).values(kind=ScheduleLine.name))

    [item] = page(client)["Items"]

    assert item["BookingFee"] == 2
    assert item["InsuranceTotal"] == 16
    assert item["SecurityDeposit"] == 32
    assert item["Compensation"] == 0
    assert item["BookingId"] == booking


def test_what_the_nights_cost_is_the_sum_of_the_stays_and_is_shown_by_the_night(
    client: Client,
) -> None:
    booking = make.booking(properties=2)
    first, second = places_of(booking)
    change(Stay, first, accommodation=70000)
    change(Stay, second, accommodation=20000)

    [item] = page(client)["Items"]

    assert (item["RenterAmount"], item["RatePerDay"]) == (900, 128.57)


def test_a_property_that_an_amendment_took_out_is_told_of_nowhere(client: Client) -> None:
    booking = make.booking(properties=2)
    gone, kept = places_of(booking)
    change(Stay, gone, accommodation=70000, dropped_at=clock.now())
    change(Stay, kept, accommodation=20000)
    add(Extra, {"id": 1, "name": "Cot"})
    for place, name in ((gone, "Gone"), (kept, "Kept")):
        row = {"booking_id": booking, "property_id": place, "name": name}
        add(Guest, row | {"is_lead": True})
        add(BookingExtra, row | {"extra_id": 1, "quantity": 1, "price": 1000})

    [item] = page(client)["Items"]

    assert item["PropertyId"] == kept
    assert (item["RenterAmount"], item["HolidayExtras"], item["Adults"]) == (200, 10, 2)
    assert [guest["Name"] for guest in item["Guests"]] == ["Kept"]
    assert item["Guests"][0]["Email"] == "guest@example.com"
    assert [extra["Name"] for extra in item["HolidayExtrasOrdered"]] == ["Kept"]
    assert ids(client, f"propertyids={kept}") == [booking]
    assert ids(client, f"propertyids={gone}") == []


def test_of_a_cancelled_booking_only_the_fee_for_cancelling_is_due(client: Client) -> None:
    dues = [Due("363.00"), Due("50.00", name="Cancellation fee"), Due("652.00", stage=2)]
    booking = make.booking(dues, status="cancelled")
    deposit, fee, balance = make.lines_of(booking)
    with transaction() as connection:
        for line in (deposit, balance):
            closed = {"amount": 0, "closed_amount": line.amount}
            changed = update(ScheduleLine).where(ScheduleLine.id == line.id)
            connection.execute(changed.values(closed))
        kind = update(ScheduleLine).where(ScheduleLine.id == fee.id)
        connection.execute(kind.values(kind="cancellation_fee"))
        connection.execute(update(Booking).values(total=5000))

    [item] = page(client)["Items"]

    assert item["PaymentSchedules"] == [shown(fee, "Cancellation fee", 0, 50, 0)]
    assert (item["Deposit"], item["Balance"], item["BalanceDueDate"]) == (50, 0, None)
    assert (item["RenterTotal"], item["RenterBalance"]) == (50, 50)


def test_a_refund_is_a_payment_below_zero(client: Client) -> None:
    make.method("PayPal")
    booking = make.booking()
    client.pay(booking, "60.00")
    [paid] = make.rows_of(Payment)
    refund = paid._asdict() | {"id": paid.id + 1, "refund_of": paid.id, "amount": -2000}
    add(Payment, refund | {"reference": None})

    [item] = page(client)["Items"]

    amounts = [(payment["Amount"], payment["State"]) for payment in item["Payments"]]
    assert amounts == [(60, "cleared"), (-20, "cleared")]
