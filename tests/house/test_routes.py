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
    "/api/1/access_token",  # where iiko's senders sign in
    "/openapi.json",
    "/docs",
    "/docs/static/<path:filename>",
    "/guest/bookings/<token>",  # who has the link: it is signed
    "/guest/static/<path:filename>",
    "/pay/<token>",  # so is this one
    "/pay/<token>/back/<code>",
    "/pay/<token>/receipts/<int:payment_id>.pdf",
    "/pay/<token>/statement.pdf",
    "/pay/notices/<gateway>",  # who tells is known by a signature
    "/sandbox/<page>",  # the page of a provider that moves no money; only with its setting
    "/sandbox/-/static/<path:filename>",
    "/",  # leads to the desk
    "/desk/static/<path:filename>",
    "/desk/files/<token>",  # who has the link to an export: it is signed
    "/desk/account/sign-in",
    "/desk/account/password",
    "/desk/account/password/<token>",
    "/desk/account/code",  # after the password: the second step
    "/Ordering.svc",  # GET only: the description of the service (WSDL)
}
# PAR Brink tells everything by result codes: 200, and 4 "access denied" (tests of the format).
TOLD_OTHERWISE = {("POST", "/Ordering.svc"): 200}


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
        and not hasattr(app.view_functions[rule.endpoint], "needs")  # tests/desk/test_routes.py
    }

    there = {rule.rule for rule in app.url_map.iter_rules()}  # a format may have been deleted
    assert open_routes == PUBLIC & there


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
    otherwise = {call: status for call, status in TOLD_OTHERWISE.items() if call in answers}
    assert {call: status for call, status in answers.items() if status != 401} == otherwise
