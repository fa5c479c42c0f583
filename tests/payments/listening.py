"""Somebody who listens, and what is told of a booking: the payloads as they wait in the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bookings.models import Booking
from outbox.models import Message
from partners.events import receiver
from tests import make
from tests.partners.telling import payload


def listen(locations: Sequence[int] = (1,), **values: Any) -> int:
    """An endpoint of a new partner at these locations."""
    return make.endpoint(make.partner(locations=locations), **values)


def told(endpoint_id: int, booking_id: int | None = None) -> list[Any]:
    """The events for an endpoint, in the order they were written."""
    only = {} if booking_id is None else {"booking_id": booking_id}
    rows = make.rows_of(Message, receiver=receiver(endpoint_id), **only)
    assert {row.context["endpoint"] for row in rows} <= {endpoint_id}
    return [payload(row.context) for row in rows]


def types(endpoint_id: int, booking_id: int | None = None) -> list[str]:
    return [event["type"] for event in told(endpoint_id, booking_id)]


def in_order(endpoint_id: int, booking_id: int) -> list[str]:
    """The types of a booking's events, once it is sure that their numbers have no gap and end where
    the booking's own count is."""
    events = told(endpoint_id, booking_id)
    numbers = [event["data"]["number"] for event in events]
    assert numbers == list(range(1, len(events) + 1))
    assert make.row_of(Booking, booking_id).event_count == len(events)
    assert {event["data"]["booking"]["id"] for event in events} <= {booking_id}
    return [event["type"] for event in events]
