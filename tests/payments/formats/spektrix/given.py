"""A client that signs as Spektrix's do; it shares no line with what checks its signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from flask import Flask
from sqlalchemy import insert
from werkzeug.test import TestResponse

from kit import clock
from kit.db import transaction
from payments.models import MethodAttribute
from tests import make
from tests.payments.proofs import stored

SECRET = base64.b64encode(b"a secret of thirty-two letters!!").decode()
TILL, OTHER, REFUND = "T" * 33, "O" * 33, "R" * 33
# Two requests of one second would be one to the service.
seconds = itertools.count()


def signed(
    secret: str, method: str, url: str, date: str, body: bytes, *, body_line: bool = True
) -> str:
    """The signature of a request."""
    text = f"{method}\n{url}\n{date}"
    if method != "GET" and body_line:
        text += "\n" + base64.b64encode(hashlib.md5(body).digest()).decode()
    key = base64.b64decode(secret)
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha1).digest()).decode()


def date_in(offset_s: float = 0) -> str:
    """The header Date of so many seconds from now."""
    return formatdate(clock.now().timestamp() + offset_s, usegmt=True)


@dataclass(frozen=True)
class Till:
    """Calls the service at one client name. `base` is the address that it believes to call."""

    app: Flask
    partner_id: int
    client_name: str = "client1"
    login: str = "till"
    secret: str = SECRET
    base: str = "http://localhost"

    def at(self, app: Flask) -> Till:
        """The same client, calling another application (process)."""
        return replace(self, app=app)

    def path(self, call: str) -> str:
        return f"/{self.client_name}/api/v3/{call}"

    def headers(
        self, method: str, path: str, body: bytes = b"", *, date: str = "", body_line: bool = True
    ) -> dict[str, str]:
        date = date or date_in(next(seconds) % 600)
        mac = signed(self.secret, method, self.base + path, date, body, body_line=body_line)
        return {"Date": date, "Authorization": f"SpektrixAPI3 {self.login}:{mac}"}

    def send(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        """Send a request, signed unless its headers are given."""
        raw = body.encode() if isinstance(body, str) else body or b""
        headers = self.headers(method, path, raw) if headers is None else headers
        if body is not None:
            options |= {"data": raw, "content_type": "application/json"}
        return self.app.test_client().open(path, method=method, headers=headers, **options)

    def get(self, call: str) -> TestResponse:
        return self.send("GET", self.path(call))

    def post(self, call: str, body: str | bytes | None = None) -> TestResponse:
        return self.send("POST", self.path(call), body)

    def pay(self, basket: int, amount: str, type_id: str = TILL, more: str = "") -> TestResponse:
        """Send a custom payment; `more` is JSON put into its object (`, "X": 1`)."""
        return self.post(f"baskets/{basket}/custom-payments", payment(amount, type_id, more))


def payment(amount: str, type_id: str = TILL, more: str = "") -> str:
    return f'{{"PaymentTypeId":"{type_id}","Amount":{amount}{more}}}'


def details(**given: str) -> str:
    """The JSON of PaymentAttributes, for `more`. Spaces of names are written as underscores."""
    each = [f'{{"Name":"{name.replace("_", " ")}","Value":"{value}"}}'
            for name, value in given.items()]  # fmt: skip
    return f',"PaymentAttributes":[{",".join(each)}]'


def new_till(
    app: Flask,
    scopes: str = make.ALL_SCOPES,
    locations: tuple[int, ...] = (1,),
    login: str = "till",
) -> Till:
    """A client of a new partner, at the first of its locations."""
    partner_id = make.partner(scopes, locations)
    make.credential(partner_id, "spektrix", SECRET, login=login)
    return Till(app, partner_id, f"client{locations[0]}", login)


def detail(method_id: int, name: str, position: int, *, required: bool = False) -> None:
    """A detail that may, or must, come with a payment by this method."""
    row = {"method_id": method_id, "name": name, "position": position, "required": required}
    with transaction() as connection:
        connection.execute(insert(MethodAttribute), [row])


@contextmanager
def nothing_recorded() -> Iterator[None]:
    """Everything inside leaves every row as it was, but for the answers that are kept."""
    before = stored()
    yield
    after = stored()
    for table in set(before) - {"idempotency_keys"}:
        assert after[table] == before[table], table


def told(answer: TestResponse) -> tuple[int, list[tuple[str | None, str]]]:
    """Status, and field and code of everything that is wrong; the answer's shape is checked."""
    body = answer.json or {}
    assert list(body) == ["message", "errors"]
    assert body["message"]
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    for error in body["errors"]:
        assert list(error) == ["field", "code", "message"]
        assert error["message"].endswith(".")
    if len(body["errors"]) == 1:
        assert body["message"] == body["errors"][0]["message"]
    return answer.status_code, [(error["field"], error["code"]) for error in body["errors"]]
