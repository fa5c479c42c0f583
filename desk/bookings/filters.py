"""What the address of the list of bookings asks for. Somebody may have written it by hand: what
cannot be is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from desk.bookings.queries import MONEY, ORDERS, STATUSES, Wanted
from desk.bookings.searching import as_id, cleaned


def asked_of(given: Mapping[str, str]) -> dict[str, str]:
    """The filters as they came, without the place in the list."""
    return {name: given.get(name, "").strip() for name in Wanted.__dataclass_fields__}


def wanted_of(given: Mapping[str, str]) -> Wanted:
    """The filters as they are used."""
    asked = asked_of(given)
    return Wanted(
        q=cleaned(asked["q"]),
        status=_among(asked["status"], STATUSES),
        location=as_id(asked["location"]),
        property=as_id(asked["property"]),
        tag=as_id(asked["tag"]),
        arrives_from=_day(asked["arrives_from"]),
        arrives_to=_day(asked["arrives_to"]),
        money=_among(asked["money"], MONEY),
        sort=_among(asked["sort"], tuple(ORDERS)) or "newest",
    )


def _among(text: str, known: tuple[str, ...]) -> str | None:
    return text if text in known else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
