"""What the description of the API (/openapi.json) says of refusals and writes, the same for every
room."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import marshmallow as ma

from kit.errors import DomainError
from kit.form import BODY_LIMIT, FORM, Refusals

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


class Shape(ma.Schema):
    """A named shape of the description that no answer is made with: plain JSON Schema."""

    shape: ClassVar[Mapping[str, Any]] = {}


# --- what every writing call takes and gives -----------------------------------------------------

KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "A new text for each thing to be done, the same for its repetitions. The same"
    " key with the same method, path, query and body is answered as the first time; with another"
    " one it is refused (422). Kept for 24 hours at least.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "checkout-7f3a-1",
}
PREFER = {
    "in": "header",
    "name": "Prefer",
    "description": "`return=representation` (RFC 7240) adds what has become of it to the answer;"
    " `dry-run` does it, shows what has become of it and takes it back: nothing is stored, nobody"
    " is written to. Anything else is ignored.",
    "schema": {"type": "string"},
    "example": "return=representation",
}
WRITTEN = {
    "Idempotency-Replayed": {
        "description": "`true` when an earlier, equal request was done and this is its answer.",
        "schema": {"type": "string", "const": "true"},
    },
    "Preference-Applied": {
        "description": "The preference that was followed.",
        "schema": {"type": "string"},
    },
}

SENTENCES = {
    400: "A field is malformed, or cannot be for this booking. All wrong fields are named at once.",
    403: "The token has not the scope that the call needs, or only the desk may do this.",
    404: "It is not there, or is of another location.",
    409: "It conflicts with what is there already.",
    422: "A rule of the business refuses it.",
}


def refusals(door: Refusals, samples: Sequence[DomainError]) -> dict[int, Any]:
    """What a call may refuse, by status: every sample as the door renders it, and what is the same
    for all calls with a form."""
    found: dict[int, Any] = {}
    for status in sorted({400, *(door.statuses[type(each)] for each in samples)}):
        mine = [each for each in samples if door.statuses[type(each)] == status]
        bodies = [json.loads(door.render(each).get_data()) for each in mine]
        codes = ", ".join(dict.fromkeys(f"`{each.code}`" for each in mine))
        if status == HTTPStatus.BAD_REQUEST:
            bodies += [MALFORMED]
            codes += f"{', and ' * bool(mine)}those of malformed fields (`required`, `invalid` ...)"
        if status == HTTPStatus.FORBIDDEN:
            bodies += [SCOPE_MISSING]
            codes += ", `scope_missing`"
        found[status] = refusal(f"{SENTENCES[status]}\n\nCodes: {codes}.", bodies)
    return found


def writes(
    name: str,
    about: str,
    scope: str,
    answer: Mapping[str, Any],
    door: Refusals,
    refused: Sequence[DomainError],
) -> dict[str, Any]:
    """A writing call as `bp.doc` takes it. `refused`: an error of every kind that it may refuse
    with, as its door renders them."""
    shared = answers(401, 403, 411, 413, 415, 500, 503)
    return {
        "operationId": name,
        "description": f"{about}\n\nNeeds the scope `{scope}`.",
        "security": [{"token": [scope]}],
        "parameters": [KEY, PREFER],
        "responses": {**shared, 200: answer, **refusals(door, refused)},
    }


MALFORMED = sample(
    "invalid",
    "DateFrom is '22/08/2015'; it must be a real date, yyyy-mm-dd.",
    "DateFrom",
)
SCOPE_MISSING = sample(
    "scope_missing",
    "This call needs the scope payments:write; the token has bookings:read payments:read.",
)

# What is the same wherever it can happen; a call refers to it by the name of the status.
RESPONSES: dict[int, dict[str, Any]] = {
    400: refusal(
        "A parameter is malformed; all that are wrong are named at once.",
        [MALFORMED],
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
        [SCOPE_MISSING],
        CHALLENGE,
    ),
    404: refusal(
        "There is nothing at this address.",
        [sample("not_found", "There is nothing at this address.")],
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
