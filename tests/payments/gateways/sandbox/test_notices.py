"""The sandbox tells of payments to us and nobody else, and not for ever."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import responses
from flask import Flask
from sqlalchemy import update

from kit.db import WORKER_THREADS, transaction
from kit.vault import VaultLocked
from payments.errors import BookingBusy
from payments.gateways.sandbox.models import SandboxTransaction
from payments.gateways.sandbox.notices import MOST, send_notices
from tests import make
from tests.payments import cards
from wsgi import jobs

PUBLIC = "https://pay.example.com"
PATH = "/pay/notices/sandbox"


@pytest.fixture
def code(app: Flask) -> str:
    """The code of a payment that a guest has just made."""
    opened = cards.open_page(make.booking(["100.00"]), cards.method(), 10000, app=app)
    cards.pay(opened)
    return opened.intent.code


def tells_at(url: str | None) -> None:
    with transaction() as connection:
        connection.execute(update(SandboxTransaction).values(notice_url=url))


def row(code: str) -> Any:
    [found] = make.rows_of(SandboxTransaction, code=code)
    return found


def rounds(count: int = 3 * MOST) -> int:
    """The worker comes again and again; how many notices were heard."""
    heard = 0
    for each in range(count):
        with cards.later(seconds=10 * each + 1):
            heard += send_notices()
    return heard


@pytest.mark.long
@responses.activate
def test_without_an_address_of_our_own_we_are_told_within_the_process(code: str) -> None:
    tells_at(PATH)

    assert rounds(1) == 1
    assert cards.state(code) == "succeeded"
    assert row(code).notice_at is None
    assert len(responses.calls) == 0
    assert cards.wrong() == []


@pytest.mark.parametrize("error", [BookingBusy(), VaultLocked()])
def test_who_cannot_hear_just_now_is_told_again(
    code: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tells_at(PATH)
    with monkeypatch.context() as patched:
        patched.setattr("payments.settling.believe", cards.raising(error))
        assert rounds(2) == 0

    assert cards.state(code) == "open"
    with cards.later(minutes=1):
        assert send_notices() == 1
    assert cards.state(code) == "succeeded"


@responses.activate
@pytest.mark.parametrize("public", [PUBLIC, f"{PUBLIC}/"])
def test_with_an_address_it_is_posted_there_signed(
    app: Flask, code: str, monkeypatch: pytest.MonkeyPatch, public: str
) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", public)
    tells_at(PUBLIC + PATH)
    form = {"code": code, "signature": cards.sandbox(app).signature(code)}
    responses.post(PUBLIC + PATH, "OK", match=[responses.matchers.urlencoded_params_matcher(form)])

    assert rounds() == 1
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize("public", [None, PUBLIC])
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9200/pay/notices/sandbox", f"{PUBLIC}.evil.example.com{PATH}",
     f"{PUBLIC}@evil.example.com{PATH}", "ftp://pay.example.com/"],
)  # fmt: skip
def test_nobody_else_is_called(
    app: Flask, code: str, monkeypatch: pytest.MonkeyPatch, public: str | None, url: str
) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", public)
    tells_at(url)

    assert rounds() == 0
    assert len(responses.calls) == 0
    assert (row(code).notice_at, row(code).notices) == (None, MOST)


@responses.activate
@pytest.mark.parametrize("answer", [requests.ConnectionError(), 404, 302])
def test_who_never_hears_is_not_told_for_ever_and_the_worker_asks(
    app: Flask, code: str, monkeypatch: pytest.MonkeyPatch, answer: int | Exception
) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", PUBLIC)
    tells_at(PUBLIC + PATH)
    if isinstance(answer, int):
        responses.post(PUBLIC + PATH, status=answer, headers={"Location": "http://127.0.0.1/"})
    else:
        responses.post(PUBLIC + PATH, body=answer)

    assert rounds() == 0
    assert len(responses.calls) == row(code).notices == MOST
    assert row(code).notice_at is None
    assert cards.work(hours=1) == 1
    assert cards.state(code) == "succeeded"


def test_a_page_that_tells_nobody_is_done_with_at_once(code: str) -> None:
    tells_at(None)

    assert rounds(1) == 1
    assert row(code).notice_at is None


@pytest.mark.one_database
def test_it_is_told_in_a_lane_of_its_own(app: Flask) -> None:
    """Whoever keeps it waiting keeps nothing else waiting."""
    lanes = [job.lane for job in jobs(app)]
    [mine] = [job for job in jobs(app) if job.run is send_notices]

    assert mine.lane
    assert lanes.count(mine.lane) == 1
    assert len(set(lanes)) + 1 == WORKER_THREADS
