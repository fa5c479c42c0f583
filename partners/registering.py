"""Adding and revoking partners, and the tokens they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast, get_args

from sqlalchemy import Connection, delete, insert, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit.errors import DomainError
from kit.ids import digest, opaque, secret
from locations.models import Location
from partners.credentials import Kind, add_credential
from partners.models import AccessToken, Endpoint, Partner, PartnerLocation
from partners.scopes import FORMATS, SCOPES

LONGEST_NAME = 100


class PartnerRefused(DomainError):
    """A partner cannot be added or revoked as asked."""

    code = "partner_refused"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a new partner signs in with. The secret is shown once and stored as a hash only;
    `others` are credentials of formats that have their own, by the words of those."""

    partner_id: int
    client_id: str
    client_secret: str
    others: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def add_partner(
    connection: Connection,
    name: str,
    scopes: Sequence[str],
    locations: Sequence[int],
    origin: Origin,
    now: datetime,
    *,
    formats: Sequence[str] = (),
    may_waive_commission: bool = False,
) -> Credentials:
    """Add a partner that may do `scopes` at `locations` (ids), and speaks `formats` besides our
    own. Raises PartnerRefused."""
    # Each once, in the order given.
    scopes, locations = list(dict.fromkeys(scopes)), list(dict.fromkeys(locations))
    check(connection, name, scopes, locations)
    check_formats(formats, scopes)
    client_id, client_secret = opaque(20).lower(), secret()
    values = {
        "name": name,
        "client_id": client_id,
        "secret_hash": digest(client_secret),
        "scopes": " ".join(scopes),
        "may_waive_commission": may_waive_commission,
        "created_at": now,
    }
    partner_id: int = connection.scalars(insert(Partner).returning(Partner.id), [values]).one()
    places = [{"partner_id": partner_id, "location_id": each} for each in locations]
    if places:
        connection.execute(insert(PartnerLocation), places)
    after = {
        "scopes": scopes,
        "locations": locations,
        "may_waive_commission": may_waive_commission,
    }
    entry = Entry("partner.added", {"partner": partner_id}, {}, after, "high")
    record(connection, entry, origin, now)
    others = {
        each: add_credential(connection, partner_id, cast(Kind, each), origin, now)
        for each in dict.fromkeys(formats)
        if each in get_args(Kind)
    }
    return Credentials(partner_id, client_id, client_secret, others)


def check(
    connection: Connection, name: str, scopes: Sequence[str], locations: Sequence[int]
) -> None:
    """Raises PartnerRefused for a name, a scope or a location that cannot be."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise PartnerRefused(f"The name must have 1 to {LONGEST_NAME} characters.")
    if strange := [scope for scope in scopes if scope not in SCOPES]:
        raise PartnerRefused(f"There is no scope {strange[0]}; there are {', '.join(SCOPES)}.")
    known = set(connection.scalars(select(Location.id)))
    if strange_ids := [each for each in locations if each not in known]:
        there = ", ".join(map(str, sorted(known))) or "none yet"
        raise PartnerRefused(f"There is no location {strange_ids[0]}; there are {there}.")


def check_formats(formats: Sequence[str], scopes: Sequence[str]) -> None:
    """Without a scope that its format needs, a partner would be refused at its first calls, when
    its secrets are in use already. Raises PartnerRefused."""
    for each in formats:
        if lacking := [scope for scope in FORMATS[each] if scope not in scopes]:
            missing = ", ".join(lacking)
            raise PartnerRefused(
                f"The format {each} needs scopes that are not given: {missing}. Give them too, or"
                " give none: then it gets all that it needs."
            )


def revoke_partner(
    connection: Connection,
    client_id: str,
    origin: Origin,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Take away a partner's credentials and all its tokens. Raises PartnerRefused."""
    found = connection.execute(
        select(Partner.id, Partner.revoked_at).where(Partner.client_id == client_id)
    ).first()
    if found is None:
        raise PartnerRefused(f"There is no partner with the client id {client_id!r}.")
    if found.revoked_at is not None:
        raise PartnerRefused(
            f"The partner {client_id!r} was revoked on {found.revoked_at:%Y-%m-%d}."
        )
    connection.execute(update(Partner).where(Partner.id == found.id).values(revoked_at=now))
    connection.execute(delete(AccessToken).where(AccessToken.partner_id == found.id))
    connection.execute(update(Endpoint).where(Endpoint.partner_id == found.id).values(live=False))
    entry = Entry("partner.revoked", {"partner": found.id}, {}, {}, "high", reason)
    record(connection, entry, origin, now)


def issue_token(
    connection: Connection, partner_id: int, scopes: str, token: str, lives_s: int, now: datetime
) -> None:
    """Store a new bearer token (by its hash) that expires in `lives_s` seconds."""
    row = {
        "token_hash": digest(token),
        "partner_id": partner_id,
        "scopes": scopes,
        "issued_at": now,
        "expires_at": now + timedelta(seconds=lives_s),
    }
    connection.execute(insert(AccessToken), [row])


def forget_expired_tokens(connection: Connection, now: datetime) -> int:
    """Delete tokens that no longer open anything; how many there were."""
    return connection.execute(delete(AccessToken).where(AccessToken.expires_at <= now)).rowcount
