"""What an account says of its booking."""

from __future__ import annotations

import pytest
from flask import Flask

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking, reactivate_booking
from bookings.commands import CancelBooking
from bookings.models import Booking
from kit.db import in_transaction
from tests import make
from tests.make import Due


@pytest.mark.parametrize("fee", [None, 0])
def test_an_owners_booking_blocks_the_dates_again_when_it_is_reactivated(
    app: Flask, fee: int | None
) -> None:
    assert app
    booking = make.booking([], status="blockout")
    order = CancelBooking(booking_id=booking, fee=fee)

    cancelled = in_transaction(lambda c: cancel_booking(c, order, SYSTEM))
    again = in_transaction(lambda c: reactivate_booking(c, booking, SYSTEM))

    assert (cancelled.status, cancelled.total) == ("cancelled", 0)
    assert (again.status, again.total) == ("blockout", 0)


@pytest.mark.parametrize(("due", "status"), [(Due("5.00"), "provisional"),
                                             (Due("5.00", 2), "booking")])  # fmt: skip
def test_a_reactivated_booking_is_provisional_while_stage_1_is_open(
    app: Flask, due: Due, status: str
) -> None:
    assert app
    booking = make.booking([due], status="cancelled")

    in_transaction(lambda c: reactivate_booking(c, booking, SYSTEM))

    assert make.row_of(Booking, booking).status == status
