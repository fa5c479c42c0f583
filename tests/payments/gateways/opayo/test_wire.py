"""The wire: what is read of an answer, how long and how much of it, and that nothing leaks."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import requests
import responses
from hypothesis import example, given
from hypothesis import strategies as st

from payments.gateways.gateway import LONGEST_S, UNKNOWN
from payments.gateways.opayo import wire
from payments.gateways.opayo.gateway import Opayo
from payments.gateways.opayo.wire import parse
from tests.payments.gateways.opayo.given import (
    OPAYO,
    SECRETS,
    VENDOR,
    answered,
    order,
    repeated,
    service,
    visit,
)


@given(st.text())
@example("=")
@example("\x85Status=OK\u2028")
@example("Status=OK\rStatus=OK\n\n")
def test_any_text_is_read_or_not_understood_and_never_an_error(text: str) -> None:
    found = parse(text)

    assert all(name.isascii() and name.isalnum() for name in found)
    assert all(value == value.strip() for value in found.values())


NAMES = st.text("abcXYZ019", min_size=1, max_size=6)
VALUES = st.text(st.characters(codec="iso-8859-1", exclude_characters="\r\n"), max_size=20)


@pytest.mark.long
@given(st.dictionaries(NAMES, VALUES), st.sampled_from(["\r\n", "\n", "\r"]))
def test_what_was_written_is_read_again_whatever_ends_its_lines(
    values: dict[str, str], end: str
) -> None:
    text = "".join(f"{name}={value}{end}" for name, value in values.items())

    assert parse(text) == {name: value.strip() for name, value in values.items()}


@pytest.mark.long
@given(st.dictionaries(NAMES, VALUES, min_size=1), st.text(min_size=1))
def test_one_line_of_something_else_and_nothing_is_understood(
    values: dict[str, str], other: str
) -> None:
    lines = [f"{name}={value}" for name, value in values.items()]

    assert (
        parse("\r\n".join([*lines, f"<{other.splitlines()[0] if other.strip() else other}"])) == {}
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Status=OK\r\nStatus=OK", {"Status": "OK"}),
        ("Status=OK\r\nStatus=ERROR", {}),
        ("Status=OK\r\nstatus=ERROR", {"Status": "OK", "status": "ERROR"}),
        (" Status = OK \r\n\r\n", {"Status": "OK"}),
        ("A=b=c", {"A": "b=c"}),
        ("A=", {"A": ""}),
        ("=b", {}),
        ("Status", {}),
    ],
)
def test_lines_are_read_as_they_are_meant(text: str, values: dict[str, str]) -> None:
    assert parse(text) == values


@pytest.mark.parametrize(
    "error",
    [requests.ConnectTimeout(), requests.ReadTimeout(), requests.ConnectionError(SECRETS[0]),
     requests.exceptions.SSLError(), requests.exceptions.ChunkedEncodingError(), OSError()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
@responses.activate
def test_a_call_that_broke_down_may_have_moved_money(error: Exception) -> None:
    responses.post(service("repeat"), body=error)

    assert OPAYO.perform(order("charge")) == UNKNOWN
    assert len(responses.calls) == 1  # nothing is ever sent twice


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 403, 404, 429, 500, 502, 503])
@responses.activate
def test_only_a_plain_200_is_an_answer_and_redirects_are_not_followed(status: int) -> None:
    headers = {"Location": service("elsewhere")}
    responses.post(service("repeat"), repeated(), status=status, headers=headers)

    assert OPAYO.perform(order("charge")) == UNKNOWN
    assert len(responses.calls) == 1


@responses.activate
def test_an_answer_that_has_no_end_is_no_answer() -> None:
    long = repeated() + b"Padding=" + b"x" * wire.MOST_READ
    responses.post(service("repeat"), long)

    assert OPAYO.perform(order("charge")) == UNKNOWN


@responses.activate
def test_the_call_has_its_limits_and_takes_nothing_of_the_machine_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    responses.post(service("repeat"), repeated())

    assert OPAYO.perform(order("charge")).status == "succeeded"

    settings = responses.calls[0].request.req_kwargs  # type: ignore[attr-defined]
    assert settings["timeout"] == (wire.CONNECT_S, wire.READ_S)
    assert settings["verify"] is True
    assert settings["proxies"] == {}
    assert wire.CONNECT_S + wire.READ_S <= wire.CALL_S < LONGEST_S


@contextmanager
def dripping(every_s: float, content: bytes) -> Iterator[str]:
    """A server that sends its answer byte by byte; its address."""
    stop = threading.Event()

    def serve(listener: socket.socket) -> None:
        with closing(listener.accept()[0]) as connected:
            connected.recv(65536)
            for each in content:
                if stop.wait(every_s):
                    return
                connected.sendall(bytes([each]))

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        thread.join(5)


@pytest.mark.long
@pytest.mark.parametrize("begins", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\nStatus="])
def test_an_answer_that_drips_ends_with_the_call(
    monkeypatch: pytest.MonkeyPatch, begins: bytes
) -> None:
    monkeypatch.setattr(wire, "CALL_S", 0.3)
    with dripping(0.05, begins + b"x" * 1000) as address:
        began = time.monotonic()
        outcome = Opayo(VENDOR, address).perform(order("charge"))

    assert outcome == UNKNOWN
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "body", [repeated(), answered("ERROR", "2003"), requests.ConnectionError(" ".join(SECRETS))]
)
@responses.activate
def test_no_secret_is_ever_logged(
    body: bytes | Exception, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    responses.post(service("repeat"), body)
    responses.post(service("vspserver-register"), body)

    OPAYO.perform(order("charge"))
    OPAYO.start(order("pay"), visit())

    told = caplog.text + "".join(capfd.readouterr())
    assert [secret for secret in [*SECRETS, "Ponta Delgada"] if secret in told] == []
    assert [secret for secret in SECRETS if secret in repr(order("charge"))] == []
