"""Reading card payments for the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bookings.models import Booking, Contact
from desk.access import within
from desk.today.rows import instant
from kit.money import Money
from kit.sql import Query, rows_of
from locations.models import Location
from payments import intents
from payments.gateways.models import CardIntent
from payments.intents import Intent
from payments.models import PaymentMethod
from staff.models import Person

SHOWN = 10  # at a booking; those that are not settled first
COLUMNS = ("id", "kind", "state", "gateway", "amount", "currency", "created_at", "decline",
           "failure_reason", "payment_id")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One card payment with what its page shows. `facts` are columns of its booking, location and
    guest, its method and who ordered it (`person`)."""

    intent: Intent
    facts: Any

    @property
    def guest(self) -> str:
        return f"{self.facts.first_name} {self.facts.last_name}".strip()


@dataclass(frozen=True, slots=True)
class CardRow:
    """One in the list of a booking's, columns of CardIntent."""

    id: int
    kind: str
    state: str
    gateway: str
    minor: int
    currency: str
    at: datetime
    decline: str | None
    failure_reason: str | None
    payment_id: int | None

    @property
    def amount(self) -> Money:
        return Money(self.minor, self.currency)


def one(session: Session, intent_id: int) -> Case | None:
    """A card payment at a location that the person reaches."""
    intent = intents.by_id(session.connection(), intent_id)
    if intent is None:
        return None
    query = (
        select(
            Booking.id,
            Booking.log_count,
            Location.time_zone,
            Contact.first_name,
            Contact.last_name,
            PaymentMethod.name.label("method"),
            Person.email.label("person"),
        )
        .select_from(CardIntent)
        .join(Booking, Booking.id == CardIntent.booking_id)
        .join(Location, Location.id == Booking.location_id)
        .join(Contact, Contact.id == Booking.contact_id)
        .join(PaymentMethod, PaymentMethod.id == CardIntent.method_id)
        .outerjoin(Person, Person.id == CardIntent.person_id)
        .where(CardIntent.id == intent_id, within(Booking.location_id))
    )
    facts = session.execute(query).first()
    return None if facts is None else Case(intent, facts)


def of_booking(booking_id: int) -> Any:
    """The card payments of a booking, the last of them, as one value of its statement."""
    columns = [getattr(CardIntent, name) for name in COLUMNS]
    mine: Query = select(*columns).where(CardIntent.booking_id == booking_id)
    order = (CardIntent.ended_at.is_not(None), CardIntent.id.desc())
    some: Any = mine.order_by(*order).limit(SHOWN).subquery("last_cards")
    return rows_of(select(*some.c))


def rows(found: Sequence[Sequence[Any]]) -> list[CardRow]:
    """That value, the newest first."""
    named = [dict(zip(CardRow.__dataclass_fields__, each, strict=True)) for each in found]
    made = [CardRow(**each | {"at": instant(each["at"])}) for each in named]
    return sorted(made, key=lambda each: each.id, reverse=True)
