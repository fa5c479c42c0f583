"""What the description of the API says of /apis/payments, beyond its forms and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from kit import describing
from kit.describing import says
from kit.errors import DomainError
from kit.form import Refusals
from kit.money import Money
from payments import errors

ABOUT = """Money that came, was tried or was promised, and where it lies.

A payment is **cleared** (Status 0), **not cleared** (1), **deferred** (2) or a **failed** attempt
(1 with the tag of failed payments). Only cleared money counts as paid."""

TAKE = """Records one payment on one booking, in one transaction: the payment, what it pays of the
schedule, tags, the guest's e-mail, the event log. Needs the scope `payments:write`.

Send an `Idempotency-Key` and repeat the very same request until an answer comes: it is taken
once. With `Prefer: return=representation` the answer has the payment and the booking's figures."""

LIST = """The newest first, of the partner's locations only. Without `size` and `index` the newest
300, or all of one booking. Needs the scope `payments:read`."""

KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "A new text for each payment, the same for its repetitions. The same key with"
    " the same method, path and body is answered as the first time; with another one it is refused"
    " (422). Kept for 24 hours at least.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "checkout-7f3a-1",
}
PREFER = {
    "in": "header",
    "name": "Prefer",
    "description": "`return=representation` (RFC 7240) adds the payment to the answer; `dry-run`"
    " shows what would be and stores nothing; anything else is ignored.",
    "schema": {"type": "string"},
    "example": "return=representation",
}
HEADERS = {
    "Idempotency-Replayed": {
        "description": "`true` when an earlier, equal request was taken and this is its answer.",
        "schema": {"type": "string", "const": "true"},
    },
    "Preference-Applied": {
        "description": "The preference that was followed.",
        "schema": {"type": "string"},
    },
}


# The body of POST /apis/payments, by the names on the wire.
FIELDS = {
    "Amount": says(
        "What the guest paid, without Charges; more than 0, with no more decimals than the"
        " currency has, at most 9999999999.99.",
        "200.00",
    ),
    "BookingId": says("The booking it is for.", 4354),
    "PaymentScheduleIds": says(
        "What is filled first: `1,2` the whole schedule in its order (recommended), `1` what is"
        " due with the deposit, `2` with the balance, other numbers lines by id, in this order."
        " Money left goes over the other open lines, then to credit. Also called PaymentSchedules.",
        "1,2",
    ),
    "Status": says(
        "0 cleared: the money is there. 1 not cleared, or a failed attempt. 2 deferred: accepted,"
        " comes later.",
        "0",
    ),
    "Currency": says("The booking's currency: ISO code in any case, or its symbol.", "EUR"),
    "PaymentDate": says(
        "When it was paid; for Status 2 when it is expected. For Status 0 not after tomorrow.",
        "2024-05-31",
    ),
    "PaymentMethod": says("Name or code of an active payment method, letter for letter.", "PayPal"),
    "Charges": says("A surcharge paid on top of Amount, such as a card fee; kept apart.", "10.00"),
    "Comments": says("Where it was paid, or the provider's words for a decline.", "Guest portal"),
    "PropertyId": says(
        "Of a booking of several properties: fill the lines of this one first.", 8849
    ),
    "BalanceDueDate": says(
        "When what is still open of the balance is due from now on. Send it with instalments.",
        "2030-01-31",
    ),
    "AddBookingTag": says(
        "Ids of tags to put on the booking. With the tag of failed payments and Status 1 it is a"
        " failed attempt.",
        "1",
    ),
    "RemoveBookingTag": says(
        "Ids of tags to take off, such as 12 once a website booking is paid.", "12"
    ),
    "PaymentToken": says(
        "The provider's token for charging the card again.", "d7124bc2-7276-473e-9c37-a1b154b8404e"
    ),
    "CardPartialNumbers": says("The last four digits of the card; send them with a token.", "1234"),
    "CardType": says("The card's brand.", "VISA"),
    "IsDeferredPayment": says(
        "`true` says the same as Status 2; with Status 0 it is a contradiction.", False
    ),
    "SagepaySecurityKey": says(
        "Of the live SagePay (Opayo) transaction; all four together or none.", "JXQ2YDQX5M"
    ),
    "SagepayVendorTxCode": says(
        "Of the live SagePay (Opayo) transaction; all four together or none.", "order-77-20240531"
    ),
    "SagepayVPSTxId": says(
        "Of the live SagePay (Opayo) transaction; unique on the booking.",
        "{6F1B0F6E-2C2B-4C1B-9B1D-2F0C3A1D7E55}",
    ),
    "SagepayTxAuthNo": says(
        "Of the live SagePay (Opayo) transaction; all four together or none.", "4898041"
    ),
    "BookingIds": says(
        "Instead of BookingId: several bookings, paid together by one Reference; all or none. Ids"
        " with commas between them."
    ),
    "Amounts": says("With BookingIds: what each of them gets, in their order."),
    "SendEmail": says("Whether a cleared payment writes to the guest.", False),
    "Reference": says(
        "Your own id of the payment: once per booking and partner, while the payment is not"
        " failed.",
        "order-77",
    ),
}

# The query of GET /apis/payments.
QUERY = {
    "BookingId": says("Only the payments of this booking.", 4354),
    "DateFrom": says("Only payments of this day or later (PaymentDate).", "2024-01-01"),
    "DateTo": says("Only payments of this day or earlier (PaymentDate).", "2030-01-31"),
    "size": says("How many a page; with it, or `index`, the answer has TotalHits.", 20),
    "index": says("Which page, from 1.", 1),
}

# The bodies of the calls that change a payment.
REASON = says("Why; kept in the event log.", "Agreed with the guest")
CLEARING = {
    "PaymentDate": says("Since when the money is there; today at the location unless given."),
    "Reason": REASON,
}
FAILING = {"Reason": says("The provider's words, or why it will not come.", "Card declined")}
REFUNDING = {
    "Amount": says(
        "How much goes back; all that can still be refunded unless given, or nothing when Charges"
        " or Tip are.",
        "50.00",
    ),
    "Charges": says("How much of the surcharge goes back; none unless given."),
    "Tip": says("How much of the tip goes back; none unless given."),
    "PaymentMethod": says("How it is paid out; the payment's own method unless given."),
    "PaymentDate": says("When it was paid out; today at the location unless given."),
    "Reason": REASON,
    "Comments": says("Kept with the refund."),
    "Reference": says("Your own id of the refund, once per booking and partner."),
    "SendEmail": says("Whether the guest is written to; true unless given."),
}

NULLABLE = {"type": ["string", "null"]}

# A payment in an answer: the vendor's keys, then ours.
SHOWN = {
    "PaymentID": says("Our id of the payment."),
    "BookingID": says("The booking it is for."),
    "Amount": says("With the currency's decimals."),
    "PaymentMethod": says("The method's name."),
    "PaymentDate": says("The day it was paid or is expected, dd/mm/yyyy."),
    "PaymentCategory": says(
        "0 failed, 1 pays off the deposit, 2 pays off everything, 4 part payment, 6 deferred;"
        " other numbers of the vendor's list are not used yet.",
        minimum=0,
        maximum=13,
    ),
    "PaymentType": says(
        "0 failed or not cleared, 1 deferred, 2 cleared.", type="integer", enum=[0, 1, 2]
    ),
    "Comments": says("As they were sent."),
    "PaymentToken": says("Masked (`****404e`), or empty.", type="string"),
    "CardPartialNumbers": says("The last four digits, or empty."),
    "SagepaySecurityKey": says("Masked, or null.", **NULLABLE),
    "SagepayVendorTxCode": says("Masked, or null.", **NULLABLE),
    "SagepayVPSTxId": says("Masked, or null.", **NULLABLE),
    "SagepayTxAuthNo": says("Masked, or empty.", type="string"),
    "PaymentSchedules": says("What of the payment lies on which line now."),
    "Status": says("0 cleared, 1 not cleared, failed or void, 2 deferred.", type="integer"),
    "State": says(
        "Which of them exactly.", enum=["cleared", "uncleared", "deferred", "failed", "void"]
    ),
    "Currency": says("ISO 4217 code.", type="string"),
    "Charges": says("The surcharge paid on top of Amount."),
    "Tip": says("The tip paid on top of Amount."),
    "Reference": says("The sender's own id, or null.", **NULLABLE),
    "Source": says(
        "The door it came by.",
        enum=["ipro", "spektrix", "kseries", "brink", "iiko", "desk", "guest", "import"],
    ),
    "FailureReason": says("Why an attempt failed, or null.", **NULLABLE),
    "RefundOf": says("The payment that this one pays back, or null.", type=["integer", "null"]),
    "CreatedTime": says("When it was recorded, in UTC, always with a fraction."),
}
SHARE = {
    "PaymentScheduleID": says("The line's id."),
    "PaymentScheduleName": says("The line's name."),
    "Amount": says("How much of the payment lies on it."),
}

PAIR = {
    "type": "object",
    "required": ["Id", "Name"],
    "properties": {"Id": {"type": "integer"}, "Name": {"type": "string"}},
}
WARNING = {
    "type": "object",
    "required": ["Code", "Message"],
    "properties": {"Code": {"type": "string"}, "Message": {"type": "string"}},
}
FIGURES = {
    "type": "object",
    "description": "The booking's money and tags after the payment.",
    "properties": {
        "BookingId": {"type": "integer"},
        "RenterTotal": says("The total of its schedule.", type="number"),
        "Paid": says("What lies on its lines.", type="number"),
        "RenterBalance": says("What is open.", type="number"),
        "Credit": says("Money that fits no open line.", type="number"),
        "Tags": {"type": "array", "items": PAIR},
        "Warnings": says("What should be known.", type="array", items=WARNING),
    },
}

TAKEN: dict[str, Any] = {"Success": True, "PaymentId": 1207}
# The vendor's own example. As text: amounts have decimals, and there is no float in this house.
PAYMENT = json.loads("""
{
  "PaymentID": 823, "BookingID": 602, "Amount": 1015.00, "PaymentMethod": "BankTransfer",
  "PaymentDate": "26/03/2021", "PaymentCategory": 2, "PaymentType": 2, "Comments": "",
  "PaymentToken": "", "CardPartialNumbers": "", "SagepaySecurityKey": null,
  "SagepayVendorTxCode": null, "SagepayVPSTxId": null, "SagepayTxAuthNo": "",
  "PaymentSchedules": [
    {"PaymentScheduleID": 3074, "PaymentScheduleName": "10% tax", "Amount": 90.00},
    {"PaymentScheduleID": 3075, "PaymentScheduleName": "Booking Fee", "Amount": 25.00},
    {"PaymentScheduleID": 3076, "PaymentScheduleName": "Rental Deposit", "Amount": 248.00},
    {"PaymentScheduleID": 3077, "PaymentScheduleName": "Rental Balance", "Amount": 652.00}
  ],
  "Status": 0, "State": "cleared", "Currency": "GBP", "Charges": 0.00, "Tip": 0.00,
  "Reference": null, "Source": "ipro", "FailureReason": null, "RefundOf": null,
  "CreatedTime": "2021-03-26T09:30:00.1234560Z"
}
""")
LISTED: dict[str, Any] = {
    "description": "The payments; with `size` or `index` also how many there are in all.",
    "example": {"Payments": [PAYMENT]},
}

# The answer to POST /apis/payments; Payment only when it was asked for.
RECEIPT: dict[str, Any] = {
    "type": "object",
    "required": ["Success", "PaymentId"],
    "properties": {
        "Success": {"type": "boolean", "const": True},
        "PaymentId": says("Our id of the payment.", type="integer"),
        "Payment": {
            "allOf": [
                {"$ref": "#/components/schemas/Payment"},
                {"type": "object", "required": ["Booking"], "properties": {"Booking": FIGURES}},
            ]
        },
    },
}

SENTENCES = {
    400: "A field is malformed, or cannot be for this booking. All wrong fields are named at once.",
    404: "There is no such booking, or it is of another location.",
    409: "It conflicts with what is there already.",
    422: "A rule of the business refuses it.",
}


def samples() -> list[DomainError]:
    """One error of every class the ledger refuses with, as a caller would meet it."""
    excess = Money(100_00, "EUR")
    return [
        errors.BookingUnknown(4355),
        errors.WrongCurrency(4354, "EUR", "GBP"),
        errors.WrongDecimals("amount", "200.005", "EUR", 2),
        errors.LineUnknown(4354, [999], [1001, 1002]),
        errors.PropertyNotBooked(4354, 8900, [8849]),
        errors.TagUnknown("add_tags", [99]),
        errors.MethodUnknown("Paypal", ["PayPal"]),
        errors.PaidInTheFuture(date(2030, 1, 31), date(2026, 11, 20)),
        errors.FailedAndPaid("state", "Payment Failed"),
        errors.ReferenceAlreadyUsed("reference", "order-77", 1207),
        errors.BookingCancelled(5003),
        errors.PaymentUnknown(1208),
        errors.NotComing(1207, "cleared"),
        errors.NotCleared(1207, "failed"),
        errors.IsARefund(1209, 1207),
        errors.AlreadyRefunded(1207, excess),
        errors.AlreadyUndone(1207, "void"),
        errors.BookingBusy(),
        errors.KeyReused(),
        errors.NotFromOutside("Cash"),
        errors.OnlyCompleted("Credit Card"),
        errors.OnlyNotCompleted("Card at the desk"),
        errors.MethodNotForPartner("PayPal"),
        errors.MethodIsForRefunds("EPOS Refund"),
        errors.Overpaid(excess, "PayPal"),
        errors.DueDateMissing(excess),
        errors.RefundTooLarge("amount", 1207, excess),
        errors.VoidIsForTheDesk(1207),
    ]


def refusals(
    statuses: Mapping[type[DomainError], int], words: Mapping[str, str]
) -> dict[int, dict[str, Any]]:
    """The refusals of the ledger by status, each code with an example, as they are rendered."""
    door = Refusals(statuses, words)
    found = {}
    for status, sentence in SENTENCES.items():
        bodies = [
            json.loads(door.render(error).get_data())
            for error in samples()
            if statuses[type(error)] == status
        ]
        told = f"{sentence}\n\nCodes: {describing.codes(statuses, status)}"
        if status == HTTPStatus.BAD_REQUEST:
            told += ", and those of malformed fields (`required`, `invalid`, `repeated` and so on)"
        found[status] = describing.refusal(f"{told}.", bodies)
    return found


def described(
    statuses: Mapping[type[DomainError], int], words: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Both calls, as `bp.doc` takes them; from the door's own table of errors."""
    taken = {
        "description": "The payment is recorded.",
        "headers": HEADERS,
        "content": {"application/json": {"schema": RECEIPT, "example": TAKEN}},
    }
    others = describing.answers(401, 403, 411, 413, 415, 429, 500, 501, 503)
    return {
        "take": {
            "operationId": "takePayment",
            "description": TAKE,
            "security": [{"token": ["payments:write"]}],
            "parameters": [KEY, PREFER],
            "responses": {200: taken, **refusals(statuses, words), **others},
        },
        "clear": _change("clearPayment", CLEAR, "payments:write", statuses, words),
        "fail": _change("failPayment", FAIL, "payments:write", statuses, words),
        "refund": _change("refundPayment", REFUND, "payments:refund", statuses, words),
        "void": {
            "operationId": "voidPayment",
            "description": "Refused always (403): payments are voided at the desk.",
            "security": [{"token": ["payments:write"]}],
            "responses": describing.answers(401, 403, 500, 503),
        },
        "list": {
            "operationId": "listPayments",
            "description": LIST,
            "security": [{"token": ["payments:read"]}],
            "responses": describing.answers(400, 401, 403, 500, 503),
        },
    }


CLEAR = "The money of an uncleared or deferred payment is there: it takes effect as it was meant."
FAIL = "The money of an uncleared or deferred payment will not come; it never had an effect."
REFUND = """Pays back a cleared payment in whole or in part, by a new, negative payment. Its own
credit goes first, then what it paid, the last filled line first."""


def _change(
    operation: str,
    description: str,
    scope: str,
    statuses: Mapping[type[DomainError], int],
    words: Mapping[str, str],
) -> dict[str, Any]:
    """A call that changes a payment its caller has recorded."""
    done = {
        "description": "Done. A refund is a payment of its own, with its own id.",
        "headers": HEADERS,
        "content": {"application/json": {"schema": RECEIPT, "example": TAKEN}},
    }
    others = describing.answers(401, 403, 411, 413, 415, 500, 503)
    return {
        "operationId": operation,
        "description": f"{description} Needs the scope `{scope}`.",
        "security": [{"token": [scope]}],
        "parameters": [KEY, PREFER],
        "responses": {200: done, **refusals(statuses, words), **others},
    }
