"""What people at the desk are refused about bookings, beside what bookings refuse at every door."""

from __future__ import annotations

from datetime import date

from kit.errors import PageError


class NoDeposit(PageError):
    code = "no_deposit"

    def __init__(self, booking_id: int) -> None:
        super().__init__(
            f"Booking {booking_id} has no security deposit, or it was released already."
        )


class NotCheckedOut(PageError):
    code = "not_checked_out"

    def __init__(self, booking_id: int, leaves_on: date) -> None:
        super().__init__(
            f"The guest of booking {booking_id} leaves on {leaves_on}; the security deposit is "
            "released after check-out."
        )
