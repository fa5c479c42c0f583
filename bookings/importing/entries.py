"""One booking as rows, with the entries of its event log. Pure but for the chain's key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from audit.chain import Actor, Chain, Entry, Head, Origin
from audit.models import LogEntry
from bookings.importing.records import Paid, Record
from bookings.importing.settling import Settled
from bookings.models import Booking, Contact, Night, ScheduleLine, Stay
from kit.locales import locale_of
from payments.models import Allocation, Payment
from tags.models import BookingTag

IMPORT = Origin(Actor("system", None, "import"))
CONTACT = (
    "title", "first_name", "last_name", "email", "telephone", "mobile", "address1", "address2",
    "city", "county", "postcode", "country",
)  # fmt: skip
NOTES = ("guest_notes", "housekeeper_notes", "internal_notes")
PARTY = ("adults", "children", "infants", "pets")

Row = dict[str, Any]
Rows = defaultdict[Any, list[Row]]
locale = lru_cache(maxsize=1000)(locale_of)


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids that a booking was given."""

    booking: int
    contact: int
    payment: int | None


def add_rows(
    rows: Rows, record: Record, settled: Settled, ids: Ids, chain: Chain, now: datetime
) -> None:
    """Add everything that one booking consists of, by table."""
    values = record.values
    contact = {name: values.get(name, "") for name in CONTACT if name != "email"}
    contact |= {"email": values.get("email"), "locale": locale(values.get("country", ""))}
    rows[Contact].append({"id": ids.contact, **contact})
    head = chain.empty(ids.booking)
    for entry in _entries(record, settled, ids):
        link, head = chain.link(ids.booking, head, entry, IMPORT, now)
        rows[LogEntry].append(link)
    rows[Booking].append(_booking(record, settled, ids, head, now))
    rows[Stay].append(_stay(record, ids))
    _add_nights(rows, record, ids)
    _add_lines(rows, settled, ids)
    rows[BookingTag] += [
        {"booking_id": ids.booking, "tag_id": tag, "added_at": now} for tag in record.tags
    ]
    if record.paid is not None and ids.payment is not None:
        _add_payment(rows, record, record.paid, settled, ids, now)


def _booking(record: Record, settled: Settled, ids: Ids, head: Head, now: datetime) -> Row:
    values = record.values
    return {
        "id": ids.booking,
        "location_id": record.place.id,
        "contact_id": ids.contact,
        "account_identifier": values["account"],
        "external_reference": values.get("external_reference"),
        "source_id": record.source_id,
        "status": settled.status,
        "is_owners": settled.status == "blockout",
        "currency": record.place.currency,
        "arrives_on": values["arrival"],
        "leaves_on": values["departure"],
        "total": settled.total,
        "paid": settled.paid,
        "credit": settled.covers.credit,
        **{name: values.get(name, "") for name in NOTES},
        "created_at": _created_at(record, now),
        "modified_at": now,
        "log_count": head.count,
        "log_hash": head.hash,
        "log_seal": head.seal,
    }


def _created_at(record: Record, now: datetime) -> datetime:
    """A file knows the day only: its first moment at the location, which is that day there."""
    place = record.place
    if record.created_on == place.today:
        return now
    midnight = datetime.combine(record.created_on, time(), ZoneInfo(place.time_zone))
    return midnight.astimezone(UTC)


def _stay(record: Record, ids: Ids) -> Row:
    kinds = {due.kind for due in record.dues}
    insured = "insurance" if "insurance" in kinds else "none"
    insurance = sum(due.amount for due in record.dues if due.kind == "insurance")
    return {
        "booking_id": ids.booking,
        "property_id": record.property_id,
        "arrives_on": record.values["arrival"],
        "leaves_on": record.values["departure"],
        **{name: record.values.get(name, 0) for name in PARTY},
        "accommodation": record.accommodation,
        "breakages": "deposit" if "security_deposit" in kinds else insured,
        "tax_rate": record.tax_rate,
        "insurance": insurance,
    }


def _add_nights(rows: Rows, record: Record, ids: Ids) -> None:
    if record.span is None:
        return
    same = {"property_id": record.property_id, "booking_id": ids.booking}
    rows[Night] += [{**same, "night": night} for night in record.span.nights]


def _add_lines(rows: Rows, settled: Settled, ids: Ids) -> None:
    rows[ScheduleLine] += [
        {
            "id": line.id,
            "booking_id": ids.booking,
            "property_id": line.due.property_id,
            "name": line.due.name,
            "kind": line.due.kind,
            "stage": line.due.stage,
            "amount": line.amount,
            "due_on": line.due.due_on,
            "paid": line.paid,
            "closed_amount": line.closed,
        }
        for line in settled.lines
    ]


def _add_payment(
    rows: Rows, record: Record, paid: Paid, settled: Settled, ids: Ids, now: datetime
) -> None:
    rows[Payment].append(
        {
            "id": ids.payment,
            "booking_id": ids.booking,
            "method_id": paid.method_id,
            "source": "import",
            "state": "cleared",
            "amount": paid.amount,
            "currency": record.place.currency,
            "category": settled.category,
            "paid_on": paid.paid_on,
            "settled_on": paid.paid_on,
            "cleared_at": now,
            "reference": paid.reference,
            "wishes": "1,2",
            "send_email": False,
            "created_at": now,
        }
    )
    same = {"payment_id": ids.payment, "booking_id": ids.booking, "cause": "payment",
            "created_at": now}  # fmt: skip
    rows[Allocation] += [
        {**same, "line_id": line_id, "amount": amount} for line_id, amount in _parts(settled)
    ]


def _parts(settled: Settled) -> Iterator[tuple[int | None, int]]:
    """Where the money lies: on lines, and without one as credit."""
    yield from ((share.line_id, share.amount) for share in settled.covers.shares)
    if settled.covers.credit:
        yield None, settled.covers.credit


def _entries(record: Record, settled: Settled, ids: Ids) -> Iterator[Entry]:
    """As for a booking and a payment that came in any other way: ids and amounts, no guest."""
    about = {"booking": ids.booking, "location": record.place.id}
    values, currency = record.values, record.place.currency
    yield Entry(
        action="booking.created",
        about=about,
        before={},
        after={
            "status": record.status,
            "total": settled.total,
            "currency": currency,
            "stays": [[record.property_id, values["arrival"], values["departure"]]],
            "tags_added": list(record.tags),
        },
    )
    if record.paid is not None:
        yield Entry(
            action="payment.recorded",
            about={**about, "payment": ids.payment},
            before={"status": record.status, "paid": 0, "credit": 0, "charges": 0},
            after={
                "status": settled.status,
                "paid": settled.paid,
                "credit": settled.covers.credit,
                "charges": 0,
                "state": "cleared",
                "amount": record.paid.amount,
                "currency": currency,
                "method": record.paid.method_id,
                "lines": [[share.line_id, share.amount] for share in settled.covers.shares],
            },
        )
