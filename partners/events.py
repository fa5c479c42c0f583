"""What partners are told of: events of a booking, numbered, for every change by whatever door.

Emitted by the use case in its transaction: one message for each endpoint that listens, delivered
later by the worker (partners.hooks). The number comes from a counter on the booking's row, which
is held: a receiver can put events in order, and sees when one is missing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, literal_column, select

from kit.sql import Query
from partners.models import Endpoint, PartnerLocation

TYPES = (
    "payment.recorded",
    "payment.cleared",
    "payment.failed",
    "payment.refunded",
    "payment.deleted",
    "booking.created",
    "booking.amended",
    "booking.confirmed",
    "booking.cancelled",
    "booking.reactivated",
)
KIND = "event"


@dataclass(frozen=True, slots=True)
class Listener:
    """A live endpoint that hears of a location's bookings. `types` as stored: none = all."""

    endpoint_id: int
    types: str
    partner_id: int

    def wants(self, type: str) -> bool:
        return not self.types or type in self.types.split()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a booking. `about` is what is told of it, as JSON values: ids,
    states and amounts as decimal texts; no personal data of guests, no words of senders. The
    partner `sender` is told `to_sender` instead: its own words may be in that."""

    type: str
    about: Mapping[str, Any]
    sender: int | None = None
    to_sender: Mapping[str, Any] = field(default_factory=dict)


def listeners_at(location: ColumnElement[Any]) -> Query:
    """Who listens to the bookings of a location: `Listener`s, as a query."""
    here = PartnerLocation.partner_id == Endpoint.partner_id
    # A literal, not a parameter: this is part of a statement that is built once.
    ours = Endpoint.kind == literal_column("'events'")
    columns = select(Endpoint.id, Endpoint.events, Endpoint.partner_id).join(PartnerLocation, here)
    return columns.where(PartnerLocation.location_id == location, ours, Endpoint.live)


def message_rows(
    listeners: Iterable[Listener],
    events: Sequence[Event],
    count: int,
    booking_id: int,
    at: datetime,
) -> list[dict[str, Any]]:
    """The messages of a change, to be inserted with it. `count`: how many events the booking had
    before; the caller stores that and so many more as there are events."""
    return [
        _row(listener, event, number, booking_id, at)
        for number, event in enumerate(events, count + 1)
        for listener in listeners
        if listener.wants(event.type)
    ]


def _row(
    listener: Listener, event: Event, number: int, booking_id: int, at: datetime
) -> dict[str, Any]:
    about = event.to_sender if listener.partner_id == event.sender else event.about
    payload = {
        "type": event.type,
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "data": {"number": number, **about},
    }
    return hook_row(KIND, listener.endpoint_id, payload, booking_id, at)


def hook_row(
    kind: str,
    endpoint_id: int,
    payload: Mapping[str, Any] | bytes,
    booking_id: int | None,
    at: datetime,
) -> dict[str, Any]:
    """The row of a message for an endpoint, of whatever kind. `payload`: or the JSON itself. It is
    stored as a text, since read again as JSON its numbers would be floats: what is sent is, byte
    for byte, what is written here."""
    body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    return {
        "kind": kind,
        "message_id": f"msg_{secrets.token_hex(13)}",
        "booking_id": booking_id,
        "receiver": receiver(endpoint_id),
        "context": {"endpoint": endpoint_id, "body": body.decode()},
        "created_at": at,
        "due_at": at,
    }


def receiver(endpoint_id: int) -> str:
    """The name of an endpoint among the receivers of messages."""
    return f"endpoint {endpoint_id}"
