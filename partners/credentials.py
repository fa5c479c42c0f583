"""Signing in where a format does not take our access tokens: by a login, or by a bare secret."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, insert, select

from audit.chain import Entry, Origin
from audit.recording import record
from kit.db import glance
from kit.ids import digest, opaque
from kit.sql import rows_of
from kit.vault import vault
from partners.authentication import Caller, locations_of
from partners.models import Credential, Partner, PartnerLocation

Kind = Literal["spektrix", "brink", "iiko"]


def _look_up() -> Any:
    locations = select(PartnerLocation.location_id).where(
        PartnerLocation.partner_id == Credential.partner_id
    )
    return (
        select(
            Partner.id,
            Partner.name,
            Partner.scopes,
            Partner.may_waive_commission,
            Credential.sealed,
            rows_of(locations.correlate(Credential)).label("locations"),
        )
        .join(Partner, Partner.id == Credential.partner_id)
        .where(
            Credential.kind == bindparam("kind"),
            Credential.lookup == bindparam("lookup"),
            Partner.revoked_at.is_(None),
        )
    )


LOOK_UP = _look_up()


@dataclass(frozen=True, slots=True)
class Found:
    """Whose credential it is; `sealed` is the secret of a signature."""

    caller: Caller
    may_waive_commission: bool
    sealed: str | None


def find(kind: Kind, lookup: str) -> Found | None:
    """The partner behind a credential, unless it is nobody's (any more). `lookup`: a login, or the
    digest of a secret (`by_secret`)."""
    if "\0" in lookup:  # PostgreSQL refuses to look for it
        return None
    row = glance(LOOK_UP, {"kind": kind, "lookup": lookup})
    if row is None:
        return None
    caller = Caller(row.id, row.name, frozenset(row.scopes.split()), locations_of(row.locations))
    return Found(caller, row.may_waive_commission, row.sealed)


def by_secret(kind: Kind, secret: str) -> Found | None:
    """The partner behind a secret that is sent as it is."""
    return find(kind, digest(secret))


def add_credential(
    connection: Connection, partner_id: int, kind: Kind, origin: Origin, now: datetime
) -> dict[str, str]:
    """Make a credential for a partner; what it is to be told, by the format's own words, once."""
    login = opaque(20).lower()
    if kind == "spektrix":
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        told, lookup, sealed = {"Login": login, "Secret": key}, login, vault().seal(key)
    else:
        made = secrets.token_hex(16)
        told = {"AccessToken" if kind == "brink" else "apiLogin": made}
        lookup, sealed = digest(made), None
    row = {"partner_id": partner_id, "kind": kind, "lookup": lookup, "sealed": sealed}
    connection.execute(insert(Credential), [{**row, "created_at": now}])
    entry = Entry("credential.added", {"partner": partner_id}, {}, {"kind": kind}, "high")
    record(connection, entry, origin, now)
    return told
