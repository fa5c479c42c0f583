"""What the description of the API says of what the calls of /apis/payments answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from bookings.describing import EXAMPLE as LISTED_BOOKINGS
from kit.describing import WRITTEN, Shape, says

NULLABLE = {"type": ["string", "null"]}

# A payment in an answer: the vendor's keys, then ours.
SHOWN = {
    "PaymentID": says(
        "Our id of the payment; null in a dry run.", type=["integer", "null"], minimum=1
    ),
    "BookingID": says("The booking it is for."),
    "Amount": says("With the currency's decimals; below zero for a refund."),
    "PaymentMethod": says("The method's name."),
    "PaymentDate": says("The day it was paid or is expected, dd/mm/yyyy."),
    "PaymentCategory": says(
        "0 failed or void, 1 pays off the deposit, 2 pays off everything, 3 a refund,"
        " 4 part payment, 6 deferred; other numbers of the vendor's list are not used.",
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
    "Charges": says("The surcharge paid on top of Amount; below zero where it was refunded."),
    "Tip": says("The tip paid on top of Amount; below zero where it was refunded."),
    "Reference": says("The sender's own id, or null.", **NULLABLE),
    "Source": says(
        "The door it came by.",
        enum=["ipro", "spektrix", "kseries", "brink", "iiko", "desk", "guest", "import"],
    ),
    "FailureReason": says("Why an attempt failed, or null.", **NULLABLE),
    "RefundOf": says("The payment that this one pays back, or null.", type=["integer", "null"]),
    "SettledDate": says("The day the money was there, dd/mm/yyyy; null for none.", **NULLABLE),
    "Attributes": says(
        "Details that came with it in a partner's format, in their order.",
        type="array",
        items={
            "type": "object",
            "required": ["Name", "Value"],
            "properties": {"Name": {"type": "string"}, "Value": {"type": "string"}},
        },
    ),
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
    "description": "The booking's money and tags afterwards.",
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
  "CreatedTime": "2021-03-26T09:30:00.1234560Z", "SettledDate": "26/03/2021",
  "Attributes": []
}
""")
FIGURES_SHOWN = json.loads("""
{"BookingId": 602, "RenterTotal": 1015.00, "Paid": 1015.00, "RenterBalance": 0.00, "Credit": 0.00,
 "Tags": [{"Id": 1, "Name": "Payment Processed"}], "Warnings": []}
""")
LISTED: dict[str, Any] = {
    "description": "The payments; with `size` or `index` also how many there are in all.",
    "example": {"Payments": [PAYMENT]},
}

# The answer to a change of one payment; Payment only when it was asked for.
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
            ],
            "description": "Only where `Prefer: return=representation` asked for it.",
        },
    },
}
# The same for several bookings.
SHARED = {
    "type": "object",
    "required": ["Success", "PaymentId", "PaymentIds"],
    "properties": {
        "Success": {"type": "boolean", "const": True},
        "PaymentId": says("The payment of the first booking named.", type="integer"),
        "PaymentIds": says(
            "The payment of each booking, in the order of BookingIds.",
            type="array",
            items={"type": "integer"},
        ),
    },
}


class DryRunOut(Shape):
    """What every writing call answers to Prefer: dry-run."""

    shape: ClassVar[dict[str, Any]] = {
        "type": "object",
        "description": "What would have become of it; nothing is stored. The keys of the ordinary"
        " answer are there as well, those that name something new are null.",
        "required": ["Success", "DryRun", "Bookings", "Payments", "Emails", "Events", "Warnings"],
        "properties": {
            "Success": {"type": "boolean", "const": True},
            "DryRun": {"type": "boolean", "const": True},
            "PaymentId": says("Null for a payment that would be new.", type=["integer", "null"]),
            "PaymentIds": {"type": "null"},
            "BookingId": says("Null for a booking that would be new.", type=["integer", "null"]),
            "EnquiryId": {"type": "null"},
            "Bookings": says(
                "The bookings as they would be, shaped as in lists; without the scope"
                " `bookings:read` their figures only.",
                type="array",
                items={"anyOf": [{"$ref": "#/components/schemas/Booking"}, FIGURES]},
            ),
            "Payments": says(
                "Payments that would be new or changed, and what would lie on which line.",
                type="array",
                items={"$ref": "#/components/schemas/Payment"},
            ),
            "Emails": says(
                "Who would be written to.",
                type="array",
                items={
                    "type": "object",
                    "required": ["Kind", "To"],
                    "properties": {
                        "Kind": says(
                            "Such as payment_received, refund_made, booking_cancelled.",
                            type="string",
                        ),
                        "To": says(
                            "The guest's address; null without the scope `bookings:read`.",
                            type=["string", "null"],
                        ),
                    },
                },
            ),
            "Events": says("What the event log would say.", type="array", items={"type": "string"}),
            "Warnings": says("What should be known.", type="array", items=WARNING),
        },
    }


DRY_RUN = {
    "Success": True,
    "DryRun": True,
    "PaymentId": None,
    "Bookings": LISTED_BOOKINGS["Items"],
    "Payments": [PAYMENT | {"PaymentID": None, "BookingID": 4354}],
    "Emails": [{"Kind": "payment_received", "To": "ana@example.com"}],
    "Events": ["payment.recorded"],
    "Warnings": [],
}


def written(done: Any, examples: Mapping[str, Any]) -> dict[str, Any]:
    """The answer 200 of a writing call: what was done, of these shapes, or a dry run."""
    shapes = done if isinstance(done, list) else [done]
    shown = {name: {"value": value} for name, value in examples.items()}
    return {
        "description": "Done; or, for a dry run, what would have been done.",
        "headers": WRITTEN,
        "content": {
            "application/json": {"schema": {"anyOf": [*shapes, DryRunOut]}, "examples": shown}
        },
    }
