"""Webhook endpoints: added, changed, removed, switched off and on; the event log has all of it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit.vault import vault
from outbox.delivering import wake
from partners.errors import EndpointExists, EndpointUnknown, TargetRefused
from partners.events import receiver
from partners.models import Endpoint
from partners.targets import Target, without_query

SECRET_BYTES = 32
MOST_ENDPOINTS = 20  # of one partner: each of them may keep a worker waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """An endpoint to add or change. `target` comes from `check_target`, which is asked before the
    transaction begins. `secret` is the password that goes with `username`; for `events` it is made
    here (`signing_secret`)."""

    name: str
    target: Target
    kind: str = "events"
    events: Sequence[str] = ()
    username: str | None = None
    secret: str | None = None
    provides_account: bool = False


def signing_secret() -> str:
    """A new secret for signatures, as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def add_endpoint(
    connection: Connection, partner_id: int, new: NewEndpoint, origin: Origin, now: datetime
) -> int:
    """Add an endpoint in the caller's transaction; its id. The same one again is no other one.

    Raises EndpointExists when the name belongs to an endpoint that differs, TargetRefused when the
    partner has so many that no other one is called.
    """
    there = find(connection, partner_id, new.kind, new.name)
    if there is not None:
        if _told(there) != _wanted(new) or _secret(there) != new.secret:
            raise EndpointExists(new.name)
        return int(there.id)
    _check_count(connection, partner_id)
    row = {
        "partner_id": partner_id,
        "kind": new.kind,
        "name": new.name,
        **_columns(new),
        "created_at": now,
    }
    endpoint_id: int = connection.scalars(insert(Endpoint).returning(Endpoint.id), [row]).one()
    about = {"endpoint": endpoint_id, "partner": partner_id}
    record(
        connection, Entry("endpoint.added", about, {}, _logged(_wanted(new)), "high"), origin, now
    )
    return endpoint_id


def change_endpoint(
    connection: Connection, partner_id: int, new: NewEndpoint, origin: Origin, now: datetime
) -> None:
    """Give an endpoint a new address and new credentials; it is switched on again, and what waits
    for it is tried at once. Raises EndpointUnknown."""
    there = _existing(connection, partner_id, new.kind, new.name)
    values = {**_columns(new), "live": True, "failing_since": None}
    connection.execute(update(Endpoint).where(Endpoint.id == there.id).values(values))
    wake(connection, receiver(there.id), now)
    about = {"endpoint": there.id, "partner": partner_id}
    before, after = _logged(_told(there)), _logged(_wanted(new))
    entry = Entry("endpoint.changed", about, before, after, "high")
    record(connection, entry, origin, now)


def remove_endpoint(
    connection: Connection, partner_id: int, kind: str, name: str, origin: Origin, now: datetime
) -> None:
    """Take an endpoint away: its messages are given up. Raises EndpointUnknown."""
    there = _existing(connection, partner_id, kind, name)
    values = {"live": False, "removed_at": now}
    connection.execute(update(Endpoint).where(Endpoint.id == there.id).values(values))
    about = {"endpoint": there.id, "partner": partner_id}
    record(
        connection, Entry("endpoint.removed", about, _logged(_told(there)), {}, "high"), origin, now
    )


def switch_off(
    connection: Connection, endpoint_id: int, origin: Origin, why: str, now: datetime
) -> bool:
    """Switch an endpoint off, and say so in the event log; whether it was on."""
    mine = (Endpoint.id == endpoint_id, Endpoint.live)
    if not connection.execute(update(Endpoint).where(*mine).values(live=False)).rowcount:
        return False
    _switched(connection, endpoint_id, False, origin, why, now)
    return True


def switch_on(
    connection: Connection, endpoint_id: int, origin: Origin, why: str, now: datetime
) -> bool:
    """Switch an endpoint on that was not removed; whether it was off. What waits for it is tried
    at once in any case, and it has its three days again."""
    mine = update(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.removed_at.is_(None))
    was_off = mine.where(Endpoint.live.is_(False)).values(live=True)
    changed = connection.execute(was_off).rowcount == 1
    if changed:
        _switched(connection, endpoint_id, True, origin, why, now)
    connection.execute(mine.values(failing_since=None))
    wake(connection, receiver(endpoint_id), now)
    return changed


def renew_secret(
    connection: Connection, endpoint_id: int, secret: str, origin: Origin, now: datetime
) -> None:
    """Sign with another secret from now on."""
    mine = update(Endpoint).where(Endpoint.id == endpoint_id)
    connection.execute(mine.values(sealed=vault().seal(secret)))
    entry = Entry("endpoint.secret_renewed", {"endpoint": endpoint_id}, {}, {}, "high")
    record(connection, entry, origin, now)


def find(connection: Connection, partner_id: int, kind: str, name: str) -> Any:
    """The row of an endpoint that was not removed, or None. Names are case-sensitive."""
    mine = (Endpoint.partner_id == partner_id, Endpoint.kind == kind, Endpoint.name == name)
    query = select(Endpoint.__table__).where(*mine, Endpoint.removed_at.is_(None))
    return connection.execute(query).first()


def endpoints_of(connection: Connection, partner_id: int, kind: str) -> Sequence[Any]:
    """The rows of a partner's endpoints, the oldest first, without those removed."""
    mine = (Endpoint.partner_id == partner_id, Endpoint.kind == kind)
    query = select(Endpoint.__table__).where(*mine, Endpoint.removed_at.is_(None))
    return connection.execute(query.order_by(Endpoint.id)).all()


def _switched(
    connection: Connection, endpoint_id: int, on: bool, origin: Origin, why: str, now: datetime
) -> None:
    action = "endpoint.switched_on" if on else "endpoint.switched_off"
    entry = Entry(action, {"endpoint": endpoint_id}, {"live": not on}, {"live": on}, "medium", why)
    record(connection, entry, origin, now)


def _check_count(connection: Connection, partner_id: int) -> None:
    mine = (Endpoint.partner_id == partner_id, Endpoint.removed_at.is_(None))
    count = connection.scalar(select(func.count(Endpoint.id)).where(*mine)) or 0
    if count >= MOST_ENDPOINTS:
        raise TargetRefused(f"{count} others are called already, and one must be removed first")


def _existing(connection: Connection, partner_id: int, kind: str, name: str) -> Any:
    there = find(connection, partner_id, kind, name)
    if there is None:
        raise EndpointUnknown(name)
    return there


def _columns(new: NewEndpoint) -> dict[str, Any]:
    return {
        "url": new.target.url,
        "events": " ".join(new.events),
        "username": new.username,
        "sealed": None if new.secret is None else vault().seal(new.secret),
        "provides_account": new.provides_account,
    }


def _secret(row: Any) -> str | None:
    return None if row.sealed is None else vault().open(row.sealed)


def _wanted(new: NewEndpoint) -> dict[str, Any]:
    """What an endpoint is to be like, without its secret."""
    return {
        "name": new.name,
        "url": new.target.url,
        "events": " ".join(new.events),
        "username": new.username,
        "provides_account": new.provides_account,
    }


def _told(row: Any) -> dict[str, Any]:
    names = ("name", "url", "events", "username", "provides_account")
    return {name: getattr(row, name) for name in names}


def _logged(facts: dict[str, Any]) -> dict[str, Any]:
    """What the event log says of an endpoint: no secret of it, and none in its address."""
    return facts | {"url": without_query(facts["url"])}
