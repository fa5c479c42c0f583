"""What the ledger refuses, and why: one class a reason, the same for every door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.errors import DomainError
from kit.money import Money


class PaymentError(DomainError):
    """Base of everything that taking or changing a payment may be refused for."""


# The booking.


class BookingUnknown(PaymentError):
    """There is no such booking, or the caller cannot reach its location."""

    code = "booking_unknown"
    field = "booking_id"

    def __init__(self, booking_id: int) -> None:
        super().__init__(f"There is no booking {booking_id}.")


# What needs the booking to be judged: still the sender's slip, like a malformed field.


class WrongCurrency(PaymentError):
    code = "currency_mismatch"
    field = "currency"

    def __init__(self, booking_id: int, currency: str, came: str) -> None:
        super().__init__(f"Booking {booking_id} is in {currency}; the payment says {came}.")


class WrongDecimals(PaymentError):
    code = "too_many_decimals"

    def __init__(self, field: str, came: str, currency: str, places: int) -> None:
        self.field = field
        super().__init__(f"{came} has more decimals than {currency} has; it has {places}.")


class LineUnknown(PaymentError):
    code = "line_unknown"
    field = "wishes"

    def __init__(self, booking_id: int, lines: Sequence[int], known: Sequence[int]) -> None:
        there = ", ".join(map(str, known)) or "none"
        super().__init__(
            f"Booking {booking_id} has no schedule line {_listed(lines)}; its lines are {there}, "
            "and 1,2 stands for all of them."
        )


class PropertyNotBooked(PaymentError):
    code = "property_not_booked"
    field = "property_id"

    def __init__(self, booking_id: int, property_id: int, booked: Sequence[int]) -> None:
        super().__init__(
            f"Booking {booking_id} does not hold property {property_id}; "
            f"it holds {_listed(booked)}."
        )


class TagUnknown(PaymentError):
    code = "tag_unknown"

    def __init__(self, field: str, tags: Sequence[int]) -> None:
        self.field = field
        super().__init__(f"There is no tag {_listed(tags)}.")


class MethodUnknown(PaymentError):
    """No active payment method of this location has that name or code, letter for letter; or that
    opaque id or number, in the formats that name methods so."""

    code = "payment_method_unknown"
    field = "method"

    def __init__(self, came: str, meant: Sequence[str], by: str = "name") -> None:
        if by != "name":
            what = "number" if by == "number" else "id"
            super().__init__(f"No active payment method has the {what} {came!r}.")
            return
        hint = f"; did you mean {_listed([repr(name) for name in meant])}?" if meant else "."
        super().__init__(f"No active payment method is called {came!r}, letter for letter{hint}")


class AttributeUnknown(PaymentError):
    """The payment method has no attribute of that name (seed 001)."""

    code = "attribute_unknown"

    def __init__(self, field: str, came: str, method: str, known: Sequence[str]) -> None:
        self.field = field
        there = _listed([repr(name) for name in known]) or "none"
        super().__init__(f"{method} has no attribute {came!r}; it has {there}.")


class AttributeMissing(PaymentError):
    code = "attribute_missing"

    def __init__(self, method: str, name: str) -> None:
        self.field, self.name = "attributes", name
        super().__init__(f"{method} needs the attribute {name!r}; it is missing or empty.")


class PaidInTheFuture(PaymentError):
    code = "date_in_future"
    field = "paid_on"

    def __init__(self, paid_on: date, today: date) -> None:
        super().__init__(
            f"A cleared payment cannot be of {paid_on}; at the location it is {today}. "
            "Money that is still to come is deferred."
        )


class RefundedBeforePaid(PaymentError):
    code = "date_before_payment"
    field = "paid_on"

    def __init__(self, paid_on: date, settled_on: date) -> None:
        super().__init__(
            f"A refund cannot be of {paid_on}; the money it pays back came on {settled_on}."
        )


class FailedAndPaid(PaymentError):
    """The tag of a failed payment came with a status that says the money is there, or will be."""

    code = "contradiction"

    def __init__(self, field: str, tag: str) -> None:
        self.field = field
        super().__init__(
            f'The tag "{tag}" says that the payment failed, so it cannot be cleared or deferred; '
            "a failed payment is sent as not cleared."
        )


# Conflicts with what is there already.


class ReferenceAlreadyUsed(PaymentError):
    code = "reference_already_used"

    def __init__(self, field: str, came: str, payment_id: int) -> None:
        self.field = field
        self.payment_id = payment_id
        super().__init__(f"{came} is already used on this booking by payment {payment_id}.")


class BookingCancelled(PaymentError):
    """Money that is not there yet cannot be promised to a cancelled booking; and none is taken
    from a format whose sender takes back what is refused."""

    code = "booking_cancelled"
    field = "booking_id"

    def __init__(self, booking_id: int, *, no_credit: bool = False) -> None:
        rest = (
            "it takes no payment."
            if no_credit
            else "only a cleared payment or a failed attempt is recorded on it."
        )
        super().__init__(f"Booking {booking_id} is cancelled; {rest}")


class CommandReferenceUsed(PaymentError):
    """The sender's reference belongs to a payment that was accepted before, done or not."""

    code = "command_reference_used"
    field = "reference"

    def __init__(self, reference: str) -> None:
        self.reference = reference
        super().__init__(f"The reference {reference} has already been used.")


class NotAppliedInTime(PaymentError):
    """An accepted payment was not applied before its time had passed; it never will be."""

    code = "not_applied_in_time"

    def __init__(self) -> None:
        super().__init__("Not processed before validity ended")


class PaymentUnknown(PaymentError):
    """There is no such payment, or the caller did not record it, or cannot reach its location."""

    code = "payment_unknown"
    field = "payment_id"

    def __init__(self, payment_id: int) -> None:
        super().__init__(f"There is no payment {payment_id}.")


class NotComing(PaymentError):
    """Only what is still to come can clear or fail."""

    code = "payment_not_coming"
    field = "payment_id"

    def __init__(self, payment_id: int, state: str) -> None:
        super().__init__(
            f"Payment {payment_id} is {state}; only an uncleared or deferred one can clear or fail."
        )


class NotCleared(PaymentError):
    """Only money that is there can be paid back."""

    code = "payment_not_cleared"
    field = "payment_id"

    def __init__(self, payment_id: int, state: str) -> None:
        super().__init__(f"Payment {payment_id} is {state}; only a cleared one can be refunded.")


class IsARefund(PaymentError):
    code = "payment_is_refund"
    field = "payment_id"

    def __init__(self, payment_id: int, of: int) -> None:
        super().__init__(f"Payment {payment_id} is itself a refund, of payment {of}.")


class AlreadyRefunded(PaymentError):
    """What was paid back cannot be reversed as a whole any more."""

    code = "payment_refunded"
    field = "payment_id"

    def __init__(self, payment_id: int, refunded: Money) -> None:
        super().__init__(
            f"{refunded} of payment {payment_id} was refunded; void the refund first, "
            "or refund the rest."
        )


class AlreadyUndone(PaymentError):
    """A failed or void payment moves nowhere any more."""

    code = "payment_ended"
    field = "payment_id"

    def __init__(self, payment_id: int, state: str) -> None:
        super().__init__(f"Payment {payment_id} is {state} and stays so.")


class BookingBusy(PaymentError):
    """Another request holds the booking for longer than anybody should wait."""

    code = "still_running"

    def __init__(self) -> None:
        super().__init__("Another request on this booking is still running; send this one again.")


# Rules of the business.


class KeyReused(PaymentError):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key came before with another request; a new request needs a new key."
        )


class NotFromOutside(PaymentError):
    code = "method_not_from_outside"
    field = "method"

    def __init__(self, method: str) -> None:
        self.method = method
        super().__init__(f"{method} cannot be accepted from outside; it is recorded at the desk.")


class OnlyCompleted(PaymentError):
    code = "method_external_only"
    field = "method"

    def __init__(self, method: str) -> None:
        super().__init__(
            f"{method} is completed outside only: a payment that is not cleared is not accepted; "
            "a cleared one would be."
        )


class OnlyNotCompleted(PaymentError):
    code = "method_on_site_only"
    field = "method"

    def __init__(self, method: str) -> None:
        self.method = method
        super().__init__(
            f"{method} is completed at the desk only: a cleared payment is not accepted; one that "
            "is not cleared, or deferred, would be."
        )


class MethodNotForPartner(PaymentError):
    code = "method_not_for_partner"
    field = "method"

    def __init__(self, method: str) -> None:
        super().__init__(f"{method} is kept for other partners; this one may not use it.")


class NotARefundMethod(PaymentError):
    code = "method_not_refund"
    field = "method"

    def __init__(self, method: str) -> None:
        super().__init__(f"{method} takes payments; it cannot pay money back.")


class TipNotTaken(PaymentError):
    code = "tip_not_taken"
    field = "tip"

    def __init__(self, method: str) -> None:
        super().__init__(f"{method} takes no tips; send the payment without one.")


class MethodIsForRefunds(PaymentError):
    code = "method_is_refund"
    field = "method"

    def __init__(self, method: str) -> None:
        super().__init__(f"{method} pays money back; it cannot take a payment.")


class Overpaid(PaymentError):
    code = "overpaid"
    field = "amount"

    def __init__(self, excess: Money, refused_by: str | None) -> None:
        self.excess = excess
        rest = f", and {refused_by} takes no more" if refused_by else ""
        super().__init__(f"The payment exceeds what is open by {excess}{rest}.")


class RefundTooLarge(PaymentError):
    code = "refund_too_large"

    def __init__(self, field: str, payment_id: int, left: Money) -> None:
        self.field = field
        what = {"amount": "", "charges": " of its charges", "tip": " of its tip"}[field]
        super().__init__(f"At most {left}{what} of payment {payment_id} can still be refunded.")


class RepaymentTooLarge(PaymentError):
    """More is to be taken back from a partner's payments of a booking than they hold."""

    code = "repayment_too_large"
    field = "amount"

    def __init__(self, booking_id: int, held: Money) -> None:
        super().__init__(
            f"Your payments on booking {booking_id} hold {held}; no more can be paid back."
        )


class VoidIsForTheDesk(PaymentError):
    """Partners clear, fail and refund; a payment is voided at the desk only (product section 5)."""

    code = "void_at_the_desk"

    def __init__(self, payment_id: int) -> None:
        super().__init__(
            f"Payment {payment_id} can be voided at the desk only; a partner can refund it."
        )


class DueDateMissing(PaymentError):
    code = "balance_due_date_missing"
    field = "balance_due_on"

    def __init__(self, left: Money) -> None:
        super().__init__(
            f"The payment leaves {left} of a line open; "
            "an instalment must say when the rest is due."
        )


def _listed(things: Sequence[object]) -> str:
    words = [str(thing) for thing in things]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
