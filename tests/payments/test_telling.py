"""Who listens is told of every change of a payment or a booking, by whatever door, in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from audit.chain import SYSTEM
from bookings.confirming import confirm_booking
from bookings.models import Booking
from bookings.reminding import remind_of_balances
from bookings.waiving import waive_commission
from kit import clock
from kit.db import in_transaction
from outbox.models import Message
from partners.authentication import Caller
from partners.events import TYPES
from payments.lateness import report_late_money
from payments.repaying import Repay, repay
from payments.telling import TYPE_OF
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.bookings.given import book, home, stay
from tests.checkout.given import abandon, begun, path_of
from tests.make import Client, Due
from tests.payments.listening import in_order, listen, told
from tests.payments.moving import move, paid
from tests.payments.writing import STAGES, WRITES, ready

EARLIER = ["payment.recorded"]
CREATED = ["booking.created"]
# What the calls of the house API lead to, after what had to happen before.
LEADS_TO = {
    "pay": ["payment.recorded"],
    "clear": ["payment.recorded", "payment.cleared"],
    "fail": ["payment.recorded", "payment.failed"],
    "refund": ["payment.recorded", "payment.refunded"],
    "create": ["booking.created", "payment.recorded"],
    "amend": ["booking.created", "booking.amended"],
    "update": ["booking.amended"],
    "cancel": ["booking.created", "booking.cancelled"],
    "cancel by GET": ["booking.created", "booking.cancelled"],
    "reactivate": ["booking.created", "booking.cancelled", "booking.reactivated"],
    "reactivate by GET": ["booking.created", "booking.cancelled", "booking.reactivated"],
}
FAILED = {"Status": 1, "AddBookingTag": 20}
SOON = clock.now().date() + timedelta(days=5)
SILENT = {"share", "enquire"}  # two bookings (below), and none
# Of what no database has a say in.
ONCE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _ready(client: Client) -> None:
    assert client
    ready()
    make.tag(20, "Payment Failed", "payment_failed")
    make.method("Till Refund", is_refund=True, paying="external")


@pytest.fixture
def listener(client: Client) -> int:
    return listen()


def the_booking() -> int:
    [row] = make.rows_of(Booking)
    found: int = row.id
    return found


def done(work: Callable[[Connection], Any]) -> Any:
    return in_transaction(work)


def late(days: int) -> Callable[[], Any]:
    return lambda: clock.now() + timedelta(days=days)


# --------------------------------------------------------------------------------- every door


def test_every_writing_call_is_tried_here() -> None:
    assert set(LEADS_TO) | SILENT == set(WRITES)


@pytest.mark.parametrize("name", LEADS_TO)
def test_every_writing_call_tells_what_it_did(client: Client, listener: int, name: str) -> None:
    WRITES[name](client).send(client)

    assert in_order(listener, the_booking()) == LEADS_TO[name]


@ONCE
def test_an_enquiry_is_about_no_booking_and_told_to_nobody(client: Client, listener: int) -> None:
    assert WRITES["enquire"](client).send(client).status_code == 200

    assert told(listener) == []


def test_a_payment_for_two_bookings_is_an_event_of_each(client: Client, listener: int) -> None:
    WRITES["share"](client).send(client)

    for row in make.rows_of(Booking):
        assert in_order(listener, row.id) == ["payment.recorded"]


@pytest.mark.parametrize(
    ("fields", "state", "type"),
    [
        ({"Status": 0}, "cleared", "payment.recorded"),
        ({"Status": 1}, "uncleared", "payment.recorded"),
        ({"Status": 2, "PaymentDate": SOON}, "deferred", "payment.recorded"),
        (FAILED, "failed", "payment.failed"),
    ],
    ids=["cleared", "uncleared", "deferred", "failed"],
)
def test_a_payment_is_told_in_whatever_state_it_came(
    client: Client, listener: int, fields: dict[str, Any], state: str, type: str
) -> None:
    booking = make.booking(STAGES)

    payment = paid(client, booking, "60", **fields)

    assert in_order(listener, booking) == [type]
    event = told(listener)[0]["data"]["payment"]
    assert (event["state"], event["id"]) == (state, payment)


def test_what_pays_the_deposit_confirms_the_booking(client: Client, listener: int) -> None:
    booking = make.booking(STAGES, status="provisional")

    client.pay(booking, "60")

    assert in_order(listener, booking) == ["payment.recorded", "booking.confirmed"]
    recorded, confirmed = told(listener)
    assert recorded["data"]["booking"] == confirmed["data"]["booking"]
    assert confirmed["data"]["booking"]["status"] == "booking"
    assert "payment" not in confirmed["data"]


def test_promised_money_confirms_the_booking_when_it_comes_and_not_again_when_it_clears(
    client: Client, listener: int
) -> None:
    booking = make.booking(STAGES, status="provisional")
    payment = paid(client, booking, "60", Status=1)

    move(client, payment, "clear")

    confirmed = ["payment.recorded", "booking.confirmed", "payment.cleared"]
    assert in_order(listener, booking) == confirmed


def test_an_unpaid_booking_that_staff_confirm_is_confirmed_once(
    client: Client, listener: int
) -> None:
    booking = make.booking([], status="provisional")

    for _ in range(2):
        done(lambda connection: confirm_booking(connection, booking, SYSTEM))

    assert in_order(listener, booking) == ["booking.confirmed"]


def test_a_voided_payment_is_a_deleted_one(client: Client, listener: int) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70")
    order = VoidPayment(payment_id=payment, reason="Typed in twice")

    done(lambda connection: void_payment(connection, order, SYSTEM))

    assert in_order(listener, booking) == ["payment.recorded", "payment.deleted"]
    deleted = told(listener)[-1]["data"]
    assert (deleted["payment"]["id"], deleted["payment"]["state"]) == (payment, "void")
    assert deleted["payment"]["amount"] == "70.00"
    assert (deleted["booking"]["paid"], deleted["booking"]["outstanding"]) == ("0.00", "100.00")


def test_each_refund_of_an_amount_that_several_payments_hold_is_told(
    client: Client, listener: int
) -> None:
    booking = make.booking(["100.00"])
    for amount in ("30", "50"):
        paid(client, booking, amount)
    caller = Caller(client.partner_id, "Till", frozenset(), frozenset({1}))
    order = Repay(source="spektrix", booking_id=booking, amount=Decimal(60), method="Till Refund")

    done(lambda connection: repay(connection, order, SYSTEM, caller))

    refunded = ["payment.recorded"] * 2 + ["payment.refunded"] * 2
    assert in_order(listener, booking) == refunded
    amounts = [Decimal(event["data"]["payment"]["amount"]) for event in told(listener)[2:]]
    assert sum(amounts) == -60
    assert told(listener)[-1]["data"]["booking"]["paid"] == "20.00"


def test_a_commission_that_is_taken_off_amends_the_booking(client: Client, listener: int) -> None:
    booking = book(client, stay(home()))

    for _ in range(2):
        done(lambda connection: waive_commission(connection, booking, SYSTEM))

    assert in_order(listener, booking) == ["booking.created", "booking.amended"]
    totals = [event["data"]["booking"]["total"] for event in told(listener)]
    assert totals == ["795.00", "770.00"]


def test_a_website_booking_that_nobody_paid_for_is_cancelled_and_taken_up_again(
    client: Client, http: FlaskClient, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client.app.config, "PUBLIC_URL", "https://pay.example.com")
    booking = begun()
    abandon()

    answer = http.post(path_of(booking))

    assert answer.status_code == 303
    assert in_order(listener, booking) == ["booking.cancelled", "booking.reactivated"]
    statuses = [event["data"]["booking"]["status"] for event in told(listener)]
    assert statuses == ["cancelled", "provisional"]


def test_reminders_are_no_news(client: Client, listener: int) -> None:
    booking = make.booking([Due("40.00", 2, 7)])

    assert remind_of_balances(late(1)) == 1

    assert in_order(listener, booking) == []


def test_late_money_is_no_news(client: Client, listener: int) -> None:
    booking = make.booking(STAGES)
    paid(client, booking, "60", Status=2, PaymentDate=clock.now().date() + timedelta(days=1))

    assert report_late_money(late(4)) == 1

    assert in_order(listener, booking) == ["payment.recorded"]


def test_a_long_life_is_numbered_without_a_gap(client: Client, listener: int) -> None:
    booking = make.booking(STAGES, status="provisional")
    first = paid(client, booking, "30", Status=1)
    move(client, first, "fail")
    second = paid(client, booking, "70")
    move(client, second, "refund", "Amount=20")
    third = paid(client, booking, "20", Status=1)
    move(client, third, "clear")
    client.post("/apis/booking/update", f"BookingId={booking}&GuestNotes=Late")

    assert in_order(listener, booking) == [
        "payment.recorded",
        "payment.failed",
        "payment.recorded",
        "booking.confirmed",
        "payment.refunded",
        "payment.recorded",
        "payment.cleared",
        "booking.amended",
    ]


def test_every_type_that_can_be_asked_for_can_happen() -> None:
    assert set(TYPE_OF.values()) == set(TYPES)


# --------------------------------------------------------------------------------- nothing


@pytest.mark.long
@ONCE
@pytest.mark.parametrize("name", [*LEADS_TO, "share"])
def test_a_dry_run_is_told_to_nobody(client: Client, name: str) -> None:
    """The listener comes late: what had to happen before is not what is asked about."""
    write = WRITES[name](client)
    listener = listen()
    before = [row.event_count for row in make.rows_of(Booking)]

    answer = write.send(client, Prefer="dry-run")

    assert answer.status_code == 200, answer.text
    assert told(listener) == []
    assert [row.event_count for row in make.rows_of(Booking)] == before
    assert "event" not in {each["Kind"] for each in answer.json["Emails"]}


def test_what_is_refused_is_told_to_nobody(client: Client, listener: int) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70")
    before = len(told(listener))

    answers = [
        client.pay(booking, "0"),
        client.pay(booking, "5", PaymentMethod="Nothing"),
        move(client, payment, "clear"),
        move(client, payment, "refund", "Amount=1000"),
        client.post("/apis/booking/cancel", f"BookingId={booking}"),
    ]

    assert {answer.status_code // 100 for answer in answers} == {4}
    assert len(told(listener)) == before
    assert make.row_of(Booking, booking).event_count == before


def test_a_payment_that_is_sent_twice_is_told_once(client: Client, listener: int) -> None:
    booking = make.booking(STAGES)

    for _ in range(2):
        client.pay(booking, "60", headers={"Idempotency-Key": "a key"})

    assert in_order(listener, booking) == ["payment.recorded"]


def test_without_anybody_who_listens_a_payment_writes_no_message(client: Client) -> None:
    booking = make.booking(STAGES)

    paid(client, booking, "60")

    assert make.rows_of(Message) == []
    assert make.row_of(Booking, booking).event_count == 1


def test_who_listens_later_hears_the_numbers_that_come(client: Client) -> None:
    booking = make.booking(STAGES)
    paid(client, booking, "60")
    listener = listen()

    paid(client, booking, "20")

    assert [event["data"]["number"] for event in told(listener)] == [2]
