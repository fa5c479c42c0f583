"""What the description of the API says of getting a token."""

from __future__ import annotations

from typing import Any

from kit.describing import answers, says
from partners.scopes import SCOPES

LISTED = "\n".join(f"- `{scope}`: {what}" for scope, what in SCOPES.items())
ABOUT = f"""Where partners get their access tokens: OAuth 2.0, client credentials.

Scopes, of which a partner has some:

{LISTED}"""

FORM = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": says(
            "Nothing else is granted.",
            "client_credentials",
            type="string",
            enum=["client_credentials"],
        ),
        "scope": says(
            "Some of the partner's scopes with spaces between them; all of them unless given.",
            type="string",
        ),
    },
}
GRANTED = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": says("Send it as `Authorization: Bearer ...`.", type="string"),
        "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": says("Seconds that it works for.", type="integer", minimum=300),
        "scope": says("What it may do.", type="string"),
    },
}
EXAMPLE = {
    "access_token": "IaRkO8Jq1Wb0vXhZp2sLd4Tn6Yc8Ug",
    "token_type": "Bearer",
    "expires_in": 3600,
    "scope": "bookings:read payments:read payments:write",
}
# Errors here have the shape of RFC 6749, not that of the house.
REFUSED = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"},
        "error_description": {"type": "string"},
    },
}
CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Basic ...`."}}


def _refused(description: str, *samples: dict[str, str]) -> dict[str, Any]:
    examples = {each["error"]: {"value": each} for each in samples}
    content = {"application/json": {"schema": REFUSED, "examples": examples}}
    return {"description": description, "content": content}


TOKEN: dict[str, Any] = {
    "operationId": "getToken",
    "description": "Send the client id and secret by HTTP Basic, as they are, in UTF-8. Keep the"
    " token and use it until it expires; it survives our restarts.",
    "security": [{"client": []}],
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": FORM}},
    },
    "responses": {
        200: {
            "description": "A token. It works until it expires or the partner is revoked.",
            "content": {"application/json": {"schema": GRANTED, "example": EXAMPLE}},
        },
        400: _refused(
            "The request is not one for a token (RFC 6749).",
            {
                "error": "invalid_request",
                "error_description": "Send grant_type=client_credentials, once.",
            },
            {"error": "unsupported_grant_type"},
            {"error": "invalid_scope"},
        ),
        401: _refused(
            "The client id or the secret is wrong.",
            {"error": "invalid_client", "error_description": "Client id or secret is wrong."},
        )
        | {"headers": CHALLENGE},
        **answers(413, 429, 500, 503),
    },
}
