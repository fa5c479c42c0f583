"""Changing a partner: its name, what it may do and where, and what it signs in with.

All of it is in chain 0 of the event log; what changes rights or secrets with the severity high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit.errors import PageError
from kit.ids import digest, secret
from partners.credentials import Kind, add_credential
from partners.models import AccessToken, Credential, Partner, PartnerLocation
from partners.registering import check, check_formats

ENTRIES = {
    "scopes": "partner.scopes_changed",
    "locations": "partner.locations_changed",
    "may_waive_commission": "partner.waiving_changed",
}


class PartnerUnknown(PageError):
    code = "partner_unknown"

    def __init__(self, partner_id: int) -> None:
        super().__init__(f"There is no partner {partner_id}.")


class PartnerIsRevoked(PageError):
    """It stays as it is: the event log names it."""

    code = "partner_is_revoked"

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” was revoked and cannot be changed any more; add it anew.")


class CredentialUnknown(PageError):
    """The partner has no such credential, or it was revoked."""

    code = "credential_unknown"

    def __init__(self) -> None:
        super().__init__("This credential was revoked already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a partner may do, and at which locations (ids)."""

    scopes: Sequence[str]
    locations: Sequence[int]
    may_waive_commission: bool = False

    def told(self) -> dict[str, Any]:
        """As they are stored and logged: scopes in the order given, locations by id, each once."""
        return {
            "scopes": list(dict.fromkeys(self.scopes)),
            "locations": sorted(set(self.locations)),
            "may_waive_commission": self.may_waive_commission,
        }


def rename_partner(
    connection: Connection, partner_id: int, name: str, origin: Origin, now: datetime
) -> None:
    """Another name, wherever the partner is shown. Raises PartnerUnknown, PartnerIsRevoked and
    PartnerRefused."""
    was = hold_partner(connection, partner_id)
    check(connection, name, (), ())
    if name == was.name:
        return
    connection.execute(update(Partner).where(Partner.id == partner_id).values(name=name))
    before, after = {"name": was.name}, {"name": name}
    entry = Entry("partner.renamed", {"partner": partner_id}, before, after, "medium")
    record(connection, entry, origin, now)


def change_rights(
    connection: Connection,
    partner_id: int,
    wanted: Rights,
    origin: Origin,
    now: datetime,
    reason: str | None = None,
) -> Sequence[str]:
    """Give and take scopes, locations and the waiving of commissions; which of them changed.

    Tokens that are out lose within a second what is taken away; a new scope is in the next ones.
    Raises PartnerUnknown, PartnerIsRevoked and PartnerRefused.
    """
    row = hold_partner(connection, partner_id)
    check(connection, row.name, wanted.scopes, wanted.locations)
    places = connection.scalars(
        select(PartnerLocation.location_id).where(PartnerLocation.partner_id == partner_id)
    )
    was = Rights(
        scopes=row.scopes.split(),
        locations=list(places),
        may_waive_commission=row.may_waive_commission,
    )
    before, after = was.told(), wanted.told()
    # The order of scopes says nothing.
    before["scopes"], after["scopes"] = sorted(before["scopes"]), sorted(after["scopes"])
    changed = [name for name in ENTRIES if before[name] != after[name]]
    _write(connection, partner_id, wanted, changed)
    for name in changed:
        told = ({"partner": partner_id}, {name: before[name]}, {name: after[name]})
        record(connection, Entry(ENTRIES[name], *told, "high", reason), origin, now)
    return changed


def renew_client_secret(
    connection: Connection, partner_id: int, origin: Origin, now: datetime
) -> str:
    """A new OAuth secret, to be shown once. The old one ends, and every token asked for with it.

    Raises PartnerUnknown and PartnerIsRevoked.
    """
    hold_partner(connection, partner_id)
    made = secret()
    mine = update(Partner).where(Partner.id == partner_id)
    connection.execute(mine.values(secret_hash=digest(made)))
    connection.execute(delete(AccessToken).where(AccessToken.partner_id == partner_id))
    entry = Entry("partner.secret_renewed", {"partner": partner_id}, {}, {}, "high")
    record(connection, entry, origin, now)
    return made


def give_credential(
    connection: Connection, partner_id: int, kind: Kind, origin: Origin, now: datetime
) -> Mapping[str, str]:
    """What a partner signs in with in a format, by the format's own words, to be shown once.

    Raises PartnerUnknown, PartnerIsRevoked, and PartnerRefused when it lacks a scope that the
    format needs.
    """
    row = hold_partner(connection, partner_id)
    check_formats((kind,), row.scopes.split())
    return add_credential(connection, partner_id, kind, origin, now)


def revoke_credential(
    connection: Connection,
    partner_id: int,
    credential_id: int,
    origin: Origin,
    now: datetime,
    reason: str | None = None,
) -> None:
    """End one credential of a format; the partner's others stay. Raises PartnerUnknown,
    PartnerIsRevoked and CredentialUnknown."""
    hold_partner(connection, partner_id)
    mine = (Credential.id == credential_id, Credential.partner_id == partner_id)
    kind = connection.scalar(delete(Credential).where(*mine).returning(Credential.kind))
    if kind is None:
        raise CredentialUnknown
    about = {"partner": partner_id, "credential": credential_id}
    entry = Entry("credential.revoked", about, {"kind": kind}, {}, "high", reason)
    record(connection, entry, origin, now)


def hold_partner(connection: Connection, partner_id: int) -> Any:
    """A partner's row, held for a change. Raises PartnerUnknown and PartnerIsRevoked."""
    query = select(Partner.__table__).where(Partner.id == partner_id).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise PartnerUnknown(partner_id)
    if row.revoked_at is not None:
        raise PartnerIsRevoked(row.name)
    return row


def _write(connection: Connection, partner_id: int, wanted: Rights, changed: Sequence[str]) -> None:
    values = wanted.told()
    columns = {name: values[name] for name in changed if name != "locations"}
    if "scopes" in columns:
        columns["scopes"] = " ".join(columns["scopes"])
    if columns:
        connection.execute(update(Partner).where(Partner.id == partner_id).values(columns))
    if "locations" in changed:
        mine = PartnerLocation.partner_id == partner_id
        connection.execute(delete(PartnerLocation).where(mine))
        if places := [{"partner_id": partner_id, "location_id": n} for n in values["locations"]]:
            connection.execute(insert(PartnerLocation), places)
