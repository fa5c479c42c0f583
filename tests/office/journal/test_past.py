"""What was exported stays as it was, and is found by its moments."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from kit.db import in_transaction, reading
from office.journal.queries import (
    Wanted,
    count_postings,
)
from tests import make
from tests.make import Due
from tests.office.journal.given import journal, pay, refund, void

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


def test_the_past_does_not_change_whatever_is_corrected_later(partner: int) -> None:
    booking = make.booking(STAGES)
    first = pay(partner, booking, "70.00", "2026-03-01T10:00", charges="1.00", tip="1.00")
    second = pay(partner, booking, "50.00", "2026-03-02T10:00")
    back = refund(second, "2026-03-03T10:00", amount="5.00")
    march = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
    before = journal(**march)

    void(back, "2026-04-01T10:00")
    refund(first, "2026-04-02T10:00", amount="10.00", charges="1.00", paid_on=date(2026, 4, 2))
    void(second, "2026-04-03T10:00")
    late = pay(partner, booking, "5.00", "2026-04-04T10:00", paid_on=date(2026, 3, 15))
    in_transaction(lambda c: cancel_booking(c, CancelBooking(booking_id=booking, fee=0), SYSTEM))

    assert journal(**march) == before
    assert f"P{late}" in [entry.number for entry in journal(first=date(2026, 4, 1))]


@pytest.mark.one_database
def test_a_period_is_read_by_the_indexes_of_its_moments(partner: int) -> None:
    """That of moves holds none of what taking a payment writes, which must not pay for it."""
    assert partner
    asked: list[tuple[str, Any]] = []
    with reading() as session:
        connection = session.connection()
        event.listen(
            connection, "before_cursor_execute", lambda *args: asked.append((args[2], args[3]))
        )
        count_postings(session, Wanted(first=date(2026, 3, 1), last=date(2026, 3, 2)))
        [(statement, values)] = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        found = " ".join(row[3] for row in plan)

    for name in ("payments_cleared_at", "payments_voided_at", "allocations_moved_later"):
        assert f"INDEX ix_{name}" in found
    assert "SCAN allocations" not in found
