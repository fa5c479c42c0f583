"""What tests need to exist: locations, methods, bookings, partners; plain functions.

All of them write in the present app context, in a transaction of their own. Amounts are texts
("100.00") in the booking's currency; ids can be chosen, otherwise the database gives them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Connection, insert, select, update
from werkzeug.test import TestResponse

from audit.recording import chain
from bookings.models import (
    Booking,
    Contact,
    Extra,
    PaymentRule,
    Property,
    PropertyExtra,
    ScheduleLine,
    Stay,
)
from kit import clock
from kit.db import transaction
from kit.ids import digest, opaque, secret
from kit.money import Money
from kit.vault import vault
from locations.models import Location
from partners.models import AccessToken, Credential, Endpoint, Partner, PartnerLocation
from partners.scopes import SCOPES
from payments.models import PaymentMethod
from tags.models import BookingTag, Tag

ALL_SCOPES = " ".join(SCOPES)
numbers = itertools.count(1)


def _insert(model: Any, **values: Any) -> int:
    with transaction() as connection:
        return _add(connection, model, **values)


def _add(connection: Connection, model: Any, **values: Any) -> int:
    found: int = connection.scalars(insert(model).returning(model.id), [values]).one()
    return found


def location(id: int = 1, currency: str = "EUR", **values: Any) -> int:
    """A location, unless there is one with this id already."""
    with transaction() as connection:
        return _location(connection, id, currency, **values)


def _location(connection: Connection, id: int, currency: str = "EUR", **values: Any) -> int:
    if connection.scalar(select(Location.id).where(Location.id == id)) is not None:
        return id
    defaults = {
        "name": f"Location {id}",
        "client_name": f"client{id}",
        "business_location_id": 1000 + id,
        "token_hash": digest(f"location token {id}"),
        "time_zone": "Europe/Lisbon",
        "mail_sender": f"stay@location{id}.example.com",
    }
    return _add(connection, Location, **(defaults | {"id": id, "currency": currency} | values))


def _minor(amount: str | None, location_id: int) -> int | None:
    if amount is None or amount == "0":
        return None if amount is None else 0
    return Money.parse(amount, row_of(Location, location_id).currency).minor


def rule(location_id: int = 1, *, booking_fee: str = "0", **rates: Any) -> int:
    """A payment rule; `rates` are other columns of it (1000 is 10 %), nothing unless given."""
    location(location_id)
    fee = _minor(booking_fee, location_id)
    return _insert(PaymentRule, location_id=location_id, name="Rule", booking_fee=fee, **rates)


def place(
    location_id: int = 1,
    name: str = "Casa Azul",
    *,
    night_price: str | None = None,
    rule: int | None = None,
    insurance: str | None = None,
    breakages_deposit: str = "0",
) -> int:
    """A property; it can be booked by the API when it has a price and a payment rule."""
    location(location_id)
    return _insert(
        Property,
        location_id=location_id,
        name=name,
        payment_rule_id=rule,
        night_price=_minor(night_price, location_id),
        insurance=_minor(insurance, location_id),
        breakages_deposit=_minor(breakages_deposit, location_id),
    )


def extra(place_id: int, price: str = "30.00", name: str = "Cot") -> int:
    """An extra that this property offers, and its price there."""
    extra_id = _insert(Extra, name=name)
    offered = {"property_id": place_id, "extra_id": extra_id}
    minor = _minor(price, row_of(Property, place_id).location_id)
    with transaction() as connection:
        connection.execute(insert(PropertyExtra), [offered | {"price": minor}])
    return extra_id


def method(name: str = "PayPal", **values: Any) -> int:
    """A payment method; by default one that takes any payment from outside."""
    number = next(numbers)
    defaults = {
        "code": f"CODE{number}",
        "kind": "bank",
        "public_id": opaque(33),
        "is_refund": False,
        "takes_tips": False,
        "manual_prohibited": False,
        "from_outside": True,
        "paying": "both",
    }
    return _insert(PaymentMethod, name=name, **(defaults | values))


def tag(id: int, name: str, role: str | None = None) -> int:
    return _insert(Tag, id=id, name=name, colour="#000000", role=role)


@dataclass(frozen=True)
class Due:
    """A schedule line to make."""

    amount: str
    stage: int = 1
    due_in: int = 0
    name: str = ""
    property: int = 0  # which of the booking's properties, from 0


def booking(
    dues: Sequence[str | Due] = ("100.00",),
    *,
    currency: str = "EUR",
    location_id: int = 1,
    tags: Sequence[int] = (),
    email: str | None = "guest@example.com",
    locale: str = "en_GB",
    properties: int = 1,
    **values: Any,
) -> int:
    """A booking with these dues (texts are amounts due with the deposit, today)."""
    lines = [due if isinstance(due, Due) else Due(due) for due in dues]
    total = sum(Money.parse(line.amount, currency).minor for line in lines)
    row = {"location_id": location_id, "currency": currency, "total": total,
           "is_owners": values.get("status") == "blockout"}  # fmt: skip
    guest = {"first_name": "Maria", "last_name": "Silva", "country": "PT"}
    # In one transaction: hardly a test is without a booking.
    with transaction() as connection:
        _location(connection, location_id, currency)
        places = [
            _add(connection, Property, location_id=location_id, name=f"Property {n + 1}",
                 breakages_deposit=0)
            for n in range(properties)
        ]  # fmt: skip
        row["contact_id"] = _add(connection, Contact, email=email, locale=locale, **guest)
        booking_id = _add(connection, Booking, **(_anything() | row | values))
        seal = chain().empty(booking_id).seal
        connection.execute(update(Booking).where(Booking.id == booking_id).values(log_seal=seal))
        stay = {"booking_id": booking_id, "adults": 2, **_days()}
        connection.execute(insert(Stay), [stay | {"property_id": each} for each in places])
        due_lines = [_line(booking_id, line, currency, places) for line in lines]
        if due_lines:
            connection.execute(insert(ScheduleLine), due_lines)
        if tags:
            rows = [{"booking_id": booking_id, "tag_id": each} for each in tags]
            connection.execute(insert(BookingTag), rows)
    return booking_id


def _days() -> dict[str, date]:
    today = clock.now().date()
    return {"arrives_on": today + timedelta(days=90), "leaves_on": today + timedelta(days=97)}


def _anything() -> dict[str, Any]:
    """What a booking must have and most tests do not care about."""
    now = clock.now()
    return {
        "account_identifier": f"T{next(numbers)}.1",
        "status": "booking",
        **_days(),
        "created_at": now,
        "modified_at": now,
        "log_count": 0,
        "log_hash": "",
        "log_seal": "",
    }


def _line(booking_id: int, due: Due, currency: str, places: Sequence[int]) -> dict[str, Any]:
    return {
        "booking_id": booking_id,
        "property_id": places[due.property],
        "name": due.name or f"Stage {due.stage}",
        "kind": "deposit" if due.stage == 1 else "balance",
        "stage": due.stage,
        "amount": Money.parse(due.amount, currency).minor,
        "due_on": clock.now().date() + timedelta(days=due.due_in),
    }


def lines_of(booking_id: int) -> list[ScheduleLine]:
    """The schedule as it stands, by id."""
    with transaction() as connection:
        query = select(ScheduleLine.__table__).where(ScheduleLine.booking_id == booking_id)
        return list(connection.execute(query.order_by(ScheduleLine.id)))  # type: ignore[arg-type]


def row_of(model: Any, id: int) -> Any:
    """A row as it stands now, by id."""
    with transaction() as connection:
        return connection.execute(select(model.__table__).where(model.id == id)).one()


def rows_of(model: Any, **where: Any) -> list[Any]:
    """The rows with these values, by their keys."""
    with transaction() as connection:
        query = select(model.__table__).filter_by(**where)
        return list(connection.execute(query.order_by(*model.__table__.primary_key)))


def partner(
    scopes: str = ALL_SCOPES, locations: Sequence[int] = (1,), client_id: str | None = None,
    client_secret: str = "secret",
) -> int:  # fmt: skip
    for each in locations:
        location(each)
    partner_id = _insert(
        Partner,
        name=f"Partner {next(numbers)}",
        client_id=client_id or opaque(12),
        secret_hash=digest(client_secret),
        scopes=scopes,
        may_waive_commission=False,
        created_at=clock.now(),
    )
    with transaction() as connection:
        for each in locations:
            row = {"partner_id": partner_id, "location_id": each}
            connection.execute(insert(PartnerLocation), [row])
    return partner_id


def token(partner_id: int, scopes: str = ALL_SCOPES, lives: timedelta = timedelta(hours=1)) -> str:
    made, now = secret(), clock.now()
    row = {
        "token_hash": digest(made),
        "partner_id": partner_id,
        "scopes": scopes,
        "issued_at": min(now, now + lives - timedelta(seconds=1)),
        "expires_at": now + lives,
    }
    with transaction() as connection:
        connection.execute(insert(AccessToken), [row])
    return made


def credential(partner_id: int, kind: str, secret: str, login: str | None = None) -> int:
    """What a partner signs in with: `login` and a base64 `secret` for Spektrix, else the secret."""
    lookup, sealed = (login, vault().seal(secret)) if login else (digest(secret), None)
    return _insert(
        Credential,
        partner_id=partner_id,
        kind=kind,
        lookup=lookup,
        sealed=sealed,
        created_at=clock.now(),
    )


SIGNING_SECRET = "whsec_dGhlIHNlY3JldCBvZiBhbGwgdGVzdHMsIDMyIGxvbmc="


def endpoint(partner_id: int, url: str = "https://example.com/hooks", **values: Any) -> int:
    """A webhook endpoint; by default one for all events, signed with SIGNING_SECRET."""
    secret = values.pop("secret", SIGNING_SECRET)
    sealed = None if secret is None else vault().seal(secret)
    defaults = {"kind": "events", "name": f"endpoint{next(numbers)}", "sealed": sealed}
    return _insert(
        Endpoint, partner_id=partner_id, url=url, created_at=clock.now(), **(defaults | values)
    )


class Client:
    """Calls the API as one partner."""

    def __init__(self, app: Flask, partner_id: int, access_token: str) -> None:
        self.app, self.partner_id, self.token = app, partner_id, access_token
        self._http = app.test_client()

    @classmethod
    def of_new_partner(
        cls, app: Flask, scopes: str = ALL_SCOPES, locations: Sequence[int] = (1,)
    ) -> Client:
        partner_id = partner(scopes, locations)
        return cls(app, partner_id, token(partner_id, scopes))

    def at(self, app: Flask) -> Client:
        """The same partner, calling another application (process)."""
        return Client(app, self.partner_id, self.token)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._http.get(path, headers=self._headers(headers))

    def post(self, path: str, body: str | bytes, **headers: str) -> TestResponse:
        """Post a form body. Header names are written with underscores: Idempotency_Key="a"."""
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        return self._http.post(path, data=body, headers=self._headers(sent))

    def pay(self, booking_id: int, amount: str = "100.00", **fields: Any) -> TestResponse:
        """Post a payment: sensible fields, but for those given (None leaves one out). Names in
        capitals first are form fields, `headers` are headers."""
        headers = fields.pop("headers", {})
        form = {
            "Amount": amount,
            "BookingId": booking_id,
            "PaymentScheduleIds": "1,2",
            "Status": 0,
            "Currency": "EUR",
            "PaymentDate": clock.now().date().isoformat(),
            "PaymentMethod": "PayPal",
            "SendEmail": "false",
        } | fields
        body = "&".join(f"{name}={value}" for name, value in form.items() if value is not None)
        return self.post("/apis/payments", body, **headers)

    def _headers(self, given: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in given.items()}
        return {"Authorization": f"Bearer {self.token}"} | named
