"""What is refused when somebody wants to pay by card, or staff want to use a stored card."""

from __future__ import annotations

from kit.errors import PageError
from kit.money import Money
from payments.errors import PaymentError


class CardRefused(PageError):
    """Base of these. `field` is the field of the form that is wrong."""


class NothingToPay(CardRefused):
    code = "nothing_to_pay"

    def __init__(self) -> None:
        super().__init__("Nothing is open; there is nothing to pay.")


class AmountChanged(CardRefused):
    """What is open is not what the page had shown any more."""

    code = "amount_changed"
    field = "amount"

    def __init__(self, now: Money) -> None:
        super().__init__(f"What is to pay has changed meanwhile: it is {now} now.")
        self.now = now


class NotOffered(CardRefused):
    code = "method_not_offered"
    field = "method"

    def __init__(self) -> None:
        super().__init__("This way to pay is not offered here any more. Choose another one.")


class CardPaymentUnderWay(CardRefused):
    """Money of this booking may be moving just now: nobody else may start to take any."""

    code = "card_payment_under_way"

    def __init__(self, amount: Money, *, is_guests: bool) -> None:
        doing = "The guest is paying" if is_guests else "A card is being charged"
        super().__init__(
            f"{doing} {amount} just now, or it is not known yet whether it was paid. "
            "Wait until that is settled."
        )


class ActUnderWay(PaymentError):
    """A refund, a release or the like was ordered, and nobody knows yet what has become of it:
    whoever changed the payment now would do it twice, or against the other. Partners meet it, too.
    """

    code = "card_act_under_way"
    field = "payment_id"

    def __init__(self, payment_id: int) -> None:
        super().__init__(
            f"The card provider is changing payment {payment_id} just now, or it is not known yet "
            "whether it has. Wait until that is settled."
        )


class NoStoredCard(CardRefused):
    code = "no_stored_card"

    def __init__(self, payment_id: int) -> None:
        super().__init__(
            f"Payment {payment_id} came with no card or transaction that a gateway of this service "
            "can use."
        )


class NoAmount(CardRefused):
    code = "no_amount"
    field = "amount"

    def __init__(self) -> None:
        super().__init__("Say how much, more than 0.")


class MoreThanOpen(CardRefused):
    """Charging more than is open is asked twice about."""

    code = "more_than_open"
    field = "amount"

    def __init__(self, open_: Money) -> None:
        told = f"{open_} is open. To charge more, confirm that the rest is kept as credit."
        super().__init__(told if open_ else "Nothing is open. Confirm that all is kept as credit.")


class NotThisState(CardRefused):
    code = "card_act_not_now"

    def __init__(self, payment_id: int, state: str, wanted: str) -> None:
        super().__init__(f"Payment {payment_id} is {state}; only {wanted} can be.")


class MoreThanPaid(CardRefused):
    code = "more_than_paid"
    field = "amount"

    def __init__(self, left: Money) -> None:
        super().__init__(f"{left} of this payment can still be paid back.")


class PartlyPaidBack(CardRefused):
    code = "partly_paid_back"

    def __init__(self, payment_id: int) -> None:
        super().__init__(f"Payment {payment_id} was paid back in part; refund the rest instead.")


class TakenByGateway(CardRefused):
    """Voiding moves no money at the provider."""

    code = "taken_by_gateway"

    def __init__(self, payment_id: int, gateway: str) -> None:
        super().__init__(
            f"The money of payment {payment_id} lies with {gateway}: refund it to the card, or let "
            f"{gateway} void it."
        )


class PaidBackByGateway(CardRefused):
    """The guest has the money of a refund that a provider made."""

    code = "paid_back_by_gateway"

    def __init__(self, payment_id: int, gateway: str) -> None:
        super().__init__(
            f"Refund {payment_id} went back to the card through {gateway}; that cannot be undone."
        )


class IntentUnknown(CardRefused):
    code = "intent_unknown"

    def __init__(self) -> None:
        super().__init__("There is no such card payment.")


class AlreadySettled(CardRefused):
    code = "already_settled"

    def __init__(self, state: str) -> None:
        super().__init__(f"It is settled meanwhile: {state}.")


class LedgerDiffers(CardRefused):
    """Somebody says that it was done, and the ledger cannot follow."""

    code = "ledger_differs"
    field = "result"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"This cannot be recorded: {why} If it stands in the books already, say that there is "
            "nothing to record."
        )


class AmountDiffers(CardRefused):
    """Somebody says that it was done, and the provider has said that it was about another amount:
    what was ordered would be recorded, and never came."""

    code = "card_amount_differs"
    field = "result"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why} Say that there is nothing to record, and record by hand what has really moved."
        )


class BookingOver(CardRefused):
    """Nobody pays for a cancelled booking on the guest's page."""

    code = "booking_over"

    def __init__(self) -> None:
        super().__init__("This booking is cancelled; there is nothing to pay.")


class LinkNotNow(CardRefused):
    """A link that would lead to nothing, or to nobody."""

    code = "link_not_now"

    def __init__(self, why: str) -> None:
        super().__init__(why)
