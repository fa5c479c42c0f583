"""The ledger for accountants: every payment with all of its columns, streamed in order of ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bookings.exporting.wanted import AT_ONCE, Wanted
from bookings.models import Booking, ScheduleLine
from kit.money import Money
from kit.sheets import written
from kit.sql import Query
from locations.models import Location
from partners.models import Partner
from payments.allocation import DEPOSIT
from payments.models import Allocation, Payment, PaymentMethod

COLUMNS = (
    "payment", "booking", "account", "external_reference", "location", "paid_on", "settled_on",
    "state", "method", "method_code", "kind", "source", "partner", "amount", "charges", "tip",
    "currency", "on_deposit", "on_balance", "credit", "refund_of", "category", "property",
    "reference", "comments", "failure_reason", "created_at",
)  # fmt: skip
OWN = (
    "paid_on", "settled_on", "state", "source", "amount", "charges", "tip", "currency",
    "refund_of", "category", "reference", "comments", "failure_reason", "created_at",
)  # fmt: skip
AMOUNTS = ("amount", "charges", "tip")


def count_payments(session: Session, wanted: Wanted) -> int:
    query = select(func.count(Payment.id)).join(Booking, Booking.id == Payment.booking_id)
    return session.scalar(wanted.of(query, Payment.paid_on)) or 0


def payment_rows(session: Session, wanted: Wanted) -> Iterator[list[str]]:
    """The cells of each payment, in the order of COLUMNS."""
    query = wanted.of(listed(), Payment.paid_on).order_by(Payment.id)
    rows = session.execute(query, execution_options={"yield_per": AT_ONCE})
    for some in rows.partitions():
        for cells in told(session, some):
            yield [written(cells[name]) for name in COLUMNS]


def told(session: Session, rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """What is told of each of some rows of `listed`, by the names of the columns."""
    shares = _shares(session, [row.payment for row in rows])
    for row in rows:
        cells = dict(row._mapping) | shares[row.payment]
        for name in (*AMOUNTS, "on_deposit", "on_balance", "credit"):
            cells[name] = Money(cells.get(name, 0), row.currency)
        yield cells


def listed() -> Query:
    """All payments with what they say themselves, without an order."""
    pay = Payment
    query: Query = (
        select(
            pay.id.label("payment"),
            pay.booking_id.label("booking"),
            Booking.account_identifier.label("account"),
            Booking.external_reference,
            Location.client_name.label("location"),
            PaymentMethod.name.label("method"),
            PaymentMethod.code.label("method_code"),
            PaymentMethod.kind,
            Partner.name.label("partner"),
            pay.property_id.label("property"),
            *[getattr(pay, name) for name in COLUMNS if name in OWN],
        )
        .join(Booking, Booking.id == pay.booking_id)
        .join(Location, Location.id == Booking.location_id)
        .join(PaymentMethod, PaymentMethod.id == pay.method_id)
        .outerjoin(Partner, Partner.id == pay.partner_id)
    )
    return query


def _shares(session: Session, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Where the money of each payment lies now, in minor units, by the column's name."""
    amount = func.sum(Allocation.amount)
    query = (
        select(Allocation.payment_id, ScheduleLine.stage, amount)
        .outerjoin(ScheduleLine, ScheduleLine.id == Allocation.line_id)
        .where(Allocation.payment_id.in_(ids))
        .group_by(Allocation.payment_id, ScheduleLine.stage)
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for payment_id, stage, minor in session.execute(query):
        place = "on_deposit" if stage == DEPOSIT else "on_balance"
        found[payment_id]["credit" if stage is None else place] = int(minor)
    return found
