"""What the ids in entries of the event log are called, looked up in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Date, String, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from bookings.models import Booking, ScheduleLine
from desk.log_words import Names, PaymentWords
from desk.logged import LoggedEntry
from locations.models import Location
from payments.models import Payment, PaymentMethod
from tags.models import Tag


def names_for(session: Session, entries: Iterable[LoggedEntry]) -> Names:
    """The names that the sentences of these entries need. One statement; none without entries."""
    entries = list(entries)
    if not entries:
        return Names()
    wanted = _wanted(entries)
    parts = [
        _named("method", PaymentMethod, wanted["method"]),
        _named("line", ScheduleLine, wanted["line"]),
        _named("tag", Tag, wanted["tag"]),
        _named("location", Location, wanted["location"]),
        _plain("currency", Booking.id, Booking.currency).where(Booking.id.in_(wanted["booking"])),
        _payments(wanted["payment"]),
    ]
    found: dict[str, dict[int, str]] = {}
    days: dict[int, Any] = {}
    for row in session.execute(union_all(*parts)):
        found.setdefault(row.what, {})[row.id] = row.name
        if row.day is not None:
            days[row.id] = row.day
    return Names(
        methods=found.get("method", {}),
        lines=found.get("line", {}),
        tags=found.get("tag", {}),
        locations=found.get("location", {}),
        currencies=found.get("currency", {}),
        payments={
            each: PaymentWords(method, days[each])
            for each, method in found.get("payment", {}).items()
        },
    )


def _wanted(entries: Iterable[LoggedEntry]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {
        kind: set() for kind in ("method", "line", "tag", "location", "booking", "payment")
    }
    for entry in entries:
        for kind, ids in found.items():
            for facts in (entry.about, entry.after):
                if isinstance(facts.get(kind), int):
                    ids.add(facts[kind])
        found["tag"].update(entry.after.get("tags_added", ()))
        found["tag"].update(entry.after.get("tags_removed", ()))
        if entry.action == "day.closed":
            found["method"].update(each[0] for each in entry.after.get("differences", ()))
        if entry.action == "booking.reminded":
            found["line"].update(line[0] for line in entry.after.get("lines", ()))
        if entry.chain:
            found["booking"].add(entry.chain)
    return {kind: sorted(ids) for kind, ids in found.items()}


def _plain(what: str, key: Any, name: Any, day: Any = None) -> Any:
    day = cast(null(), Date) if day is None else day
    return select(
        literal(what).label("what"), key.label("id"), cast(name, String).label("name"),
        day.label("day"),
    )  # fmt: skip


def _named(what: str, model: Any, ids: list[int]) -> Any:
    return _plain(what, model.id, model.name).where(model.id.in_(ids))


def _payments(ids: list[int]) -> Any:
    columns = _plain("payment", Payment.id, PaymentMethod.name, Payment.paid_on)
    return columns.join(PaymentMethod, PaymentMethod.id == Payment.method_id).where(
        Payment.id.in_(ids)
    )
