"""Structured logs: one JSON object a line on stderr, each with the id of its request.

A request is logged by its route and never by its path, query or body: those may hold anything.
Errors of libraries are logged by class and place; their texts may repeat what was sent.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from typing import Any, TextIO

import orjson
import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError
from structlog.typing import EventDict

from kit import ids
from kit.cards import has_card_number

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

log = structlog.get_logger()


class _Stderr:
    """Whatever stderr is when a line is written: tests and servers replace it."""

    def msg(self, text: str) -> None:
        stream: TextIO = sys.stderr
        stream.write(text + "\n")
        stream.flush()

    log = debug = info = warning = warn = error = critical = exception = fatal = msg


def _as_json(_: Any, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


def _without_text(_: Any, __: str, event: EventDict) -> EventDict:
    """What libraries log of an exception: its class and place, like ours."""
    exc_info = event.pop("exc_info", None)
    if exc_info:
        error = exc_info[1] if isinstance(exc_info, tuple) else sys.exc_info()[1]
        event.update(failure(error) if error else {})
    return event


def configure(level: str) -> None:
    """Set the log up, ours and that of libraries, once for the process."""
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _as_json],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _without_text],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _as_json],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(getattr(logging, level), logging.WARNING))
    # It warns of every address that is refused; whoever asked is told, or it is in the call log.
    logging.getLogger("requests_hardened").setLevel(logging.ERROR)


def init_app(app: Flask) -> None:
    """Give every request an id, and write a line when it is done."""

    @app.before_request
    def begin() -> None:
        came = request.headers.get("X-Request-Id", "")
        good = REQUEST_ID.fullmatch(came) and not has_card_number(came)
        g.request_id = came if good else ids.short()
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        log.info(
            "request",
            request_id=g.get("request_id"),
            method=method_name(),
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round(1000 * (time.perf_counter() - g.get("began", time.perf_counter())), 2),
            partner=g.caller.partner_id if "caller" in g else None,
        )
        return response


def method_name() -> str:
    """The request's method when HTTP has it; others may hold anything, and never end."""
    return request.method if request.method in METHODS else "other"


def failure(error: BaseException) -> dict[str, Any]:
    """What may be logged of an unexpected error: its class and where it happened, not its text."""
    frames = traceback.extract_tb(error.__traceback__)
    told: dict[str, Any] = {
        "error": type(error).__name__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }
    if isinstance(error, DBAPIError):
        original = error.orig
        told["cause"] = type(original).__name__
        told["sqlstate"] = getattr(original, "sqlstate", None)
        told["constraint"] = getattr(getattr(original, "diag", None), "constraint_name", None)
    return told
