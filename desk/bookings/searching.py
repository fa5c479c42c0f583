"""The search for bookings: by ids and references exactly, by guests as their names begin.

Every way to find one is by a key or an index of its own, and their hits are put together, so that
the search costs what it finds and not how many bookings there are. Only an amount, which nothing
is indexed by, is looked for in all rows.
"""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union
from sqlalchemy.sql.selectable import CTE

from bookings.models import Booking, Contact, ScheduleLine
from kit.currencies import NO_DECIMALS, THREE_DECIMALS
from kit.sql import Query, Spoken
from payments.models import Payment

AMOUNT = re.compile(r"(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,3})|,(\d{2}))?", re.ASCII)
MOST_DIGITS = 18
LONGEST = 254
MOST_WORDS = 5


class BeginsWith(Spoken):
    """Whether the first text begins with the second, in any case; by an index over lower(first)
    (bookings.models). PostgreSQL's operators are those of text_pattern_ops: byte by byte. It has no
    type, for SQLAlchemy would compare a boolean with 1 on SQLite, which then uses no index."""

    inherit_cache = True
    sqlite = "(lower({0}) >= lower({1}) AND lower({0}) < (lower({1}) || char(1114111)))"
    postgresql = "(lower({0}) ~>=~ lower({1}) AND lower({0}) ~<~ (lower({1}) || chr(1114111)))"


def cleaned(text: str) -> str:
    """What was typed into a search box, as it is looked for."""
    return " ".join(text.replace("\0", "").split())[:LONGEST]


def as_id(text: str) -> int | None:
    """The id of a booking, when nothing else is typed."""
    plain = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if plain else None


def hits(text: str) -> CTE:
    """The ids of all bookings that a search finds, at any location. `text` is cleaned."""
    guests = select(Booking.id).join(Contact, Contact.id == Booking.contact_id)
    ways: list[Query] = [
        *(guests.where(way) for way in _guest(text)),
        select(Booking.id).where(Booking.account_identifier == text),
        select(Booking.id).where(Booking.external_reference == text),
        select(Payment.booking_id).where(Payment.reference == text),
    ]
    if (booking_id := as_id(text)) is not None:
        ways.append(select(Booking.id).where(Booking.id == booking_id))
    if amounts := minor_units(text):
        ways += _of_amounts(amounts)
    return union(*ways).cte("hits").prefix_with("MATERIALIZED")


def minor_units(text: str) -> dict[int, int]:
    """What an amount as it is typed ("248.00", "1,015", "795,00") is in minor units, by how many
    decimals a currency has; empty for what is no amount."""
    found = AMOUNT.fullmatch(text)
    if not found:
        return {}
    whole, decimals = int(found[1].replace(",", "")), found[2] or found[3] or ""
    return {
        places: whole * 10**places + int(decimals.ljust(places, "0") or 0)
        for places in (0, 2, 3)
        if len(decimals) <= places
    }


def _guest(text: str) -> list[ColumnElement[bool]]:
    """The ways a text can mean a guest, each by an index: one word begins a name or an address; of
    more, the first begin one name and the others the other, in either order."""
    if "@" in text:
        return [_begins(Contact.email, text)]
    words = text.replace(",", " ").split()[:MOST_WORDS]
    whole = " ".join(words) or text
    found = [_begins(Contact.first_name, whole), _begins(Contact.last_name, whole)]
    if len(words) < 2:
        return [*found, _begins(Contact.email, whole)]
    pairs = [
        and_(_begins(one, " ".join(words[:place])), _begins(other, " ".join(words[place:])))
        for place in range(1, len(words))
        for one, other in permutations((Contact.first_name, Contact.last_name))
    ]
    return found + pairs


def _begins(column: Any, text: str) -> ColumnElement[bool]:
    return and_(BeginsWith(column, text))


def _of_amounts(amounts: dict[int, int]) -> list[Query]:
    """Bookings with such a total, or with a line or a payment of that amount."""
    lines = select(ScheduleLine.booking_id).join(Booking, Booking.id == ScheduleLine.booking_id)
    return [
        select(Booking.id).where(is_amount(Booking.total, amounts)),
        lines.where(is_amount(ScheduleLine.amount, amounts)),
        select(Payment.booking_id).where(is_amount(func.abs(Payment.amount), amounts, Payment)),
    ]


def is_amount(column: Any, amounts: dict[int, int], model: Any = Booking) -> ColumnElement[bool]:
    """Whether a column, in minor units of the model's currency, is one of these amounts."""
    odd = {0: NO_DECIMALS, 3: THREE_DECIMALS}
    alike = {places: model.currency.in_(sorted(codes)) for places, codes in odd.items()}
    alike[2] = model.currency.not_in(sorted(NO_DECIMALS | THREE_DECIMALS))
    return or_(*(and_(column == minor, alike[places]) for places, minor in amounts.items()))
