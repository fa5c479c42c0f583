"""When a payment was recorded: a moment under the lock, so that time never runs backwards."""

from __future__ import annotations

from typing import Any

import pytest

from bookings.models import Booking
from kit import clock
from payments import ledger
from payments.models import Payment
from tests import make
from tests.make import Client


def test_the_clock_is_read_after_the_booking_is_held(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payment that waited must not look older than the one it waited for: a client that asks
    for what was modified since would miss it."""
    make.method("PayPal")
    booking, held, hold = make.booking(["60.00"]), [], ledger.hold

    def hold_and_note(*args: Any) -> None:
        hold(*args)
        held.append(clock.now())

    monkeypatch.setattr(ledger, "hold", hold_and_note)

    answer = client.pay(booking, "10.00")

    assert make.row_of(Booking, booking).modified_at >= held[0]
    assert make.row_of(Payment, answer.json["PaymentId"]).created_at >= held[0]
