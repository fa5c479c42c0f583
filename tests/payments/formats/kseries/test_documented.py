"""Every call that docs/formats/kseries.md prints answers what it prints, and so do the webhooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from demo.loading import load
from kit import clock
from kit.db import transaction
from payments.formats.kseries.errors import ANSWERS, CODES
from payments.inbox import apply_accepted
from tests.apidocs.test_documented_calls import DOCS, alike, calls_of, run
from tests.payments.formats.kseries.given import Raw, Till, Worker
from tests.served import served

PAGE = DOCS / "formats" / "kseries.md"
WAIT = "sleep 2\n"

pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


@pytest.fixture
def applying(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The demonstration, with a worker that applies what was accepted after every call."""
    monkeypatch.setitem(app.config, "ALLOW_LOOPBACK_TARGETS", True)
    with transaction() as connection:
        load(connection, clock.now())
    answer = app.wsgi_app

    def then_apply(environ: Any, start_response: Any) -> Iterable[bytes]:
        answered = list(answer(environ, start_response))
        with app.app_context():
            apply_accepted()
        return answered

    monkeypatch.setattr(app, "wsgi_app", then_apply)
    return app


@pytest.mark.long
def test_every_call_answers_what_is_printed(applying: Flask) -> None:
    calls = [
        (commands.replace(WAIT, ""), status, body)
        for commands, status, body in calls_of(PAGE.read_text())
    ]
    printed = [call for call in calls if call[1]]

    with served(applying) as address:
        came = list(run(calls, address))

    assert len(printed) == 13
    for (commands, status, body), (their_status, their_body) in zip(printed, came, strict=True):
        theirs = json.loads(json.dumps(their_body).replace(address, "http://127.0.0.1:8000"))
        ours = json.loads(body, parse_float=str)
        assert (their_status, alike(theirs)) == (status, alike(ours)), commands


@pytest.mark.long
def test_every_webhook_comes_as_it_is_printed(demo: Till, worker: Worker) -> None:
    blocks = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    same = {
        "iKaccountIdentifier": "A1234.56",
        "businessLocationId": 45454565682155,
        "endpointId": "MY-AWESOME-ENDPOINT-ID",
    }

    told: list[Any] = []
    for reference, amount in (("12345678901234", "20.06"), ("12345678901235", "1000.00")):
        demo.accepted(**same, thirdPartyPaymentReference=reference, paymentAmount=Raw(amount))
        told += worker.run()
    demo.accepted(**same, thirdPartyPaymentReference="12345678901236")
    told += worker.run(lambda: clock.now() + timedelta(minutes=6))

    assert told == [json.loads(block) for block in blocks]


@pytest.mark.usefixtures("app")
def test_every_code_and_type_that_can_come_is_in_the_tables() -> None:
    page = PAGE.read_text()
    types = {answer.account_type for answer in ANSWERS.values()}
    codes = {answer.code for answer in ANSWERS.values()} | set(CODES.values())

    assert {word for word in (types | codes) - {None} if f"| `{word}` |" not in page} == set()
