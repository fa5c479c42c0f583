"""Reports on payments: what came, what is promised, what was tried in vain."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, case, exists, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from bookings.models import Booking
from kit.sql import Query
from kit.texts import N_
from office.reports.facts import (
    BOOKING,
    ONE,
    STANDS,
    Condition,
    from_payments,
    of_booking,
    of_days,
    of_payments,
    only_if,
    partner_name,
    partner_of,
    places,
)
from office.reports.report import Detail, Dimension, FilterName, Filters, Measure, Report
from payments.models import Payment, PaymentMethod

CLEARED: Condition = literal_column("(payments.state = 'cleared')")
COMING: Condition = literal_column("(payments.state IN ('uncleared', 'deferred'))")
FAILED: Condition = literal_column("(payments.state = 'failed')")
IS_REFUND: Condition = Payment.refund_of.is_not(None)

FILTERS: tuple[FilterName, ...] = (
    "from", "to", "location", "method", "partner", "source", "currency",
)  # fmt: skip
# How long a reason may be to be told apart: addresses carry it.
REASON = 200

SOURCES = {
    "ipro": N_("House API"),
    "spektrix": N_("Spektrix"),
    "kseries": N_("Lightspeed K-Series"),
    "brink": N_("PAR Brink"),
    "iiko": N_("iiko"),
    "desk": N_("Desk"),
    "guest": N_("Guest's page"),
    "import": N_("Import"),
}
STATES = {"deferred": N_("Deferred"), "uncleared": N_("Not cleared")}
OUTCOMES = {
    "cleared": N_("Paid later"),
    "promised": N_("Promised since"),
    "nothing": N_("Nothing yet"),
    "cancelled": N_("Booking cancelled"),
}

DAY = Dimension("day", N_("Day"), "day")
METHOD = Dimension("method", N_("Method"), "id", label="method_name")
PARTNER = Dimension("partner", N_("Partner"), "id", label="partner_name")
SOURCE = Dimension("source", N_("Source"), "word", words=SOURCES)

COUNT = Measure("count", N_("Payments"), "count")
CAME = (
    COUNT,
    Measure("cleared", N_("Cleared")),
    Measure("refunded", N_("Refunded")),
    Measure("charges", N_("Charges")),
    Measure("tips", N_("Tips")),
    Measure("total", N_("In all")),
)

PAYMENT = Detail("payment_id", N_("Payment"), "number")
METHOD_NAME = Detail("method_name", N_("Method"), "text")
SOURCE_NAME = Detail("source", N_("Source"), "word", SOURCES)
PARTNER_NAME = Detail("partner_name", N_("Partner"), "text")
REFUND_OF = Detail("refund_of", N_("Refund of"), "number")
AMOUNT = Detail("amount", N_("Amount"), "amount")


def _columns(filters: Filters) -> tuple[Any, ...]:
    """What every fact about a payment has."""
    return (
        Payment.id.label("key"),
        Payment.id.label("payment_id"),
        Payment.currency.label("currency"),
        Payment.method_id.label("method"),
        PaymentMethod.name.label("method_name"),
        Payment.source.label("source"),
        partner_of(filters).label("partner"),
        partner_name(filters).label("partner_name"),
        *of_booking(),
        ONE.label("count"),
    )


def _came(filters: Filters) -> Query:
    """Money that came, by the day it was there: a refund is money that came less."""
    query: Query = from_payments(
        select(
            *_columns(filters),
            Payment.settled_on.label("day"),
            only_if(~IS_REFUND, Payment.amount).label("cleared"),
            only_if(IS_REFUND, Payment.amount).label("refunded"),
            Payment.charges.label("charges"),
            Payment.tip.label("tips"),
            (Payment.amount + Payment.charges + Payment.tip).label("total"),
            Payment.refund_of.label("refund_of"),
        )
    )
    return query.where(CLEARED, *of_days(filters, Payment.settled_on), *of_payments(filters))


def _coming(filters: Filters) -> Query:
    """Money that is under way or promised, by the day it is expected."""
    at = places(filters)
    query = from_payments(
        select(
            *_columns(filters),
            Payment.paid_on.label("day"),
            Payment.state.label("state"),
            only_if(Payment.state == "deferred", Payment.amount).label("deferred"),
            only_if(Payment.state == "uncleared", Payment.amount).label("uncleared"),
            Payment.amount.label("amount"),
            only_if(_is_late(at), Payment.amount).label("late"),
            case((_is_late(at), "late"), else_="in_time").label("timeliness"),
        )
    )
    query = query.join(at, at.c.id == Booking.location_id)
    found: Query = query.where(COMING, *of_days(filters, Payment.paid_on), *of_payments(filters))
    return found


def _is_late(at: CTE) -> Condition:
    """Whether it was promised for a day that has passed at the location. Of money that is only
    under way nobody said when it comes."""
    return and_(Payment.state == "deferred", Payment.paid_on < at.c.today)


def _attempts(filters: Filters) -> Query:
    """Attempts that failed, with the sender's words for it and what became of them. A partner who
    reads finds its own words only: others may have written of people."""
    words: ColumnElement[Any] = func.nullif(
        func.trim(func.substr(Payment.failure_reason, 1, REASON)), ""
    )
    if filters.viewer is not None:
        words = case((Payment.partner_id == filters.viewer, words))
    query: Query = from_payments(
        select(
            *_columns(filters),
            Payment.paid_on.label("day"),
            OUTCOME.label("outcome"),
            func.coalesce(words, "-").label("reason"),
            Payment.amount.label("amount"),
            Payment.created_at.label("tried_at"),
        )
    )
    return query.where(FAILED, *of_days(filters, Payment.paid_on), *of_payments(filters))


def _followed(*states: str) -> Condition:
    """Whether there is a payment on the same booking, in such a state, that was recorded after an
    attempt or cleared after it."""
    later = aliased(Payment, name="later")
    after = or_(later.id > Payment.id, later.cleared_at > Payment.created_at)
    return exists().where(
        and_(
            later.booking_id == Payment.booking_id,
            later.id != Payment.id,
            later.state.in_(states),
            later.refund_of.is_(None),
            after,
        )
    )


OUTCOME = case(
    (_followed("cleared"), "cleared"),
    (_followed("uncleared", "deferred"), "promised"),
    (STANDS, "nothing"),
    else_="cancelled",
)


MONEY = Report(
    name="money",
    title=N_("Money per day and method"),
    says=N_(
        "What came and what went back, by the day the money was there. Refunds count as less;"
        " charges and tips are apart."
    ),
    facts=_came,
    dimensions=(DAY, METHOD),
    measures=CAME,
    details=(PAYMENT, REFUND_OF, SOURCE_NAME, PARTNER_NAME, *BOOKING),
    chart=("cleared", "refunded"),
    filters=FILTERS,
    dated_by=N_("Day the money was there"),
    is_of_period=True,
    ordered_by=("day", "key"),
)

BY_SOURCE = Report(
    name="sources",
    title=N_("Money by partner and format"),
    says=N_(
        "Which door and which partner the same money came by: a partner's format, the desk, the"
        " guest's page or an import."
    ),
    facts=_came,
    dimensions=(SOURCE, PARTNER),
    measures=CAME,
    details=(PAYMENT, Detail("day", N_("Day"), "day"), METHOD_NAME, REFUND_OF, *BOOKING),
    chart=("cleared", "refunded"),
    filters=FILTERS,
    dated_by=N_("Day the money was there"),
    is_of_period=True,
    ordered_by=("day", "key"),
)

DEFERRED = Report(
    name="deferred",
    title=N_("Deferred and uncleared money"),
    says=N_(
        "What is promised or under way, by the day it is expected. Late is what was promised for a"
        " day that has passed."
    ),
    facts=_coming,
    dimensions=(DAY, METHOD),
    measures=(
        COUNT,
        Measure("deferred", N_("Deferred")),
        Measure("uncleared", N_("Not cleared")),
        Measure("amount", N_("Expected")),
        Measure("late", N_("Late")),
    ),
    details=(
        PAYMENT,
        Detail("state", N_("State"), "word", STATES),
        Detail(
            "timeliness",
            N_("In time"),
            "word",
            {"late": N_("Late"), "in_time": N_("In time")},
        ),
        SOURCE_NAME,
        PARTNER_NAME,
        *BOOKING,
    ),
    chart=("deferred", "uncleared"),
    filters=FILTERS,
    dated_by=N_("Day the money is expected"),
    ordered_by=("day", "key"),
    newest_first=False,
)

ATTEMPTS = Report(
    name="attempts",
    title=N_("Failed attempts"),
    says=N_(
        "Attempts that brought no money, by what became of them: whether the booking was paid or"
        " promised later."
    ),
    facts=_attempts,
    dimensions=(
        Dimension("outcome", N_("What became of it"), "word", words=OUTCOMES),
        Dimension("reason", N_("Reason"), "text"),
    ),
    measures=(Measure("count", N_("Attempts"), "count"), Measure("amount", N_("Amount"))),
    details=(
        PAYMENT,
        Detail("day", N_("Day"), "day"),
        Detail("tried_at", N_("Recorded"), "moment"),
        METHOD_NAME,
        SOURCE_NAME,
        PARTNER_NAME,
        *BOOKING,
    ),
    chart=("count",),
    filters=FILTERS,
    dated_by=N_("Day of the attempt"),
    is_of_period=True,
    ordered_by=("day", "key"),
)
