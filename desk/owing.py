"""What "open" and "overdue" mean wherever the desk asks the database.

Open is what is neither paid nor promised. How promises will fall on the lines (payments.allocation)
is not in SQL; here they are taken off what is due first, so that what is overdue of a booking is
what its past lines ask for, less all that is promised on it. A cancelled booking waits for nothing:
what still comes there is credit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select

from bookings.models import Booking
from payments.models import Payment

# Letter for letter the condition of the index of what is still to come.
COMING: ColumnElement[bool] = literal_column("(payments.state IN ('uncleared', 'deferred'))")
STANDS: ColumnElement[bool] = literal_column("(bookings.status <> 'cancelled')")


def promised(booking_id: Any) -> ColumnElement[int]:
    """What is promised or under way on a booking, in minor units; `booking_id` is a column."""
    mine = select(func.coalesce(func.sum(Payment.amount), 0))
    mine = mine.where(Payment.booking_id == booking_id, COMING)
    return mine.correlate_except(Payment).scalar_subquery()


def promised_to_lines() -> ColumnElement[int]:
    """The same of each booking of a query, as far as it may fall on lines."""
    mine = select(func.coalesce(func.sum(Payment.amount), 0))
    mine = mine.where(Payment.booking_id == Booking.id, COMING, STANDS)
    return mine.correlate(Booking).scalar_subquery()


def still_open(total: int, paid: int, promised: int) -> int:
    """What is open of a booking, in minor units; promises beyond its total will be credit."""
    # PostgreSQL adds integers up to a number of any length.
    return max(total - paid - int(promised), 0)
