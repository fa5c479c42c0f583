"""What becomes of errors at the edge of the service, whichever door the request came to.

Blueprints never see a routing 404 or 405, so there is one handler for the whole application; it
picks the door by the path. Nothing of an unexpected error leaves the house but a request id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Protocol, cast

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from kit import form
from kit.db import is_unavailable
from kit.errors import DomainError, Refused
from kit.form import Malformed, Refusals
from kit.log import failure

RETRY_AFTER_S = "5"
DOORS = "doors"


class Door(Protocol):
    """How one wire format shows errors."""

    def reach(self, path: str) -> int:
        """How many letters of a path are this format's own; 0: the path is not."""
        ...

    def refused(self, error: DomainError | Refused) -> Response: ...

    def malformed(self, error: Malformed) -> Response: ...

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        """Everything that is nobody's business rule: 404 of a route, 405, 413, 500, 503."""
        ...


class HouseDoor:
    """The house dialect; at "/" also what unknown paths are answered in."""

    def __init__(self, refusals: Refusals, prefix: str = "/") -> None:
        self._refusals = refusals
        self._prefix = prefix

    def reach(self, path: str) -> int:
        return reach_of(self._prefix, path)

    def refused(self, error: DomainError | Refused) -> Response:
        return self._refusals.render(error)

    def malformed(self, error: Malformed) -> Response:
        return form.render_malformed(error)

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        return form.refusal(status, [(None, code, message)], headers)


def reach_of(prefix: str, path: str) -> int:
    """The reach of a format whose paths all begin alike."""
    return len(prefix) if path.startswith(prefix) else 0


def add_door(app: Flask, door: Door) -> None:
    """Let a format show the errors of its own paths."""
    app.extensions.setdefault(DOORS, []).append(door)


def init_app(app: Flask, doors: Sequence[Door]) -> None:
    """Answer every error at the door that reaches farthest into its path; one reaches them all."""
    for each in doors:
        add_door(app, each)

    def door() -> Door:
        found: Sequence[Door] = app.extensions[DOORS]
        return max(found, key=lambda each: each.reach(request.path))

    @app.errorhandler(DomainError)
    @app.errorhandler(Refused)
    def refused(error: DomainError | Refused) -> Response:
        return door().refused(error)

    @app.errorhandler(Malformed)
    def malformed(error: Malformed) -> Response:
        return door().malformed(error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        return _http(door(), error)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        return _unexpected(door(), error)

    app.after_request(_part)


def _part(response: Response) -> Response:
    """Say so when the body was not read to its end: the server then closes the connection, and
    would not answer the next request of a sender who counts on it. The rest is not read instead,
    for a stranger who sends it slowly would hold a thread."""
    has_body = request.content_length or "Transfer-Encoding" in request.headers
    if has_body and ("stream" not in vars(request) or response.status_code == 413):
        response.headers["Connection"] = "close"
    return response


def _http(door: Door, error: HTTPException) -> Response:
    """What werkzeug or Flask refuse, in the words of the door."""
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        # An error handler of ours failed; Flask wraps what it raised.
        return _unexpected(door, cast(Exception, error.original_exception))
    headers = {name: text for name, text in error.get_headers() if name in ("Allow", "Retry-After")}
    if isinstance(error, RequestEntityTooLarge):
        message = f"The body is larger than {form.BODY_LIMIT} bytes."
        return door.failed(413, "body_too_large", message, headers)
    status = HTTPStatus(error.code)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    return door.failed(error.code, code, _sentence(status), headers)


def _unexpected(door: Door, error: Exception) -> Response:
    """503 when the database is away; otherwise a bug of ours, told by its request id only."""
    log, request_id = structlog.get_logger(), g.get("request_id", "")
    if isinstance(error, DBAPIError | PoolTimeout) and is_unavailable(error):
        log.warning("database_unavailable", request_id=request_id, **failure(error))
        message = "The database cannot be reached just now; send the same request again."
        return door.failed(503, "unavailable", message, {"Retry-After": RETRY_AFTER_S})
    log.error("unexpected_error", request_id=request_id, **failure(error))
    message = f"An unexpected error; it is logged under the request id {request_id}."
    return door.failed(500, "internal_error", message, {})


def _sentence(status: HTTPStatus) -> str:
    told = {
        404: "There is nothing at this address.",
        405: "This address does not take this method; see the header Allow.",
    }
    return told.get(status, f"{status.description or status.phrase}.")
