"""Receipts and statements, as PDF.

A receipt is issued once, by whoever asks for it first: a guest, the desk, or the worker that
attaches it to a mail. What it says is kept then, and every later copy is drawn from that. A
statement tells of the moment it is asked for, and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.orm import aliased

from bookings.models import Booking, Contact, Property, ScheduleLine, Stay
from kit import clock
from kit.db import LARGEST, in_transaction, reading
from kit.sql import Query
from locations.models import Location
from payments.account import Account, Clock, read_account
from payments.errors import BookingUnknown
from payments.models import Allocation, CardOnFile, IssuedReceipt, Payment, PaymentMethod
from payments.papers import receipt, statement
from payments.papers.paper import Pdf, paper_of
from payments.papers.receipt import Received
from payments.papers.sheet import drawn
from payments.papers.statement import Asked, Balance, Promise
from payments.papers.wording import Booked, Stayed, by_what

__all__ = ["Pdf", "receipt_named", "receipt_pdf", "statement_pdf"]

# How money first came to lie where it does. What became of it later is no part of a receipt.
FIRST = ("payment", "clearing")
# Payments, and promises, that a statement has a row for: drawing thousands takes half a minute.
MOST_LISTED = 500


def receipt_pdf(payment_id: int, clock_of: Clock = clock.now) -> Pdf | None:
    """The receipt of a payment or of a refund: the same bytes whenever it is asked for.

    None when there is no money to confirm: no such payment, or one that is promised, failed or
    void. Must not be called inside of a transaction: it may open one of its own.
    """
    if not 0 < payment_id <= LARGEST:
        return None
    with reading() as session:
        found = _issued(session.connection(), payment_id)
    if found is None:
        # Of two who issue it at once one loses the key, and finds the other's when run again.
        found = in_transaction(lambda connection: _issue(connection, payment_id, clock_of()))
    if found is None:
        return None
    context, issued_at = found
    return Pdf(context["file"], drawn(paper_of(context["paper"]), issued_at))


def receipt_named(payment_id: int) -> Pdf | None:
    """The receipt by its name alone, for whoever looks at what carries it: nothing is issued, and
    nothing is drawn."""
    with reading() as session:
        connection = session.connection()
        found = _issued(connection, payment_id)
        row = connection.execute(_cleared().where(Payment.id == payment_id)).first()
    if found is not None:
        return Pdf(found[0]["file"], b"")
    return None if row is None else Pdf(receipt.file_name(_received(row)), b"")


def statement_pdf(booking_id: int, clock_of: Clock = clock.now) -> Pdf:
    """The whole booking as of now. Raises BookingUnknown."""
    if not 0 < booking_id <= LARGEST:
        raise BookingUnknown(booking_id)
    now = clock_of()
    with reading() as session:
        connection = session.connection()
        balance = _balance(connection, read_account(connection, booking_id, None, now))
        booked = _booked(connection, booking_id)
    paper = statement.statement_of(balance, booked, now)
    return Pdf(statement.file_name(booking_id), drawn(paper, now))


def _issued(connection: Connection, payment_id: int) -> tuple[Mapping[str, Any], datetime] | None:
    """What was kept when the receipt was issued; None before that, and when it counts no more."""
    query = select(IssuedReceipt.context, IssuedReceipt.issued_at)
    query = query.join(Payment, Payment.id == IssuedReceipt.payment_id)
    row = connection.execute(
        query.where(Payment.id == payment_id, Payment.state == "cleared")
    ).first()
    return None if row is None else (row.context, row.issued_at)


def _issue(
    connection: Connection, payment_id: int, now: datetime
) -> tuple[Mapping[str, Any], datetime] | None:
    """Keep what the receipt says, unless somebody has; None when there is nothing to confirm."""
    found = _issued(connection, payment_id)
    if found is not None:
        return found
    row = connection.execute(_cleared().where(Payment.id == payment_id)).first()
    if row is None:
        return None
    paid = replace(_received(row), **_first_uses(connection, payment_id))
    paper = receipt.receipt_of(paid, _booked(connection, row.booking_id))
    context = {"file": receipt.file_name(paid), "paper": paper.kept()}
    values = {"payment_id": payment_id, "context": context, "issued_at": now}
    connection.execute(insert(IssuedReceipt), [values])
    return context, now


def _cleared() -> Query:
    """Payments and refunds that count, with how they were made; a refund that goes back the way
    its payment came goes to that payment's card."""
    origin = aliased(Payment)
    same_way = (origin.id == Payment.refund_of) & (origin.method_id == Payment.method_id)
    names = ("id", "booking_id", "amount", "charges", "tip", "refund_of", "paid_on", "settled_on")
    return (
        select(*[getattr(Payment, name) for name in names])
        .add_columns(PaymentMethod.name, CardOnFile.card_type, CardOnFile.last_digits)
        .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .outerjoin(origin, same_way)
        .outerjoin(CardOnFile, CardOnFile.payment_id == func.coalesce(origin.id, Payment.id))
        .where(Payment.state == "cleared")
    )


def _received(row: Any) -> Received:
    """Amounts of a refund are positive on paper."""
    sign = 1 if row.refund_of is None else -1
    return Received(
        id=row.id,
        day=row.settled_on or row.paid_on,
        method=by_what(row.name, row.card_type, row.last_digits),
        amount=sign * row.amount,
        charges=sign * row.charges,
        tip=sign * row.tip,
        refund_of=row.refund_of,
    )


def _first_uses(connection: Connection, payment_id: int) -> dict[str, Any]:
    """What the amount paid for when it came: the same whenever that is asked."""
    minor = func.sum(Allocation.amount)
    query = (
        select(Allocation.line_id, ScheduleLine.name, minor.label("minor"))
        .outerjoin(ScheduleLine, ScheduleLine.id == Allocation.line_id)
        .where(Allocation.payment_id == payment_id, Allocation.cause.in_(FIRST))
        .group_by(Allocation.line_id, ScheduleLine.name)
        .order_by(func.min(Allocation.id))
    )
    rows = connection.execute(query).all()
    covered = tuple((row.name, int(row.minor)) for row in rows if row.line_id is not None)
    credit = sum(int(row.minor) for row in rows if row.line_id is None)
    return {"covered": covered, "credit": credit}


def _booked(connection: Connection, booking_id: int) -> Booked:
    """Whose paper it is. The booking exists."""
    query = (
        select(
            Booking.account_identifier, Booking.currency, Booking.status, Location.mail_sender,
            Location.name, Location.time_zone, Location.is_demonstration, Contact.first_name,
            Contact.last_name, Contact.locale,
        )
        .join(Location, Location.id == Booking.location_id)
        .join(Contact, Contact.id == Booking.contact_id)
        .where(Booking.id == booking_id)
    )  # fmt: skip
    row = connection.execute(query).one()
    return Booked(
        place=row.name,
        mail_sender=row.mail_sender,
        time_zone=row.time_zone,
        is_demonstration=row.is_demonstration,
        guest=f"{row.first_name} {row.last_name}".strip(),
        guest_locale=row.locale,
        booking=booking_id,
        account=row.account_identifier,
        currency=row.currency,
        is_cancelled=row.status == "cancelled",
        stays=_stays(connection, booking_id),
    )


def _stays(connection: Connection, booking_id: int) -> Sequence[Stayed]:
    query = select(Property.name, Stay.arrives_on, Stay.leaves_on)
    query = query.join(Property, Property.id == Stay.property_id)
    mine = query.where(Stay.booking_id == booking_id, Stay.dropped_at.is_(None))
    return tuple(Stayed(*row) for row in connection.execute(mine.order_by(Stay.id)))


def _balance(connection: Connection, account: Account) -> Balance:
    """The newest payments and the oldest promises one by one; of more than that the sums."""
    mine = _cleared().where(Payment.booking_id == account.booking.id)
    rows = connection.execute(mine.order_by(Payment.id.desc()).limit(MOST_LISTED)).all()
    payments = sorted((_received(row) for row in rows), key=lambda each: each.id)
    first = payments[0].id if payments else 0
    cleared = [each for each in account.payments if each.state == "cleared"]
    promises = []
    for each in account.coming[:MOST_LISTED]:
        day = each.paid_on if each.state == "deferred" else None
        promises.append(Promise(each.id, each.method, each.amount, day))
    return Balance(
        _lines(account),
        payments,
        promises,
        account.standing.credit,
        earlier=[each.amount for each in cleared if each.id < first],
        more=[each.amount for each in account.coming[MOST_LISTED:]],
    )


def _lines(account: Account) -> list[Asked]:
    """The schedule by due day; what asks for nothing is left out."""
    now = account.standing
    # To a booking that is cancelled nothing is promised.
    then = now if account.booking.is_cancelled else account.expected
    lines = sorted(account.lines, key=lambda line: (line.due_on, line.stage, line.id))
    return [
        Asked(line.name, line.due_on, line.amount, now.on(line.id),
              then.on(line.id) - now.on(line.id))
        for line in lines
        if line.amount
    ]  # fmt: skip
