"""The names and numbers of the agency that a file may use; read once, they are few."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, select

from bookings.models import Property, Source
from bookings.offers import offers
from bookings.prices import Offer
from kit import clock
from locations.models import Location
from payments.models import PaymentMethod
from tags.models import Tag

AT_ONCE = 5000
MOST_HINTS = 1000


class Unknown(Exception):
    """The agency has nothing of this name; the text is the sentence after the column's name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A location; `today` is its day when the import began."""

    id: int
    client_name: str
    currency: str
    time_zone: str
    today: date


@dataclass(frozen=True, slots=True)
class Names:
    """Things of one kind by name, and by id where they have ids: then digits are an id."""

    kind: str
    ids: frozenset[int]
    by_name: Mapping[str, list[int]]
    hints: dict[str, str] = field(default_factory=dict)

    def find(self, came: str) -> int:
        """The id. Raises Unknown, with a name that may have been meant."""
        if self.ids and came.isascii() and came.isdigit():
            if int(came) in self.ids:
                return int(came)
            raise Unknown(f"is {came}; no {self.kind} has this id.")
        found = self.by_name.get(came, [])
        if len(found) == 1:
            return found[0]
        if found:
            which = " and ".join(map(str, sorted(found)))
            raise Unknown(f"is {came!r}, and so are {which} called; write the id.")
        raise Unknown(f"is {came!r}; no {self.kind} is called that{self._hint(came)}")

    def _hint(self, came: str) -> str:
        """Looking for names alike takes time: for so many wrong names only, and once for each."""
        if came not in self.hints and len(self.hints) < MOST_HINTS:
            close = difflib.get_close_matches(came, self.by_name, n=1)
            self.hints[came] = f"; did you mean {close[0]}?" if close else "."
        return self.hints.get(came, ".")


@dataclass(frozen=True, slots=True)
class Agency:
    """Properties are known within their location; methods by name and code, refund types apart."""

    locations: Names
    places: Mapping[int, Place]
    properties: Mapping[int, Names]
    offers: Mapping[int, Offer]
    sources: Names
    tags: Names
    methods: Names


def agency(connection: Connection, now: datetime) -> Agency:
    """Everything the agency has, as it is now."""
    places = _places(connection, now)
    known = list(connection.scalars(select(Property.id).order_by(Property.id)))
    parts = [known[start : start + AT_ONCE] for start in range(0, len(known), AT_ONCE)]
    on_offer = {k: v for part in parts for k, v in offers(connection, part, None).items()}
    of_place: dict[int, list[tuple[int, str]]] = {place: [] for place in places}
    for each in on_offer.values():
        of_place[each.location_id].append((each.property_id, each.name))
    method = select(PaymentMethod.id, PaymentMethod.name, PaymentMethod.code)
    methods = connection.execute(method.where(~PaymentMethod.is_refund)).all()
    words = [(id, word) for id, name, code in methods for word in (name, code) if word]
    return Agency(
        locations=Names(
            "location", frozenset(), _named((x.id, x.client_name) for x in places.values())
        ),
        places=places,
        properties={
            place: _names(f"property of {places[place].client_name}", some)
            for place, some in of_place.items()
        },
        offers=on_offer,
        sources=_names("source", _rows(connection, Source)),
        tags=_names("tag", _rows(connection, Tag)),
        methods=Names("payment method", frozenset(), _named(words)),
    )


def _places(connection: Connection, now: datetime) -> dict[int, Place]:
    columns = select(Location.id, Location.client_name, Location.currency, Location.time_zone)
    rows = connection.execute(columns.order_by(Location.id))
    return {row.id: Place(*row, clock.day_at(now, row.time_zone)) for row in rows}


def _rows(connection: Connection, model: type[Source] | type[Tag]) -> list[tuple[int, str]]:
    rows = connection.execute(select(model.id, model.name).order_by(model.id))
    return [(row.id, row.name) for row in rows]


def _names(kind: str, rows: list[tuple[int, str]]) -> Names:
    return Names(kind, frozenset(id for id, _ in rows), _named(rows))


def _named(rows: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for id, name in rows:
        if id not in found[name]:
            found[name].append(id)
    return dict(found)
