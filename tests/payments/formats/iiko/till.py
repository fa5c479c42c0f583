"""A sender of payments in the format of iiko, and what it asks."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask
from werkzeug.test import TestResponse

from payments.formats.iiko import ids
from payments.inbox import apply_accepted
from tests import make
from tests.make import ALL_SCOPES, Client

LOGIN = "0123456789abcdef0123456789abcdef"
CASH, CARD = "CASH1", "CARD1"


class Till:
    """A new partner that reaches these locations, signed in with a token of all its scopes."""

    def __init__(
        self, app: Flask, locations: tuple[int, ...] = (1,), scopes: str = ALL_SCOPES
    ) -> None:
        self.app, self.location_id = app, locations[0]
        self.partner_id = make.partner(scopes, locations)
        self.token = make.token(self.partner_id, scopes)
        self.house = Client(app, self.partner_id, self.token)
        self._http = app.test_client()

    def ask(self, call: str, body: Any, **headers: str) -> TestResponse:
        """POST a document, or the bytes of one."""
        sent = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        path = f"/api/1/{call}"
        return self._http.post(path, data=raw, headers=sent, content_type="application/json")

    def order(self, booking_id: int, *payments: Any, **other: Any) -> dict[str, Any]:
        """The document that adds these payments to a booking."""
        return {
            "organizationId": ids.organization(self.location_id),
            "orderId": ids.order(booking_id),
            "payments": list(payments),
        } | other

    def add(self, booking_id: int, *payments: Any, **other: Any) -> str:
        """Add payments, which must be accepted; the correlationId."""
        answer = self.ask("order/add_payments", self.order(booking_id, *payments, **other))
        assert answer.status_code == 200, answer.text
        assert list(answer.json or ()) == ["correlationId"]
        return str(answer.json["correlationId"])

    def status(self, ticket: str) -> Any:
        organization = ids.organization(self.location_id)
        asked = {"organizationId": organization, "correlationId": ticket}
        answer = self.ask("commands/status", asked)
        assert answer.status_code == 200, answer.text
        return answer.json

    def outcome(self, booking_id: int, *payments: Any, **other: Any) -> Any:
        """What has become of these payments after the worker has had its turn."""
        ticket = self.add(booking_id, *payments, **other)
        assert self.status(ticket) == {"state": "InProgress"}
        assert apply_accepted() == 1
        return self.status(ticket)


def payment(amount: str = "20.06", type_id: str | None = CARD, **other: Any) -> dict[str, Any]:
    """A completed payment; the sum goes out digit by digit."""
    return {
        "sum": orjson.Fragment(amount),
        "paymentTypeId": type_id,
        "isProcessedExternally": True,
    } | other


def failed(outcome: Any) -> tuple[str, str]:
    """Reason and sentence of a command that ended badly; its shape is checked."""
    assert list(outcome) == ["state", "exception", "errorReason"]
    assert outcome["state"] == "Error"
    assert list(outcome["exception"]) == ["message"]
    return outcome["errorReason"], outcome["exception"]["message"]


def refused(answer: TestResponse) -> tuple[int, str, str]:
    """Status, code and sentence of what was refused at once; its shape is checked."""
    body = answer.json
    assert list(body or ()) == ["correlationId", "errorDescription", "error"]
    assert len(body["correlationId"]) == 36
    assert body["errorDescription"].endswith(".")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, body["error"], body["errorDescription"]
