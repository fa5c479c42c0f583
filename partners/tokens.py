"""The OAuth 2.0 token endpoint: client credentials over HTTP Basic (Authlib).

Public clients send their credentials raw, in UTF-8, split at the first colon; Authlib would
percent-decode them (RFC 6749 says so, no client does it), hence our own reading of the header.
"""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Callable, Mapping
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, InvalidScopeError
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from flask import Flask, Response, current_app, request
from sqlalchemy import bindparam, select

from kit import clock, form
from kit.db import glance, in_transaction
from kit.ids import digest, secret
from partners.limits import limits
from partners.models import Partner
from partners.registering import issue_token
from partners.scopes import SCOPES

TOKEN_LIFETIME_S = 3600
WRONG = "Client id or secret is wrong."

FIND = select(Partner.id, Partner.secret_hash, Partner.scopes).where(
    Partner.client_id == bindparam("client_id"), Partner.revoked_at.is_(None)
)


class Client(ClientMixin):  # type: ignore[misc]
    """A partner as Authlib wants to see it."""

    def __init__(self, client_id: str, partner_id: int, secret_hash: str, scopes: str) -> None:
        self.client_id, self.partner_id = client_id, partner_id
        self.secret_hash, self.scopes = secret_hash, scopes

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        """All that the partner may do, or what of it was asked for."""
        wanted = dict.fromkeys((scope or self.scopes).split())
        return " ".join(each for each in wanted if each in self.scopes.split())

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(self.secret_hash, digest(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic" and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


class Grant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def validate_requested_scope(self) -> None:
        super().validate_requested_scope()
        if not self.request.client.get_allowed_scope(self.request.payload.scope):
            raise InvalidScopeError


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    def handle_response(
        self, status_code: int, payload: Any, headers: list[tuple[str, str]]
    ) -> Response:
        kept = {name: value for name, value in headers if name.lower() != "content-type"}
        return form.answer(form.encode(payload), status_code, kept)


def _read_basic(header: str) -> tuple[str, str] | None:
    """Client id and secret of an Authorization header, or None when it holds none."""
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, colon, client_secret = (
            base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        )
    except ValueError:  # a letter that is not base64's, or bytes that are not UTF-8
        return None
    if "\0" in client_id:  # PostgreSQL refuses to look for it
        return None
    return (client_id, client_secret) if colon and client_id and client_secret else None


def _authenticate(find: Callable[[str], Client | None], oauth_request: Any) -> Client:
    credentials = _read_basic(oauth_request.headers.get("Authorization", ""))
    # Compared even when nobody has that id: an unknown client must not answer sooner.
    client = find(credentials[0]) if credentials else None
    judged = client or Client("", 0, digest(secret()), "")
    right = judged.check_client_secret(credentials[1] if credentials else "")
    if client is None or not right:
        raise InvalidClientError(status_code=401, description=WRONG)
    return client


def _find(client_id: str) -> Client | None:
    row = glance(FIND, {"client_id": client_id})
    return Client(client_id, *row) if row else None


def _save(token: Mapping[str, Any], oauth_request: Any) -> None:
    partner_id = oauth_request.client.partner_id
    in_transaction(
        lambda connection: issue_token(
            connection,
            partner_id,
            token["scope"],
            token["access_token"],
            token["expires_in"],
            clock.now(),
        )
    )


def init_app(app: Flask) -> None:
    """Make the token server of an application."""
    # Authlib writes whole tokens to its log at level DEBUG.
    logging.getLogger("authlib").setLevel(logging.INFO)
    app.config["OAUTH2_SCOPES_SUPPORTED"] = list(SCOPES)
    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"client_credentials": TOKEN_LIFETIME_S}
    server = TokenServer(app, query_client=_find, save_token=_save)
    server.register_client_auth_method("client_secret_basic", _authenticate)
    server.register_token_generator("default", server.create_bearer_token_generator(app.config))
    server.register_grant(Grant)
    app.extensions["token_server"] = server


def _fault() -> str | None:
    """What makes the request malformed: Authlib takes the first of a repeated name for all."""
    grants, scopes = request.form.getlist("grant_type"), request.form.getlist("scope")
    if len(grants) != 1 or not grants[0]:
        return "Send grant_type=client_credentials, once."
    return "Send scope once, with spaces between the scopes." if len(scopes) > 1 else None


def answer_token_request() -> Response:
    """A token for the partner that shows its credentials, or the RFC's error; raises
    TooManyRequests when too many sign-ins failed."""
    credentials = _read_basic(request.headers.get("Authorization", ""))
    who = (request.remote_addr or "", digest(credentials[0]) if credentials else "")
    limits().check_sign_in(*who)
    server: TokenServer = current_app.extensions["token_server"]
    if credentials is None:  # refused before the body is read: strangers cannot make us wait for it
        limits().count_failed_sign_in(*who)
        stranger = InvalidClientError(status_code=401, description=WRONG)
        return server.handle_error_response(None, stranger)  # type: ignore[no-any-return]
    if fault := _fault():
        return server.handle_error_response(None, InvalidRequestError(fault))  # type: ignore[no-any-return]
    response: Response = server.create_token_response()
    if response.status_code == 401:
        limits().count_failed_sign_in(*who)
    return response
