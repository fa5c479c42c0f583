"""/docs: Swagger UI, served from here; nothing of it comes from another host."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

bp = Blueprint(
    "apidocs", __name__, url_prefix="/docs", template_folder="templates", static_folder="static"
)

ABOUT = """One ledger for the money of vacation-rental bookings.

Bodies are form-encoded (`application/x-www-form-urlencoded`, UTF-8), answers are JSON. Names are
case-insensitive, an empty value is an absent one. Get a token first, at `/oauth/2.0/token`.
"""

SPEC = {
    "API_TITLE": "Booking payments",
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": ABOUT},
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "client": {"type": "http", "scheme": "basic"},
            }
        },
    },
}

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
