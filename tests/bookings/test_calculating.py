"""POST /apis/booking/calc: what a booking would cost, with nothing stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests import make
from tests.bookings.given import (
    ARRIVES,
    BALANCE_DAYS,
    CALC,
    NIGHTS,
    book,
    day,
    extras,
    home,
    stay,
)
from tests.make import Client
from tests.payments.proofs import counted_queries, nothing_written, refusal


def calc(client: Client, *stays: str, **fields: Any) -> dict[str, Any]:
    others = [f"{name}={value}" for name, value in fields.items()]
    with nothing_written():
        answer = client.post(CALC, "&".join([*others, *stays]))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json  # type: ignore[assignment]
    return found


@pytest.mark.long
def test_it_answers_with_the_vendors_keys(agency: Client) -> None:
    place = home(breakages_deposit="200.00")
    cot = make.extra(place, "30.00")

    found = calc(agency, stay(place, InsuranceBreakages="BreakageDeposit", **extras((cot, 2))))

    due = f"{day(ARRIVES - BALANCE_DAYS):%d/%m/%Y}"
    [item] = found.pop("PropertyItems")
    schedules = found.pop("PaymentSchedules")
    assert found == {
        "BookingFee": 25.00,
        "FullPaymentValue": 1061.00,  # 700 + 60, 10 % tax, the fee, the security deposit
        "DepositPaymentValue": 291.00,  # 76 + 25 + 190
        "BalanceDueDate": str(day(ARRIVES - BALANCE_DAYS)),
        "Currency": "€",
        "VATRate": 10.00,
    }
    assert item == {
        "Id": place,
        "Title": "Casa Azul",
        "Discount": 0,
        "Extras": 60.00,
        "Insurance": 0,
        "AgentFee": 0,
        "AccommodationCost": 700.00,
        "BreakagesDeposit": 200.00,
        "BreakagesDepositInTotalPrice": True,
        "SmallPartyDiscount": 0,
        "Availability": True,
        "MinStayPassed": True,
        "ChangeoverPassed": True,
        "VoucherCode": "",
        "Message": "",
        "ExtraItems": [{"Id": cot, "Name": "Cot", "Qty": 2, "Price": 30.00}],
    }
    assert [(x["PaymentScheduleName"], x["Amount"]) for x in schedules] == [
        ("10% tax", 76.00),
        ("Booking Fee", 25.00),
        ("Rental Deposit", 190.00),
        ("Rental Balance", 570.00),
        ("Security Deposit", 200.00),
    ]
    assert [x["DueDate"] for x in schedules[-2:]] == [due, due]


def test_money_is_written_with_the_decimals_of_the_currency(agency: Client) -> None:
    text = agency.post(CALC, stay(home())).text

    assert '"FullPaymentValue":795.00,"DepositPaymentValue":270.00,' in text


def test_what_it_calculates_is_what_booking_it_costs(agency: Client) -> None:
    house, flat = home(insurance="12.34"), home(night_price="33.33")
    wishes = (stay(house, InsuranceBreakages="Insurance"), stay(flat, ARRIVES + 2, 3, at=1))

    shown = calc(agency, *wishes)
    booking = book(agency, *wishes)

    [item] = agency.get(f"/apis/bookings?bookingID={booking}").json["Items"]
    assert item["RenterTotal"] == shown["FullPaymentValue"]
    assert item["Deposit"] == shown["DepositPaymentValue"]
    assert item["BookingFee"] == shown["BookingFee"]


def test_all_of_it_is_the_deposit_when_arrival_is_near(agency: Client) -> None:
    found = calc(agency, stay(home(), BALANCE_DAYS))

    assert found["DepositPaymentValue"] == found["FullPaymentValue"] == 795.00
    assert found["BalanceDueDate"] == str(day(0))


def test_the_balance_of_several_properties_is_due_with_the_last_of_them(agency: Client) -> None:
    late = home(rule=make.rule(balance_days=14))

    found = calc(agency, stay(home()), stay(late, at=1))

    assert found["BalanceDueDate"] == str(day(ARRIVES - 14))


def test_dates_that_are_past_are_fine(agency: Client) -> None:
    place = home()

    found = calc(agency, stay(place, Checkin="2016-02-27", Checkout="2016-03-05"))

    assert found["FullPaymentValue"] == 795.00
    assert found["PropertyItems"][0]["Availability"] is True


def test_a_property_that_is_taken_on_some_night_is_told_and_priced_all_the_same(
    agency: Client,
) -> None:
    house, flat = home(), home()
    book(agency, stay(house, ARRIVES + NIGHTS - 1))

    found = calc(agency, stay(house), stay(flat, at=1))

    assert [x["Availability"] for x in found["PropertyItems"]] == [False, True]
    assert found["FullPaymentValue"] == 1565.00


def test_a_property_that_is_left_on_that_day_is_free(agency: Client) -> None:
    place = home()
    book(agency, stay(place))

    after = calc(agency, stay(place, ARRIVES + NIGHTS))
    before = calc(agency, stay(place, ARRIVES - 1, 1))

    assert after["PropertyItems"][0]["Availability"] is True
    assert before["PropertyItems"][0]["Availability"] is True


def test_it_may_come_in_the_query_string(agency: Client) -> None:
    query = stay(home()).replace("[", "%5B").replace("]", "%5D")

    answer = agency.post(f"{CALC}?{query}", "", Content_Type="")

    assert answer.json["FullPaymentValue"] == 795.00


def test_it_takes_four_queries_whatever_is_asked_for(agency: Client) -> None:
    places = [home() for _ in range(6)]
    wanted = [(make.extra(place), 2) for place in places]
    wishes = [
        stay(p, at=n, **extras(x)) for n, (p, x) in enumerate(zip(places, wanted, strict=True))
    ]
    book(agency, stay(places[0]))

    with counted_queries() as one:
        agency.post(CALC, stay(places[0]))
    with counted_queries() as many:
        agency.post(CALC, "&".join(wishes))

    assert len(one) == len(many) == 4


@pytest.mark.parametrize(
    ("fields", "status", "wrong"),
    [
        ({"Id": 999}, 400, ("Properties[0].Id", "property_unknown")),
        ({"Checkout": "2030-02-30"}, 400, ("Properties[0].Checkout", "invalid")),
        ({"Extras[0].Id": 9}, 400, ("Properties[0].Extras[0].Id", "extra_unknown")),
        ({"VoucherCode": "X"}, 422, ("Properties[0].VoucherCode", "voucher_unknown")),
        (
            {"InsuranceBreakages": "Insurance"},
            422,
            ("Properties[0].InsuranceBreakages", "insurance_not_offered"),
        ),
    ],
)
def test_it_refuses_what_booking_it_would_be_refused_for(
    agency: Client, fields: dict[str, Any], status: int, wrong: tuple[str, str]
) -> None:
    answer = agency.post(CALC, stay(**({"property_id": home()} | fields)))

    assert refusal(answer) == (status, [wrong])


def test_a_brand_is_that_of_the_properties(agency: Client) -> None:
    place = home()

    answer = agency.post(CALC, f"BrandId=2&{stay(place)}")

    assert refusal(answer) == (400, [("BrandId", "brand_elsewhere")])
    assert calc(agency, stay(place), BrandId=1)["FullPaymentValue"] == 795.00


def test_who_may_read_bookings_may_calculate_them(app: Any) -> None:
    reads = Client.of_new_partner(app, scopes="bookings:read")
    writes = Client.of_new_partner(app, scopes="bookings:write")
    wish = stay(home())

    assert reads.post(CALC, wish).status_code == 200
    assert writes.post(CALC, wish).status_code == 403
