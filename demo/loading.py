"""Loading the demonstration: what is there already stays, what is missing is added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, insert, or_, select, text, update

from audit.chain import Actor, Origin
from audit.recording import chain
from bookings.models import (
    FIRST_LINE_ID,
    Booking,
    Contact,
    Extra,
    Night,
    PaymentRule,
    Property,
    PropertyExtra,
    ScheduleLine,
    Source,
    Stay,
)
from demo import agency
from demo.bookings import CHEQUE, CURRENCY_OF, Paid, Plan, day, many, named
from kit import clock
from kit.db import Base
from kit.ids import secret
from kit.vault import vault
from locations.models import Location
from outbox.models import Message
from partners.authentication import Caller
from partners.models import Credential, Endpoint, Partner, PartnerLocation
from payments.commands import TakePayment
from payments.models import DefaultMethod, MethodAttribute, PaymentMethod
from payments.recording import RecordPayment, record_payment
from payments.statements.models import BankAccount
from payments.taking import Call, take_payment
from staff.models import Person
from staff.passwords import hashed
from tags.models import BookingTag, Tag

DEMO = Caller(1, "Demonstration", frozenset(), frozenset({1, 2}))
ORIGIN = Origin(Actor("partner", DEMO.partner_id, DEMO.name))
ZONES: dict[int, str] = {row["id"]: row["time_zone"] for row in agency.LOCATIONS}
MANAGER = Origin(Actor("person", agency.STAFF[1]["id"], agency.STAFF[1]["email"]))


class NotOurs(Exception):
    """The database holds data that is not the demonstration's."""


def load(connection: Connection, now: datetime) -> int:
    """Load or complete the demonstration; how many rows and payments were added.

    Raises NotOurs when there is anything else in the database.
    """
    _refuse_strangers(connection)
    partners = [{**row, "created_at": now} for row in agency.PARTNERS]
    tables: list[tuple[Any, Sequence[Mapping[str, Any]]]] = [
        (Location, agency.LOCATIONS),
        (PaymentRule, agency.PAYMENT_RULES),
        (Property, agency.PROPERTIES),
        (Extra, agency.EXTRAS),
        (PropertyExtra, agency.PROPERTY_EXTRAS),
        (Source, agency.SOURCES),
        (Tag, agency.TAGS),
        (Partner, partners),
        (PartnerLocation, agency.PARTNER_LOCATIONS),
        (PaymentMethod, agency.METHODS),
        (MethodAttribute, agency.ATTRIBUTES),
        (DefaultMethod, agency.DEFAULT_METHODS),
        (BankAccount, [{**row, "created_at": now} for row in agency.BANK_ACCOUNTS]),
        (Credential, _sealed(agency.CREDENTIALS, now)),
    ]
    added = sum(_complete(connection, model.__table__, rows) for model, rows in tables)
    added += _price_older(connection) + _offer_older(connection) + _staff(connection, now)
    there = set(connection.scalars(select(Booking.id)))
    plans = [plan for plan in [*named(), *many(now.date())] if plan.id not in there]
    for plan in plans:
        _book(connection, plan, now)
    _restart_ids(connection)
    for plan in plans:
        for paid in plan.payments:
            _pay(connection, plan, paid, now)
            added += 1
    _tell_nobody(connection, plans)
    # After the payments: what happened before anybody listened is told to nobody.
    endpoints: Any = Endpoint.__table__
    added += _complete(connection, endpoints, _sealed(agency.ENDPOINTS, now))
    _restart_ids(connection)
    return added + len(plans)


def _sealed(rows: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The rows as they are stored: with their secrets encrypted."""
    return [
        {
            **{name: value for name, value in row.items() if name != "secret"},
            "sealed": vault().seal(row["secret"]) if "secret" in row else None,
            "created_at": now,
        }
        for row in rows
    ]


def _refuse_strangers(connection: Connection) -> None:
    others = select(func.count()).select_from(Location).where(~Location.is_demonstration)
    if connection.scalar(others):
        raise NotOurs("The database holds locations that are not the demonstration's.")
    names = select(Partner.client_id).where(
        Partner.id.in_([row["id"] for row in agency.PARTNERS]),
        Partner.client_id.not_in([row["client_id"] for row in agency.PARTNERS]),
    )
    if connection.scalars(names).first() is not None:
        raise NotOurs("The database holds partners that are not the demonstration's.")
    ours = {row["id"]: row["email"] for row in agency.STAFF}
    taken = or_(Person.id.in_(list(ours)), Person.email.in_(list(ours.values())))
    for person_id, email in connection.execute(select(Person.id, Person.email).where(taken)):
        if ours.get(person_id) != email:
            raise NotOurs("The database holds staff who are not the demonstration's.")


def _complete(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose keys are not there yet."""
    keys = list(table.primary_key.columns)
    there = {tuple(row) for row in connection.execute(select(*keys))}
    missing = [row for row in rows if tuple(row[key.name] for key in keys) not in there]
    if missing:
        connection.execute(insert(table), [dict(row) for row in missing])
    return len(missing)


def _staff(connection: Connection, now: datetime) -> int:
    """The people of the demonstration who are not there yet, each with a hash of their own."""
    there = set(connection.scalars(select(Person.id)))
    missing = [
        {**row, "password": hashed(agency.PASSWORD), "fs_uniquifier": secret(), "created_at": now}
        for row in agency.STAFF
        if row["id"] not in there
    ]
    if missing:
        connection.execute(insert(Person), missing)
    return len(missing)


def _price_older(connection: Connection) -> int:
    """A demonstration of before there were prices gets them."""
    changed = 0
    for row in agency.PROPERTIES:
        unpriced = (Property.id == row["id"], Property.payment_rule_id.is_(None))
        changed += connection.execute(update(Property).where(*unpriced).values(row)).rowcount
    return changed


def _offer_older(connection: Connection) -> int:
    """A demonstration of before guests could pay offers them its methods; when it offers any, that
    is what somebody has chosen."""
    if connection.scalar(select(func.count()).where(PaymentMethod.for_guests)):
        return 0
    offered = [row["id"] for row in agency.METHODS if row["for_guests"]]
    online = and_(PaymentMethod.from_outside, PaymentMethod.paying != "on_site")
    mine = update(PaymentMethod).where(PaymentMethod.id.in_(offered), online)
    return connection.execute(mine.values(for_guests=True)).rowcount


def _book(connection: Connection, plan: Plan, now: datetime) -> None:
    created = now - timedelta(days=plan.created_ago)
    guest = plan.guest
    contact = {
        "first_name": guest.first_name,
        "last_name": guest.last_name,
        "email": guest.email,
        "country": guest.country,
        "locale": guest.locale,
    }
    contact_id = connection.scalars(insert(Contact).returning(Contact.id), [contact]).one()
    head = chain().empty(plan.id)
    arrives, leaves = day(now, plan.arrives), day(now, plan.arrives + plan.nights)
    booking = {
        "id": plan.id,
        "location_id": plan.location,
        "contact_id": contact_id,
        "account_identifier": plan.account or f"A{plan.id}.1",
        "source_id": plan.source,
        "status": plan.status,
        "is_owners": plan.status == "blockout",
        "currency": CURRENCY_OF[plan.location],
        "arrives_on": arrives,
        "leaves_on": leaves,
        "total": 0 if plan.status == "cancelled" else sum(line.minor for line in plan.lines),
        "created_at": created,
        "modified_at": created,
        "log_count": head.count,
        "log_hash": head.hash,
        "log_seal": head.seal,
    }
    connection.execute(insert(Booking), [booking])
    place = {"booking_id": plan.id, "property_id": plan.property_id}
    rent = sum(line.minor for line in plan.lines if line.kind in ("deposit", "balance"))
    stay = {**place, "arrives_on": arrives, "leaves_on": leaves, "adults": 2,
            "accommodation": rent}  # fmt: skip
    connection.execute(insert(Stay), [stay])
    if plan.status != "cancelled":
        nights = [{**place, "night": arrives + timedelta(days=n)} for n in range(plan.nights)]
        connection.execute(insert(Night), nights)
    _schedule(connection, plan, now)
    if plan.tags:
        rows = [{"booking_id": plan.id, "tag_id": tag} for tag in plan.tags]
        connection.execute(insert(BookingTag), rows)


def _schedule(connection: Connection, plan: Plan, now: datetime) -> None:
    last = connection.scalar(select(func.max(ScheduleLine.id))) or FIRST_LINE_ID - 1
    rows = [
        {
            "id": last + place,
            "booking_id": plan.id,
            "property_id": plan.property_id,
            "name": line.name,
            "kind": line.kind,
            "stage": line.stage,
            "amount": 0 if plan.status == "cancelled" else line.minor,
            "closed_amount": line.minor if plan.status == "cancelled" else None,
            "due_on": day(now, line.due),
        }
        for place, line in enumerate(plan.lines, start=1)
    ]
    if rows:
        connection.execute(insert(ScheduleLine), rows)


def _pay(connection: Connection, plan: Plan, paid: Paid, now: datetime) -> None:
    """Through the ledger's own door, so that books and log are what they would really be."""
    then = now - timedelta(days=paid.days_ago)
    if paid.method == CHEQUE:
        _type_in(connection, plan, paid, now)
        return
    order = TakePayment(
        source="ipro",
        booking_id=plan.id,
        amount=Decimal(paid.minor).scaleb(-2),
        charges=Decimal(paid.charges).scaleb(-2),
        currency=CURRENCY_OF[plan.location],
        state=paid.state,  # type: ignore[arg-type]
        method=paid.method,
        paid_on=day(now, paid.due_in or -paid.days_ago),
        comments=paid.comments,
        add_tags=paid.add_tags,
        send_email=False,
    )
    take_payment(connection, order, DEMO, Call(ORIGIN, lambda _: b""), lambda: then)


def _type_in(connection: Connection, plan: Plan, paid: Paid, now: datetime) -> None:
    """What partners may not send is typed in by the manager."""
    then = now - timedelta(days=paid.days_ago)
    order = RecordPayment(
        booking_id=plan.id,
        amount=Decimal(paid.minor).scaleb(-2),
        state=paid.state,  # type: ignore[arg-type]
        method=paid.method,
        paid_on=clock.day_at(then, ZONES[plan.location]),
        reference=paid.reference,
        send_email=False,
    )
    record_payment(connection, order, MANAGER, lambda: then)


def _tell_nobody(connection: Connection, plans: Sequence[Plan]) -> None:
    """What is added to a demonstration that was there before is no news to its endpoints."""
    new = Message.booking_id.in_([plan.id for plan in plans])
    connection.execute(delete(Message).where(new, Message.receiver.is_not(None)))


def _restart_ids(connection: Connection) -> None:
    """PostgreSQL counts on from where its sequence is, not from the ids that were given."""
    if connection.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        if [column.name for column in table.primary_key] == ["id"]:
            newest = f"SELECT setval('{table.name}_id_seq', max(id)) FROM {table.name} HAVING max(id) > 0"  # noqa: S608, E501
            connection.execute(text(newest))
