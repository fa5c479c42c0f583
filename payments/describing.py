"""What the description of the API says of /apis/payments, beyond its fields and answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kit import describing
from kit.errors import DomainError
from kit.form import Refusals
from kit.money import Money
from payments import card_errors, errors
from payments.describing_answers import (
    DRY_RUN,
    FIGURES_SHOWN,
    PAYMENT,
    RECEIPT,
    SHARED,
    TAKEN,
    written,
)

ABOUT = """Money that came, was tried or was promised, and where it lies.

A payment is **cleared** (Status 0), **not cleared** (1), **deferred** (2) or a **failed** attempt
(1 with the tag of failed payments). Only cleared money counts as paid. What was promised is cleared
or failed later; what is cleared is refunded by a new, negative payment."""

TAKE = """Records one payment on one booking, in one transaction: the payment, what it pays of the
schedule, tags, the guest's e-mail, the event log.

With BookingIds and Amounts it is one payment of the guest over several bookings, all of them or
none; the answer then has PaymentIds too.

Send an `Idempotency-Key` and repeat the very same request until an answer comes: it is taken
once. With `Prefer: return=representation` the answer has the payment and the booking's figures,
unless there are several bookings. With `Prefer: dry-run` nothing is stored."""

LIST = """The newest first, of the partner's locations only. Without `size` and `index` the newest
300, or all of one booking. Needs the scope `payments:read`."""

MINE = "Only a payment that the same partner recorded; others are not found (404)."
CLEAR = f"""The money of an uncleared or deferred payment is there: it takes effect as it was meant
when it came, with its lines, its property, its BalanceDueDate and its e-mail. {MINE} A method that
is completed at the desk is refused (422)."""
FAIL = f"""The money of an uncleared or deferred payment will not come; it never had an effect. A
website booking in progress is held anew from now on. {MINE}"""
REFUND = f"""Pays back a cleared payment in whole or in part, by a new, negative payment whose id is
answered. The payment's own credit goes first, then what it paid, the last filled line first; other
credit then flows into the lines that opened. {MINE}"""
VOID = "Refused always (403): payments are voided at the desk, partners refund them."

HUNDRED = Money(100_00, "EUR")
# One error of every class the ledger refuses with, as a caller would meet it; by the calls that do.
EVERY_WRITE: list[DomainError] = [errors.BookingBusy(), errors.KeyReused()]
OF_METHODS: list[DomainError] = [
    errors.MethodUnknown("Paypal", ["PayPal"]),
    errors.NotFromOutside("Cash"),
    errors.OnlyNotCompleted("Card at the desk"),
    errors.MethodNotForPartner("PayPal"),
]
OF_MONEY: list[DomainError] = [
    errors.WrongDecimals("amount", "200.005", "EUR", 2),
    *OF_METHODS,
    errors.ReferenceAlreadyUsed("reference", "order-77", 1207),
    errors.OnlyCompleted("Credit Card"),
    errors.MethodIsForRefunds("EPOS Refund"),
    errors.Overpaid(HUNDRED, "PayPal"),
    errors.DueDateMissing(HUNDRED),
]
TAKING: list[DomainError] = [
    errors.BookingUnknown(4355),
    errors.WrongCurrency(4354, "EUR", "GBP"),
    errors.LineUnknown(4354, [999], [1001, 1002]),
    errors.PropertyNotBooked(4354, 8900, [8849]),
    errors.TagUnknown("add_tags", [99]),
    errors.PaidInTheFuture(date(2030, 1, 31), date(2026, 11, 20)),
    errors.FailedAndPaid("state", "Payment Failed"),
    errors.BookingCancelled(5003),
    *OF_MONEY,
    *EVERY_WRITE,
]
ENDING: list[DomainError] = [
    errors.PaymentUnknown(1208),
    errors.NotComing(1207, "cleared"),
    card_errors.ActUnderWay(1207),
    *EVERY_WRITE,
]
CLEARING: list[DomainError] = [
    *ENDING,
    errors.PaidInTheFuture(date(2030, 1, 31), date(2026, 11, 20)),
    errors.OnlyNotCompleted("Card at the desk"),
]
REFUNDING: list[DomainError] = [
    errors.PaymentUnknown(1208),
    errors.NotCleared(1207, "failed"),
    errors.IsARefund(1209, 1207),
    card_errors.ActUnderWay(1207),
    errors.WrongDecimals("amount", "50.005", "EUR", 2),
    errors.PaidInTheFuture(date(2030, 1, 31), date(2026, 11, 20)),
    errors.RefundedBeforePaid(date(2026, 11, 1), date(2026, 11, 20)),
    *OF_METHODS,
    errors.ReferenceAlreadyUsed("reference", "refund-77", 1209),
    errors.RefundTooLarge("amount", 1207, HUNDRED),
    *EVERY_WRITE,
]
VOIDING: list[DomainError] = [errors.VoidIsForTheDesk(1207)]
# Met at the desk only, where a payment can be voided.
AT_THE_DESK: list[DomainError] = [
    errors.AlreadyRefunded(1207, HUNDRED),
    errors.AlreadyUndone(1207, "void"),
]
# Met in the formats of partners only: what is accepted first and applied later, tips, details of
# methods, and repayments by a method of their own.
IN_FORMATS: list[DomainError] = [
    errors.AttributeUnknown("attributes[0].name", "Colour", "EPOS System", ["Reference"]),
    errors.AttributeMissing("EPOS System", "Reference"),
    errors.CommandReferenceUsed("12345678901234"),
    errors.NotAppliedInTime(),
    errors.TipNotTaken("PayPal"),
    errors.NotARefundMethod("EPOS System"),
    errors.RepaymentTooLarge(4354, HUNDRED),
]


def samples() -> list[DomainError]:
    """At least one error of every class the ledger refuses with."""
    return [*TAKING, *CLEARING, *REFUNDING, *VOIDING, *AT_THE_DESK, *IN_FORMATS]


SHOWN = {
    "short": TAKEN,
    "return=representation": TAKEN | {"Payment": PAYMENT | {"Booking": FIGURES_SHOWN}},
    "dry-run": DRY_RUN,
}
SEVERAL = TAKEN | {"PaymentIds": [1207, 1208]}


def described(
    statuses: Mapping[type[DomainError], int], words: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Every call, as `bp.doc` takes it; from the door's own table of errors."""
    door = Refusals(statuses, words)
    taken = written([RECEIPT, SHARED], SHOWN | {"several bookings": SEVERAL})
    done = written(RECEIPT, SHOWN)
    write, refund = "payments:write", "payments:refund"
    take = describing.writes("takePayment", TAKE, write, taken, door, TAKING)
    take["responses"] |= describing.answers(429)
    return {
        "take": take,
        "clear": describing.writes("clearPayment", CLEAR, write, done, door, CLEARING),
        "fail": describing.writes("failPayment", FAIL, write, done, door, ENDING),
        "refund": describing.writes("refundPayment", REFUND, refund, done, door, REFUNDING),
        "void": {
            "operationId": "voidPayment",
            "description": VOID,
            "security": [{"token": [write]}],
            "responses": describing.answers(401, 404, 500, 503)
            | {403: describing.refusals(door, VOIDING)[403]},
        },
        "list": {
            "operationId": "listPayments",
            "description": LIST,
            "security": [{"token": ["payments:read"]}],
            "responses": describing.answers(400, 401, 403, 500, 503),
        },
    }
