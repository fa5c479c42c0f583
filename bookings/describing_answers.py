"""What the description of the API says of what the calls that create and change bookings answer."""

from __future__ import annotations

import json
from typing import Any

from bookings.describing import (
    DAY,
    EXAMPLE,
    MONEY,
    NOT_KEPT,
    TEXT,
    UNUSED,
    WHOLE,
    BookingOut,
    object_,
)
from kit.describing import says
from payments.describing_answers import DRY_RUN, written

DONE: dict[str, Any] = {
    "type": "object",
    "required": ["Success", "BookingId"],
    "properties": {
        "Success": {"type": "boolean", "const": True},
        "BookingId": says("Our id of the booking.", type="integer"),
        "Booking": {
            "allOf": [BookingOut],
            "description": "Only where `Prefer: return=representation` asked for it.",
        },
    },
}
ENQUIRED = object_(
    Success={"type": "boolean", "const": True},
    EnquiryId=says("Our id of the enquiry.", type="integer"),
)

SHORT: dict[str, Any] = {"Success": True, "BookingId": 4354}
SHOWN = {
    "short": SHORT,
    "return=representation": SHORT | {"Booking": EXAMPLE["Items"][0]},
    "dry-run": {name: value for name, value in DRY_RUN.items() if name != "PaymentId"}
    | {"BookingId": 4354},
}
CHANGED = written(DONE, SHOWN)
CREATED = written(DONE, SHOWN | {"dry-run": SHOWN["dry-run"] | {"BookingId": None}})
STORED = written(
    ENQUIRED,
    {
        "short": {"Success": True, "EnquiryId": 17},
        "dry-run": {
            "Success": True, "DryRun": True, "EnquiryId": None, "Bookings": [], "Payments": [],
            "Emails": [], "Events": [], "Warnings": [],
        },
    },
)  # fmt: skip

YES = {"type": "boolean", "const": True}
EXTRA = object_(
    Id=WHOLE,
    Name=TEXT,
    Qty=says("How many.", type="integer", minimum=1),
    Price=says("Of one.", type="number"),
)
ITEM = object_(
    Id=says("The property.", type="integer"),
    Title=says("Its name.", type="string"),
    Discount=NOT_KEPT,
    Extras=says("The extras together.", type="number"),
    Insurance=says("The insurance, where it was asked for.", type="number"),
    AgentFee=NOT_KEPT,
    AccommodationCost=says("What the nights cost.", type="number"),
    BreakagesDeposit=says("The security deposit that the property asks for.", type="number"),
    BreakagesDepositInTotalPrice=says(
        "Whether it was asked for, and so is part of FullPaymentValue.", type="boolean"
    ),
    SmallPartyDiscount=NOT_KEPT,
    Availability=says("Whether all the nights are free just now.", type="boolean"),
    MinStayPassed=YES | {"description": "There is no such rule here; always true."},
    ChangeoverPassed=YES | {"description": "There is no such rule here; always true."},
    VoucherCode=UNUSED,
    Message=UNUSED,
    ExtraItems={"type": "array", "items": EXTRA},
)
LINE = object_(
    PaymentScheduleName=TEXT,
    Stage=says("1 due with the deposit, 2 with the balance.", type="integer", enum=[1, 2]),
    Amount=MONEY,
    DueDate=TEXT | {"description": "dd/mm/yyyy."},
    PropertyId=WHOLE,
)
CALCULATED = object_(
    BookingFee=says("One for the booking, whatever the number of properties.", type="number"),
    FullPaymentValue=says("The total of the schedule.", type="number"),
    DepositPaymentValue=says(
        "What is due at once: stage 1, and the balance when its day has come.", type="number"
    ),
    BalanceDueDate=DAY,
    Currency=says("The symbol, or the code of a currency without one.", type="string"),
    VATRate=says("The tax rate in percent; the highest one of several.", type="number"),
    PropertyItems={"type": "array", "items": ITEM},
    PaymentSchedules=says("The schedule it would have.", type="array", items=LINE),
)
PRICE = json.loads("""
{"BookingFee": 25.00, "FullPaymentValue": 1083.00, "DepositPaymentValue": 298.00,
 "BalanceDueDate": "2030-10-25", "Currency": "€", "VATRate": 10.00,
 "PropertyItems": [{
   "Id": 8849, "Title": "Casa Azul", "Discount": 0.00, "Extras": 80.00, "Insurance": 0.00,
   "AgentFee": 0.00, "AccommodationCost": 700.00, "BreakagesDeposit": 200.00,
   "BreakagesDepositInTotalPrice": true, "SmallPartyDiscount": 0.00, "Availability": true,
   "MinStayPassed": true, "ChangeoverPassed": true, "VoucherCode": "", "Message": "",
   "ExtraItems": [{"Id": 8297, "Name": "Welcome basket", "Qty": 1, "Price": 50.00},
                  {"Id": 9240, "Name": "Cot", "Qty": 1, "Price": 30.00}]}],
 "PaymentSchedules": [
   {"PaymentScheduleName": "10% tax", "Stage": 1, "Amount": 78.00, "DueDate": "20/11/2026",
    "PropertyId": 8849},
   {"PaymentScheduleName": "Booking Fee", "Stage": 1, "Amount": 25.00, "DueDate": "20/11/2026",
    "PropertyId": 8849},
   {"PaymentScheduleName": "Rental Deposit", "Stage": 1, "Amount": 195.00,
    "DueDate": "20/11/2026", "PropertyId": 8849},
   {"PaymentScheduleName": "Rental Balance", "Stage": 2, "Amount": 585.00,
    "DueDate": "25/10/2030", "PropertyId": 8849},
   {"PaymentScheduleName": "Security Deposit", "Stage": 2, "Amount": 200.00,
    "DueDate": "25/10/2030", "PropertyId": 8849}]}
""")
PRICED = {
    "description": "The price, the schedule, and whether the nights are free.",
    "content": {"application/json": {"schema": CALCULATED, "example": PRICE}},
}
