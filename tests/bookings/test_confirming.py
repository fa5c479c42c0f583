"""A booking is confirmed when nothing of it is left to pay."""

from __future__ import annotations

import pytest

from audit.chain import SYSTEM
from bookings.confirming import confirm_booking
from bookings.errors import NotConfirmable, StillOpen
from bookings.models import Booking
from kit.db import in_transaction
from outbox.models import Message
from partners.authentication import Caller
from payments.errors import BookingUnknown
from payments.saving import Saved
from tests import make
from tests.bookings.given import log, told
from tests.make import Client, Due
from tests.partners.telling import payload
from tests.payments.proofs import unchanged


def confirm(booking: int, caller: Caller | None = None) -> Saved:
    return in_transaction(lambda connection: confirm_booking(connection, booking, SYSTEM, caller))


def test_a_provisional_booking_without_anything_left_to_pay_is_a_booking_then(
    agency: Client,
) -> None:
    make.endpoint(agency.partner_id)
    booking = make.booking([], status="provisional")

    saved = confirm(booking)

    assert (saved.status, make.row_of(Booking, booking).status) == ("booking", "booking")
    [entry] = log(booking)
    assert (entry.action, entry.severity) == ("booking.confirmed", "low")
    facts = told(entry)["entry"]
    assert (facts["before"]["status"], facts["after"]["status"]) == ("provisional", "booking")
    [message] = make.rows_of(Message)
    assert payload(message.context)["type"] == "booking.confirmed"


def test_what_is_paid_in_full_and_a_booking_already_stays_as_it_is(agency: Client) -> None:
    make.method("PayPal")
    booking = make.booking([Due("60.00"), Due("40.00", 2, 30)], status="provisional")
    agency.pay(booking, "100.00")

    with unchanged():
        saved = confirm(booking)

    assert saved.status == "booking"


@pytest.mark.parametrize(
    ("paid", "left"), [(None, "100.00 EUR"), ("60.00", "40.00 EUR"), ("99.99", "0.01 EUR")]
)
def test_whatever_is_open_is_in_the_way_and_named(
    agency: Client, paid: str | None, left: str
) -> None:
    make.method("PayPal")
    booking = make.booking([Due("60.00"), Due("40.00", 2, 30)], status="provisional")
    if paid:
        agency.pay(booking, paid)

    with unchanged(), pytest.raises(StillOpen, match=f"^{left} of booking {booking} is still open"):
        confirm(booking)


@pytest.mark.parametrize("status", [1, 2])
def test_promised_money_is_not_there_yet(agency: Client, status: int) -> None:
    make.method("PayPal")
    booking = make.booking(["100.00"], status="provisional")
    agency.pay(booking, "100.00", Status=status)

    with unchanged(), pytest.raises(StillOpen, match=r"^100\.00 EUR"):
        confirm(booking)


@pytest.mark.parametrize("status", ["cancelled", "blockout"])
def test_only_what_is_provisional_can_be_confirmed(agency: Client, status: str) -> None:
    assert agency
    booking = make.booking([], status=status)

    with unchanged(), pytest.raises(NotConfirmable, match=f"is {status}; only a provisional"):
        confirm(booking)


def test_a_booking_out_of_reach_does_not_exist(agency: Client) -> None:
    booking = make.booking([], status="provisional", location_id=2)
    caller = Caller(agency.partner_id, "Till", frozenset(), frozenset({1}))

    for wanted in (booking, 999):
        with unchanged(), pytest.raises(BookingUnknown):
            confirm(wanted, caller)


def test_a_partner_confirms_where_it_reaches(agency: Client) -> None:
    booking = make.booking([], status="provisional")
    caller = Caller(agency.partner_id, "Till", frozenset(), frozenset({1}))

    assert confirm(booking, caller).status == "booking"
