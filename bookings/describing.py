"""What the description of the API says of /apis/bookings, /apis/properties and /apis/sources."""

from __future__ import annotations

import json
from typing import Any

from kit.describing import Shape, answers, says

ABOUT = "Stays, what is due for them and what is paid; the properties; where bookings come from."

LIST = """Page by page, of the partner's locations only; `bookingID` gives one. An empty parameter
is an absent one. Needs the scope `bookings:read`."""

IDS = "Ids with commas between them."

# The query of GET /apis/bookings, by the names on the wire.
QUERY = {
    "bookingID": says("Only this booking.", 4354),
    "term": says(
        "In the guest's name or e-mail, the account or the foreign reference, or the booking's id.",
        "Sousa",
    ),
    "bookingstatus": says("1 blockout, 2 provisional, 3 booking, 4 cancelled."),
    "propertyids": says(f"Bookings of any of these properties. {IDS}", "8849,10132"),
    "contactIDs": says(f"Bookings of any of these guests. {IDS}"),
    "balancestatus": says("Nothing is open, or something is."),
    "orderDateFrom": says("Made on this day or later.", "2024-01-01", format="date"),
    "orderDateTo": says("Made on this day or earlier.", format="date"),
    "checkinfrom": says("Arriving on this day or later.", "2024-01-01", format="date"),
    "checkinto": says("Arriving on this day or earlier.", format="date"),
    "modifiedTimeFrom": says(
        "Changed at this moment or later: yyyy-mm-dd, with or without a time such as T13:45:00Z"
        " (UTC unless it names a zone). Take the newest ModifiedTime to ask for what is new.",
        "2024-01-01T00:00:00Z",
        format="date-time",
    ),
    "modifiedTimeTo": says(
        "Changed at this moment or earlier; a day alone means its end.", format="date-time"
    ),
    "IncludeBookingTags": says(f"Bookings with any of these tags. {IDS}"),
    "ExcludeBookingTags": says(f"Bookings with none of these tags. {IDS}"),
    "LocationId": says("Bookings of this location."),
    "BrandID": says("Another name of LocationId, which counts when both come."),
    "size": says("How many a page; 20 unless given."),
    "index": says("Which page, from 1."),
    "Sort": says("By the day of making (unless given) or of arrival."),
    "SortDirection": says("`desc` unless given."),
}

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
MONEY = {"type": "number", "description": "With the currency's decimals."}
NOT_KEPT = {"type": "number", "const": 0, "description": "Not kept here; always zero."}
UNUSED = {"type": "string", "const": "", "description": "Not kept here; always empty."}
DAY = {"type": "string", "format": "date"}
SLASHED = {"type": ["string", "null"], "description": "dd/mm/yyyy."}
INSTANT = {"type": "string", "format": "date-time", "description": "UTC, with a fraction."}
NOTHING = {"type": "array", "maxItems": 0, "description": "Not kept here; always empty."}


def object_(**properties: Any) -> dict[str, Any]:
    """An object that has all of these keys."""
    return {"type": "object", "required": list(properties), "properties": properties}


LINE = object_(
    PaymentScheduleID=WHOLE,
    PaymentScheduleName=TEXT,
    Stage=says("1 due with the deposit, 2 with the balance.", type="integer", enum=[1, 2]),
    Amount=MONEY,
    Paid=MONEY,
    Outstanding=MONEY,
    DueDate=TEXT | {"description": "dd/mm/yyyy."},
    PropertyId={"type": ["integer", "null"]},
)
PAYMENT = object_(
    PaymentID=says("Null in a dry run, when it would be new.", type=["integer", "null"]),
    Amount=says("With the currency's decimals; below zero for a refund.", type="number"),
    Status=WHOLE,
    State=says(
        "Which exactly.",
        type="string",
        enum=["cleared", "uncleared", "deferred", "failed", "void"],
    ),
    PaymentDate=TEXT | {"description": "dd/mm/yyyy."},
)
GUEST = object_(
    Name=TEXT,
    Age={"type": ["integer", "null"]},
    Passport=says("What may be shown of its number; empty where none is kept.", type="string"),
    Email=says("Of the first lead guest; empty for others.", type="string"),
    Mobile=says("Of the first lead guest; empty for others.", type="string"),
)
EXTRA = object_(
    Name=TEXT,
    Qty=says("How many were ordered.", type="integer", minimum=1),
    Price=says("Of one.", type="number"),
    ExtraNetPrice=says("Of all that were ordered.", type="number"),
    PayableToOwner=NOT_KEPT,
)
ITEM = object_(
    BookingId=WHOLE,
    ExternalReservationID={"type": ["string", "null"]},
    PropertyId=says("The first property.", type=["integer", "null"]),
    ContactID=says("The guest.", type="integer"),
    RepContactId={"type": "null"},
    BookingStatusId=WHOLE | {"enum": [1, 2, 3, 4]},
    BrandId=says("The location.", type="integer"),
    TransactionID=says("The account identifier.", type="string"),
    OrderTime=INSTANT,
    ModifiedTime=INSTANT,
    CheckIn=DAY,
    CheckOut=DAY,
    Country=TEXT,
    Currency=says("The symbol, or the code of a currency without one.", type="string"),
    PropertyTypes=NOTHING,
    Status=TEXT | {"enum": ["Blockout", "Provisional", "Booking", "Cancelled"]},
    Source=TEXT,
    BookingTags={"type": "array", "items": object_(Id=WHOLE, Name=TEXT)},
    CustomerName=TEXT,
    RenterAmount=says("What the nights cost.", type="number"),
    BookingFee=MONEY,
    BookingFeeVAT=NOT_KEPT,
    HolidayExtras=says("The ordered extras together.", type="number"),
    InsuranceTotal=says("The breakages insurance.", type="number"),
    AgentCommission=NOT_KEPT,
    Discount=NOT_KEPT,
    Compensation=NOT_KEPT,
    Commission=NOT_KEPT,
    CommissionVAT=NOT_KEPT,
    SecurityDeposit=says("Returned after check-out.", type="number"),
    PaymentCharges=says("The surcharges of cleared payments; not in the total.", type="number"),
    RenterBalance=says("What is open: the total less what is paid.", type="number"),
    RenterTotal=says("The total of the schedule.", type="number"),
    RatePerDay=says("RenterAmount by the nights.", type="number"),
    Adults=WHOLE,
    Children=WHOLE,
    Infants=WHOLE,
    Pets=WHOLE,
    Guests={"type": "array", "items": GUEST, "description": "The lead guest first."},
    HolidayExtrasOrdered={"type": "array", "items": EXTRA},
    Deposit=says("The lines of stage 1 together.", type="number"),
    DepositDueDate=SLASHED,
    Balance=says("The lines of stage 2 together.", type="number"),
    BalanceDueDate=SLASHED,
    GuestNotes=TEXT,
    HouseKeeperNotes=TEXT,
    InternalNotes=TEXT,
    HolidayNotes=UNUSED,
    ArrivalNotes=UNUSED,
    DepartureNotes=UNUSED,
    PaymentSchedules={
        "type": "array",
        "items": LINE,
        "description": "Without the lines that a cancellation closed.",
    },
    Payments={"type": "array", "items": PAYMENT},
    Bills=NOTHING,
    Credit=says("Ours: cleared money that fits no open line.", type="number"),
)


class BookingOut(Shape):
    """A booking as lists show it."""

    shape = ITEM | {"description": "A booking as lists show it."}


LISTED = object_(
    TotalHits=says("How many there are in all.", type="integer", minimum=0),
    Items={"type": "array", "items": BookingOut},
)

EXAMPLE = json.loads("""
{"TotalHits": 1, "Items": [{
  "BookingId": 4354, "ExternalReservationID": null, "PropertyId": 8849, "ContactID": 4,
  "RepContactId": null, "BookingStatusId": 3, "BrandId": 1, "TransactionID": "A1234.56",
  "OrderTime": "2026-11-15T20:11:52.6147530Z", "ModifiedTime": "2026-11-20T20:18:03.4021180Z",
  "CheckIn": "2027-03-20", "CheckOut": "2027-03-27", "Country": "Portugal", "Currency": "€",
  "PropertyTypes": [], "Status": "Booking", "Source": "Website", "BookingTags": [],
  "CustomerName": "Ana Sousa", "RenterAmount": 870.00, "BookingFee": 25.00, "BookingFeeVAT": 0.00,
  "HolidayExtras": 30.00, "InsuranceTotal": 0.00, "AgentCommission": 0.00, "Discount": 0.00,
  "Compensation": 0.00, "Commission": 0.00, "CommissionVAT": 0.00, "SecurityDeposit": 0.00,
  "PaymentCharges": 10.00, "RenterBalance": 815.00, "RenterTotal": 1015.00, "RatePerDay": 124.29,
  "Adults": 2, "Children": 0, "Infants": 0, "Pets": 0,
  "Guests": [
    {"Name": "Ana Sousa", "Age": 41, "Passport": "****4321", "Email": "ana.sousa@example.com",
     "Mobile": "+351 912 345 678"},
    {"Name": "Rui Sousa", "Age": null, "Passport": "", "Email": "", "Mobile": ""}],
  "HolidayExtrasOrdered": [
    {"Name": "Cot", "Qty": 2, "Price": 15.00, "ExtraNetPrice": 30.00, "PayableToOwner": 0.00}],
  "Deposit": 363.00, "DepositDueDate": "20/11/2026", "Balance": 652.00,
  "BalanceDueDate": "23/01/2027", "GuestNotes": "", "HouseKeeperNotes": "", "InternalNotes": "",
  "HolidayNotes": "", "ArrivalNotes": "", "DepartureNotes": "",
  "PaymentSchedules": [
    {"PaymentScheduleID": 1009, "PaymentScheduleName": "10% tax", "Stage": 1, "Amount": 90.00,
     "Paid": 90.00, "Outstanding": 0.00, "DueDate": "20/11/2026", "PropertyId": 8849},
    {"PaymentScheduleID": 1010, "PaymentScheduleName": "Booking Fee", "Stage": 1, "Amount": 25.00,
     "Paid": 25.00, "Outstanding": 0.00, "DueDate": "20/11/2026", "PropertyId": 8849},
    {"PaymentScheduleID": 1011, "PaymentScheduleName": "Rental Deposit", "Stage": 1,
     "Amount": 248.00, "Paid": 85.00, "Outstanding": 163.00, "DueDate": "20/11/2026",
     "PropertyId": 8849},
    {"PaymentScheduleID": 1012, "PaymentScheduleName": "Rental Balance", "Stage": 2,
     "Amount": 652.00, "Paid": 0.00, "Outstanding": 652.00, "DueDate": "23/01/2027",
     "PropertyId": 8849}],
  "Payments": [
    {"PaymentID": 1207, "Amount": 200.00, "Status": 0, "State": "cleared",
     "PaymentDate": "20/11/2026"}],
  "Bills": [], "Credit": 0.00}]}
""")

READ: dict[str, Any] = {"security": [{"token": ["bookings:read"]}]}
NO_PARAMETERS = answers(401, 403, 500, 503)
BOOKINGS = READ | {
    "operationId": "listBookings",
    "description": LIST,
    "responses": {
        200: {
            "description": "One page, and how many bookings there are in all.",
            "content": {"application/json": {"schema": LISTED, "example": EXAMPLE}},
        },
        **answers(400, 401, 403, 500, 503),
    },
}
PROPERTIES = READ | {
    "operationId": "listProperties",
    "description": "All of them, by id. Needs the scope `bookings:read`.",
    "responses": NO_PARAMETERS,
}
SOURCES = READ | {
    "operationId": "listSources",
    "description": "All of them, by id. Needs the scope `bookings:read`.",
    "responses": NO_PARAMETERS,
}
LISTED_PROPERTIES: dict[str, Any] = {
    "description": "The properties of the partner's locations.",
    "example": [{"Id": 8849, "Name": "Casa Azul", "Currency": "EUR"}],
}
LISTED_SOURCES: dict[str, Any] = {
    "description": "The sources, in the agency's own words.",
    "example": [{"Id": 1, "Name": "Website"}, {"Id": 2, "Name": "Phone"}],
}
