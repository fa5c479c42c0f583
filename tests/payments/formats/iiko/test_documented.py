"""Every call that docs/formats/iiko.md prints answers what it prints, digit by digit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask

from bookings.models import Booking
from demo.loading import load
from kit import clock
from kit.db import transaction
from payments.formats.iiko.errors import ANSWERS
from payments.inbox import apply_accepted
from payments.models import Payment
from tests import make
from tests.apidocs.test_documented_calls import DOCS, calls_of, run
from tests.served import served

PAGE = DOCS / "formats" / "iiko.md"
WAIT = "sleep 2\n"
NEW = re.compile(r'"(correlationId|token)": "[^"]*"')

pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


@pytest.fixture
def applying(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The demonstration, with a worker that applies what was accepted after every call."""
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


def told(answer: Any) -> Any:
    """An answer, without the values that are new each time."""
    return json.loads(NEW.sub(r'"\1": "new"', json.dumps(answer)))


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
        ours = json.loads(body, parse_float=str)
        assert (their_status, told(their_body)) == (status, told(ours)), commands
    [payment] = make.rows_of(Payment, source="iiko")
    assert (payment.booking_id, payment.amount, payment.state) == (4354, 2006, "cleared")
    assert make.row_of(Booking, 4354).paid == 2006


@pytest.mark.usefixtures("app")
def test_every_word_of_the_vendors_and_every_error_at_the_door_is_in_the_tables() -> None:
    page = PAGE.read_text()
    words = {answer.word or error.code for error, answer in ANSWERS.items()}
    never = {
        "signature_wrong", "commission_not_waivable", "endpoint_unknown", "endpoint_exists",
        "target_refused", "command_reference_used",
    }  # fmt: skip

    assert {word for word in words - never if f"`{word}`" not in page} == set()
