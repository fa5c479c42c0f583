"""Calls to programs of partners: what is sent, what is read of the answer, and when they end."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from partners import calling
from partners.calling import MOST_READ, call
from tests.partners.certificates import certificate
from tests.partners.receiver import Answer, Receiver, receiving
from tests.processes.running import wait_until


@pytest.fixture(autouse=True)
def house() -> Iterator[Flask]:
    """An application that may call this machine."""
    made = Flask("house")
    made.config["ALLOW_LOOPBACK_TARGETS"] = True
    with made.app_context():
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits, so short that a test can wait for them."""
    monkeypatch.setattr(calling, "CALL_S", 0.5)


def post(receiver: Receiver, body: bytes = b"{}", path: str = "/hooks", **options: Any) -> Any:
    return call(receiver.url(path), body, {"webhook-id": "msg_1"}, **options)


def test_the_body_arrives_byte_for_byte_with_our_headers(receiver: Receiver) -> None:
    body = '{"amount":"1.00","name":"Café\\u0000"}'.encode()

    answer = post(receiver, body, "/hooks/a%20b?c=d&e")

    assert (answer.status, answer.problem) == (200, None)
    [got] = receiver.got
    assert (got.method, got.path, got.body) == ("POST", "/hooks/a%20b?c=d&e", body)
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["user-agent"] == "booking-payments/1 (webhooks)"
    assert got.headers["accept-encoding"] == "identity"


def test_name_and_password_go_as_utf_8(receiver: Receiver) -> None:
    post(receiver, auth=("café", "пароль"))

    # base64 of "café:пароль" in UTF-8
    assert receiver.got[0].headers["authorization"] == "Basic Y2Fmw6k60L/QsNGA0L7Qu9GM"


def test_nothing_of_the_machine_goes_along(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ours password ours\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    answer = post(receiver)

    assert answer.status == 200
    assert "authorization" not in receiver.got[0].headers
    assert receiver.got[0].path == "/hooks"


def test_cookies_are_not_kept(receiver: Receiver) -> None:
    receiver.answers(Answer(headers={"Set-Cookie": "id=7; Path=/"}))

    post(receiver)
    post(receiver)

    assert "cookie" not in receiver.got[1].headers


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_status_of_success_is_good(receiver: Receiver, status: int) -> None:
    receiver.answers(Answer(status))

    assert post(receiver).is_good


@pytest.mark.parametrize("status", [199, 300, 302, 400, 410, 500, 599, 999])
def test_any_other_status_is_not(receiver: Receiver, status: int) -> None:
    receiver.answers(Answer(status, raw=b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status))

    answer = post(receiver)

    assert (answer.status, answer.is_good) == (status, False)


def test_the_answer_is_told_with_its_retry_after(receiver: Receiver) -> None:
    receiver.answers(Answer(503, {"Retry-After": "120"}, b"busy"))

    answer = post(receiver)

    assert (answer.status, answer.text, answer.retry_after) == (503, "busy", "120")
    assert answer.took_ms >= 0


@pytest.mark.parametrize("where", ["http://169.254.169.254/", "http://127.0.0.1:{port}/other"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int, where: str) -> None:
    receiver.answers(Answer(status, {"Location": where.format(port=receiver.port)}))

    assert post(receiver).status == status
    assert [each.path for each in receiver.got] == ["/hooks"]


@pytest.mark.long
def test_a_redirect_with_an_endless_packed_body_is_no_more_than_any_other_answer(
    receiver: Receiver,
) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    headers = {"Location": "/elsewhere", "Content-Encoding": "gzip"}
    receiver.answers(Answer(302, headers, bomb))

    answer = post(receiver)

    assert answer.status == 302
    assert len(answer.text) <= len(bomb)


# ------------------------------------------------------------------------------------- limits


def test_a_packed_answer_is_not_unpacked(receiver: Receiver) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    receiver.answers(Answer(200, {"Content-Encoding": "gzip"}, bomb))

    answer = post(receiver)

    assert answer.is_good
    assert answer.text == bomb[:MOST_READ].decode(errors="replace")


def test_no_more_than_64_kb_of_an_answer_are_read(receiver: Receiver) -> None:
    receiver.answers(Answer(200, body=b"x" * (MOST_READ + 1)))

    assert len(post(receiver).text) == 65536


def test_what_is_no_text_becomes_text(receiver: Receiver) -> None:
    receiver.answers(Answer(200, body=b"a\x00\xff\xed\xa0\x80b"))

    text = post(receiver).text

    assert text.startswith("a\0�")
    assert text.encode().endswith(b"b")


@pytest.mark.long
@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "answer",
    [
        Answer(hangs=True),
        Answer(drips="head", headers={"Padding": "x" * 2000}),
        Answer(raw=b"HTTP/1.1 100 Continue\r\n\r\n" * 3, hangs=True),
    ],
    ids=["silent", "head", "continues"],
)
def test_a_call_ends_in_time_whatever_drips_in(receiver: Receiver, answer: Answer) -> None:
    receiver.answers(answer)

    got = post(receiver)

    assert (got.status, got.problem) == (None, "no answer within 0.5 s")
    assert got.took_ms >= 500


@pytest.mark.long
@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("connection", ["close", "keep-alive"])
@pytest.mark.parametrize("part", ["head", "body"])
def test_nobody_is_left_waiting_on_a_call_that_was_ended(
    receiver: Receiver, part: Any, connection: str
) -> None:
    padding = {"Padding": "x" * 2000, "Connection": connection}
    receiver.answers(Answer(drips=part, body=b"x" * 2000, headers=padding))
    before = threading.active_count()

    post(receiver)

    wait_until(lambda: threading.active_count() <= before, "all threads of the call have ended")


@pytest.mark.long
@pytest.mark.usefixtures("hurried")
def test_the_look_up_of_a_host_counts_as_well(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep, real = threading.Event(), socket.getaddrinfo

    def slow(*words: Any, **options: Any) -> Any:
        asleep.wait(30)
        return real(*words, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    answer = post(receiver)

    assert answer.problem == "no answer within 0.5 s"
    asleep.set()


@pytest.mark.long
@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("secure", [False, True])
def test_what_was_connected_too_late_is_not_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secure: bool
) -> None:
    """The worker has written down by then that there was no answer, and will call again."""
    real = socket.create_connection

    def slow(*words: Any) -> socket.socket:
        threading.Event().wait(0.6)
        return real(*words)

    monkeypatch.setattr(socket, "create_connection", slow)
    context, trusted = certificate(tmp_path, "127.0.0.1")
    monkeypatch.setattr(calling, "VERIFY", trusted)

    with receiving(context if secure else None) as late:
        answer = call(late.url(), b"{}", {})

    assert answer.problem == "no answer within 0.5 s"
    assert late.got == []


def test_who_accepts_no_connection_is_told_apart(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", never)

    assert post(receiver).problem == "no connection within 2 s"


@pytest.mark.parametrize(
    "line",
    [
        b"Set-Cookie2: " + b"a;" * 30_000,
        b"Set-Cookie: " + b"a=b " * 15_000,
        b"X: " + b"\xff\x0b\x1c" * 20_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000,
    ],
    ids=["cookies", "one cookie", "no lines", "continues"],
)
def test_of_a_head_no_more_than_64_kb_are_read(receiver: Receiver, line: bytes) -> None:
    """However many lines of whatever length: who writes them could keep us at work."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + (line + b"\r\n") * 90 + b"\r\n"
    receiver.answers(Answer(raw=line if b"Continue" in line else head))

    assert post(receiver).problem == "no answer (HTTPException)"


def test_a_long_head_is_an_answer(receiver: Receiver) -> None:
    receiver.answers(Answer(200, {"Set-Cookie": "a=" + "b" * 30_000, "Padding": "c" * 30_000}))

    assert post(receiver).is_good


def test_a_body_in_endless_small_chunks_ends(receiver: Receiver) -> None:
    chunk = b"1;" + b"x" * 1000 + b"\r\ny\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    receiver.answers(Answer(raw=head + chunk * 2000))

    answer = post(receiver)

    assert answer.is_good
    assert 50 < len(answer.text) < 500


@pytest.mark.long
@pytest.mark.usefixtures("hurried")
def test_an_answer_counts_though_its_body_does_not_end_in_time(receiver: Receiver) -> None:
    """It was said that it arrived: to say it again would be wrong."""
    receiver.answers(Answer(202, body=b"x" * 2000, drips="body"))

    answer = post(receiver)

    assert (answer.status, answer.problem) == (202, None)
    assert 0 < len(answer.text) < 2000
    assert answer.took_ms >= 500


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(drops=True), "no answer (RemoteDisconnected)"),
        (Answer(raw=b"SMTP 220\r\n"), "no answer (BadStatusLine)"),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000), "no answer (HTTPException)"),
    ],
    ids=["closed", "no http", "endless header"],
)
def test_what_is_no_answer_is_told_in_words(
    receiver: Receiver, answer: Answer, problem: str
) -> None:
    receiver.answers(answer)

    assert post(receiver).problem == problem


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 100\r\n\r\nhalf",
        b"Content-Length: 100\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nhalf",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nha",
    ],
    ids=["half", "nothing", "no chunk", "half a chunk"],
)
def test_an_answer_counts_though_its_body_breaks_off(receiver: Receiver, rest: bytes) -> None:
    receiver.answers(Answer(raw=b"HTTP/1.1 200 OK\r\n" + rest))

    assert post(receiver).is_good


def test_where_nobody_listens_there_is_no_answer() -> None:
    with receiving() as gone:
        url = gone.url()

    assert call(url, b"{}", {}).problem == "no answer (ConnectionRefusedError)"
