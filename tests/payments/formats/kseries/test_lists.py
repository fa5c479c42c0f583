"""What a till can read: its locations, the methods it may name, and an account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, update

from audit.chain import SYSTEM
from bookings.models import Booking, Stay
from kit.db import transaction
from partners.models import Endpoint
from payments.models import MethodPartner, MethodSwitchedOff, Payment
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.payments.formats.kseries.given import ACCOUNT, BUSINESS, Raw, Till, Worker, refusal

ACCOUNTS = "/o/op/1/order/accounts"
METHODS = f"/f/finance/{BUSINESS}/paymentMethods"
AT = datetime(2027, 3, 10, 8, 0, 0, 5_000, tzinfo=UTC)


def account_of(till: Till, identifier: str = ACCOUNT) -> dict[str, Any]:
    answer = till.call("GET", f"{ACCOUNTS}/{identifier}?businessLocationId={BUSINESS}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def test_each_location_of_the_client_is_a_business(till: Till) -> None:
    make.location(2, name="Elsewhere")
    both = Till(till.app, make.partner(locations=(1, 2)))

    mine = till.call("GET", "/o/op/data/businesses")
    theirs = both.call("GET", "/o/op/data/businesses")

    here = {
        "id": 1001,
        "name": "Location 1",
        "businessLocations": [{"id": 1001, "name": "Location 1"}],
    }
    assert mine.json == [here]
    assert theirs.json is not None
    assert [each["name"] for each in theirs.json] == ["Location 1", "Elsewhere"]


def test_methods_are_those_that_a_payment_may_name(till: Till) -> None:
    make.method("Desk card", code="DESK", paying="on_site")
    make.method("Cash", code="CASH", kind="cash", from_outside=False)
    make.method("Refund", code="REFUND", is_refund=True)
    make.method("Old", code="OLD", active=False)
    others = make.partner()
    off, kept, mine = (make.method(name, code=name) for name in ("OFF", "KEPT", "MINE"))
    with transaction() as connection:
        row = {"method_id": off, "location_id": 1}
        connection.execute(insert(MethodSwitchedOff), [row])
        rows = [(kept, others), (mine, till.partner_id)]
        named = [{"method_id": method, "partner_id": partner} for method, partner in rows]
        connection.execute(insert(MethodPartner), named)

    answer = till.call("GET", METHODS)

    assert answer.json is not None
    listed = answer.json["_embedded"]["paymentMethodList"]
    assert [each["code"] for each in listed] == ["OOPAYMENT", "MINE"]
    assert list(listed[0]) == ["name", "code", "accountingReference", "pmId"]
    assert (listed[0]["name"], listed[0]["accountingReference"]) == ("Online ordering", None)
    assert answer.json["_links"] == {"self": {"href": f"http://localhost{METHODS}"}}


def test_the_link_to_itself_begins_as_the_service_is_known(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(till.app.config, "PUBLIC_URL", "https://pay.example.com")

    answer = till.call("GET", METHODS)

    assert answer.json is not None
    assert answer.json["_links"]["self"]["href"] == f"https://pay.example.com{METHODS}"


def test_methods_of_a_location_that_is_not_the_callers_are_nobodys(till: Till) -> None:
    make.location(2)

    answer = till.call("GET", "/f/finance/1002/paymentMethods")

    assert (answer.status_code, refusal(answer)["message"]) == (404, "There is no location 1002.")
    assert till.call("GET", f"/f/finance/{2**70}/paymentMethods").status_code == 404


def test_an_account_is_shown_with_its_payments_and_nothing_of_the_guest(
    till: Till, worker: Worker
) -> None:
    dues: list[str | make.Due] = ["100.00", make.Due("200.00", stage=2)]
    booking = make.booking(dues, account_identifier=ACCOUNT, created_at=AT, properties=2)
    with transaction() as connection:
        connection.execute(update(Stay).values(children=1, infants=1))
    till.accepted(tipAmount=Raw("2.5"))
    worker.run()
    with transaction() as connection:
        connection.execute(update(Payment).values(created_at=AT))

    answer = till.call("GET", f"{ACCOUNTS}/{ACCOUNT}?businessLocationId={BUSINESS}")

    assert answer.json == {
        "clientCount": 8,
        "openDate": "2027-03-10T08:00:00.005+0000",
        "closeDate": None,
        "paidAmount": 20.06,
        "currentAmount": 300.0,
        "name": "Property 1, Property 2",
        "ikaccountId": ACCOUNT,
        "paymentEntries": [
            {
                "paymentMethodCode": "OOPAYMENT",
                "paymentMethodDescription": "Online ordering",
                "externalReference": "order-1",
                "amountPaid": 20.06,
                "paymentDate": "2027-03-10T08:00:00.005+0000",
                "active": True,
            }
        ],
    }
    assert '"paidAmount":20.06,"currentAmount":300.00' in answer.text
    assert "Maria" not in answer.text
    assert booking


def test_the_references_of_others_are_not_shown(till: Till, booking: int, worker: Worker) -> None:
    with transaction() as connection:
        connection.execute(update(Endpoint).values(provides_account=True))
    house = make.Client.of_new_partner(till.app)
    make.method("PayPal")
    assert house.pay(booking, "50.00", Reference="theirs", SendEmail="false").status_code == 200
    till.accepted()

    [told] = worker.run()
    shown = till.call("GET", f"{ACCOUNTS}/{ACCOUNT}?businessLocationId={BUSINESS}").json

    for account in (shown, told["account"]):
        references = [entry["externalReference"] for entry in account["paymentEntries"]]
        assert references == [None, "order-1"]


def test_entries_are_money_that_is_there_or_was_reversed(till: Till, booking: int) -> None:
    house = make.Client.of_new_partner(till.app)
    make.method("PayPal")
    for amount, status in (("50.00", 0), ("60.00", 0), ("40.00", 1)):
        paid = house.pay(booking, amount, Status=status, SendEmail="false")
        assert paid.status_code == 200, paid.text
    refunded, voided, _ = make.rows_of(Payment, booking_id=booking)
    assert house.post(f"/apis/payments/{refunded.id}/refund", "Amount=20.00").status_code == 200
    with transaction() as connection:
        void_payment(connection, VoidPayment(payment_id=voided.id, reason="a slip"), SYSTEM)

    account = account_of(till)

    entries = [(each["amountPaid"], each["active"]) for each in account["paymentEntries"]]
    assert entries == [(50.0, True), (60.0, False), (-20.0, True)]
    assert account["paidAmount"] == 30.0


def test_a_cancelled_booking_has_a_close_date(till: Till, booking: int) -> None:
    with transaction() as connection:
        connection.execute(update(Booking).values(status="cancelled", modified_at=AT))

    assert booking
    assert account_of(till)["closeDate"] == "2027-03-10T08:00:00.005+0000"


def test_money_too_much_for_the_lines_counts_as_paid(till: Till) -> None:
    booking = make.booking(["100.00"], account_identifier=ACCOUNT)
    make.method("PayPal")
    house = make.Client.of_new_partner(till.app)
    assert house.pay(booking, "120.00").status_code == 200

    account = account_of(till)

    assert (account["paidAmount"], account["currentAmount"]) == (120.0, 100.0)


def test_an_account_that_cannot_be_shown_is_told_why(till: Till, booking: int) -> None:
    here = f"?businessLocationId={BUSINESS}"
    asked = [
        (f"A99{here}", 404, "Account not found"),
        (f"{ACCOUNT}?businessLocationId=99", 404, "There is no location 99."),
        (ACCOUNT, 400, "businessLocationId must not be null"),
        (f"{'A' * 51}{here}", 400, "Invalid account identifier"),
        (f"a%00b{here}", 400, "Invalid account identifier"),
    ]
    for what, status, message in asked:
        answer = till.call("GET", f"{ACCOUNTS}/{what}")

        assert (answer.status_code, refusal(answer)["message"]) == (status, message)
    assert booking


def test_a_query_that_cannot_be_read_is_told_by_its_field(till: Till) -> None:
    for query in ("businessLocationId=x", "businessLocationId=1&businessLocationId=1"):
        answer = till.call("GET", f"{ACCOUNTS}/{ACCOUNT}?{query}")

        [error] = refusal(answer)["errors"]
        assert (error["field"], error["code"]) == ("businessLocationId", "typeMismatch")
        assert error["objectName"] == "request"


def test_an_account_is_of_one_location(till: Till) -> None:
    make.booking(location_id=2, account_identifier="B1.1")

    answer = till.call("GET", f"{ACCOUNTS}/B1.1?businessLocationId={BUSINESS}")

    assert (answer.status_code, refusal(answer)["message"]) == (404, "Account not found")


def test_what_looks_like_a_card_number_in_an_address_is_not_repeated(till: Till) -> None:
    answer = till.call("GET", f"{ACCOUNTS}/4111111111111111?businessLocationId={BUSINESS}")

    assert (answer.status_code, refusal(answer)["path"]) == (404, "?")
    assert "4111" not in answer.text
