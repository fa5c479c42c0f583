"""What the description of the API says of /apis/reports."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from kit.describing import Shape, answers, says
from office.reports.all import REPORTS
from office.reports.filters import MOST_DAYS

SCOPE = "reports:read"

ABOUT = """Figures of the ledger, and the rows that each of them is the sum of.

Amounts of two currencies are never added: a report has a section for each. Days are those of the
locations; they are written yyyy-mm-dd, here and in answers, so that a value of a line can be sent
back to ask for its rows."""

NAMES = ", ".join(f"`{name}`" for name in REPORTS)
LIST = """What reports there are, what each is filtered by, and what its lines and figures are
called. Needs the scope `reports:read`."""
FIGURES = f"""A report, as it stands now: {NAMES}.

`money` and `sources` count what is cleared, by the day the money was there: what is voided later
leaves them again. `due`, `overdue` and `held` are about the present, `deferred` about what is to
come. Only the partner's locations are in it. A partner is named to itself alone: lines of other
partners have the PartnerId 0. A filter that the report does not know is refused. Needs the scope
`reports:read`."""
ROWS = """The rows that a figure of a report is the sum of: send its filters, the section's
Currency, and Day, MethodId or whatever names the line, as its values stand there. With fewer of
them the rows of all lines that fit come. Rows never have a guest's name: that stands in
`GET /apis/bookings`. Needs the scope `reports:read`."""

# The queries, by the names on the wire.
FILTERS = {
    "From": says(
        "From this day on, in the report's own sense of a day (its DatedBy). `money`, `sources` and"
        " `attempts` are about the present month unless From or To say otherwise, and about"
        f" {MOST_DAYS} days at most.",
        "2026-11-01",
    ),
    "To": says("Up to this day, which is included.", "2026-11-30"),
    "LocationId": says("Only this location.", 1),
    "MethodId": says("Only this payment method, by the id that lines of `money` have.", 1),
    "PartnerId": says(
        "Only what came through this partner: your own id, `0` for all others, `none` for what came"
        " through none.",
        "none",
        pattern="^([0-9]{1,18}|[Nn][Oo][Nn][Ee])$",
    ),
    "Source": says("Only what came by this door.", "ipro"),
    "Currency": says("Only this currency: an ISO 4217 code.", "EUR"),
}
OF_LINES = {
    "Day": says("Of lines of this day.", "2026-11-18"),
    "Week": says("Of lines of the week that begins on this Monday.", "2026-11-16"),
    "Age": says("Of lines of this age.", "8-30"),
    "Outcome": says("Of lines of this outcome.", "nothing"),
    "Reason": says("Of lines of this reason, as it stands there.", "Card declined"),
    "Kind": says("Of lines of this kind.", "credit"),
}
PAGES = {
    "size": says("How many rows a page; 300 unless given.", 20),
    "index": says("Which page, from 1.", 1),
}

TEXT: dict[str, Any] = {"type": "string"}
NULLABLE = {"type": ["string", "null"]}
DAY = {"type": "string", "format": "date"}
ID = {"type": ["integer", "null"], "minimum": 0}
NUMBER = {"type": "number"}

# What the lines of all reports and their rows have, by the names on the wire; each report has some.
DIMENSIONS: dict[str, dict[str, Any]] = {
    "Day": says(
        "`money`, `sources`: the day the money was there. `deferred`: the day it is expected."
        " `attempts`: the day of the attempt.",
        **DAY,
    ),
    "Week": says(
        "The Monday of the week: `due`, in which it falls due; `held`, of the departure.", **DAY
    ),
    "MethodId": says("The payment method.", **ID),
    "Method": says("Its name.", **NULLABLE),
    "PartnerId": says(
        "The partner it came through: your own id, 0 for another one, null for none.", **ID
    ),
    "Partner": says("Its name; `other` for another one.", **NULLABLE),
    "Source": says("The door it came by, as in `GET /apis/payments`.", **TEXT),
    "Age": says("How many days overdue, at the location.", **TEXT),
    "Outcome": says(
        "`cleared`: the booking was paid later. `promised`: something is promised or under way"
        " since. `nothing`: nothing yet. `cancelled`: the booking is cancelled.",
        **TEXT,
    ),
    "Reason": says("Why, in the sender's words, shortened; `-` where none came.", **TEXT),
    "Kind": says(
        "`credit`: cleared money that fits no line; `credit_cancelled`: the same of a cancelled"
        " booking, to be refunded; `security_deposit`: paid and not returned.",
        **TEXT,
    ),
}
MEASURES: dict[str, dict[str, Any]] = {
    "Count": says("How many rows it is the sum of; 1 in a row.", type="integer", minimum=0),
    "Cleared": says("What came, without charges and tips.", **NUMBER),
    "Refunded": says("What was paid back, below zero.", **NUMBER),
    "Charges": says("Surcharges; of refunds below zero.", **NUMBER),
    "Tips": says("Tips; of refunds below zero.", **NUMBER),
    "Total": says("Cleared, Refunded, Charges and Tips together.", **NUMBER),
    "Outstanding": says("What is not paid of what is due: Promised and Open together.", **NUMBER),
    "Promised": says(
        "The part of it that is promised or under way; promises fall on what is due first.",
        **NUMBER,
    ),
    "Open": says("The part of it that nobody has promised.", **NUMBER),
    "Deferred": says("Promised for the day.", **NUMBER),
    "Uncleared": says("Under way, such as a cheque.", **NUMBER),
    "Amount": says("`deferred`: both together; `held`: held; `attempts`: tried.", **NUMBER),
    "Late": says("The part of Deferred that should have come before today.", **NUMBER),
    "Departed": says("The part of it that is held though the guest has left.", **NUMBER),
}
DETAILS: dict[str, dict[str, Any]] = {
    "Currency": says("ISO 4217 code.", **TEXT),
    "PaymentId": says("The payment.", type="integer", minimum=1),
    "RefundOf": says("The payment that this one pays back, or null.", **ID),
    "LineId": says("The line of the schedule; null for credit.", **ID),
    "Line": says("Its name.", **TEXT),
    "DueDate": says("The day it is due.", **DAY),
    "DaysLate": says("How many days overdue; 0 when it is not.", type="integer", minimum=0),
    "DepartureDate": says("The day the guest leaves.", **DAY),
    "State": says("`deferred` or `uncleared`.", **TEXT),
    "Timeliness": says("`late` or `in_time`.", **TEXT),
    "CreatedTime": says("When it was recorded, in UTC, always with a fraction.", **TEXT),
    "Location": says("The location's name.", **TEXT),
    "BookingId": says("The booking.", type="integer", minimum=1),
}


class ReportLineOut(Shape):
    """A line of a report."""

    shape: ClassVar[dict[str, Any]] = {
        "type": "object",
        "description": "What the line is about, and its figures: those that the list of reports"
        " names.",
        "required": ["Count"],
        "properties": DIMENSIONS | MEASURES,
    }


class ReportRowOut(Shape):
    """A row of a report."""

    shape: ClassVar[dict[str, Any]] = {
        "type": "object",
        "description": "One payment, line or credit, with its part of every figure.",
        "required": ["Count", "Currency", "BookingId", "Location"],
        "properties": DIMENSIONS | MEASURES | DETAILS,
    }


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list_of(item: Any, description: str) -> dict[str, Any]:
    return says(description, type="array", items=item)


LISTED = _object(
    Reports=_list_of(
        _object(
            Name=says("As in the address.", enum=list(REPORTS), type="string"),
            Title=says("For people.", **TEXT),
            About=says("What it tells, in a sentence.", **TEXT),
            DatedBy=says("What day From and To are about.", **TEXT),
            Filters=_list_of(TEXT, "What it is filtered by."),
            Lines=_list_of(TEXT, "What a line is about; also filters of its rows."),
            Figures=_list_of(TEXT, "What is added up."),
        ),
        "In the order of the desk.",
    )
)
REPORT = _object(
    Report=says("The report.", **TEXT),
    From=says("The first day it is about, or null without a bound.", type=["string", "null"]),
    To=says("The last day it is about, or null without a bound.", type=["string", "null"]),
    Sections=_list_of(
        _object(
            Currency=says("ISO 4217 code.", **TEXT),
            Sums=ReportLineOut,
            Lines=_list_of(ReportLineOut, "In the order of what they are about."),
        ),
        "One for each currency, by its code; none where there is nothing.",
    ),
)
ROW_PAGE = _object(
    TotalHits=says("How many rows there are in all.", type="integer", minimum=0),
    Rows=_list_of(ReportRowOut, "Those of the page."),
)

# As text: amounts have decimals, and there is no float in this house.
EXAMPLES: dict[str, Any] = json.loads("""
{"list": {"Reports": [{
   "Name": "due", "Title": "Outstanding by due week",
   "About": "What bookings still ask for, by the week it is due in, with what is promised of it apart.",
   "DatedBy": "Day it is due", "Filters": ["From", "To", "LocationId", "Currency"],
   "Lines": ["Week"], "Figures": ["Count", "Outstanding", "Promised", "Open"]}]},
 "figures": {"Report": "money", "From": "2026-11-01", "To": "2026-11-30", "Sections": [{
   "Currency": "EUR",
   "Sums": {"Count": 3, "Cleared": 300.00, "Refunded": -50.00, "Charges": 5.00, "Tips": 0.00,
     "Total": 255.00},
   "Lines": [
     {"Day": "2026-11-18", "MethodId": 3, "Method": "Credit Card", "Count": 2, "Cleared": 300.00,
      "Refunded": 0.00, "Charges": 5.00, "Tips": 0.00, "Total": 305.00},
     {"Day": "2026-11-20", "MethodId": 3, "Method": "Credit Card", "Count": 1, "Cleared": 0.00,
      "Refunded": -50.00, "Charges": 0.00, "Tips": 0.00, "Total": -50.00}]}]},
 "rows": {"TotalHits": 1, "Rows": [
   {"Day": "2026-11-20", "MethodId": 3, "Method": "Credit Card", "Count": 1, "Cleared": 0.00,
    "Refunded": -50.00, "Charges": 0.00, "Tips": 0.00, "Total": -50.00, "Currency": "EUR",
    "PaymentId": 1209, "RefundOf": 1207, "Source": "ipro", "Partner": "Checkout",
    "Location": "Casa Azul Rentals", "BookingId": 4354}]}}
""")  # noqa: E501


def _call(name: str, about: str, shape: Any, says_: str, example: str, *more: int) -> Any:
    content = {"application/json": {"schema": shape, "example": EXAMPLES[example]}}
    return {
        "operationId": name,
        "description": about,
        "security": [{"token": [SCOPE]}],
        "responses": {
            200: {"description": says_, "content": content},
            **answers(401, 403, 500, 503, *more),
        },
    }


DESCRIBED = {
    "list": _call("listReports", LIST, LISTED, "The reports.", "list"),
    "figures": _call("readReport", FIGURES, REPORT, "The report.", "figures", 400, 404),
    "rows": _call("listReportRows", ROWS, ROW_PAGE, "One page of the rows.", "rows", 400, 404),
}
# In the path of those calls.
NAME = {
    "in": "path",
    "name": "name",
    "description": f"The report: {NAMES}.",
    "schema": {"type": "string", "enum": list(REPORTS)},
}
