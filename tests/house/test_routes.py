"""Every route demands a scope, unless it is on the list of those that are for everybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask

NUMBER = re.compile(r"<int.*?>")
PUBLIC = {
    "/healthz",
    "/readyz",
    "/metrics",  # from this machine, or with a bearer setting
    "/oauth/2.0/token",
    "/openapi.json",
    "/docs",
    "/docs/static/<path:filename>",
    "/guest/bookings/<token>",  # who has the link: it is signed
    "/guest/static/<path:filename>",
}


def required_scope(view: Callable[..., Any]) -> str | None:
    """The scope that a view, or what it wraps, demands."""
    layer: Any = view
    while layer is not None:
        if hasattr(layer, "required_scope"):
            return str(layer.required_scope)
        layer = getattr(layer, "__wrapped__", None)
    return None


def test_every_route_demands_a_scope_or_is_listed_as_public(app: Flask) -> None:
    open_routes = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if required_scope(app.view_functions[rule.endpoint]) is None
    }

    assert open_routes == PUBLIC


def test_every_route_with_a_scope_answers_401_to_nobody(app: Flask) -> None:
    client = app.test_client()
    guarded = [
        (method, NUMBER.sub("1", rule.rule))
        for rule in app.url_map.iter_rules()
        if required_scope(app.view_functions[rule.endpoint])
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]

    answers = {
        (method, path): client.open(path, method=method).status_code for method, path in guarded
    }

    assert len(answers) >= 18
    assert {call: status for call, status in answers.items() if status != 401} == {}
