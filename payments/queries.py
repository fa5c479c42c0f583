"""Reading the ledger for lists; writing never comes this way."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from bookings.models import Booking, ScheduleLine
from kit.money import Money
from kit.paging import Bookmarks, Order, Page, page
from kit.sql import Query
from payments.facts import DeskMethod, Detail, GuestMethod
from payments.models import (
    Allocation,
    CardOnFile,
    MethodAttribute,
    MethodPartner,
    MethodSwitchedOff,
    Payment,
    PaymentMethod,
)
from payments.views import PaymentView, ShareView

MOST = 300

NEWEST_FIRST = Order((Payment.id.expression,))


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments to list: of one booking, of days (both included), or the newest."""

    booking_id: int | None = None
    paid_from: date | None = None
    paid_to: date | None = None


def is_in_use_at(location_id: int) -> ColumnElement[bool]:
    """Of a payment method: active, and not switched off by the location."""
    off = select(MethodSwitchedOff.method_id).where(MethodSwitchedOff.location_id == location_id)
    return and_(PaymentMethod.active, PaymentMethod.id.not_in(off))


def is_open_to(partner_id: int) -> ColumnElement[bool]:
    """Of a payment method: accepted from outside, and not kept for other partners."""
    kept = exists().where(MethodPartner.method_id == PaymentMethod.id)
    ours = kept.where(MethodPartner.partner_id == partner_id)
    return and_(PaymentMethod.from_outside, or_(~kept, ours))


def desk_methods(connection: Connection, location_id: int) -> list[DeskMethod]:
    """The active methods of a location by name, for the desk: those it may not use, too."""
    names = [name for name in DeskMethod.__dataclass_fields__ if name != "details"]
    columns = [getattr(PaymentMethod, name) for name in names]
    query = select(*columns).where(is_in_use_at(location_id)).order_by(PaymentMethod.name)
    rows = connection.execute(query).all()
    details = details_of(connection, [row.id for row in rows])
    return [replace(DeskMethod(*row), details=tuple(details.get(row.id, ()))) for row in rows]


def guest_methods(connection: Connection, location_id: int) -> list[GuestMethod]:
    """The methods that a location offers to guests on their page, by name."""
    query = select(PaymentMethod.id, PaymentMethod.name)
    mine = query.where(is_in_use_at(location_id), PaymentMethod.for_guests)
    return [GuestMethod(*row) for row in connection.execute(mine.order_by(PaymentMethod.name))]


def details_of(connection: Connection, ids: Iterable[int]) -> Mapping[int, list[Detail]]:
    """The attributes of these methods in their order; none of a method without any."""
    detail = MethodAttribute
    query = select(detail.method_id, detail.name, detail.required)
    mine = query.where(detail.method_id.in_(list(ids))).order_by(detail.position, detail.name)
    found: dict[int, list[Detail]] = defaultdict(list)
    for row in connection.execute(mine):
        found[row.method_id].append(Detail(row.name, row.required))
    return found


def method_words(connection: Connection, location_id: int) -> dict[str, str]:
    """Names and codes of a location's active methods from outside, by their case-folded form."""
    query = select(PaymentMethod.name, PaymentMethod.code).where(
        is_in_use_at(location_id), PaymentMethod.from_outside
    )
    rows = connection.execute(query.order_by(PaymentMethod.name)).all()
    words = {row.code.casefold(): row.code for row in rows}
    return words | {row.name.casefold(): row.name for row in rows}


def close_methods(connection: Connection, location_id: int, came: str) -> list[str]:
    """Up to two names or codes of methods that somebody who wrote `came` may have meant."""
    every = method_words(connection, location_id)
    return [every[word] for word in difflib.get_close_matches(came.casefold(), every, n=2)]


def list_payments(
    session: Session, locations: frozenset[int], wanted: PaymentFilter
) -> list[PaymentView]:
    """The newest payments first: all of one booking, otherwise the newest 300 that fit."""
    query = _filtered(locations, wanted).with_only_columns(Payment.id, maintain_column_froms=True)
    query = query.order_by(Payment.id.desc())
    if wanted.booking_id is None:
        query = query.limit(MOST)
    return by_ids(session, list(session.scalars(query)))


def page_of_payments(
    session: Session,
    locations: frozenset[int],
    wanted: PaymentFilter,
    size: int,
    index: int,
    bookmarks: Bookmarks,
) -> tuple[list[PaymentView], int]:
    """Page `index` (from 1) of the payments, the newest first, and how many there are in all."""
    name = ("payments", locations, wanted)
    filtered = _filtered(locations, wanted)
    found: Page = page(session, filtered, NEWEST_FIRST, size, index, bookmarks, name)
    return by_ids(session, found.ids), found.total


def _filtered(locations: frozenset[int], wanted: PaymentFilter) -> Query:
    query = select(Payment).join(Booking, Booking.id == Payment.booking_id)
    query = query.where(Booking.location_id.in_(sorted(locations)))
    if wanted.booking_id is not None:
        query = query.where(Payment.booking_id == wanted.booking_id)
    if wanted.paid_from is not None:
        query = query.where(Payment.paid_on >= wanted.paid_from)
    if wanted.paid_to is not None:
        query = query.where(Payment.paid_on <= wanted.paid_to)
    return query


def by_ids(session: Session, ids: Sequence[int]) -> list[PaymentView]:
    """The payments with these ids, in their order; two queries for each few hundred of them."""
    parts = [ids[start : start + MOST] for start in range(0, len(ids), MOST)]
    return [view for part in parts for view in _some_by_ids(session, part)]


def _some_by_ids(session: Session, ids: Sequence[int]) -> list[PaymentView]:
    rows = session.execute(
        select(Payment, PaymentMethod.name, CardOnFile.masks, CardOnFile.last_digits)
        .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .outerjoin(CardOnFile, CardOnFile.payment_id == Payment.id)
        .where(Payment.id.in_(ids))
    )
    shares = shares_of(session, ids)
    views = {row.Payment.id: _view(row, shares[row.Payment.id]) for row in rows}
    return [views[each] for each in ids]


def shares_of(session: Session, ids: Iterable[int]) -> dict[int, list[tuple[int, str, int]]]:
    """What of each payment lies on which line now: line id, name, minor units; credit left out."""
    amount = func.sum(Allocation.amount)
    query = (
        select(Allocation.payment_id, ScheduleLine.id, ScheduleLine.name, amount)
        .join(ScheduleLine, ScheduleLine.id == Allocation.line_id)
        .where(Allocation.payment_id.in_(list(ids)))
        .group_by(Allocation.payment_id, ScheduleLine.id, ScheduleLine.name)
        .having(amount != literal(0))
        .order_by(ScheduleLine.id)
    )
    found: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for payment_id, line_id, name, minor in session.execute(query):
        found[payment_id].append((line_id, name, int(minor)))
    return found


def _view(row: Any, shares: Sequence[tuple[int, str, int]]) -> PaymentView:
    payment: Payment = row.Payment
    currency = payment.currency
    return PaymentView(
        id=payment.id,
        booking_id=payment.booking_id,
        amount=Money(payment.amount, currency),
        charges=Money(payment.charges, currency),
        tip=Money(payment.tip, currency),
        state=payment.state,
        method=row.name,
        paid_on=payment.paid_on,
        category=payment.category,
        comments=payment.comments,
        reference=payment.reference,
        source=payment.source,
        failure_reason=payment.failure_reason,
        created_at=payment.created_at,
        shares=tuple(ShareView(line, name, Money(minor, currency)) for line, name, minor in shares),
        masks=row.masks or {},
        last_digits=row.last_digits or "",
        refund_of=payment.refund_of,
        settled_on=payment.settled_on,
        attributes=tuple((name, value) for name, value in payment.attributes),
    )
