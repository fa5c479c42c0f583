"""Reading for the list of tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tags.models import BookingTag, Tag


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag and on how many bookings it stands."""

    id: int
    name: str
    colour: str
    role: str | None
    bookings: int


def tags(session: Session) -> list[TagRow]:
    """All tags by name."""
    on = (
        select(BookingTag.tag_id, func.count().label("bookings"))
        .group_by(BookingTag.tag_id)
        .subquery()
    )
    columns: list[Any] = [Tag.id, Tag.name, Tag.colour, Tag.role, func.coalesce(on.c.bookings, 0)]
    query = select(*columns).outerjoin(on, on.c.tag_id == Tag.id).order_by(Tag.name)
    return [TagRow(*row) for row in session.execute(query)]
