"""What closing a day is refused for, at the field that is wrong."""

from __future__ import annotations

from datetime import date

from kit.errors import PageError
from kit.money import Money
from staff.errors import ChangedMeanwhile


class ClosingError(PageError):
    """Base of what is refused about closing a day."""


class DayClosed(ClosingError):
    code = "day_closed"

    def __init__(self, place: str, day: date, last: date) -> None:
        super().__init__(
            f"{day} is closed at {place}: the last day closed there is {last}. Closed days do not "
            "change; what is corrected later stands on the day that is done."
        )


class DayToCome(ClosingError):
    code = "day_to_come"

    def __init__(self, place: str, day: date, today: date) -> None:
        super().__init__(f"{day} is still to come; at {place} it is {today}.")


class DayTooLongAgo(ClosingError):
    """Only the first close of a location may begin anywhere."""

    code = "day_too_long_ago"

    def __init__(self, place: str, day: date, earliest: date) -> None:
        super().__init__(f"The first day closed at {place} may be {earliest} or later, not {day}.")


class DayOverlapped(ClosingError):
    """The location was moved to another time zone after its last close."""

    code = "day_overlapped"

    def __init__(self, place: str, day: date) -> None:
        super().__init__(
            f"{day} at {place} ended before the last close did, in the time zone it had then. "
            "Close a later day: it takes this one with it."
        )


class FiguresChanged(ChangedMeanwhile):
    """Money came, or somebody closed a day, after the page was made that this form stood on."""

    code = "figures_changed"

    def __init__(self, place: str) -> None:
        PageError.__init__(
            self,
            f"The figures of {place} changed after this page was made, so nothing was closed. What "
            "you see now is how they stand; look again, and close the day if they are right.",
        )


class NotCounted(ClosingError):
    code = "cash_not_counted"

    def __init__(self, field: str, method: str, expected: Money) -> None:
        self.field = field
        super().__init__(f"{method} has to be counted; {expected} is expected.")


class NoReason(ClosingError):
    code = "difference_without_reason"

    def __init__(self, field: str, method: str, difference: Money) -> None:
        self.field = field
        which = "more" if difference.minor > 0 else "less"
        amount = Money(abs(difference.minor), difference.currency)
        super().__init__(f"{method} has {amount} {which} than expected; say why.")


class TooManyDecimalsCounted(ClosingError):
    code = "cash_with_too_many_decimals"

    def __init__(self, field: str, came: str, currency: str, places: int) -> None:
        self.field = field
        super().__init__(f"{came} has more decimals than {currency} has; it has {places}.")
