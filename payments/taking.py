"""Taking a payment: hold the booking, let the rules decide, write what follows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from audit.chain import Entry, Origin
from audit.recording import chain
from kit import clock
from kit.ids import digest
from kit.money import Money
from kit.settings import setting
from kit.vault import masks, vault
from outbox.adding import message_row
from partners.authentication import Caller
from partners.events import message_rows
from payments import ledger, mails, queries
from payments.commands import Card, TakePayment
from payments.deciding import Decision, decide
from payments.errors import KeyReused
from payments.facts import Facts
from payments.telling import Figures, events_of
from payments.views import BookingFigures, PaymentView, Receipt, ShareView

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Call:
    """The request behind a command. With an Idempotency-Key its answer is stored with the
    payment: `fingerprint` tells the same request from another, `render` makes the answer. The key
    of a format that has no other is `lasting`."""

    origin: Origin
    render: Callable[[Receipt], bytes]
    key: str | None = None
    fingerprint: str = ""
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to give; `replayed` when the payment was taken by an earlier, equal request, and
    then there is no receipt."""

    answer: bytes
    receipt: Receipt | None = None

    @property
    def replayed(self) -> bool:
        return self.receipt is None


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same one: method, path and the raw bytes of the body."""
    return hashlib.sha256(b"\n".join([method.encode(), path.encode(), body])).hexdigest()


def take_payment(
    connection: Connection,
    order: TakePayment,
    caller: Caller,
    call: Call,
    clock_of: Callable[[], datetime] = clock.now,
) -> Taken:
    """Take one payment in the caller's transaction.

    Raises the errors of payments.errors, alone or several as Refused; nothing is written then.
    """
    ledger.hold(connection, order.booking_id)
    now = clock_of()  # under the lock: what is written later must not look earlier
    vps_hash = _vps_hash(order)
    facts = ledger.look(connection, _asked(order, caller, call, vps_hash))
    if facts.answer:
        if facts.answer.fingerprint != call.fingerprint:
            raise KeyReused
        return Taken(facts.answer.body.encode())
    decision = _decide(connection, order, facts, caller, vps_hash, now)
    receipt = _receipt(order, facts, decision, now)
    answer = call.render(receipt)
    rows = _rows(order, facts, decision, caller, call.origin, vps_hash, now)
    if call.key is not None:
        stored = {"partner_id": caller.partner_id, "key": call.key, "body": answer.decode()}
        rows["insert idempotency_keys"] = [
            {
                **stored,
                "fingerprint": call.fingerprint,
                "lasting": call.lasting,
                "created_at": now,
            }
        ]
    ledger.write(connection, order.booking_id, rows)
    return Taken(answer, receipt)


def _vps_hash(order: TakePayment) -> str | None:
    """A GUID is the same in any case, with or without braces."""
    if order.card is None or order.card.vps_tx_id is None:
        return None
    return digest(order.card.vps_tx_id.strip("{}").upper())


def _asked(order: TakePayment, caller: Caller, call: Call, vps_hash: str | None) -> dict[str, Any]:
    return {
        "booking_id": order.booking_id,
        **ledger.method_asked(order.method, order.method_by),
        "partner_id": caller.partner_id,
        "reference": order.reference,
        "vps_hash": vps_hash,
        "tags": orjson.dumps([*order.add_tags, *order.remove_tags]).decode(),
        "key": call.key,
    }


def _decide(
    connection: Connection,
    order: TakePayment,
    facts: Facts,
    caller: Caller,
    vps_hash: str | None,
    now: datetime,
) -> Decision:
    zone = facts.place.time_zone if facts.place else "UTC"
    close: list[str] = []
    if facts.method is None and facts.booking is not None and order.method_by == "name":
        close = queries.close_methods(connection, facts.booking.location_id, order.method)
    return decide(
        order,
        facts,
        caller.locations,
        clock.day_at(now, zone),
        vps_hash=vps_hash,
        due_date_required=setting("INSTALMENTS_REQUIRE_DUE_DATE"),
        close_methods=close,
    )


def _receipt(order: TakePayment, facts: Facts, decision: Decision, now: datetime) -> Receipt:
    currency = decision.booking.currency
    names = {line.id: line.name for line in facts.lines}
    shares = tuple(
        ShareView(share.line_id, names[share.line_id], Money(share.amount, currency))
        for share in decision.now_covered.shares
    )
    tags = {tag.id: tag.name for tag in facts.tags}
    on_it = {tag.id for tag in facts.tags if tag.on_booking}
    on_it = (on_it | set(decision.added_tags)) - set(decision.removed_tags)
    payment = PaymentView(
        id=facts.payment_id,
        booking_id=decision.booking.id,
        amount=decision.amount,
        charges=decision.charges,
        tip=decision.tip,
        state=decision.state,
        method=decision.method.name,
        paid_on=order.paid_on,
        category=decision.category,
        comments=order.comments,
        reference=order.reference,
        source=order.source,
        failure_reason=order.comments if decision.state == "failed" else None,
        created_at=now,
        shares=shares,
        masks=masks(order.card.secrets) if order.card else {},
        last_digits=(order.card.last_digits or "") if order.card else "",
        settled_on=order.paid_on if decision.state == "cleared" else None,
        attributes=order.attributes,
    )
    total = decision.booking.total
    figures = BookingFigures(
        id=decision.booking.id,
        total=Money(total, currency),
        paid=Money(decision.paid, currency),
        outstanding=Money(total - decision.paid, currency),
        credit=Money(decision.credit, currency),
        tags=tuple((tag, tags[tag]) for tag in sorted(on_it)),
        warnings=decision.warnings,
    )
    return Receipt(payment, figures)


def _rows(
    order: TakePayment,
    facts: Facts,
    decision: Decision,
    caller: Caller,
    origin: Origin,
    vps_hash: str | None,
    now: datetime,
) -> Rows:
    """What the decision changes, as rows: the same for every database, easy to assert in a test."""
    booking = decision.booking
    entry, head = chain().link(booking.id, booking.log_head, _entry(facts, decision), origin, now)
    rows: Rows = {
        "insert payments": [_payment_row(order, facts, decision, caller, vps_hash, now)],
        "insert allocations": _allocation_rows(facts.payment_id, decision, now),
        "update schedule_lines": [
            {"id": line.id, "paid": line.paid, "due_on": line.due_on} for line in decision.lines
        ],
        "update bookings": [
            {
                "id": booking.id,
                "status": decision.status,
                "paid": decision.paid,
                "credit": decision.credit,
                "charges": decision.booking_charges,
                "modified_at": now,
                "log_count": head.count,
                "log_hash": head.hash,
                "log_seal": head.seal,
            }
        ],
        "insert booking_tags": [
            {"booking_id": booking.id, "tag_id": tag, "added_at": now}
            for tag in decision.added_tags
        ],
        "delete booking_tags": [
            {"booking_id": booking.id, "tag_id": tag} for tag in decision.removed_tags
        ],
        "insert event_log": [entry],
    }
    if order.card:
        rows["insert cards_on_file"] = [_card_row(facts.payment_id, order.card)]
    if order.send_email and decision.state == "cleared" and decision.guest.email:
        rows["insert outbox"] = [_mail_row(order, facts, decision, now)]
    _tell(rows, facts, decision, now)
    return rows


def _tell(rows: Rows, facts: Facts, decision: Decision, now: datetime) -> None:
    """Add the messages to whoever listens, and count the events on the booking."""
    booking, [payment], [figures] = (
        decision.booking,
        rows["insert payments"],
        rows["update bookings"],
    )
    told = {**payment, "method": decision.method.name, "refund_of": None}
    after = Figures(decision.status, booking.total, decision.paid, decision.credit)
    events = events_of("payment.recorded", booking, after, told)
    messages = message_rows(facts.listeners, events, booking.event_count, booking.id, now)
    rows["insert outbox"] = [*rows.get("insert outbox", ()), *messages]
    figures["event_count"] = booking.event_count + len(events)


def _card_row(payment_id: int, card: Card) -> dict[str, Any]:
    sealed = vault().seal(orjson.dumps(dict(card.secrets)).decode()) if card.secrets else None
    return {
        "payment_id": payment_id,
        "sealed": sealed,
        "masks": masks(card.secrets),
        "last_digits": card.last_digits,
        "card_type": card.card_type,
    }


def _mail_row(
    order: TakePayment, facts: Facts, decision: Decision, now: datetime
) -> dict[str, Any]:
    context = mails.payment_received(decision, facts, order.paid_on)
    sender, booking_id = decision.place.mail_sender, decision.booking.id
    kind = mails.PAYMENT_RECEIVED
    return message_row(kind, context, sender=sender, booking_id=booking_id, at=now)


def _payment_row(
    order: TakePayment,
    facts: Facts,
    decision: Decision,
    caller: Caller,
    vps_hash: str | None,
    now: datetime,
) -> dict[str, Any]:
    return {
        "id": facts.payment_id,
        "booking_id": decision.booking.id,
        "method_id": decision.method.id,
        "partner_id": caller.partner_id,
        "source": order.source,
        "state": decision.state,
        "amount": decision.amount.minor,
        "charges": decision.charges.minor,
        "tip": decision.tip.minor,
        "currency": decision.booking.currency,
        "category": decision.category,
        "paid_on": order.paid_on,
        "settled_on": order.paid_on if decision.state == "cleared" else None,
        "cleared_at": now if decision.state == "cleared" else None,
        "comments": order.comments,
        "failure_reason": order.comments if decision.state == "failed" else None,
        "reference": order.reference,
        "vps_hash": vps_hash,
        "attributes": [list(each) for each in order.attributes],
        "wishes": ",".join(map(str, order.wishes)),
        "property_id": order.property_id,
        "balance_due_on": order.balance_due_on,
        "send_email": order.send_email,
        "created_at": now,
    }


def _allocation_rows(payment_id: int, decision: Decision, now: datetime) -> list[dict[str, Any]]:
    covered = decision.now_covered
    parts: list[tuple[int | None, int]] = [(s.line_id, s.amount) for s in covered.shares]
    if covered.credit:
        parts.append((None, covered.credit))
    same = {"payment_id": payment_id, "booking_id": decision.booking.id}
    return [
        {**same, "line_id": line, "amount": amount, "cause": "payment", "created_at": now}
        for line, amount in parts
    ]


def _entry(facts: Facts, decision: Decision) -> Entry:
    """What the event log says: ids and amounts, nothing about the guest, no words of the sender."""
    booking = decision.booking
    return Entry(
        action="payment.recorded",
        about={
            "booking": booking.id,
            "location": booking.location_id,
            "payment": facts.payment_id,
        },
        before={
            "status": booking.status,
            "paid": booking.paid,
            "credit": booking.credit,
            "charges": booking.charges,
        },
        after={
            "status": decision.status,
            "paid": decision.paid,
            "credit": decision.credit,
            "charges": decision.booking_charges,
            "state": decision.state,
            "amount": decision.amount.minor,
            "currency": booking.currency,
            "method": decision.method.id,
            "lines": [[s.line_id, s.amount] for s in decision.now_covered.shares],
            "tags_added": list(decision.added_tags),
            "tags_removed": list(decision.removed_tags),
            "due_on": {str(line.id): line.due for line in decision.lines},
        },
    )
