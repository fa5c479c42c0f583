"""What people at the desk are refused when they match lines of the bank with payments, put lines
aside, or undo a match. Whoever may not reach a line, or its account, is told that there is none."""

from __future__ import annotations

from kit.errors import PageError
from kit.money import Money


class StatementError(PageError):
    """Base of these. `field` is the field of the command that is wrong."""


# Lines.


class LineUnknown(StatementError):
    """There is no such line, or it is of an account out of the person's reach."""

    code = "bank_line_unknown"
    field = "line_ids"

    def __init__(self, line_id: int) -> None:
        super().__init__(f"There is no bank line {line_id}.")


class LinesOfTwoAccounts(StatementError):
    code = "bank_lines_of_two_accounts"
    field = "line_ids"

    def __init__(self) -> None:
        super().__init__("These lines are of several bank accounts; one payment came by one.")


class LineChangedMeanwhile(StatementError):
    """Somebody matched it, or undid a match, since the page was made."""

    code = "bank_line_changed"
    field = "seen"

    def __init__(self, line_id: int) -> None:
        super().__init__(
            f"Bank line {line_id} was changed by somebody else meanwhile. Look at it as it is now, "
            "and decide again."
        )


class BookingChangedMeanwhile(StatementError):
    """Something happened to a booking since the page was made: its money may be there already."""

    code = "match_booking_changed"
    field = "seen_bookings"

    def __init__(self, booking_id: int) -> None:
        super().__init__(
            f"Booking {booking_id} was changed by somebody else meanwhile, so nothing was matched. "
            "Look at it as it is now, and decide again."
        )


class LineSettled(StatementError):
    """All of it is matched already, or it is put aside."""

    code = "bank_line_settled"
    field = "line_ids"

    def __init__(self, line_id: int, *, aside: bool) -> None:
        how = "put aside; take it up first" if aside else "matched; undo that first"
        super().__init__(f"Bank line {line_id} is {how}.")


class LineNotAside(StatementError):
    code = "bank_line_not_aside"
    field = "line_id"

    def __init__(self, line_id: int) -> None:
        super().__init__(f"Bank line {line_id} is not put aside; there is nothing to take up.")


class LinesBusy(StatementError):
    """Another request holds the lines for longer than anybody should wait."""

    code = "bank_lines_busy"

    def __init__(self) -> None:
        super().__init__("Somebody else is matching these lines just now. Try again in a moment.")


# Amounts.


class NothingToMatch(StatementError):
    code = "nothing_to_match"
    field = "parts"

    def __init__(self) -> None:
        super().__init__("Name at least one bank line, and one booking with an amount for it.")


class WrongDirection(StatementError):
    """Money that came cannot be matched with money that left, nor a part be of nothing."""

    code = "match_wrong_direction"
    field = "parts"

    def __init__(self, part: Money, *, came: bool) -> None:
        way, sign = ("came", "more") if came else ("left", "less")
        super().__init__(f"This money {way}: a part of it is {sign} than 0, not {part}.")


class AmountsDiffer(StatementError):
    """The parts take more than is left of the lines, or need fewer lines than were named."""

    code = "match_amounts_differ"
    field = "parts"

    def __init__(self, lines: Money, parts: Money) -> None:
        super().__init__(
            f"The parts add up to {parts}, but {lines} of the lines is still to be matched. Part "
            "of one line may wait; of several lines each must be needed."
        )


class PaymentOfAnotherAmount(StatementError):
    """A payment is there as a whole or not at all."""

    code = "match_payment_amount"
    field = "parts"

    def __init__(self, payment_id: int, payment: Money, part: Money) -> None:
        super().__init__(
            f"Payment {payment_id} moves {payment}, not {part}. Match it with all of its money, or "
            "record this line as a new payment."
        )


# Bookings and payments.


class WrongBookingCurrency(StatementError):
    code = "match_currency"
    field = "parts"

    def __init__(self, booking_id: int, booking: str, account: str) -> None:
        super().__init__(f"Booking {booking_id} is in {booking}, the bank account in {account}.")


class BookingElsewhere(StatementError):
    """The account takes money for one location only."""

    code = "match_other_location"
    field = "parts"

    def __init__(self, booking_id: int, account: str) -> None:
        super().__init__(f"Booking {booking_id} is of a location that {account} is not kept for.")


class NotOfBooking(StatementError):
    code = "match_payment_of_another_booking"
    field = "parts"

    def __init__(self, payment_id: int, booking_id: int) -> None:
        super().__init__(f"Booking {booking_id} has no payment {payment_id}.")


class PaymentTaken(StatementError):
    """One payment is one match."""

    code = "match_payment_taken"
    field = "parts"

    def __init__(self, payment_id: int) -> None:
        super().__init__(f"Payment {payment_id} is matched with the bank already.")


class NamedTwice(StatementError):
    code = "match_payment_named_twice"
    field = "parts"

    def __init__(self, payment_id: int) -> None:
        super().__init__(f"Payment {payment_id} is named by two parts; it is one payment.")


class NoMoneyOf(StatementError):
    """What failed or was voided is no money that could be at the bank."""

    code = "match_payment_ended"
    field = "parts"

    def __init__(self, payment_id: int, state: str) -> None:
        super().__init__(
            f"Payment {payment_id} is {state}, so it is no money that came. Record this line as a "
            "new payment."
        )


class RefundFirst(StatementError):
    """Money that left is a refund that was recorded, or is recorded first."""

    code = "match_refund_first"
    field = "parts"

    def __init__(self, booking_id: int) -> None:
        super().__init__(
            f"This money left. Record the refund on booking {booking_id} first, then match it here."
        )


# Matches.


class MatchUnknown(StatementError):
    """There is no such match, or it is of an account out of the person's reach."""

    code = "bank_match_unknown"
    field = "match_id"

    def __init__(self, match_id: int) -> None:
        super().__init__(f"There is no match {match_id}.")


class MatchUndone(StatementError):
    code = "bank_match_undone"
    field = "match_id"

    def __init__(self, match_id: int) -> None:
        super().__init__(f"Match {match_id} is undone already.")


class UndoDeletesExternal(StatementError):
    """Undoing voids a payment that a partner sent."""

    code = "undo_deletes_external"
    field = "match_id"

    def __init__(self, payment_id: int) -> None:
        super().__init__(
            f"Payment {payment_id} came from outside. Undoing its match voids it, for which the "
            "permission to delete external payments is needed."
        )


class MatchedWithBank(StatementError):
    """The bank says that the money is there: voiding the payment alone would leave its line
    settled by nothing."""

    code = "payment_matched_with_bank"
    field = "payment_id"

    def __init__(self, payment_id: int) -> None:
        super().__init__(
            f"Payment {payment_id} is matched with the bank statement. Undo the match there: that "
            "voids what it recorded, and puts back what it cleared."
        )
