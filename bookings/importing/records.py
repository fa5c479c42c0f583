"""From the values of a line to a booking of the agency: pure rules.

Amounts are minor units of the location's currency. Everything that is wrong with a line is told,
not the first thing only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bookings.availability import Span
from bookings.importing.agency import Agency, Names, Place, Unknown
from bookings.importing.columns import SCHEDULE, Row, gives_schedule
from bookings.prices import Offer, price_of
from bookings.schedule import Due, schedule_of
from kit.currencies import exponent
from kit.money import Money, TooManyDecimals
from payments.allocation import BALANCE, DEPOSIT

# Its first moment at the location must be one in UTC, too; and nobody booked before that.
EARLIEST = date(1900, 1, 1)
AMOUNTS = ("accommodation", *SCHEDULE, "cancellation_fee", "paid")
LINES = {
    "tax": ("Tax", DEPOSIT),
    "fee": ("Booking Fee", DEPOSIT),
    "insurance": ("Insurance", DEPOSIT),
    "deposit": ("Rental Deposit", DEPOSIT),
    "balance": ("Rental Balance", BALANCE),
    "security_deposit": ("Security Deposit", BALANCE),
}


@dataclass(frozen=True, slots=True)
class Paid:
    """Money that came already."""

    amount: int
    paid_on: date
    method_id: int
    reference: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """A booking to be written. `values` are the line's texts and counts; `dues` what the schedule
    asks for, or asked for when it is cancelled: then `fee` is what the agency keeps, and there is
    no `span` of nights to hold."""

    number: int
    place: Place
    property_id: int
    span: Span | None
    values: Mapping[str, Any]
    status: str
    source_id: int | None
    tags: tuple[int, ...]
    created_on: date
    accommodation: int
    tax_rate: int | None
    dues: tuple[Due, ...]
    fee: int
    paid: Paid | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What of a line nobody else may have: its account at its location, and its nights. None
    where the line does not say it, or wrongly. Days in `span` are of the property `name`."""

    number: int
    location_id: int | None = None
    account: str | None = None
    span: Span | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """A line: its claim, and either the booking or what is wrong."""

    claim: Claim
    record: Record | None
    faults: tuple[str, ...]


def understand(row: Row, agency: Agency) -> Understood:
    """What a line means to this agency."""
    reader = _Reader(row, agency)
    place, offer = reader.place(), None
    if place is not None:
        offer = reader.offer(place)
        reader.look_at_days(place)
    claim = _claim(row, place, offer)
    found = reader.record(place, offer, claim.span)
    faults = (*row.faults, *reader.faults)
    return Understood(claim, None if faults else found, faults)


def _claim(row: Row, place: Place | None, offer: Offer | None) -> Claim:
    values = row.values
    span = None
    days = values.get("arrival"), values.get("departure")
    if offer and days[0] and days[1] and values.get("status") != "cancelled":
        span = Span("arrival", offer.property_id, days[0], days[1])
    account = values.get("account") if place else None
    return Claim(
        row.number, place.id if place else None, account, span, offer.name if offer else ""
    )


class _Reader:
    """Reads one line and gathers what is wrong with it."""

    def __init__(self, row: Row, agency: Agency) -> None:
        self.number, self.values, self.agency = row.number, row.values, agency
        self.broken = bool(row.faults)
        self.faults: list[str] = []

    def find(self, column: str, names: Names, came: str | None = None) -> int | None:
        """The id of what the column names; None when it names nothing, or nothing there is."""
        came = self.values.get(column) if came is None else came
        if came is None:
            return None
        try:
            return names.find(came)
        except Unknown as unknown:
            self.faults.append(f"{column} {unknown}")
            return None

    def place(self) -> Place | None:
        found = self.find("location", self.agency.locations)
        return None if found is None else self.agency.places[found]

    def offer(self, place: Place) -> Offer | None:
        found = self.find("property", self.agency.properties[place.id])
        return None if found is None else self.agency.offers[found]

    def look_at_days(self, place: Place) -> None:
        """What happened has happened already; and the money is the location's."""
        for column in ("created", "paid_on"):
            came = self.values.get(column)
            if came is not None and came > place.today:
                self.faults.append(f"{column} is {came}; it must not be after today.")
        came = self.values.get("created")
        if came is not None and came < EARLIEST:
            self.faults.append(f"created is {came}; it must not be before {EARLIEST}.")
        came = self.values.get("currency", place.currency)
        if came != place.currency:
            sentence = f"currency is {came!r}; {place.client_name} has {place.currency}."
            self.faults.append(sentence)

    def amounts(self, place: Place) -> dict[str, int]:
        """Minor units of the amounts that are given."""
        found = {}
        for name in AMOUNTS:
            came: Decimal | None = self.values.get(name)
            if came is None:
                continue
            try:
                found[name] = Money.of(came, place.currency).minor
            except TooManyDecimals:
                may = exponent(place.currency)
                sentence = f"{name} is {came:f}; {place.currency} has {may} decimals."
                self.faults.append(sentence)
        return found

    def tags(self) -> tuple[int, ...]:
        words = [word.strip() for word in self.values.get("tags", "").split(";")]
        found = [self.find("tags", self.agency.tags, word) for word in words if word]
        return tuple(dict.fromkeys(tag for tag in found if tag is not None))

    def method_and_others(self) -> tuple[int | None, int | None, tuple[int, ...]]:
        """The ids of the payment method, the source and the tags."""
        method_id = self.find("method", self.agency.methods)
        return method_id, self.find("source", self.agency.sources), self.tags()

    def record(self, place: Place | None, offer: Offer | None, span: Span | None) -> Record | None:
        """The booking; None when the line does not make one, for reasons told by then."""
        method_id, source_id, tags = self.method_and_others()
        amounts = self.amounts(place) if place else {}
        if place is None or offer is None or self.broken or self.faults:
            return None
        created_on: date = self.values.get("created", place.today)
        asked = self.asked(offer, amounts, created_on)
        if asked is None:
            return None
        return Record(
            number=self.number,
            place=place,
            property_id=offer.property_id,
            span=span,
            values=self.values,
            status=self.values.get("status", "booking"),
            source_id=source_id,
            tags=tags,
            created_on=created_on,
            accommodation=asked[0],
            tax_rate=_tax_rate(self.values, offer),
            dues=asked[1],
            fee=amounts.get("cancellation_fee", 0),
            paid=_paid(self.values, amounts, method_id),
        )

    def asked(
        self, offer: Offer, amounts: Mapping[str, int], created_on: date
    ) -> tuple[int, tuple[Due, ...]] | None:
        """What the stay costs, and its schedule: as given, or by the property's payment rule as
        it would have been on the day of booking."""
        values, agreed = self.values, amounts.get("accommodation")
        if values.get("status") == "blockout":
            return 0, ()
        if gives_schedule(values):
            rent = amounts.get("deposit", 0) + amounts.get("balance", 0)
            return rent if agreed is None else agreed, _given(values, amounts, offer)
        if offer.rule is None or (offer.night_price is None and agreed is None):
            self.faults.append(
                f"property is {offer.property_id}, which has no price or no payment rule here; "
                "give deposit and balance."
            )
            return None
        price = price_of(offer, values["arrival"], values["departure"], (), "none", agreed)
        return price.accommodation, tuple(schedule_of([price], values["arrival"], created_on))


def _tax_rate(values: Mapping[str, Any], offer: Offer) -> int | None:
    """The rate of the rule that made the schedule; of one that the line gives, nobody knows it."""
    return None if offer.rule is None or gives_schedule(values) else offer.rule.tax_rate


def _paid(
    values: Mapping[str, Any], amounts: Mapping[str, int], method_id: int | None
) -> Paid | None:
    if not amounts.get("paid") or method_id is None:
        return None
    return Paid(amounts["paid"], values["paid_on"], method_id, values.get("reference"))


def _given(values: Mapping[str, Any], amounts: Mapping[str, int], offer: Offer) -> tuple[Due, ...]:
    """The schedule as the line gives it; no lines of nothing."""
    dues = []
    for kind, (name, stage) in LINES.items():
        if amounts.get(kind):
            due_on = values["deposit_due" if stage == DEPOSIT else "balance_due"]
            dues.append(Due(name, kind, stage, amounts[kind], due_on, offer.property_id))
    return tuple(dues)
