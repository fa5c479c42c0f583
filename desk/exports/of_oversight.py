"""Messages, the event log and the dangerous operations as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy.orm import Session

from audit.reading import NEWEST
from desk.dangerous import queries as dangerous
from desk.exports.making import Told, amount, from_query, moment, number, text
from desk.log import queries as log
from desk.log.choices import choices
from desk.log.filters import filters
from desk.messages import queries as messages
from desk.words import moment_text
from kit import clock
from kit.sql import Query
from kit.texts import N_
from office.exports.lists import Wanted
from staff.permissions import Permission

AT_UTC = moment("at_utc", "when it was")
AT = text("at", "the same in words, in the time zone of where it was")
ZONE = text("zone", "that time zone")
REASON = text("reason", "why, where somebody had to say")
SEVERITY = text("severity", "low, medium or high")
ACTOR_KIND = text("actor_kind", "who did it: person, partner or system")
ACTOR = text("actor", "the name or e-mail address of who did it, at the time")


def _messages(_session: Session, wanted: Wanted) -> Query:
    return messages.listed(messages.wanted_of(wanted))


def _told_messages(_session: Session, rows: Sequence[Any]) -> Iterator[Told]:
    for row in rows:
        read = messages.read(row)
        yield {
            "message": row.id,
            "kind": "email" if read.is_mail else "event",
            "name": read.name,
            "to": read.to,
            "booking": row.booking_id,
            "location": row.location,
            "state": row.state,
            "attempts": row.attempts,
            "problem": row.last_error,
            "created_at": row.created_at,
            "sent_at": row.sent_at,
            "next_at": read.next_at,
            "dismissed_at": row.dismissed_at,
        }


MESSAGES = from_query(
    name="messages",
    title=N_("Messages"),
    needs=Permission.READ,
    columns=(
        number("message", "the message's id"),
        text("kind", "email, or event for what a program is told"),
        text("name", "what it is called; of an event its type"),
        text("to", "the address of a mail; of an event the partner and its webhook"),
        number("booking", "the booking it is about"),
        text("location", "the name of that booking's location"),
        text("state", "waiting, sent or given_up"),
        number("attempts", "how often it was tried"),
        text("problem", "what went wrong the last time"),
        moment("created_at", "when it was written"),
        moment("sent_at", "when it left"),
        moment("next_at", "when it is tried next"),
        moment("dismissed_at", "when staff put it aside"),
    ),
    asking=_messages,
    order=lambda _wanted: messages.ORDER.by(),
    telling=_told_messages,
)


def _entries(session: Session, wanted: Wanted) -> Query:
    return log.entries(filters(wanted), choices(session))


def _told_entries(session: Session, rows: Sequence[Any]) -> Iterator[Told]:
    there = choices(session)
    for row in rows:
        found = log.told(row, there)
        entry = found.entry
        yield {
            "at_utc": entry.at,
            "at": moment_text(entry.at, found.zone),
            "zone": found.zone,
            "booking": entry.chain or None,
            "no": entry.no,
            "actor_kind": entry.actor_kind,
            "actor_id": entry.actor_id,
            "actor": entry.actor,
            "action": entry.action,
            "what": found.text,
            "severity": entry.severity,
            "reason": entry.reason,
            "before": orjson.dumps(entry.before).decode(),
            "after": orjson.dumps(entry.after).decode(),
            "address": entry.address,
            "request_id": entry.request_id,
        }


EVENT_LOG = from_query(
    name="event-log",
    title=N_("Event log"),
    needs=Permission.REPORTS,
    columns=(
        AT_UTC,
        AT,
        ZONE,
        number("booking", "the booking whose chain it is in; empty for what is about none"),
        number("no", "its number in that chain"),
        ACTOR_KIND,
        number("actor_id", "the id of the person or partner"),
        ACTOR,
        text("action", "what was done, in one stable word"),
        text("what", "the same as a sentence"),
        SEVERITY,
        REASON,
        text("before", "what was so before, as JSON; amounts in minor units"),
        text("after", "what is so since, as JSON; amounts in minor units"),
        text("address", "the network address it was asked from"),
        text("request_id", "the id of the request it was asked in"),
    ),
    asking=_entries,
    order=lambda _wanted: NEWEST.by(),
    telling=_told_entries,
    personal=False,
)


def _operations(_session: Session, wanted: Wanted) -> Query:
    return dangerous.listed(dangerous.filters(wanted), clock.now())


def _told_operations(session: Session, rows: Sequence[Any]) -> Iterator[Told]:
    for row in dangerous.operations(session, rows, choices(session)):
        entry = row.entry
        yield {
            "at_utc": entry.at,
            "at": moment_text(entry.at, row.zone),
            "zone": row.zone,
            "kind": row.kind,
            "what": row.title,
            "changed": row.told,
            "on": row.on,
            "booking": entry.chain or None,
            "payment": row.payment_id,
            "amount": row.amount,
            "currency": row.amount and row.amount.currency,
            "actor_kind": entry.actor_kind,
            "actor": entry.actor,
            "reason": entry.reason,
            "answers": "; ".join(row.answers),
            "severity": entry.severity,
        }


DANGEROUS = from_query(
    name="dangerous-operations",
    title=N_("Dangerous operations"),
    needs=Permission.REPORTS,
    columns=(
        AT_UTC,
        AT,
        ZONE,
        text("kind", "deletion, cancellation, refund, card, permission, policy or commission"),
        text("what", "what was done"),
        text("changed", "what it changed, fact by fact"),
        text("on", "what it was done to: a booking's id, or a name"),
        number("booking", "the booking's id"),
        number("payment", "the payment's id"),
        amount("amount", "the money it was about"),
        text("currency", "ISO 4217 code of the amount"),
        ACTOR_KIND,
        ACTOR,
        REASON,
        text("answers", "what partners answered when they were told"),
        SEVERITY,
    ),
    asking=_operations,
    order=lambda _wanted: NEWEST.by(),
    telling=_told_operations,
    personal=False,
)

OF_OVERSIGHT = (MESSAGES, EVENT_LOG, DANGEROUS)
