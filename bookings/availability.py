"""Nights: two bookings never hold the same night of a property.

The table's primary key (property, night) is the wall; holding the properties first makes those
who want the same one wait for each other, so that the losers are told which nights are gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, and_, delete, insert, or_, select

from bookings.errors import NightsTaken
from bookings.models import Night, Property
from kit.errors import Refused
from payments.ledger import patience


@dataclass(frozen=True, slots=True)
class Span:
    """The nights of one property, from the day of arrival to the day before leaving. `field` names
    what asked for them in errors."""

    field: str
    property_id: int
    arrives_on: date
    leaves_on: date

    @property
    def nights(self) -> list[date]:
        days = (self.leaves_on - self.arrives_on).days
        return [self.arrives_on + timedelta(days=day) for day in range(days)]


def hold_properties(connection: Connection, property_ids: Iterable[int]) -> None:
    """Let others who want nights of these properties wait, in the order of ids; always after the
    booking itself is held. Raises BookingBusy when somebody does not let go of one."""
    rows = select(Property.id).where(Property.id.in_(sorted(set(property_ids))))
    with patience():
        connection.execute(rows.order_by(Property.id).with_for_update(key_share=True))


def taken(
    connection: Connection, spans: Sequence[Span], but_for: int | None = None
) -> dict[int, list[tuple[date, int]]]:
    """The nights of the spans that somebody has, and which booking, by property. `but_for`: a
    booking whose own nights do not count."""
    wanted = [
        and_(
            Night.property_id == span.property_id,
            Night.night >= span.arrives_on,
            Night.night < span.leaves_on,
        )
        for span in spans
    ]
    query = select(Night.property_id, Night.night, Night.booking_id).where(or_(*wanted))
    if but_for is not None:
        query = query.where(Night.booking_id != but_for)
    found: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for property_id, night, booking_id in connection.execute(query.order_by(Night.night)):
        found[property_id].append((night, booking_id))
    return found


def refuse_taken(
    connection: Connection,
    spans: Sequence[Span],
    *,
    but_for: int | None = None,
    name_holders: bool = False,
) -> None:
    """Raise NightsTaken, or several of them as Refused, for the nights that somebody else has."""
    gone = taken(connection, spans, but_for)
    Refused.if_any(
        [
            NightsTaken(
                span.field,
                span.property_id,
                [night for night, _ in gone[span.property_id]],
                sorted({holder for _, holder in gone[span.property_id]}) if name_holders else (),
            )
            for span in spans
            if gone[span.property_id]
        ]
    )


def take_nights(
    connection: Connection, booking_id: int, spans: Sequence[Span], *, name_holders: bool = False
) -> None:
    """Give the booking exactly these nights; those it had before are free.

    Raises NightsTaken, or several of them as Refused. `name_holders` says whose the nights are,
    which only those may know who see all bookings of the location.
    """
    hold_properties(connection, [span.property_id for span in spans])
    refuse_taken(connection, spans, but_for=booking_id, name_holders=name_holders)
    free_nights(connection, booking_id)
    rows = [
        {"property_id": span.property_id, "night": night, "booking_id": booking_id}
        for span in spans
        for night in span.nights
    ]
    if rows:
        connection.execute(insert(Night), rows)


def free_nights(connection: Connection, booking_id: int) -> None:
    connection.execute(delete(Night).where(Night.booking_id == booking_id))
