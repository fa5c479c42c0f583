"""The door where partners get their tokens: /oauth/2.0/token."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue

from kit.errors import DomainError
from kit.form import Blueprint
from partners import errors, tokens

bp = Blueprint("oauth", __name__, url_prefix="/oauth/2.0")

STATUS: dict[type[DomainError], int] = {
    errors.Unauthenticated: 401,
    errors.ScopeMissing: 403,
    errors.TooManyRequests: 429,
}

REQUEST_BODY = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"type": "string", "enum": ["client_credentials"]},
                    "scope": {"type": "string", "description": "Some of the partner's scopes."},
                },
            }
        }
    },
}
ANSWER = {
    "description": "A token. It works until it expires or the partner is revoked.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["access_token", "token_type", "expires_in", "scope"],
                "properties": {
                    "access_token": {"type": "string"},
                    "token_type": {"type": "string", "enum": ["Bearer"]},
                    "expires_in": {"type": "integer", "description": "Seconds."},
                    "scope": {"type": "string"},
                },
            }
        }
    },
}


def init_app(app: Flask) -> None:
    tokens.init_app(app)


@bp.post("/token")
@bp.doc(
    requestBody=REQUEST_BODY,
    security=[{"client": []}],
    responses={
        200: ANSWER,
        400: {"description": "invalid_request, unsupported_grant_type or invalid_scope."},
        401: {"description": "invalid_client: the client id or the secret is wrong."},
    },
)
def token() -> ResponseReturnValue:
    """Get an access token (client credentials over HTTP Basic)."""
    return tokens.answer_token_request()


def headers(error: DomainError) -> dict[str, str]:
    """What these errors add to the head of an answer."""
    if isinstance(error, errors.Unauthenticated):
        came = ', error="invalid_token"' if error.token_came else ""
        return {"WWW-Authenticate": f'Bearer realm="api"{came}'}
    if isinstance(error, errors.ScopeMissing):
        scope = f'error="insufficient_scope", scope="{error.needed}"'
        return {"WWW-Authenticate": f'Bearer realm="api", {scope}'}
    if isinstance(error, errors.TooManyRequests):
        return {"Retry-After": str(error.wait_s)}
    return {}
