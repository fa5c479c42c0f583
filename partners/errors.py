"""What a caller is refused before anybody looks at its request."""

from __future__ import annotations

from collections.abc import Iterable

from kit.errors import DomainError


class PartnerError(DomainError):
    """Base of what partners are refused for at the door."""


class Unauthenticated(PartnerError):
    """No token, or one that is unknown, expired or revoked. `token_came` tells the two apart."""

    code = "unauthenticated"

    def __init__(self, *, token_came: bool) -> None:
        self.token_came = token_came
        super().__init__(
            "The access token is unknown, expired or revoked; ask /oauth/2.0/token for a new one."
            if token_came
            else "An access token is missing; send Authorization: Bearer <token>."
        )


class ScopeMissing(PartnerError):
    code = "scope_missing"

    def __init__(self, needed: str, has: Iterable[str]) -> None:
        self.needed = needed
        granted = " ".join(sorted(has)) or "no scope at all"
        super().__init__(f"This call needs the scope {needed}; the token has {granted}.")


class TooManyRequests(PartnerError):
    """The partner's own limit is reached, or too many sign-ins failed from one address."""

    code = "too_many_requests"

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(f"Too many requests; try again in {wait_s} s.")
