"""What people at the desk are refused when they type in, complete, pay back or reverse a payment,
beside what the ledger refuses at every door (payments.errors)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.errors import PageError
from kit.money import Money


class AtTheDesk(PageError):
    """Base of these. `field` is the field of the form that is wrong."""


class NeverTypedIn(AtTheDesk):
    code = "method_never_typed_in"
    field = "method"

    def __init__(self, method: str, others: Sequence[str]) -> None:
        super().__init__(f"{method} is never typed in at the desk. {_would_be_right(others)}")


class OutsideOnly(AtTheDesk):
    """The method's `paying` is external: nothing is entered or completed with it at the desk."""

    code = "method_outside_only"
    field = "method"

    def __init__(self, method: str, others: Sequence[str]) -> None:
        super().__init__(
            f"{method} is completed outside only, so nothing is entered with it at the desk. "
            f"{_would_be_right(others)}"
        )


class PaysBackOnly(AtTheDesk):
    code = "method_pays_back_only"
    field = "method"

    def __init__(self, method: str, others: Sequence[str]) -> None:
        super().__init__(
            f"{method} pays money back; it cannot take a payment. {_would_be_right(others)}"
        )


class CompletedOutside(AtTheDesk):
    """A promise that the partner who sent it completes itself."""

    code = "payment_completed_outside"

    def __init__(self, payment_id: int, method: str) -> None:
        super().__init__(
            f"Payment {payment_id} is completed outside only, as all by {method}: whoever sent it "
            "clears it. If the money will not come, say here that it failed."
        )


class PromisedForThePast(AtTheDesk):
    code = "promised_for_past"
    field = "paid_on"

    def __init__(self, day: date, today: date) -> None:
        super().__init__(
            f"{day} has passed; a promise is for today ({today}) or later. Money that came then is "
            "cleared."
        )


class NotYet(AtTheDesk):
    """Money cannot have come on a day that is still to come."""

    code = "paid_on_not_yet"
    field = "paid_on"

    def __init__(self, day: date, today: date) -> None:
        super().__init__(
            f"{day} is still to come; at the location it is {today}. Money for a later day is "
            "promised until it is there."
        )


class DayTooFar(AtTheDesk):
    """Nobody means such a day: a slip in the year."""

    code = "paid_on_too_far"
    field = "paid_on"

    def __init__(self, day: date, today: date) -> None:
        super().__init__(
            f"{day} is more than ten years from today ({today}). Look at the year once more."
        )


class NoPromiseToCancelled(AtTheDesk):
    code = "promise_to_cancelled"
    field = "state"

    def __init__(self, booking_id: int) -> None:
        super().__init__(
            f"Booking {booking_id} is cancelled: only money that is there is recorded, and kept as "
            "credit to refund. Choose “Cleared” when it has come."
        )


class NothingToPayBack(AtTheDesk):
    code = "nothing_to_pay_back"
    field = "amount"

    def __init__(self) -> None:
        super().__init__("Say what goes back: an amount, charges or a tip.")


class NotByCard(AtTheDesk):
    """A refund to the card is of the payment's amount."""

    code = "part_not_by_card"

    def __init__(self, part: str) -> None:
        self.field = part
        super().__init__(
            "Only the amount goes back to the card. Refund this in a refund of its own that is "
            "recorded only."
        )


class AmountNotRepeated(AtTheDesk):
    """What was typed to confirm a deed is not the amount it is about."""

    code = "amount_not_repeated"
    field = "typed"

    def __init__(self, amount: Money) -> None:
        super().__init__(f"To confirm, type {amount.plain}, the amount of the payment.")


def _would_be_right(others: Sequence[str]) -> str:
    if not others:
        return "No method of this location can be entered at the desk."
    words = list(others)
    listed = " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
    return f"{listed} would be right."
