"""What moves in has happened elsewhere: nobody who listens is told of it."""

from __future__ import annotations

from flask import Flask

from bookings.models import Booking
from outbox.models import Message
from payments.models import Payment
from tests import make
from tests.bookings.importing.sheets import MONEY, agency, imported, line, sheet


def test_an_import_is_told_to_nobody_and_counts_no_events(app: Flask) -> None:
    agency()
    make.endpoint(make.partner())

    result = imported(app, sheet([line(**MONEY)]))

    assert result.exit_code == 0, result.output
    assert len(make.rows_of(Payment)) == 1
    assert [row.event_count for row in make.rows_of(Booking)] == [0]
    assert make.rows_of(Message) == []
