"""What partners answered when they were told of something: for people who want to know whether the
other side has heard of it, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import String, cast, column, func, literal, select, table
from sqlalchemy.orm import Session, aliased

from outbox.models import Message
from partners.events import KIND, Listener, listeners_at
from partners.models import Endpoint, Partner, WebhookCall

# Of the ledger's table only these two columns, to find a payment's messages by their booking: this
# room lies below the ledger's, and knows no more of it.
PAYMENTS = table("payments", column("id"), column("booking_id"))


@dataclass(frozen=True, slots=True)
class PartnerAnswer:
    """A message to an endpoint and how it went. `message_id` is the outbox's id; `status` what
    the last call was answered with, None when there was no answer (`problem` says why, as far as
    it is known) or no call yet; `at` is of that call. `state` as in the outbox."""

    partner: str
    endpoint: str
    event: str
    message_id: int
    state: str
    status: int | None
    problem: str | None
    at: datetime | None
    told_at: datetime

    @property
    def delivered(self) -> bool:
        return self.state == "sent"

    @property
    def waits(self) -> bool:
        return self.state == "waiting"


def answers_to(
    session: Session, event_type: str | None, payment_ids: Collection[int]
) -> dict[int, list[PartnerAnswer]]:
    """The answers to events of a type ("payment.deleted"; None: of any) about payments, by the
    payment's id, the oldest first. One query. A payment that nobody was told of is not among them.
    """
    found: dict[int, list[PartnerAnswer]] = defaultdict(list)
    if not payment_ids:
        return found
    wanted = set(payment_ids)
    for row in session.execute(_told(wanted)):
        body = orjson.loads(row.context["body"])
        payment = body["data"].get("payment") or {}
        if payment.get("id") in wanted and event_type in (None, body["type"]):
            found[payment["id"]].append(_answer(body["type"], row))
    return found


def _told(payment_ids: Collection[int]) -> Any:
    """The messages to endpoints about the bookings of these payments, each with its last call."""
    bookings = select(PAYMENTS.c.booking_id).where(PAYMENTS.c.id.in_(sorted(payment_ids)))
    calls = aliased(WebhookCall)
    last = select(func.max(calls.id)).where(calls.message_id == Message.id).scalar_subquery()
    columns = (Message.id, Message.context, Message.state, Message.created_at, Message.last_error)
    return (
        select(*columns, Endpoint.name.label("endpoint"), Partner.name.label("partner"))
        .add_columns(WebhookCall.status, WebhookCall.at, WebhookCall.problem)
        .join(Endpoint, Message.receiver == literal("endpoint ") + cast(Endpoint.id, String))
        .join(Partner, Partner.id == Endpoint.partner_id)
        .outerjoin(WebhookCall, WebhookCall.id == last)
        .where(Message.kind == KIND, Message.booking_id.in_(bookings))
        .order_by(Message.id)
    )


def _answer(event: str, row: Any) -> PartnerAnswer:
    return PartnerAnswer(
        partner=row.partner,
        endpoint=row.endpoint,
        event=event,
        message_id=row.id,
        state=row.state,
        status=row.status,
        problem=row.problem or row.last_error,
        at=row.at,
        told_at=row.created_at,
    )


def who_hears(session: Session, location_id: int, event_type: str) -> list[tuple[int, str]]:
    """Who is told when such an event happens to a booking of the location: ids and names of
    partners, each once, by name."""
    hears = {
        each.partner_id
        for each in (Listener(*row) for row in session.execute(listeners_at(literal(location_id))))
        if each.wants(event_type)
    }
    query = select(Partner.id, Partner.name).where(Partner.id.in_(sorted(hears)))
    rows = session.execute(query.order_by(Partner.name)) if hears else ()
    return [(row.id, row.name) for row in rows]
