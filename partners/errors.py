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


class SignatureWrong(PartnerError):
    """A request whose signature is missing, wrong or too old; it says which, and no more."""

    code = "signature_wrong"

    def __init__(self, why: str) -> None:
        super().__init__(f"The request is not signed as it must be: {why}.")


class CredentialWrong(PartnerError):
    """A secret of one of the partners' formats that nobody has, or a location out of its reach."""

    code = "credential_wrong"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is missing, unknown or revoked.")


class LocationUnknown(PartnerError):
    """There is no such location, or the caller does not reach it."""

    code = "location_unknown"
    field = "location"

    def __init__(self, came: object) -> None:
        super().__init__(f"There is no location {came}.")


class EndpointUnknown(PartnerError):
    """The partner has no webhook endpoint of that name, letter for letter."""

    code = "endpoint_unknown"
    field = "endpoint"

    def __init__(self, came: str) -> None:
        super().__init__(f"endpoint ID not found for {came}")


class EndpointExists(PartnerError):
    code = "endpoint_exists"
    field = "endpoint"

    def __init__(self, came: str) -> None:
        super().__init__(f"endpoint ID already exists: {came}")


class TargetRefused(PartnerError):
    """An address that we do not call: it could lead into a network that is not the partner's."""

    code = "target_refused"
    field = "url"

    def __init__(self, why: str) -> None:
        super().__init__(f"This address cannot be called: {why}.")


class CommissionIsKept(PartnerError):
    """Only a partner with the flag may take the commission off a total."""

    code = "commission_not_waivable"

    def __init__(self) -> None:
        super().__init__("This client may not waive the transaction commission.")
