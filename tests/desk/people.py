"""People at the desk in tests, signed in without a password: that takes Argon2 its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lxml.html
from flask import Flask, g
from flask_wtf.csrf import generate_csrf
from sqlalchemy import insert
from werkzeug.test import TestResponse

from audit.chain import Actor, Origin
from desk.access import TOKEN
from kit import clock, ids
from kit.db import transaction
from staff import sessions
from staff.models import Person, PersonLocation, PersonPermission

PASSWORD = "a password of tests, long enough"
ADDRESS = "127.0.0.1"


def person(
    role: str = "manager",
    email: str | None = None,
    *,
    locations: Sequence[int] = (),
    granted: Iterable[str] = (),
    withdrawn: Iterable[str] = (),
    **values: Any,
) -> int:
    """Somebody of the staff; their id. No `locations`: all of them."""
    row = {
        "email": email or f"{role}-{ids.short()}@example.com",
        "role": role,
        "fs_uniquifier": ids.secret(),
        "created_at": clock.now(),
        **values,
    }
    with transaction() as connection:
        query = insert(Person).returning(Person.id)
        person_id: int = connection.execute(query, [row]).scalar_one()
        for each in locations:
            limit = {"person_id": person_id, "location_id": each}
            connection.execute(insert(PersonLocation), [limit])
        for names, is_granted in ((granted, True), (withdrawn, False)):
            for name in names:
                deviation = {"person_id": person_id, "permission": name, "granted": is_granted}
                connection.execute(insert(PersonPermission), [deviation])
    return person_id


def session_of(person_id: int) -> str:
    """The token of a new sign-in of this person."""
    origin = Origin(Actor("person", person_id, "a test"), ADDRESS)
    with transaction() as connection:
        return sessions.begin(connection, person_id, origin, "a test", clock.now())


@dataclass
class Page:
    """An answer of the desk, read as a page."""

    answer: TestResponse
    root: Any = field(init=False)

    def __post_init__(self) -> None:
        is_file = (self.answer.mimetype or "").startswith("application/")
        text = "" if is_file else self.answer.text
        self.root = lxml.html.fromstring(text) if text.strip().startswith("<") else None

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def leads_to(self) -> str | None:
        """Where it sends the browser, a path with its query."""
        there = self.answer.headers.get("Location") or self.answer.headers.get("HX-Redirect")
        return there.replace("http://localhost", "") if there else None

    @property
    def text(self) -> str:
        """What can be read in the main part, white space made single."""
        found = self.root.cssselect("main") if self.root is not None else []
        return " ".join((found[0] if found else self.root).text_content().split())

    def all(self, selector: str) -> list[str]:
        """The texts of what a CSS selector finds."""
        return [" ".join(each.text_content().split()) for each in self.root.cssselect(selector)]

    def form(self, action_ends: str = "") -> dict[str, str]:
        """The fields of the form whose action ends so, as the browser would send them unchanged."""
        for form in self.root.cssselect("main form, dialog form, form"):
            if (form.get("action") or "").endswith(action_ends) and form.get("method") == "post":
                return dict(form.form_values())
        raise AssertionError(f"no form to {action_ends!r} on this page")


class Desk:
    """The desk as one person sees it."""

    def __init__(self, app: Flask, person_id: int) -> None:
        self.app, self.person_id = app, person_id
        self.http = app.test_client()
        with self.http.session_transaction(path="/desk/") as session:
            session[TOKEN] = session_of(person_id)
            session.permanent = True

    @classmethod
    def of(cls, app: Flask, role: str = "manager", **values: Any) -> Desk:
        """The desk of somebody new."""
        return cls(app, person(role, **values))

    def get(self, path: str, **headers: str) -> Page:
        _forget()
        return Page(self.http.get(path, headers=_named(headers)))

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **headers: str) -> Page:
        """Send a form, with the token against forgery that pages carry."""
        given = {"csrf_token": self.token(), **(fields or {})}
        _forget()
        return Page(self.http.post(path, data=given, headers=_named(headers)))

    def token(self) -> str:
        """A good token against forged forms, of this browser's session."""
        with self.http.session_transaction(path="/desk/") as session:
            raw = session.setdefault("csrf_token", ids.digest("a test")[:40])
        with self.app.test_request_context():
            from flask import session as fresh

            fresh["csrf_token"] = raw
            _forget()
            return str(generate_csrf())


def _forget() -> None:
    """Tests are within one app context, so what a request keeps in `g` would be there in the next
    one, of somebody else."""
    for name in ("csrf_token", "waiting"):
        g.pop(name, None)


def _named(given: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}
