"""What every writing call of the house API shares: its transaction, its key, its dry run.

A dry run (Prefer: dry-run) does the real thing and takes it back: what it shows cannot differ from
what would be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, select
from sqlalchemy.orm import Session

from audit.models import LogEntry
from audit.recording import ZERO
from bookings import queries as booking_queries
from bookings import showing
from bookings.queries import BookingView
from kit import clock, form
from kit.cards import has_card_number
from kit.db import in_transaction, undone
from kit.fields import Fault
from kit.form import Malformed
from kit.money import Money
from kit.sql import IsMine
from outbox.models import Message
from partners.authentication import caller
from payments import queries, replies, schemas
from payments.deciding import Remark
from payments.ledger import patience
from payments.models import Payment
from payments.saving import Done
from payments.taking import fingerprint
from payments.views import BookingFigures, Receipt

FULL = "return=representation"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write answers, and which bookings and payments it changed. `ids`: the keys of the
    answer that name what a dry run never stores; `is_full`: it shows what was asked to be shown
    (Prefer: return=representation)."""

    shown: Mapping[str, Any]
    bookings: tuple[int, ...] = ()
    warnings: Sequence[Remark] = ()
    ids: tuple[str, ...] = ()
    is_full: bool = False
    payments: tuple[int, ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        return {"Preference-Applied": FULL} if self.is_full else {}


Work = Callable[[Connection], Outcome]


def write(work: Work) -> ResponseReturnValue:
    """Run one use case in one transaction and answer; the same request again gets the same answer.

    `work` runs once more when it lost a race. Raises BookingBusy for whatever is held by others for
    too long: it may be a property or a guest as well as the booking.
    """
    key = idempotency_key()
    with patience():
        if form.is_dry_run():
            return try_out(work)
        if key is None:
            outcome = in_transaction(work)
            return form.answer(schemas.succeeded(outcome.shown), headers=outcome.headers)
        answer, headers = in_transaction(_once(work, key))
    return form.answer(answer, headers=headers)


def _once(work: Work, key: str) -> Callable[[Connection], tuple[bytes, dict[str, str]]]:
    """The work with its answer kept under the key; what it answers, and the headers of that."""
    partner_id, mark = caller().partner_id, _mark()

    def once(connection: Connection) -> tuple[bytes, dict[str, str]]:
        if stored := replies.claim(connection, partner_id, key, mark, clock.now()):
            return stored, {"Idempotency-Replayed": "true"}
        outcome = work(connection)
        answer = schemas.succeeded(outcome.shown)
        replies.keep(connection, partner_id, key, answer)
        return answer, outcome.headers

    return once


def _mark() -> str:
    return fingerprint(request.method, request.full_path, request.get_data(cache=True))


def may_read_bookings() -> bool:
    """Whether the caller may see whole bookings, guests and all, in answers to its writes."""
    return "bookings:read" in caller().scopes


def wants_all() -> bool:
    """Whether the answer is to show what was written. A dry run shows it anyway, in its own way."""
    return form.prefers(FULL) and not form.is_dry_run()


def idempotency_key() -> str | None:
    """The key of the present request. Raises Malformed for one that cannot be a key."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    fault: Fault | None = None
    if not 1 <= len(key) <= 255 or not key.isprintable():
        sentence = "The Idempotency-Key must have 1 to 255 printable characters."
        fault = Fault("invalid", sentence)
    elif has_card_number(key):
        fault = Fault("card_number", "The Idempotency-Key holds what looks like a card number.")
    if fault:
        raise Malformed([("Idempotency-Key", fault)])
    return key


def receipt_of(connection: Connection, done: Done) -> Receipt:
    """A payment and its booking's figures after a change, as an answer may want to show them."""
    with Session(connection) as session:
        [payment] = queries.by_ids(session, [done.payment_id])
        [view] = booking_queries.by_ids(session, [done.booking_id])
    return Receipt(payment, _sums(view, done.warnings))


def _sums(view: BookingView, warnings: Sequence[Remark]) -> BookingFigures:
    booking, currency = view.booking, view.booking.currency
    return BookingFigures(
        id=booking.id,
        total=Money(booking.total, currency),
        paid=Money(booking.paid, currency),
        outstanding=Money(booking.total - booking.paid, currency),
        credit=Money(booking.credit, currency),
        tags=tuple((tag.id, tag.name) for tag in view.tags),
        warnings=tuple(warnings),
    )


# --- dry runs ---------------------------------------------------------------------------------


def try_out(work: Work, mark: str | None = None) -> ResponseReturnValue:
    """Do it, look at what has become of it, take it back. Not even the key is stored; one that came
    before is refused, or answered, as it really would be, and then nothing was tried. `mark`: the
    request's fingerprint."""
    key = idempotency_key()
    headers = {"Preference-Applied": "dry-run"}
    with undone() as connection:
        if key is not None:
            stored = replies.given(connection, caller().partner_id, key, mark or _mark())
            if stored is not None:
                return form.answer(stored, headers={"Idempotency-Replayed": "true"})
        newest = {model: _newest(connection, model) for model in (Payment, Message, LogEntry)}
        outcome = work(connection)
        shown = {
            "Success": True,
            "DryRun": True,
            **{k: None if k in outcome.ids else v for k, v in outcome.shown.items()},
            **_become(connection, outcome, newest),
        }
        answer = form.encode(shown)
    return form.answer(answer, headers=headers)


def _newest(connection: Connection, model: Any) -> int:
    return connection.scalar(select(func.max(model.id))) or 0


def _new(model: Any, newest: Mapping[Any, int]) -> ColumnElement[bool]:
    """Whether a row was written by this dry run. While it waited for the booking, others may have
    written rows, too."""
    table: ColumnElement[Any] = literal_column(model.__tablename__)
    return and_(model.id > newest[model], IsMine(table))


def _become(connection: Connection, outcome: Outcome, newest: Mapping[Any, int]) -> dict[str, Any]:
    """The bookings as they would be, payments that are new or changed with their allocation,
    e-mails and events. Whoever may not read bookings sees no more of them than their figures, and
    no address of a guest."""
    ids, reads = list(outcome.bookings), may_read_bookings()
    with Session(connection) as session:
        views = booking_queries.by_ids(session, ids)
        mine = select(Payment.id).where(Payment.booking_id.in_(ids), _new(Payment, newest))
        new = set(session.scalars(mine))
        payments = queries.by_ids(session, sorted(new | set(outcome.payments)))
        mails = session.execute(
            select(Message.kind, Message.context)
            .where(Message.booking_id.in_(ids), Message.receiver.is_(None), _new(Message, newest))
            .order_by(Message.id)
        ).all()
        events = session.scalars(
            select(LogEntry.action)
            .where(LogEntry.chain.in_([*ids, ZERO]), _new(LogEntry, newest))
            .order_by(LogEntry.id)
        ).all()
    items = [showing.item(view) if reads else schemas.figures(_sums(view, ())) for view in views]
    shown = schemas.PAYMENT.dump(payments, many=True)
    for payment in [*shown, *(each for item in items for each in item.get("Payments", ()))]:
        payment["PaymentID"] = None if payment["PaymentID"] in new else payment["PaymentID"]
    return {
        "Bookings": items,
        "Payments": shown,
        "Emails": [
            {"Kind": kind.removeprefix("email."), "To": sent["to"] if reads else None}
            for kind, sent in mails
        ],
        "Events": list(events),
        "Warnings": [{"Code": each.code, "Message": each.message} for each in outcome.warnings],
    }
