"""GET and POST /apis/booking/cancel: what is kept, what is freed, and what is in the way."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Contact, ScheduleLine
from kit.db import transaction
from outbox.models import Message
from payments.models import Payment
from tests import make
from tests.bookings.given import (
    CANCEL,
    CREATE,
    Sums,
    asks,
    at_the_desk,
    book,
    by_head,
    home,
    log,
    moved,
    nights,
    stay,
    sums,
    told,
)
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

STAGE_1 = {"tax_rate": 1000, "deposit_rate": 2500, "balance_days": 56, "keeps": "stage_1"}
HALF = {"tax_rate": 1000, "deposit_rate": 2500, "keeps": "percentage", "kept_rate": 5000}


def cancel(client: Client, booking: int, **fields: Any) -> None:
    body = "&".join(f"{name}={value}" for name, value in {"BookingId": booking, **fields}.items())
    answer = client.post(CANCEL, body)
    assert answer.status_code == 200, answer.text
    assert answer.json == {"Success": True, "BookingId": booking}


def test_a_head_request_cancels_nothing_and_is_told_what_would(agency: Client) -> None:
    booking = book(agency, stay(home()))

    with nothing_written():
        answer = by_head(agency, f"{CANCEL}?BookingId={booking}")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def at_desk(booking: int, **order: Any) -> None:
    """Cancel as the desk does, which has asked for the permission."""
    with transaction() as connection:
        cancel_booking(connection, CancelBooking(booking_id=booking, **order), SYSTEM)


def paid(client: Client, booking: int, amount: str, **fields: Any) -> int:
    """The id of a payment through the API."""
    make.method()
    answer = client.pay(booking, amount, **fields)
    assert answer.status_code == 200, answer.text
    found: int = answer.json["PaymentId"]
    return found


def booked(client: Client, **rule: Any) -> int:
    """A booking of 795.00 in all; `rule`: columns of a payment rule other than the usual one."""
    own: dict[str, Any] = {"rule": make.rule(booking_fee="25.00", **rule)} if rule else {}
    return book(client, stay(home(**own)))


# --- what is kept -----------------------------------------------------------------------------


def test_cancelling_closes_the_lines_and_keeps_nothing_unless_a_rule_says_so(
    agency: Client,
) -> None:
    booking = booked(agency)

    cancel(agency, booking)

    assert sums(booking) == Sums("cancelled", 0, 0, 0)
    rows = make.rows_of(ScheduleLine)
    assert [(row.amount, row.closed_amount) for row in rows] == [
        (0, 7000),
        (0, 2500),
        (0, 17500),
        (0, 52500),
    ]
    assert nights(booking) == set()


def test_money_of_a_cancelled_booking_is_credit_to_refund(agency: Client) -> None:
    booking = booked(agency)
    at_the_desk(paid(agency, booking, "300.00"))

    cancel(agency, booking)

    assert sums(booking) == Sums("cancelled", 0, 0, 30000)
    assert moved(booking)[-1] == (None, 30000, "cancellation")


@pytest.mark.parametrize(
    ("rule", "fee"),
    [(STAGE_1, 27000), (HALF, 39750), (HALF | {"kept_rate": 3333}, 26497), ({}, 0)],
)
def test_the_rule_says_what_is_kept(agency: Client, rule: dict[str, Any], fee: int) -> None:
    booking = booked(agency, **rule)

    cancel(agency, booking)

    assert asks(booking) == ([("Cancellation fee", fee)] if fee else [])
    assert sums(booking) == Sums("cancelled", fee, 0, 0)


def test_cleared_money_fills_the_fee_first_and_the_rest_is_credit(agency: Client) -> None:
    booking = booked(agency, **STAGE_1)
    at_the_desk(paid(agency, booking, "200.00"))
    at_the_desk(agency.pay(booking, "100.00").json["PaymentId"])

    cancel(agency, booking)

    assert sums(booking) == Sums("cancelled", 27000, 27000, 3000)


def test_of_too_little_money_a_part_of_the_fee_stays_open(agency: Client) -> None:
    booking = booked(agency, **STAGE_1)
    at_the_desk(paid(agency, booking, "200.00"))

    cancel(agency, booking)

    assert sums(booking) == Sums("cancelled", 27000, 20000, 0)


def test_a_security_deposit_is_never_kept(agency: Client) -> None:
    whole = make.rule(keeps="percentage", kept_rate=10000)
    place = home(rule=whole, breakages_deposit="200.00")
    booking = book(agency, stay(place, InsuranceBreakages="BreakageDeposit"))

    cancel(agency, booking)

    assert asks(booking) == [("Cancellation fee", 70000)]


def test_each_property_keeps_by_its_own_rule(agency: Client) -> None:
    strict, kind = make.rule(deposit_rate=2500, keeps="stage_1"), make.rule(deposit_rate=2500)
    booking = book(agency, stay(home(rule=strict)), stay(home(rule=kind), at=1))

    cancel(agency, booking)

    assert asks(booking) == [("Cancellation fee", 17500)]


def test_the_desk_may_keep_another_amount(agency: Client) -> None:
    booking, free = booked(agency, **STAGE_1), booked(agency, **STAGE_1)

    at_desk(booking, fee=1234, reason="agreed by phone")
    at_desk(free, fee=0)

    assert asks(booking) == [("Cancellation fee", 1234)]
    assert asks(free) == []
    assert told(log(booking)[-1])["entry"]["after"]["fee"] == 1234


# --- external payments ------------------------------------------------------------------------


@pytest.mark.parametrize("state", [0, 1, 2])
def test_an_external_payment_is_in_the_way(agency: Client, state: int) -> None:
    booking = booked(agency)
    payment = paid(agency, booking, "10.00", Status=state)

    with nothing_written():
        answer = agency.post(CANCEL, f"BookingId={booking}")

    assert refusal(answer) == (403, [("BookingId", "external_payment_present")])
    assert answer.json["Message"] == (
        f"Booking {booking} holds external payments ({payment}); refund them first, or let the"
        " desk cancel it."
    )


def test_an_attempt_that_failed_is_not_in_the_way(agency: Client) -> None:
    make.tag(20, "Payment Failed", "payment_failed")
    booking = booked(agency)
    paid(agency, booking, "10.00", Status=1, AddBookingTag=20)

    cancel(agency, booking)

    assert sums(booking).status == "cancelled"


@pytest.mark.long
def test_a_payment_is_in_the_way_until_all_of_it_is_refunded(agency: Client) -> None:
    booking = booked(agency)
    payment = paid(agency, booking, "100.00")
    agency.post(f"/apis/payments/{payment}/refund", "Amount=99.99")

    assert agency.post(CANCEL, f"BookingId={booking}").status_code == 403

    assert agency.post(f"/apis/payments/{payment}/refund", "").status_code == 200
    cancel(agency, booking)
    assert sums(booking) == Sums("cancelled", 0, 0, 0)


def test_the_desk_cancels_over_external_payments_and_the_log_says_so(agency: Client) -> None:
    booking = booked(agency)
    payment = paid(agency, booking, "100.00")
    [before] = make.rows_of(Payment)

    at_desk(booking, reason="owner fell ill")

    assert sums(booking) == Sums("cancelled", 0, 0, 10000)
    assert make.rows_of(Payment) == [before]
    entry = log(booking)[-1]
    assert (entry.action, entry.severity) == ("booking.cancelled", "high")
    assert told(entry)["entry"]["after"]["external"] == [payment]


# --- what is told of it -----------------------------------------------------------------------


def test_the_guest_is_written_to_once(agency: Client) -> None:
    booking = booked(agency, **STAGE_1)
    at_the_desk(paid(agency, booking, "300.00"))

    cancel(agency, booking)
    again = agency.post(CANCEL, f"BookingId={booking}")

    assert again.status_code == 409
    [message] = make.rows_of(Message)
    assert (message.kind, message.booking_id) == ("email.booking_cancelled", booking)
    assert message.context["to"] == "filomena@example.com"
    figures = {name: message.context[name] for name in ("fee", "fee_open", "credit", "currency")}
    assert figures == {"fee": 27000, "fee_open": 0, "credit": 3000, "currency": "EUR"}


def test_nobody_is_written_to_who_has_no_address_or_shall_not_be(agency: Client) -> None:
    silent, unknown = booked(agency), booked(agency)
    cancel(agency, silent, SendEmail="False")
    with transaction() as connection:
        connection.execute(update(Contact).values(email=None))

    cancel(agency, unknown)

    assert make.rows_of(Message) == []


def test_the_log_says_what_was_cancelled_and_why(agency: Client) -> None:
    booking = booked(agency, **STAGE_1)

    cancel(agency, booking, Reason="guest fell ill")

    entry = log(booking)[-1]
    assert (entry.action, entry.severity, entry.actor_kind, entry.actor_id) == (
        "booking.cancelled",
        "medium",
        "partner",
        agency.partner_id,
    )
    body = told(entry)["entry"]
    assert body["reason"] == "guest fell ill"
    assert (body["before"]["status"], body["before"]["total"]) == ("provisional", 79500)
    assert (body["after"]["status"], body["after"]["total"]) == ("cancelled", 27000)
    assert (body["after"]["fee"], body["after"]["external"]) == (27000, [])


# --- the call ---------------------------------------------------------------------------------


def test_it_is_cancelled_by_get_as_the_vendors_client_does(agency: Client) -> None:
    booking = booked(agency)

    answer = agency.get(f"{CANCEL}?BOOKINGID={booking}&Reason=")

    assert answer.json == {"Success": True, "BookingId": booking}
    assert sums(booking).status == "cancelled"


def test_a_booking_is_cancelled_once(agency: Client) -> None:
    booking = booked(agency)
    cancel(agency, booking)

    with nothing_written():
        answer = agency.get(f"{CANCEL}?BookingId={booking}")

    assert refusal(answer) == (409, [("BookingId", "already_cancelled")])
    assert answer.json["Message"] == f"Booking {booking} is cancelled already."


def test_an_owners_booking_is_cancelled_for_nothing(agency: Client) -> None:
    place = home(rule=make.rule(keeps="percentage", kept_rate=10000))
    booking = agency.post(CREATE, f"OwnerBooking=1&{stay(place)}").json["BookingId"]

    cancel(agency, booking)

    assert sums(booking) == Sums("cancelled", 0, 0, 0)
    assert nights(booking) == set()
    assert make.rows_of(Message) == []


@pytest.mark.parametrize(
    ("query", "status", "wrong"),
    [
        ("", 400, [("BookingId", "required")]),
        (
            "BookingId=x&SendEmail=1",
            400,
            [("BookingId", "invalid"), ("SendEmail", "invalid")],
        ),
        ("BookingId=999999999999999999", 404, [("BookingId", "booking_unknown")]),
    ],
)
def test_a_call_that_names_no_booking_is_refused(
    agency: Client, query: str, status: int, wrong: Any
) -> None:
    assert refusal(agency.get(f"{CANCEL}?{query}")) == (status, wrong)
    assert refusal(agency.post(CANCEL, query)) == (status, wrong)


def test_a_booking_of_another_location_does_not_exist(agency: Client) -> None:
    elsewhere = make.booking(location_id=2)

    answer = agency.get(f"{CANCEL}?BookingId={elsewhere}")

    assert refusal(answer) == (404, [("BookingId", "booking_unknown")])


def test_only_who_may_write_bookings_cancels_them(app: Any) -> None:
    client = Client.of_new_partner(app, scopes="bookings:read payments:write payments:refund")
    booking = make.booking()

    assert client.get(f"{CANCEL}?BookingId={booking}").status_code == 403
    assert client.post(CANCEL, f"BookingId={booking}").status_code == 403
    assert sums(booking).status == "booking"
