"""Somebody before the door of the desk, and what they type in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Flask, g
from flask_security.proxies import _security
from sqlalchemy import update

from audit.chain import SYSTEM
from kit import clock
from kit.db import transaction
from kit.vault import vault
from staff import second_factor
from staff.models import Person
from staff.passwords import hashed
from tests.desk.people import PASSWORD, Page

SIGN_IN = "/desk/account/sign-in"
EMAIL = "manager@example.com"
NEW = "quite another long password"


class Visitor:
    """Somebody who has not signed in yet."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.app, self.http = app, app.test_client()
        self.http.environ_base["REMOTE_ADDR"] = address

    def get(self, path: str) -> Page:
        return self._ask("get", path)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Page:
        return self._ask("post", path, data=fields, headers=headers)

    def _ask(self, method: str, path: str, **rest: Any) -> Page:
        # The context of the test's application stands behind all of its requests; the real ones
        # share nothing.
        for name in list(g):
            g.pop(name)
        return Page(getattr(self.http, method)(path, **rest))

    def send(self, path: str, fields: Mapping[str, str]) -> Page:
        """Open a page, fill its form in and send it."""
        return self.post(path, {**self.get(path).form(), **fields})

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, next: str = "") -> Page:
        path = f"{SIGN_IN}?next={next}" if next else SIGN_IN
        return self.send(path, {"email": email, "password": password})

    @property
    def cookie(self) -> str:
        found = self.http.get_cookie("desk", path="/desk")
        return found.value if found else ""

    def is_in(self) -> bool:
        return self.get("/desk/tags/").status == 200


@cache
def stored() -> str:
    """The hash of PASSWORD; the key of all applications in tests is the same."""
    return hashed(PASSWORD)


def wrong(visitor: Visitor, times: int, email: str = EMAIL) -> list[Page]:
    return [visitor.sign_in(email, "a wrong password") for _ in range(times)]


def switched_on(person_id: int) -> tuple[str, list[str]]:
    """Gives somebody a second factor: its sealed secret and the recovery codes."""
    sealed = second_factor.new_secret()
    with transaction() as connection:
        codes = second_factor.switch_on(
            connection, person_id, sealed, code_of(sealed), SYSTEM, clock.now()
        )
        # As if it had been some time ago: the code of this half minute was not taken yet.
        connection.execute(update(Person).values(tf_counter=1))
    return sealed, codes


def code_of(sealed: str) -> str:
    """What the app shows now."""
    code: str = _security.totp_factory.generate_totp_password(vault().open(sealed))
    return code


def give(visitor: Visitor, code: str) -> Page:
    return visitor.send("/desk/account/code", {"code": code})
