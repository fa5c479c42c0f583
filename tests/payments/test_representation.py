"""What the answer to a payment holds: two keys, or everything when the request asks for it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from audit.chain import SYSTEM
from kit import clock
from kit.db import in_transaction
from partners.authentication import Caller
from payments.commands import TakePayment
from payments.taking import Call, take_payment
from tests import make
from tests.make import Client, Due

pytestmark = pytest.mark.one_database

PREFER = {"Prefer": "return=representation"}
PAYMENT_KEYS = [
    # The vendor's keys, in the vendor's order.
    "PaymentID", "BookingID", "Amount", "PaymentMethod", "PaymentDate", "PaymentCategory",
    "PaymentType", "Comments", "PaymentToken", "CardPartialNumbers", "SagepaySecurityKey",
    "SagepayVendorTxCode", "SagepayVPSTxId", "SagepayTxAuthNo", "PaymentSchedules",
    # Ours.
    "Status", "State", "Currency", "Charges", "Tip", "Reference", "Source", "FailureReason",
    "RefundOf", "CreatedTime", "SettledDate", "Attributes",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _method(client: Client) -> None:
    assert client
    make.method("PayPal")


def test_without_asking_the_answer_has_exactly_two_keys(client: Client) -> None:
    answer = client.pay(make.booking(["60.00"]))

    assert answer.json is not None
    payment = answer.json["PaymentId"]
    assert answer.data == b'{"Success":true,"PaymentId":%d}' % payment
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Preference-Applied" not in answer.headers


FIGURES = {
    "RenterTotal": 100.00,
    "Paid": 75.50,
    "RenterBalance": 24.50,
    "Credit": 0.00,
    "Tags": [{"Id": 2, "Name": "VIP"}],
}
NO_CARD = {
    "PaymentToken": "",
    "CardPartialNumbers": "",
    "SagepaySecurityKey": None,
    "SagepayVendorTxCode": None,
    "SagepayVPSTxId": None,
    "SagepayTxAuthNo": "",
}


def test_when_asked_the_answer_holds_the_payment_and_its_booking(client: Client) -> None:
    make.tag(2, "VIP")
    make.tag(12, "In progress")
    dues = [Due("60.00", name="Deposit"), Due("40.00", stage=2, name="Balance")]
    booking = make.booking(dues, tags=[12])
    lines = [line.id for line in make.lines_of(booking)]

    answer = client.pay(
        booking, "75.50", Charges="1.20", Comments="At the door", Reference="r-1",
        PaymentDate="2026-03-04", AddBookingTag=2, RemoveBookingTag=12, headers=PREFER,
    )  # fmt: skip

    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert answer.json is not None
    assert list(answer.json) == ["Success", "PaymentId", "Payment"]
    shown = answer.json["Payment"]
    assert list(shown) == [*PAYMENT_KEYS, "Booking"]
    created = shown.pop("CreatedTime")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", created)
    warning = shown["Booking"].pop("Warnings")
    assert [each["Code"] for each in warning] == ["balance_due_date_missing"]
    assert shown == {
        "PaymentID": answer.json["PaymentId"],
        "BookingID": booking,
        "Amount": 75.50,
        "PaymentMethod": "PayPal",
        "PaymentDate": "04/03/2026",
        "PaymentCategory": 4,
        "PaymentType": 2,
        "Comments": "At the door",
        **NO_CARD,
        "PaymentSchedules": [
            {"PaymentScheduleID": lines[0], "PaymentScheduleName": "Deposit", "Amount": 60.00},
            {"PaymentScheduleID": lines[1], "PaymentScheduleName": "Balance", "Amount": 15.50},
        ],
        "Status": 0,
        "State": "cleared",
        "Currency": "EUR",
        **{"Charges": 1.20, "Tip": 0.00},
        "Reference": "r-1",
        "Source": "ipro",
        "FailureReason": None,
        "RefundOf": None,
        "SettledDate": "04/03/2026",
        "Attributes": [],
        "Booking": FIGURES | {"BookingId": booking},
    }


@pytest.mark.parametrize(
    ("currency", "amount", "shown", "zero"),
    [
        ("EUR", "200", "200.00", "0.00"),
        ("EUR", "0.10", "0.10", "0.00"),
        ("JPY", "15000", "15000", "0"),
        ("KWD", "12.5", "12.500", "0.000"),
    ],
)
def test_money_is_a_json_number_with_the_decimals_of_its_currency(
    client: Client, currency: str, amount: str, shown: str, zero: str
) -> None:
    booking = make.booking([amount], currency=currency)

    answer = client.pay(booking, amount, Currency=currency, headers=PREFER)

    assert answer.status_code == 200, answer.text
    money = {
        "Amount": shown, "RenterTotal": shown, "Paid": shown, "RenterBalance": zero,
        "Credit": zero, "Charges": zero, "Tip": zero,
    }  # fmt: skip
    for name, text in money.items():
        assert set(re.findall(rf'"{name}":([^,}}]+)', answer.text)) == {text}, name


def test_an_amount_that_no_binary_fraction_holds_is_written_as_it_came(client: Client) -> None:
    booking = make.booking(["9999999999.99"])

    answer = client.pay(booking, "9999999999.99", headers=PREFER)

    assert '"Amount":9999999999.99,' in answer.text
    assert '"Paid":9999999999.99,' in answer.text


@pytest.mark.parametrize(
    ("status", "tag", "state", "kind", "told", "category"),
    [
        (0, None, "cleared", 2, 0, 2),
        (1, None, "uncleared", 0, 1, 2),
        (2, None, "deferred", 1, 2, 6),
        (1, 20, "failed", 0, 1, 0),
    ],
)
def test_a_payment_says_its_state_in_our_words_and_in_the_vendors(
    client: Client, status: int, tag: int | None, state: str, kind: int, told: int, category: int
) -> None:
    make.tag(20, "Payment Failed", "payment_failed")

    answer = client.pay(
        make.booking(["60.00"]), "60.00", Status=status, AddBookingTag=tag, Comments="no",
        headers=PREFER,
    )  # fmt: skip

    assert answer.json is not None
    shown = answer.json["Payment"]
    assert (shown["State"], shown["PaymentType"], shown["Status"]) == (state, kind, told)
    assert shown["PaymentCategory"] == category
    assert shown["FailureReason"] == ("no" if state == "failed" else None)
    assert (shown["PaymentSchedules"] == []) == (state != "cleared")


@pytest.mark.parametrize(
    "header",
    [
        "return=representation",
        "RETURN=Representation",
        "respond-async, return=representation",
        'return="representation"; x=1',
    ],
)
def test_the_wish_is_read_as_rfc_7240_writes_it(client: Client, header: str) -> None:
    answer = client.pay(make.booking(["60.00"]), headers={"Prefer": header})

    assert answer.json is not None
    assert "Payment" in answer.json


@pytest.mark.parametrize("header", ["return=minimal", "representation", "wait=5", ""])
def test_another_wish_changes_nothing(client: Client, header: str) -> None:
    answer = client.pay(make.booking(["60.00"]), headers={"Prefer": header})

    assert answer.json is not None
    assert list(answer.json) == ["Success", "PaymentId"]


def test_every_write_says_that_it_followed_the_preference_for_the_whole(client: Client) -> None:
    booking = make.booking()
    payment = (client.pay(booking, "60.00", Status=1).json or {})["PaymentId"]

    plain = client.post(f"/apis/booking/update?BookingId={booking}", "GuestNotes=a")
    updated = client.post(
        f"/apis/booking/update?BookingId={booking}", "GuestNotes=b", Prefer="return=representation"
    )
    cleared = client.post(
        f"/apis/payments/{payment}/clear", "", Prefer="return=representation", Idempotency_Key="k"
    )

    assert "Preference-Applied" not in plain.headers
    for answer in (updated, cleared):
        assert answer.headers["Preference-Applied"] == "return=representation"
    assert (updated.json or {})["Booking"]["GuestNotes"] == "b"
    assert (cleared.json or {})["Payment"]["State"] == "cleared"


def test_details_that_came_with_a_payment_are_listed_in_their_order(client: Client) -> None:
    booking = make.booking()
    details = (("Receipt Number", "0815"), ("Reference", "Zoë"), ("Reference", ""))
    order = TakePayment(
        source="spektrix",
        booking_id=booking,
        amount=Decimal(10),
        currency=None,
        state="cleared",
        method="PayPal",
        paid_on=clock.day_at(clock.now(), "Europe/Lisbon"),
        attributes=details,
    )
    caller = Caller(client.partner_id, "A till", frozenset(), frozenset({1}))
    call = Call(SYSTEM, lambda _: b"")
    in_transaction(lambda connection: take_payment(connection, order, caller, call))

    listed = client.get(f"/apis/payments?BookingId={booking}").json

    [payment] = listed["Payments"]
    assert list(payment) == PAYMENT_KEYS
    assert payment["Attributes"] == [{"Name": name, "Value": value} for name, value in details]
