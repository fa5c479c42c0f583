"""/docs: Swagger UI, served from here; nothing of it comes from another host."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template

bp = Blueprint(
    "apidocs", __name__, url_prefix="/docs", template_folder="templates", static_folder="static"
)

ABOUT = """One ledger for the money of vacation-rental bookings.

Bodies are form-encoded (`application/x-www-form-urlencoded`, UTF-8), answers are JSON. Names are
case-insensitive, an empty value is an absent one, an unknown name is ignored; a name given twice is
an error. Amounts are plain decimals with a point (`200.50`).

Get a token first, at `/oauth/2.0/token`, and send it as `Authorization: Bearer ...`; on this page,
type it into **Authorize**. Every answer has an `X-Request-Id`: name it when something is wrong.

Answers may get more keys in time; their present ones stay what they are.
"""

SPEC: dict[str, Any] = {
    "API_TITLE": "Booking payments",
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The access_token of `/oauth/2.0/token`.",
                },
                "client": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "Client id and secret, for `/oauth/2.0/token` only.",
                },
            }
        },
    },
}


def spec(public_url: str | None) -> dict[str, Any]:
    """Settings of flask-smorest. `public_url`: where the world reaches the service.

    First comes the address that the description was asked for at: a page at another name of the
    service may send calls nowhere else (POLICY)."""
    options = dict(SPEC["API_SPEC_OPTIONS"])
    if public_url is not None:
        options["servers"] = [{"url": "/"}, {"url": public_url.rstrip("/")}]
    return {**SPEC, "API_SPEC_OPTIONS": options}


# Swagger UI draws with inline styles and pictures of its own; scripts only from here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


@bp.get("")
def page() -> Response:
    """The page; it loads the description and lets a reader try the calls."""
    response = make_response(render_template("docs.html"))
    response.headers["Content-Security-Policy"] = POLICY
    return response
