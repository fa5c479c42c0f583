"""Signing in as PAR Brink does: an AccessToken of the partner's, a LocationToken of the place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, cast

from flask import g, request

from kit.ids import digest
from locations.finding import Place, by_token
from partners.authentication import View, enter
from partners.credentials import by_secret
from partners.errors import CredentialWrong
from partners.limits import limits


def signed_in(scope: str) -> Callable[[View], View]:
    """A view for partners with this scope. It finds its caller, who reaches the one location, by
    `caller()`, and the location by `place()`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **options: Any) -> Any:
            g.place = _sign_in(scope)
            return view(*args, **options)

        guarded.required_scope = scope  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def place() -> Place:
    """The location that the request names."""
    return cast(Place, g.place)


def _sign_in(scope: str) -> Place:
    """Raises CredentialWrong, ScopeMissing, and TooManyRequests instead of the first when too many
    sign-ins failed; right tokens are let in however many others were wrong."""
    access, here = (request.headers.get(name, "") for name in ("AccessToken", "LocationToken"))
    found = by_secret("brink", access)
    named = by_token(here) if found else None
    if found is None or named is None or named.id not in found.caller.locations:
        _count_failed(access, here)
        raise CredentialWrong("AccessToken" if found is None else "LocationToken")
    enter(replace(found.caller, locations=frozenset({named.id})), scope)
    return named


def _count_failed(access: str, here: str) -> None:
    """Raises TooManyRequests when there were too many of these tokens, or from this address. Nobody
    guesses an AccessToken of 16 random bytes, so the limit is there for the load alone and need not
    be asked for the right ones."""
    # Both together: a till with a wrong LocationToken is counted apart from its partner's others.
    who = (request.remote_addr or "", digest(f"{access}\n{here}"))
    limits().check_sign_in(*who)
    limits().count_failed_sign_in(*who)
