"""Signing in: an apiLogin for a token, the same kind that our own sign-in gives."""

from __future__ import annotations

from collections.abc import Callable

from kit import clock
from kit.db import in_transaction
from kit.form import Malformed
from kit.ids import digest, secret
from partners.credentials import by_secret
from partners.errors import CredentialWrong
from partners.limits import limits
from partners.registering import issue_token

LIVES_S = 3600
# Who cannot be read tries to sign in as nobody in particular.
NOBODY = ""


def login_of(read: Callable[[], str], address: str) -> str:
    """The apiLogin that `read` finds. Nothing is read for an address from which too many sign-ins
    failed: raises TooManyRequests. What cannot be read has failed, too: raises Malformed."""
    limits().check_address(address)
    try:
        return read()
    except Malformed:
        limits().check_sign_in(address, NOBODY)
        limits().count_failed_sign_in(address, NOBODY)
        raise


def token_for(api_login: str, address: str) -> str:
    """A token of one hour, with all scopes of the partner. Raises CredentialWrong; TooManyRequests
    when too many sign-ins from this address failed."""
    who = (address, digest(api_login))
    limits().check_sign_in(*who)
    found = by_secret("iiko", api_login)
    if found is None:
        limits().count_failed_sign_in(*who)
        raise CredentialWrong("apiLogin")
    partner_id, scopes = found.caller.partner_id, " ".join(sorted(found.caller.scopes))
    token, now = secret(), clock.now()
    in_transaction(
        lambda connection: issue_token(connection, partner_id, scopes, token, LIVES_S, now)
    )
    return token
