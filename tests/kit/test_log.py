"""The log: one line a request, by its route and id, and nothing of what was sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError

from kit import log
from tests import make
from tests.conftest import BOTH_DATABASES
from tests.make import Client
from wsgi import create_app

pytestmark = pytest.mark.one_database

Lines = Callable[[], list[dict[str, Any]]]

VISA = "4111-1111-1111-1111"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """The lines logged since the last call, at level INFO and above."""
    log.configure("INFO")
    capsys.readouterr()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    log.configure("ERROR")


def test_a_request_is_one_line_with_its_id_route_and_status(client: Client, lines: Lines) -> None:
    answer = client.get("/apis/payments?BookingId=7", X_Request_Id="r-1")

    [line] = lines()
    assert answer.headers["X-Request-Id"] == "r-1"
    assert set(line) == {
        *("event", "level", "timestamp", "request_id", "method", "route", "status", "ms"),
        "partner",
    }
    assert line["event"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/apis/payments", 200)
    assert (line["request_id"], line["partner"]) == ("r-1", client.partner_id)
    assert 0 < line["ms"] < 60_000


def test_nothing_of_what_was_sent_is_logged(client: Client, lines: Lines) -> None:
    make.method("PayPal")
    booking = make.booking(["100.00"], email="hunter2@example.com")

    client.pay(booking, "1.00", Comments="hunter2", PaymentToken="hunter2-1", SendEmail="true")
    client.pay(booking, "hunter2", Comments=VISA, PaymentToken="hunter2\x00")
    client.get("/hunter2/no/route?and=hunter2", User_Agent="hunter2", Referer="hunter2")
    client.get("/apis/payments?BookingId=hunter2", Authorization="Bearer hunter2")
    basic = "Basic aHVudGVyMjpodW50ZXIy"
    client.post("/oauth/2.0/token", "grant_type=hunter2", Authorization=basic)

    told = lines()
    assert [line["status"] for line in told] == [200, 400, 404, 401, 400]
    assert not any(text in str(told) for text in ("hunter2", "aHVudGVy", "4111", client.token))


def test_a_request_to_no_route_is_logged_without_its_path(client: Client, lines: Lines) -> None:
    client.get("/secret/4111111111111111")

    [line] = lines()
    assert (line["route"], line["status"], line["partner"]) == (None, 404, None)


@pytest.mark.parametrize("sane", ["r-1", "0af7651916cd43dd8448eb211c80319c", "A.b_c-9", "x" * 64])
def test_a_sane_id_of_the_sender_is_kept(client: Client, lines: Lines, sane: str) -> None:
    answer = client.get("/healthz", X_Request_Id=sane)

    assert answer.headers["X-Request-Id"] == sane
    assert lines()[0]["request_id"] == sane


@pytest.mark.parametrize(
    "strange",
    [
        "",
        " ",
        "a b",
        "x" * 65,
        'a"b',
        "é",
        "٣",
        "{}",
        "a,b",
        "<script>",
        VISA,
        VISA.replace("-", ""),
    ],
)
def test_a_strange_id_of_the_sender_is_replaced(client: Client, lines: Lines, strange: str) -> None:
    answer = client.get("/healthz", X_Request_Id=strange)

    given = answer.headers["X-Request-Id"]
    assert len(given) == 16
    assert int(given, 16) >= 0
    assert lines()[0]["request_id"] == given


def test_each_request_without_an_id_gets_one_of_its_own(client: Client) -> None:
    ids = {client.get("/healthz").headers["X-Request-Id"] for _ in range(3)}

    assert len(ids) == 3


def test_a_refused_request_is_logged_with_its_id_and_partner(client: Client, lines: Lines) -> None:
    answer = client.pay(4711)

    [line] = lines()
    assert (line["status"], line["partner"]) == (404, client.partner_id)
    assert line["request_id"] == answer.headers["X-Request-Id"]


def test_below_the_level_nothing_is_logged(client: Client, capsys: Any) -> None:
    log.configure("WARNING")

    client.get("/healthz")

    assert capsys.readouterr().err == ""
    log.configure("ERROR")


def test_libraries_log_in_the_same_form_and_only_what_matters(lines: Lines) -> None:
    log.configure("INFO")  # anew: the handler of libraries keeps the stderr it was made with

    logging.getLogger("some.library").warning("pool %s is full", 7)
    logging.getLogger("some.library").info("connected as hunter2")

    [line] = lines()
    assert (line["event"], line["level"]) == ("pool 7 is full", "warning")


def test_an_exception_that_a_library_logs_is_told_without_its_text(lines: Lines) -> None:
    log.configure("INFO")

    try:
        raise ValueError("hunter2")
    except ValueError:
        logging.getLogger("some.library").exception("job failed")

    [line] = lines()
    assert (line["event"], line["error"]) == ("job failed", "ValueError")
    assert "hunter2" not in str(line)


@BOTH_DATABASES
def test_an_error_of_the_database_is_logged_by_its_constraint(app: Flask) -> None:
    make.tag(1, "hunter2")
    with pytest.raises(IntegrityError) as caught:
        make.tag(2, "hunter2")

    told = log.failure(caught.value)

    assert (told["error"], "hunter2" in str(told)) == ("IntegrityError", False)
    if "postgresql" in app.config["SQLALCHEMY_DATABASE_URI"]:
        assert (told["sqlstate"], told["constraint"]) == ("23505", "uq_tags_name")
        assert told["cause"] == "UniqueViolation"


def test_what_json_does_not_know_is_logged_as_text(lines: Lines) -> None:
    structlog.get_logger().info("seen", what={1, 2}.__class__, kept=None)

    [line] = lines()
    assert line["what"] == "<class 'set'>"


@pytest.mark.long
def test_a_setting_nobody_knows_is_warned_of_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLASK_SECRET_KEYS", "hunter2")

    create_app({"LOG_LEVEL": "WARNING"}, tmp_path)

    [line] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert line["event"] == "unknown_setting"
    assert "did you mean FLASK_SECRET_KEY?" in line["says"]
    assert "hunter2" not in str(line)
    log.configure("ERROR")
