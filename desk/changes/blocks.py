"""The properties of a booking as blocks of a form: as they are stored, or as they were typed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bookings.forms import MOST_STAYS
from bookings.models import Stay
from bookings.prices import Offer
from desk.changes.queries import Amendable
from desk.changes.schemas import extra_numbers, stay_numbers
from desk.words import _, money_text
from kit.fields import WHOLE
from kit.money import Money

PARTY = ("adults", "children", "infants", "pets")
NOBODY = dict.fromkeys(PARTY, "0")


@dataclass(frozen=True, slots=True)
class ExtraRow:
    """An extra that is ordered or on offer; `at` is its place on the form."""

    at: str
    id: int
    name: str
    price: Money
    quantity: str


@dataclass(frozen=True, slots=True)
class Block:
    """One property on the form; `values` are what its fields show, by their last names. `is_new`:
    it is not in the booking yet; `is_out`: it is to be taken out."""

    at: str
    property_id: int
    name: str
    values: Mapping[str, str]
    breakages: list[tuple[str, str]]
    extras: list[ExtraRow]
    is_new: bool
    is_out: bool


def blocks(subject: Amendable, came: Mapping[str, Any]) -> list[Block]:
    """The properties that came with a form, and the one it adds; without any, those stored."""
    stored = {stay.property_id: stay for stay, _name in subject.booked}
    found = [_typed(subject, came, number, stored) for number in stay_numbers(came)]
    if not found:
        found = [_stored(subject, number, stay) for number, stay in enumerate(stored.values())]
    if added := _added(subject, came, [each for each in found if each is not None]):
        found.append(added)
    return [each for each in found if each is not None]


def asked_for(came: Mapping[str, Any]) -> set[int]:
    """The properties that a form has, and the one it adds."""
    found = [came[f"stays[{number}].property"] for number in stay_numbers(came)]
    return {int(each) for each in (*found, came.get("add", "")) if WHOLE.fullmatch(each)}


def addable(subject: Amendable, there: list[Block]) -> list[tuple[int, str]]:
    """The properties of the location that are not on the form, by name."""
    used = {block.property_id for block in there}
    rest = [(id, name) for id, name in subject.bookable if id not in used]
    return sorted(rest, key=lambda each: each[1])


def _stored(subject: Amendable, number: int, stay: Stay) -> Block:
    values = {
        "arrives_on": stay.arrives_on.isoformat(),
        "leaves_on": stay.leaves_on.isoformat(),
        "breakages": stay.breakages,
        **{name: str(getattr(stay, name)) for name in PARTY},
    }
    return _of_booking(subject, number, subject.offers[stay.property_id], values, {}, stay)


def _typed(
    subject: Amendable, came: Mapping[str, Any], number: int, stored: Mapping[int, Stay]
) -> Block | None:
    """The block that came under this number; None when its property is none of the location."""
    at = f"stays[{number}]."
    text = came[at + "property"]
    offer = subject.offers.get(int(text)) if WHOLE.fullmatch(text) else None
    if offer is None:
        return None
    values, quantities = _came(came, at)
    is_out = came.get(at + "out") == "true"
    stay = stored.get(offer.property_id)
    return _of_booking(subject, number, offer, values, quantities, stay, is_out=is_out)


def _added(subject: Amendable, came: Mapping[str, Any], there: list[Block]) -> Block | None:
    """The property that was chosen to be added, for the days of the booking."""
    wanted, possible = came.get("add", ""), dict(addable(subject, there))
    if not WHOLE.fullmatch(wanted) or int(wanted) not in possible or len(there) >= MOST_STAYS:
        return None
    booking = subject.booking
    days = {"arrives_on": booking.arrives_on, "leaves_on": booking.leaves_on}
    values = {name: day.isoformat() for name, day in days.items()} | NOBODY
    number = max([*stay_numbers(came), len(there) - 1]) + 1
    offer = subject.offers[int(wanted)]
    return _of_booking(subject, number, offer, values | {"breakages": "none"}, {}, None)


def first(offer: Offer, currency: str, came: Mapping[str, Any]) -> Block:
    """The one property of a booking that is typed in."""
    values, quantities = _came(came, "stays[0].")
    start = {"arrives_on": "", "leaves_on": "", "breakages": "none"} | NOBODY | {"adults": "2"}
    return _block(currency, 0, offer, values if came else start, quantities, None, {}, False)


def _came(came: Mapping[str, Any], at: str) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed in for a property, and how many of each extra by its id."""
    names = ("arrives_on", "leaves_on", "breakages", *PARTY)
    values = {name: came.get(at + name, "") for name in names}
    number = int(at.removeprefix("stays[").removesuffix("]."))
    quantities = {
        came[f"{at}extras[{place}].extra"]: came.get(f"{at}extras[{place}].quantity", "")
        for place in extra_numbers(came, number)
    }
    return values, quantities


def _of_booking(
    subject: Amendable,
    number: int,
    offer: Offer,
    values: Mapping[str, str],
    quantities: Mapping[str, str],
    stay: Stay | None,
    *,
    is_out: bool = False,
) -> Block:
    """A block of a booking, with what is ordered there already, at the price of then."""
    ordered = {
        each.extra_id: (each.name, each.price, str(each.quantity))
        for each in subject.extras
        if each.property_id == offer.property_id
    }
    currency = subject.booking.currency
    return _block(currency, number, offer, values, quantities, stay, ordered, is_out)


def _block(
    currency: str,
    number: int,
    offer: Offer,
    values: Mapping[str, str],
    quantities: Mapping[str, str],
    stay: Stay | None,
    ordered: Mapping[int, tuple[str, int, str]],
    is_out: bool,
) -> Block:
    at = f"stays[{number}]."
    rows = {each.id: (each.name, each.price, "0") for each in offer.extras.values()}
    rows.update(ordered)
    extras = [
        ExtraRow(
            f"{at}extras[{place}].",
            extra_id,
            name,
            Money(price, currency),
            quantities.get(str(extra_id), quantity),
        )
        for place, (extra_id, (name, price, quantity)) in enumerate(sorted(rows.items()))
    ]
    return Block(
        at=at,
        property_id=offer.property_id,
        name=offer.name,
        values=values,
        breakages=_breakages(currency, offer, stay),
        extras=extras,
        is_new=stay is None,
        is_out=is_out,
    )


def _breakages(currency: str, offer: Offer, stay: Stay | None) -> list[tuple[str, str]]:
    """What may stand for breakages there, with what it costs; what is agreed on stays possible."""
    agreed = stay.breakages if stay else "none"
    insurance = stay.insurance if stay and agreed == "insurance" else offer.insurance
    found = [("none", _("Nothing"))]
    if insurance is not None:
        price = money_text(Money(insurance, currency))
        found.append(("insurance", _("Insurance, %(price)s", price=price)))
    if offer.breakages_deposit or agreed == "deposit":
        price = money_text(Money(offer.breakages_deposit, currency))
        found.append(("deposit", _("Security deposit, %(price)s", price=price)))
    return found


def typed(found: list[Block]) -> dict[str, str]:
    """The fields of these blocks as a form would send them."""
    fields: dict[str, str] = {}
    for block in found:
        fields[f"{block.at}property"] = str(block.property_id)
        fields |= {block.at + name: value for name, value in block.values.items()}
        for each in block.extras:
            fields |= {f"{each.at}extra": str(each.id), f"{each.at}quantity": each.quantity}
    return fields
