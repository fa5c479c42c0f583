"""Reading for the pages of partners. Whoever is limited to locations sees the partners that reach
no location but theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, String, and_, cast, exists, func, literal, select, true
from sqlalchemy.orm import Session

from audit.models import LogEntry
from audit.reading import last_reasons
from desk.access import me
from kit.sql import rows_of
from locations.models import Location
from outbox.models import GIVEN_UP, WAITING, Message
from partners.models import (
    Credential,
    Endpoint,
    Partner,
    PartnerLocation,
    WebhookCall,
    is_at_any_of,
)
from partners.scopes import FORMATS

UTC = "UTC"
FORMAT_NAMES: Mapping[str, str] = {
    "spektrix": "Spektrix",
    "kseries": "Lightspeed K-Series",
    "brink": "PAR Brink",
    "iiko": "iiko",
}
# Signs in with our own tokens, so that its scopes alone tell of it.
BY_SCOPE = ("kseries",)
MOST_CALLS = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A location, as far as a choice of locations needs it."""

    id: int
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """A partner in the list. `kinds` are the formats it has credentials of; `active_at` is when it
    last changed anything here."""

    id: int
    name: str
    client_id: str
    scopes: Sequence[str]
    may_waive_commission: bool
    created_at: datetime
    revoked_at: datetime | None
    places: Sequence[Place]
    kinds: Sequence[str]
    active_at: datetime | None

    @property
    def formats(self) -> list[str]:
        """The names of the formats it speaks, besides our own."""
        by_scope = [each for each in BY_SCOPE if set(FORMATS[each]) <= set(self.scopes)]
        return [FORMAT_NAMES[each] for each in FORMATS if each in {*self.kinds, *by_scope}]

    @property
    def lacking(self) -> dict[str, str]:
        """Formats it has credentials of and not the scopes: its calls are refused."""
        return {
            FORMAT_NAMES[kind]: ", ".join(missing)
            for kind in sorted(set(self.kinds))
            if (missing := [scope for scope in FORMATS[kind] if scope not in self.scopes])
        }

    @property
    def zone(self) -> str:
        """Times are told in the zone of its locations, when they have one in common."""
        zones = {each.time_zone for each in self.places}
        return zones.pop() if len(zones) == 1 else UTC


@dataclass(frozen=True, slots=True)
class CredentialRow:
    id: int
    kind: str
    login: str | None
    created_at: datetime

    @property
    def name(self) -> str:
        return FORMAT_NAMES[self.kind]


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An address that is told of things. `off_because` says why it is off, as far as is known."""

    id: int
    kind: str
    name: str
    url: str
    events: Sequence[str]
    live: bool
    failing_since: datetime | None
    waiting: int
    given_up: int
    off_because: str = ""


@dataclass(frozen=True, slots=True)
class CallRow:
    """One try to tell an endpoint something."""

    id: int
    endpoint_id: int
    endpoint: str
    message_id: int
    booking_id: int | None
    event: str
    at: datetime
    status: int | None
    problem: str | None
    took_ms: int
    answer: str
    can_go_again: bool

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything on the page of a partner."""

    partner: PartnerRow
    credentials: Sequence[CredentialRow] = ()
    endpoints: Sequence[EndpointRow] = ()
    calls: Sequence[CallRow] = field(default_factory=tuple)


def reachable() -> ColumnElement[bool]:
    """Whether a partner is wholly within the locations of the person at the desk."""
    mine = me().locations
    if mine is None:
        return true()
    its = PartnerLocation.partner_id == Partner.id
    here = PartnerLocation.location_id.in_(sorted(mine))
    return and_(is_at_any_of(mine), ~exists().where(its, ~here))


def at_hand() -> ColumnElement[bool]:
    """Whether a partner is at any location of the person at the desk: enough to know its name."""
    mine = me().locations
    return true() if mine is None else is_at_any_of(mine)


def partners(session: Session) -> list[PartnerRow]:
    """The partners by name, those revoked last. One statement."""
    query = _partners().order_by(Partner.revoked_at.is_not(None), Partner.name, Partner.id)
    return [_row(each) for each in session.execute(query)]


def places(session: Session) -> list[Place]:
    """The locations that the person at the desk reaches, by name."""
    mine = me().locations
    query = select(Location.id, Location.name, Location.time_zone).order_by(Location.name)
    if mine is not None:
        query = query.where(Location.id.in_(sorted(mine)))
    return [Place(*row) for row in session.execute(query)]


def partner(session: Session, partner_id: int) -> PartnerRow | None:
    row = session.execute(_partners().where(Partner.id == partner_id)).first()
    return _row(row) if row else None


def detail(session: Session, partner_id: int) -> Detail | None:
    """A partner with all that hangs on it; None for one that is not there, or not theirs."""
    found = partner(session, partner_id)
    if found is None:
        return None
    ends = _endpoints(session, partner_id)
    return Detail(found, _credentials(session, partner_id), ends, _calls(session, ends))


def endpoint(session: Session, partner_id: int, endpoint_id: int) -> EndpointRow | None:
    """One endpoint of a partner, unless it was removed."""
    found = _endpoints(session, partner_id, Endpoint.id == endpoint_id)
    return found[0] if found else None


def credential(session: Session, partner_id: int, credential_id: int) -> CredentialRow | None:
    found = {each.id: each for each in _credentials(session, partner_id)}
    return found.get(credential_id)


def _partners() -> Any:
    at = (
        select(Location.id, Location.name, Location.time_zone)
        .join(PartnerLocation, PartnerLocation.location_id == Location.id)
        .where(PartnerLocation.partner_id == Partner.id)
    )
    kinds = select(Credential.kind).where(Credential.partner_id == Partner.id)
    acts = select(func.max(LogEntry.at)).where(
        LogEntry.actor_kind == "partner", LogEntry.actor_id == Partner.id
    )
    return select(
        Partner.id,
        Partner.name,
        Partner.client_id,
        Partner.scopes,
        Partner.may_waive_commission,
        Partner.created_at,
        Partner.revoked_at,
        rows_of(at.correlate(Partner)).label("places"),
        rows_of(kinds.correlate(Partner)).label("kinds"),
        acts.correlate(Partner).scalar_subquery().label("active_at"),
    ).where(reachable())


def _row(row: Any) -> PartnerRow:
    values = row._asdict()
    at = sorted((Place(*each) for each in row.places), key=lambda each: each.name)
    return PartnerRow(
        **values | {"scopes": row.scopes.split(), "places": at, "kinds": [k for [k] in row.kinds]}
    )


def _credentials(session: Session, partner_id: int) -> list[CredentialRow]:
    """Of a login the text; of a secret, whose hash alone is stored, nothing."""
    login = Credential.sealed.is_not(None)
    query = select(Credential.id, Credential.kind, Credential.lookup, login, Credential.created_at)
    mine = query.where(Credential.partner_id == partner_id).order_by(Credential.id)
    return [
        CredentialRow(id, kind, lookup if has_login else None, at)
        for id, kind, lookup, has_login, at in session.execute(mine)
    ]


def _endpoints(
    session: Session, partner_id: int, *conditions: ColumnElement[bool]
) -> list[EndpointRow]:
    unsent = select(func.count(Message.id)).where(
        Message.receiver == literal("endpoint ") + cast(Endpoint.id, String)
    )
    columns = [getattr(Endpoint, name) for name in ("id", "kind", "name", "url", "events", "live")]
    query = select(
        *columns,
        Endpoint.failing_since,
        unsent.where(WAITING).correlate(Endpoint).scalar_subquery().label("waiting"),
        unsent.where(GIVEN_UP).correlate(Endpoint).scalar_subquery().label("given_up"),
    ).where(Endpoint.partner_id == partner_id, Endpoint.removed_at.is_(None), *conditions)
    rows = session.execute(query.order_by(Endpoint.id)).all()
    off = [row.id for row in rows if not row.live]
    why = last_reasons(session, "endpoint.switched_off", off)
    return [
        EndpointRow(
            **row._asdict() | {"events": row.events.split(), "off_because": why.get(row.id, "")}
        )
        for row in rows
    ]


def _calls(session: Session, endpoints: Sequence[EndpointRow]) -> list[CallRow]:
    """The last calls of these endpoints, the newest first."""
    there = {each.id: each for each in endpoints}
    if not there:
        return []
    columns = (WebhookCall, Message.booking_id, Message.context, Message.state)
    query = select(*columns).join(Message, Message.id == WebhookCall.message_id)
    mine = query.where(WebhookCall.endpoint_id.in_(there)).order_by(WebhookCall.id.desc())
    return [_call(row, there) for row in session.execute(mine.limit(MOST_CALLS))]


def _call(row: Any, endpoints: Mapping[int, EndpointRow]) -> CallRow:
    call, told = row.WebhookCall, orjson.loads(row.context["body"])
    there = endpoints[call.endpoint_id]
    return CallRow(
        id=call.id,
        endpoint_id=call.endpoint_id,
        endpoint=there.name,
        message_id=call.message_id,
        booking_id=row.booking_id,
        event=str(told.get("type", "")) if isinstance(told, dict) else "",
        at=call.at,
        status=call.status,
        problem=call.problem,
        took_ms=call.took_ms,
        answer=call.answer,
        can_go_again=there.live and row.state != "waiting",
    )
