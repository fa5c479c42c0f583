"""The security deposit goes back after check-out: first it is credit, then it is refunded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.desk_errors import NoDeposit, NotCheckedOut
from bookings.models import Booking, ScheduleLine
from bookings.releasing import Released, release_deposit
from kit import clock
from kit.db import in_transaction, transaction
from payments.errors import BookingUnknown
from payments.models import Allocation
from tests import make
from tests.make import Client, Due
from tests.payments.listening import in_order, listen
from tests.payments.moving import figures, last_entry, move, on_lines, paid
from tests.payments.proofs import broken_chains, unchanged, wrong_books

STAGES = [Due("60.00"), Due("40.00", 2, 30), Due("20.00", 2, 30, "Security deposit")]


@pytest.fixture(autouse=True)
def _method(client: Client) -> None:
    assert client
    make.method("PayPal")


def stayed(days_ago: int = 1) -> int:
    """A booking with a security deposit whose guest has left."""
    booking = make.booking(STAGES)
    last = make.lines_of(booking)[-1].id
    with transaction() as connection:
        kind = update(ScheduleLine).where(ScheduleLine.id == last)
        connection.execute(kind.values(kind="security_deposit"))
        left = clock.now().date() - timedelta(days=days_ago)
        connection.execute(update(Booking).where(Booking.id == booking).values(leaves_on=left))
    return booking


def release(booking: int) -> Released:
    return in_transaction(lambda connection: release_deposit(connection, booking, SYSTEM))


def test_the_deposit_becomes_credit_of_the_payment_it_came_by(client: Client) -> None:
    booking = stayed()
    payment = paid(client, booking, "120")

    done = release(booking)

    assert done.holders == ((payment, 2000),)
    assert (figures(booking), on_lines(booking)) == ((10000, 2000, 0), [6000, 4000, 0])
    row = make.row_of(Booking, booking)
    assert (row.total, row.status) == (10000, "booking")
    assert {each.cause for each in make.rows_of(Allocation)} == {"payment", "amendment"}
    assert move(client, payment, "refund", "Amount=20").status_code == 200
    assert figures(booking) == (10000, 0, 0)
    assert wrong_books() == []
    assert broken_chains() == []


def test_the_money_first_pays_what_else_is_open(client: Client) -> None:
    booking = stayed()
    deposit = make.lines_of(booking)[-1].id
    paid(client, booking, "95", PaymentScheduleIds=f"{deposit},1,2")

    done = release(booking)

    assert done.holders == ()
    assert (figures(booking), on_lines(booking)) == ((9500, 0, 0), [6000, 3500, 0])
    assert wrong_books() == []


def test_several_payments_hold_the_credit_the_most_first(client: Client) -> None:
    booking = stayed()
    deposit = make.lines_of(booking)[-1].id
    small = paid(client, booking, "5", PaymentScheduleIds=f"{deposit},1,2")
    large = paid(client, booking, "115", PaymentScheduleIds=f"{deposit},1,2")

    assert release(booking).holders == ((large, 1500), (small, 500))


def test_nothing_is_released_before_the_last_stay_has_ended(client: Client) -> None:
    booking = stayed(days_ago=-2)
    paid(client, booking, "120")

    with unchanged(), pytest.raises(NotCheckedOut):
        release(booking)


def test_a_deposit_is_released_once(client: Client) -> None:
    booking = stayed()
    paid(client, booking, "120")
    release(booking)

    for each in (booking, make.booking(["60.00"])):
        with transaction() as connection:
            left = update(Booking).where(Booking.id == each)
            connection.execute(left.values(leaves_on=clock.now().date() - timedelta(days=2)))
        with unchanged(), pytest.raises(NoDeposit):
            release(each)


def test_there_is_no_such_booking() -> None:
    with pytest.raises(BookingUnknown):
        release(999)


def test_partners_are_told_that_the_booking_asks_for_less(client: Client) -> None:
    listener = listen()
    booking = stayed()
    paid(client, booking, "120")

    release(booking)

    assert in_order(listener, booking) == ["payment.recorded", "booking.amended"]


def test_the_log_says_what_was_released(client: Client) -> None:
    booking = stayed()
    paid(client, booking, "120")
    deposit = make.lines_of(booking)[-1].id

    release(booking)

    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("booking.deposit_released", "medium")
    assert entry["after"]["amount"] == 2000
    assert entry["after"]["lines_released"] == [[deposit, 2000]]
