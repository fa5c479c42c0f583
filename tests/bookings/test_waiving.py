"""The commission is taken off the total until the booking is confirmed."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking, reactivate_booking
from bookings.commands import CancelBooking
from bookings.errors import TooLateToWaive
from bookings.models import Booking, ScheduleLine
from bookings.waiving import is_waived, waive_commission
from kit.db import in_transaction, reading, transaction
from outbox.models import Message
from partners.authentication import Caller
from payments.errors import BookingUnknown
from payments.saving import Saved
from tests import make
from tests.bookings.given import Sums, amended, asks, book, home, log, moved, stay, sums, told
from tests.make import Client
from tests.partners.telling import payload
from tests.payments.proofs import unchanged

# A week costs 70.00 tax, 25.00 fee, 175.00 deposit, 525.00 balance.
TOTAL, FEE = 79500, 2500


@pytest.fixture
def booking(agency: Client) -> int:
    """A week that is provisional, nothing paid."""
    make.method("PayPal")
    return book(agency, stay(home()))


def waive(booking: int, caller: Caller | None = None) -> Saved:
    return in_transaction(lambda connection: waive_commission(connection, booking, SYSTEM, caller))


def cancel(booking: int) -> None:
    order = CancelBooking(booking_id=booking, send_email=False)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))


def waived(booking: int) -> bool:
    with reading() as session:
        return is_waived(session.connection(), booking)


def test_the_fee_is_taken_off_the_total(booking: int) -> None:
    before = waived(booking)

    saved = waive(booking)

    assert (before, waived(booking)) == (False, True)
    assert (saved.total, saved.status) == (TOTAL - FEE, "provisional")
    assert sums(booking) == Sums("provisional", TOTAL - FEE, 0, 0)
    assert asks(booking) == [
        ("10% tax", 7000), ("Rental Deposit", 17500), ("Rental Balance", 52500),
    ]  # fmt: skip


def test_money_on_the_fee_flows_on_into_what_is_open(agency: Client, booking: int) -> None:
    tax, fee, deposit, _ = [line.id for line in make.lines_of(booking)]
    agency.pay(booking, "100.00")
    came = [(tax, 7000, "payment"), (fee, 2500, "payment"), (deposit, 500, "payment")]
    assert moved(booking) == came

    waive(booking)

    assert moved(booking)[3:] == [(fee, -2500, "amendment"), (deposit, 2500, "amendment")]
    assert sums(booking) == Sums("provisional", TOTAL - FEE, 10000, 0)


def test_money_that_fits_nothing_open_is_credit(agency: Client) -> None:
    make.method("PayPal")
    rule = make.rule(booking_fee="25.00", balance_days=56)
    booking = book(agency, stay(home(rule=rule), nights=1))
    agency.pay(booking, "124.00", PaymentScheduleIds=make.lines_of(booking)[1].id)
    assert sums(booking) == Sums("provisional", 12500, 12400, 0)

    waive(booking)

    assert sums(booking) == Sums("booking", 10000, 10000, 2400)


def test_it_is_a_booking_when_what_is_left_of_stage_1_is_paid(agency: Client, booking: int) -> None:
    make.endpoint(agency.partner_id)
    agency.pay(booking, "245.00")
    assert sums(booking).status == "provisional"

    waive(booking)

    assert sums(booking) == Sums("booking", TOTAL - FEE, 24500, 0)
    types = [payload(each.context)["type"] for each in make.rows_of(Message, kind="event")]
    assert types[-2:] == ["booking.amended", "booking.confirmed"]


def test_the_log_says_at_high_severity_what_was_waived(booking: int) -> None:
    fee = make.lines_of(booking)[1].id

    waive(booking)

    entry = log(booking)[-1]
    assert (entry.action, entry.severity) == ("booking.amended", "high")
    after = told(entry)["entry"]["after"]
    assert (after["commission_waived"], after["currency"]) == (FEE, "EUR")
    assert after["lines_waived"] == [[fee, FEE]]
    assert told(entry)["entry"]["before"]["total"] == TOTAL


def test_the_fee_of_several_properties_is_waived_as_one(agency: Client) -> None:
    booking = book(agency, stay(home()), stay(home(), at=1))
    total = sums(booking).total

    waive(booking)

    assert sums(booking).total == total - FEE
    assert len(told(log(booking)[-1])["entry"]["after"]["lines_waived"]) == 2
    assert waived(booking)


def test_what_was_waived_once_stays_as_it_is(agency: Client, booking: int) -> None:
    agency.pay(booking, "245.00")
    waive(booking)
    assert sums(booking).status == "booking"

    with unchanged():
        saved = waive(booking)

    assert saved.total == TOTAL - FEE


def test_a_booking_without_commission_stays_as_it_is(agency: Client) -> None:
    assert agency
    booking = make.booking(["100.00"], status="provisional")

    with unchanged():
        waive(booking)

    assert not waived(booking)


def test_once_it_is_confirmed_it_is_too_late(agency: Client, booking: int) -> None:
    agency.pay(booking, "270.00")

    with unchanged(), pytest.raises(TooLateToWaive, match="is booking; its commission can be"):
        waive(booking)


@pytest.mark.parametrize("status", ["cancelled", "blockout"])
def test_of_what_is_no_basket_nothing_is_waived(agency: Client, status: str) -> None:
    assert agency
    booking = make.booking([], status=status)

    with unchanged(), pytest.raises(TooLateToWaive, match=f"is {status};"):
        waive(booking)


def test_a_booking_out_of_reach_does_not_exist(agency: Client, booking: int) -> None:
    caller = Caller(agency.partner_id, "Till", frozenset(), frozenset({2}))

    with unchanged(), pytest.raises(BookingUnknown):
        waive(booking, caller)


def test_amending_asks_for_no_commission_again(agency: Client, booking: int) -> None:
    waive(booking)
    place = make.lines_of(booking)[0].property_id
    assert place is not None

    amended(agency, booking, stay(place, nights=9))

    assert waived(booking)
    assert make.row_of(Booking, booking).total == TOTAL - FEE + 22000


def shrink_fee(booking: int) -> None:
    """As an amendment does that makes the rent cheaper by more than the other lines ask for."""
    fee = make.lines_of(booking)[1].id
    with transaction() as connection:
        connection.execute(update(ScheduleLine).where(ScheduleLine.id == fee).values(amount=0))
        connection.execute(
            update(Booking).where(Booking.id == booking).values(total=Booking.total - FEE)
        )


def test_a_fee_that_an_amendment_shrank_to_nothing_is_not_waived(booking: int) -> None:
    shrink_fee(booking)

    assert not waived(booking)


def test_that_it_was_waived_is_recorded_of_a_fee_that_was_shrunk_to_nothing(booking: int) -> None:
    shrink_fee(booking)

    saved = waive(booking)

    assert waived(booking)
    assert (saved.total, saved.status) == (TOTAL - FEE, "provisional")
    after = told(log(booking)[-1])["entry"]["after"]
    assert (after["commission_waived"], after["lines_waived"]) == (0, [])
    with unchanged():
        waive(booking)


def test_amending_asks_for_no_commission_that_was_shrunk_and_waived(
    agency: Client, booking: int
) -> None:
    shrink_fee(booking)
    waive(booking)
    place = make.lines_of(booking)[0].property_id
    assert place is not None

    amended(agency, booking, stay(place, nights=9))

    assert make.lines_of(booking)[1].amount == 0
    assert make.row_of(Booking, booking).total == TOTAL - FEE + 22000


def test_a_waived_commission_stays_waived_when_it_is_cancelled_and_taken_up_again(
    agency: Client, booking: int
) -> None:
    assert agency
    other = book(agency, stay(home()))
    waive(booking)

    for each in (booking, other):
        cancel(each)
    cancelled = (waived(booking), waived(other))
    in_transaction(lambda connection: reactivate_booking(connection, booking, SYSTEM))

    assert cancelled == (True, False)
    assert waived(booking)
    assert sums(booking) == Sums("provisional", TOTAL - FEE, 0, 0)
