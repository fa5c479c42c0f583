"""What the description of the API (/openapi.json) says of refusals, the same for every room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from kit.errors import DomainError
from kit.form import BODY_LIMIT, FORM

REFUSAL: dict[str, Any] = {
    "type": "object",
    "description": "Every refusal. `Code` is stable and meant for programs, `Message` for people.",
    "required": ["Success", "Message", "Code", "Errors"],
    "properties": {
        "Success": {"type": "boolean", "const": False},
        "Message": {"type": "string", "description": "One sentence."},
        "Code": {
            "type": "string",
            "description": "What is wrong; `several_problems` when it is more than one thing.",
        },
        "Errors": {
            "type": "array",
            "description": "Everything that is wrong, all at once.",
            "items": {
                "type": "object",
                "required": ["Field", "Code", "Message"],
                "properties": {
                    "Field": {
                        "type": ["string", "null"],
                        "description": "The field it is about; null when it is about none.",
                    },
                    "Code": {"type": "string"},
                    "Message": {"type": "string"},
                },
            },
        },
    },
}

RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}
CHALLENGE = {
    "WWW-Authenticate": {
        "description": "What is asked for (RFC 6750).",
        "schema": {"type": "string"},
    }
}


def says(description: str, example: Any = None, **shape: Any) -> dict[str, Any]:
    """What a field means, as JSON Schema; `shape` is what its class cannot tell."""
    found = {**shape, "description": description}
    return found if example is None else found | {"example": example}


def sample(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    """The body of a refusal of one thing."""
    errors = [{"Field": field, "Code": code, "Message": message}]
    return {"Success": False, "Message": message, "Code": code, "Errors": errors}


def refusal(
    description: str,
    samples: Iterable[Mapping[str, Any]],
    headers: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A refusal as a response of the description; each sample is shown under its code."""
    examples = {each["Code"]: {"value": each} for each in samples}
    schema = {"$ref": "#/components/schemas/Refusal"}
    content = {"application/json": {"schema": schema, "examples": examples}}
    found: dict[str, Any] = {"description": description, "content": content}
    return found | ({"headers": dict(headers)} if headers else {})


def codes(statuses: Mapping[type[DomainError], int], status: int) -> str:
    """The codes of a door's error table that this status stands for, as Markdown."""
    found = dict.fromkeys(error.code for error, each in statuses.items() if each == status)
    return ", ".join(f"`{code}`" for code in found)


# What is the same wherever it can happen; a call refers to it by the name of the status.
RESPONSES: dict[int, dict[str, Any]] = {
    400: refusal(
        "A parameter is malformed; all that are wrong are named at once.",
        [
            sample(
                "invalid",
                "DateFrom is '22/08/2015'; it must be a real date, yyyy-mm-dd.",
                "DateFrom",
            )
        ],
    ),
    401: refusal(
        "The access token is missing, unknown, expired or revoked: get a new one.",
        [
            sample(
                "unauthenticated",
                "The access token is unknown, expired or revoked; ask /oauth/2.0/token for a new"
                " one.",
            )
        ],
        CHALLENGE,
    ),
    403: refusal(
        "The token has not the scope that the call needs.",
        [
            sample(
                "scope_missing",
                "This call needs the scope payments:write; the token has bookings:read"
                " payments:read.",
            )
        ],
        CHALLENGE,
    ),
    411: refusal(
        "The body came without its length, in chunks.",
        [
            sample(
                "length_required",
                "Send the body with its length (Content-Length), not in chunks.",
            )
        ],
    ),
    413: refusal(
        f"The body is larger than {BODY_LIMIT} bytes.",
        [sample("body_too_large", f"The body is larger than {BODY_LIMIT} bytes.")],
    ),
    415: refusal(
        f"The body is not {FORM}.",
        [sample("unsupported_media_type", f"The content type is application/json; send {FORM}.")],
    ),
    429: refusal(
        "Too many requests of this partner, or failed sign-ins from this address.",
        [sample("too_many_requests", "Too many requests; try again in 7 s.")],
        RETRY_AFTER,
    ),
    500: refusal(
        "An error of ours. Nothing was done; the request id finds it in our log.",
        [
            sample(
                "internal_error",
                "An unexpected error; it is logged under the request id 5f2b8f6a1c3d4e90.",
            )
        ],
    ),
    501: refusal(
        "The call cannot be tried out yet; nothing was done.",
        [
            sample(
                "dry_run_not_supported",
                "Prefer: dry-run is not supported yet; nothing was done.",
            )
        ],
    ),
    503: refusal(
        "The database cannot be reached, or is too busy: send the same request again.",
        [
            sample(
                "unavailable",
                "The database cannot be reached just now; send the same request again.",
            )
        ],
        RETRY_AFTER,
    ),
}


def answers(*statuses: int) -> dict[int, str]:
    """References to the responses above, for the `responses` of a call."""
    return {status: HTTPStatus(status).name for status in statuses}
