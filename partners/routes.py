"""The door where partners get their tokens: /oauth/2.0/token."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue

from kit.errors import DomainError
from kit.form import Blueprint
from partners import describing, errors, tokens

bp = Blueprint("oauth", __name__, url_prefix="/oauth/2.0", description=describing.ABOUT)

STATUS: dict[type[DomainError], int] = {
    errors.Unauthenticated: 401,
    errors.ScopeMissing: 403,
    errors.TooManyRequests: 429,
    errors.SignatureWrong: 401,
    errors.CredentialWrong: 401,
    errors.CommissionIsKept: 403,
    errors.LocationUnknown: 404,
    errors.EndpointUnknown: 404,
    errors.EndpointExists: 409,
    errors.TargetRefused: 422,
}


def init_app(app: Flask) -> None:
    tokens.init_app(app)


@bp.post("/token")
@bp.doc(**describing.TOKEN)
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
