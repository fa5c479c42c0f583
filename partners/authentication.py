"""Who is calling: a bearer token, looked up by its hash.

A token that was good a moment ago is not looked up again for a second, in each process by
itself; so a revoked token stops working everywhere within that second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from typing import Any, TypeVar, cast

from flask import current_app, g, request
from sqlalchemy import bindparam, select

from audit.chain import Actor, Origin
from kit import clock
from kit.db import glance
from kit.ids import digest
from kit.sql import rows_of
from partners.errors import ScopeMissing, Unauthenticated
from partners.models import AccessToken, Partner, PartnerLocation

CACHED_S = 1.0
MOST_CACHED = 10_000

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """The partner behind a request: what it may do (scopes) and where (ids of locations)."""

    partner_id: int
    name: str
    scopes: frozenset[str]
    locations: frozenset[int]


def _look_up() -> Any:
    locations = select(PartnerLocation.location_id).where(
        PartnerLocation.partner_id == AccessToken.partner_id
    )
    return (
        select(
            Partner.id,
            Partner.name,
            Partner.scopes.label("allowed"),
            AccessToken.scopes.label("granted"),
            AccessToken.expires_at,
            rows_of(locations.correlate(AccessToken)).label("locations"),
        )
        .join(Partner, Partner.id == AccessToken.partner_id)
        .where(AccessToken.token_hash == bindparam("token_hash"), Partner.revoked_at.is_(None))
    )


LOOK_UP = _look_up()


def locations_of(rows: Iterable[Sequence[int]]) -> frozenset[int]:
    """Ids of locations as a query's JSON has them."""
    return frozenset(location for [location] in rows)


class Guard:
    """Knows callers by their tokens; one for each application."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Caller]] = {}

    def caller(self, token: str) -> Caller:
        """Whose token this is. Raises Unauthenticated when it is nobody's (any more)."""
        token_hash = digest(token)
        known = self._known.get(token_hash)
        if known and known[0] > time.monotonic():
            return known[1]
        row, now = glance(LOOK_UP, {"token_hash": token_hash}), clock.now()
        if row is None or row.expires_at <= now:
            self._known.pop(token_hash, None)
            raise Unauthenticated(token_came=True)
        caller = Caller(
            row.id,
            row.name,
            frozenset(row.granted.split()) & frozenset(row.allowed.split()),
            locations_of(row.locations),
        )
        if len(self._known) >= MOST_CACHED:
            self._known.clear()
        known_for = min(CACHED_S, (row.expires_at - now).total_seconds())
        self._known[token_hash] = (time.monotonic() + known_for, caller)
        return caller


def authenticate() -> Caller:
    """The caller of the present request. Raises Unauthenticated."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated(token_came=False)
    guard: Guard = current_app.extensions["partner_guard"]
    return guard.caller(token.strip())


def requires(scope: str) -> Callable[[View], View]:
    """A view for partners whose token has this scope. The view finds its caller by `caller()`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **options: Any) -> Any:
            g.caller = authenticate()
            require(scope)
            return view(*args, **options)

        guarded.required_scope = scope  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def require(scope: str) -> None:
    """Raises ScopeMissing unless the caller's token has the scope: for what only part of a view
    needs."""
    if scope not in caller().scopes:
        raise ScopeMissing(scope, caller().scopes)


def enter(found: Caller, scope: str) -> None:
    """Let a caller in that a format of its own has signed in. Raises ScopeMissing."""
    g.caller = found
    require(scope)


def caller() -> Caller:
    """The partner that `requires` let in."""
    return cast(Caller, g.caller)


def origin() -> Origin:
    """Who and what to name in the event log for what the present request does."""
    actor = Actor("partner", caller().partner_id, caller().name)
    return Origin(actor, address_of(request.remote_addr), g.get("request_id"))


def address_of(came: str | None) -> str | None:
    """The address alone: proxies also pass on a port, and brackets around an address of version 6.
    None for what is no address at all."""
    host = (came or "").strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        return None
