"""Card payments whose outcome nobody knows, as their card on Today shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, join

from bookings.models import Booking
from desk.today.rows import About, about_columns, first_of, instant, read_booking, shown_of
from kit.money import Money
from kit.sql import Query
from payments.gateways.models import CardIntent


@dataclass(frozen=True, slots=True)
class UnknownCard:
    """A card payment whose outcome nobody could find out; `trouble` is why it could not be
    applied, where that was it."""

    about: About
    intent_id: int
    kind: str
    gateway: str
    amount: Money
    at: datetime
    trouble: str | None


def shown_unknown(places: CTE, found: CTE) -> Query:
    first = first_of(found, found.c.id)
    source = join(first, CardIntent, CardIntent.id == first.c.id)
    names = ("id", "kind", "gateway", "amount", "created_at", "trouble")
    return shown_of(
        first,
        places,
        source.join(Booking, Booking.id == CardIntent.booking_id),
        *about_columns(places),
        *(getattr(CardIntent, name) for name in names),
    )


def unknown_card(row: Sequence[Any]) -> UnknownCard:
    about, money = read_booking(row)
    intent_id, kind, gateway, amount, at, trouble = row[6:]
    return UnknownCard(about, intent_id, kind, gateway, money(amount), instant(at), trouble)
