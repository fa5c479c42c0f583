"""Telling endpoints: how the outbox's messages to programs leave, and what is noted of each try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from flask import Flask
from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update
from standardwebhooks import Webhook

from audit.chain import SYSTEM
from kit.cards import has_card_number
from kit.db import glance
from kit.vault import vault
from outbox.delivering import KEPT_TRYING
from outbox.leasing import Leased
from outbox.mail import DeliveryFailed, Note
from outbox.models import REPLACED, WITHDRAWN, Message
from partners import events
from partners.calling import Answer, call
from partners.endpoints import switch_off
from partners.models import Endpoint, Partner, WebhookCall

DRESSES = "dresses"
KEPT_ANSWER = 2048
CALLS_KEPT = timedelta(days=30)
GONE = 410
MOVED = "the endpoint was given another address meanwhile"
# The endpoint as a whole cannot take anything just now.
BUSY = (429, 502, 503, 504)
SHORTEST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=5)
LONGEST_NUMBER = 2 * 19  # of a card, with spaces in it

FIND = (
    select(Endpoint.__table__, Partner.revoked_at)
    .add_columns(exists().where(Message.id == bindparam("message"), WITHDRAWN).label("withdrawn"))
    .join(Partner, Partner.id == Endpoint.partner_id)
    .where(Endpoint.id == bindparam("id"))
)


@dataclass(frozen=True, slots=True)
class Dressed:
    """A message in the clothes of its kind: the headers that go with the body, and Basic auth."""

    headers: Mapping[str, str]
    auth: tuple[str, str] | None = None


# How a kind of messages is dressed: from the endpoint's row, its secret, the message, the body and
# the moment of the call.
Dress = Callable[[Any, str | None, Leased, bytes, datetime], Dressed]


def signed(_: Any, secret: str | None, message: Leased, body: bytes, at: datetime) -> Dressed:
    """An event of ours, signed as in Standard Webhooks."""
    signature = Webhook(secret or "").sign(message.message_id, at, body.decode())
    return Dressed(
        {
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
    )


def register(app: Flask, kind: str, dress: Dress) -> None:
    """Let a format tell endpoints something in its own way."""
    app.extensions.setdefault(DRESSES, {})[kind] = dress


@dataclass(frozen=True, slots=True)
class Hooks:
    """Delivers messages to endpoints. `dresses` belong to the kinds of messages."""

    dresses: Mapping[str, Dress] = field(default_factory=lambda: {events.KIND: signed})

    @classmethod
    def of(cls, app: Flask) -> Hooks:
        """With the messages of all formats that the application has."""
        return cls({events.KIND: signed, **app.extensions.get(DRESSES, {})})

    @property
    def programs(self) -> bool:
        return True

    def send(self, message: Leased, at: datetime) -> Note:
        """Call the endpoint once. Raises DeliveryFailed unless it answers 2xx."""
        dress, endpoint = self.dresses.get(message.kind), _endpoint(message)
        if dress is None:
            raise DeliveryFailed("nothing sends messages of this kind", permanent=False)
        body = str(message.context["body"]).encode()
        secret = None if endpoint.sealed is None else vault().open(endpoint.sealed)
        dressed = dress(endpoint, secret, message, body, at)
        answer = call(endpoint.url, body, dressed.headers, dressed.auth)
        row = {
            "endpoint_id": endpoint.id,
            "message_id": message.id,
            "at": at,
            "url": endpoint.url,
            "request": body.decode(),
            "status": answer.status,
            "took_ms": answer.took_ms,
            "answer": _kept(answer.text, dressed.auth is not None),
            "problem": answer.problem,
        }
        note = _note(row, answer)
        if answer.is_good:
            return note
        raise _failed(endpoint, answer, at, note)


def _endpoint(message: Leased) -> Any:
    row = glance(FIND, {"id": message.context["endpoint"], "message": message.id})
    if row is None or not row.live or row.revoked_at is not None:
        raise DeliveryFailed("the endpoint is switched off or was removed", permanent=True)
    if row.withdrawn:  # since it was leased
        raise DeliveryFailed(REPLACED, permanent=True)
    return row


def _failed(endpoint: Any, answer: Answer, at: datetime, note: Note) -> DeliveryFailed:
    failing = at - (endpoint.failing_since or at)
    wait = _wait(answer.retry_after, at)
    reason = answer.problem or f"HTTP {answer.status}"
    if answer.status is not None and 300 <= answer.status < 400:
        reason += ": redirects are not followed"
    busy = answer.status is None or answer.status in BUSY
    return DeliveryFailed(
        reason,
        permanent=answer.status == GONE,
        wait=wait,
        rests=(wait or _rest(failing)) if busy else None,
        given_time=failing > KEPT_TRYING,
        note=note,
    )


def _rest(failing: timedelta) -> timedelta:
    """How long an endpoint is left alone that has been failing for so long: the longer, the longer.
    Not by how often one message failed: each of those that wait would begin anew."""
    return min(max(failing / 2, SHORTEST_REST), LONGEST_REST)


def _wait(retry_after: str | None, at: datetime) -> timedelta | None:
    """What a Retry-After asks for: seconds, or a date; nothing of what cannot be read."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return timedelta(seconds=int(retry_after[:9]))
    try:
        return max(parsedate_to_datetime(retry_after) - at, timedelta())
    except (ValueError, TypeError, OverflowError):
        return None


def _note(row: Mapping[str, Any], answer: Answer) -> Note:
    """The call, whether the endpoint is failing, and that it asked to be called no more. What its
    former address answers says nothing of the one that it was given meanwhile."""
    endpoint_id, at = row["endpoint_id"], row["at"]

    def call_alone(connection: Connection) -> None:
        connection.execute(insert(WebhookCall), [dict(row)])

    def write(connection: Connection) -> None:
        call_alone(connection)
        mine = update(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.url == row["url"])
        if answer.is_good:
            ends = mine.where(Endpoint.failing_since.is_not(None))
            connection.execute(ends.values(failing_since=None))
            return
        since = func.coalesce(Endpoint.failing_since, at)
        if not connection.execute(mine.values(failing_since=since)).rowcount:
            raise DeliveryFailed(MOVED, permanent=False, note=call_alone)
        if answer.status == GONE:
            switch_off(connection, endpoint_id, SYSTEM, "it answered 410", at)

    return write


def _kept(text: str, has_password: bool) -> str:
    """The beginning of an answer, as far as a database and a person can read it. A program that
    answers with what it was sent may write a password in any spelling: nothing of its answers."""
    if text and has_password:
        return "(not kept: it may repeat the password)"
    # A little more than is shown: a number must not be cut in two and so pass.
    seen = text.replace("\0", "�")[: KEPT_ANSWER + LONGEST_NUMBER]
    if has_card_number(seen):
        return "(withheld: it holds what looks like a card number)"
    return seen[:KEPT_ANSWER]


def forget_old_calls(connection: Connection, now: datetime) -> int:
    """Delete what nobody looks at any more; how many calls there were."""
    old = delete(WebhookCall).where(WebhookCall.at < now - CALLS_KEPT)
    return connection.execute(old).rowcount
