"""Every page of the desk is behind the gate: for nobody, and for people without its permission."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from audit.models import LogEntry
from desk.access import STATIC
from staff.permissions import ROLES, Permission
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk

PART = re.compile(r"<(?:\w+:)?\w+>")


def needed(app: Flask, rule: Rule) -> tuple[Permission, ...]:
    view: Any = app.view_functions[rule.endpoint]
    found: tuple[Permission, ...] = getattr(view, "needs", ())
    return found


def pages(app: Flask) -> list[tuple[str, str, tuple[Permission, ...]]]:
    """Method, path (every number in it 1) and permissions of each page of the desk."""
    rules: list[Rule] = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.") and rule.endpoint != STATIC
    ]
    return [
        (method, PART.sub("1", rule.rule), needed(app, rule))
        for rule in rules
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_page_names_a_permission(app: Flask) -> None:
    assert len(pages(app)) > 5
    assert all(needs for _, _, needs in pages(app))


def test_nobody_is_led_to_the_sign_in_from_every_page(app: Flask) -> None:
    client = app.test_client()

    answers = {(method, path): client.open(path, method=method) for method, path, _ in pages(app)}

    led = {call: answer.headers.get("Location", "") for call, answer in answers.items()}
    assert {call for call, there in led.items() if "/desk/account/sign-in" not in there} == set()
    assert {answer.status_code for answer in answers.values()} == {303}


@pytest.mark.long
def test_an_operator_is_refused_every_page_that_only_others_may_open(
    app: Flask, operator: Desk
) -> None:
    others = [call for call in pages(app) if not set(call[2]) <= ROLES["operator"]]
    posts = [call for call in others if call[0] == "POST"]

    answers = [
        (operator.post(path) if method == "POST" else operator.get(path)).status
        for method, path, _ in others
    ]

    assert set(answers) == {403}
    assert len(make.rows_of(LogEntry, action="staff.refused")) == len(posts)


@pytest.mark.long
def test_a_form_without_its_token_is_refused_at_every_page(app: Flask, desk_of: DeskOf) -> None:
    desk = desk_of("administrator")

    statuses = {
        path: desk.http.post(path, data={"name": "forged"}).status_code
        for method, path, _ in pages(app)
        if method == "POST"
    }

    assert set(statuses.values()) == {400}


def test_a_session_that_has_ended_is_worth_nothing(manager: Desk) -> None:
    cookie = manager.http.get_cookie("desk", path="/desk")
    manager.post("/desk/sign-out")
    assert cookie is not None
    manager.http.set_cookie("desk", cookie.value, path="/desk")

    answer = manager.get("/desk/tags/")

    assert answer.leads_to is not None
    assert answer.leads_to.startswith("/desk/account/sign-in")
