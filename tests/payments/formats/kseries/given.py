"""A till that speaks K-Series, and a worker that is run when a test says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from kit import clock
from outbox.delivering import deliver
from partners.hooks import Hooks
from payments.inbox import apply_accepted
from tests import make
from tests.partners.receiver import Receiver

BUSINESS, OTHER_BUSINESS = 1001, 1002
ENDPOINT, METHOD, ACCOUNT = "till", "OOPAYMENT", "A1234.56"
SCOPES = "orders-api financial-api"


class Raw(str):
    """JSON as it is: an amount whose digits matter."""

    __slots__ = ()


def body(**fields: Any) -> str:
    """A payment of 20.06 on ACCOUNT; None leaves a field out."""
    given: dict[str, Any] = {
        "iKaccountIdentifier": ACCOUNT,
        "thirdPartyPaymentReference": "order-1",
        "endpointId": ENDPOINT,
        "businessLocationId": BUSINESS,
        "paymentMethod": METHOD,
        "paymentAmount": Raw("20.06"),
    }
    return document({k: v for k, v in (given | fields).items() if v is not None})


def document(given: dict[str, Any]) -> str:
    parts = [
        f"{json.dumps(name)}:{value if isinstance(value, Raw) else json.dumps(value)}"
        for name, value in given.items()
    ]
    return "{" + ",".join(parts) + "}"


class Till:
    """A partner's program."""

    def __init__(self, app: Flask, partner_id: int, scopes: str = SCOPES) -> None:
        self.app, self.partner_id = app, partner_id
        self.token = make.token(partner_id, scopes)

    def call(self, method: str, path: str, body: str | bytes | None = None) -> TestResponse:
        # A client for each call: tests make several at once.
        return self.app.test_client().open(
            path,
            method=method,
            data=body,
            headers={"Authorization": f"Bearer {self.token}"},
            content_type="application/json" if body is not None else None,
        )

    def pay(self, **fields: Any) -> TestResponse:
        return self.call("POST", "/o/op/1/pay", body(**fields))

    def accepted(self, **fields: Any) -> None:
        """Send a payment that is accepted."""
        answer = self.pay(**fields)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"}), answer.text


class Worker:
    """The jobs of the worker that this format needs, run until they find nothing more."""

    def __init__(self, app: Flask, receiver: Receiver) -> None:
        self.app, self.receiver = app, receiver

    def run(self, now: Callable[[], datetime] = clock.now) -> Sequence[Any]:
        """What the endpoint was told meanwhile."""
        before = len(self.receiver.got)
        while apply_accepted(now):
            pass
        while deliver(Hooks.of(self.app), "worker", now):
            pass
        return [each.json for each in self.receiver.got[before:]]


def errors(answer: TestResponse) -> list[tuple[str, str]]:
    """Field and code of everything that is wrong; the answer's shape is checked."""
    told = refusal(answer)
    assert answer.status_code == 400
    for error in told["errors"]:
        assert list(error) == ["field", "code", "defaultMessage", "objectName"]
        assert error["defaultMessage"].rstrip(".") in told["message"]
    return [(error["field"], error["code"]) for error in told["errors"]]


def refusal(answer: TestResponse) -> dict[str, Any]:
    """The body of an error; its shape is checked."""
    told = answer.json
    assert told is not None, answer.text
    assert [name for name in told if name != "errors"] == [
        "timestamp",
        "status",
        "error",
        "message",
        "path",
    ]
    assert told["status"] == answer.status_code
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(told)
