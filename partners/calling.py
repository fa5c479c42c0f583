"""One call of ours to a program of a partner's, with an end in every direction.

2 seconds to connect, 10 for the whole conversation whatever drips in meanwhile, 64 kB of the head
of an answer and 64 kB of its body; no redirects, no cookies, no proxies or netrc of the machine's,
and nothing is unpacked.

By the standard library's own HTTP, over a wire that counts time and bytes: a client that reads more
of a head than status and length works for whoever writes it. Only the look-up of the host needs a
thread of its own; all else ends in the thread that called.
"""

from __future__ import annotations

import io
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, requote_uri
from requests_hardened.ip_filter import InvalidIPAddress, filter_host

from kit.settings import setting
from partners.errors import TargetRefused
from partners.targets import INWARDS, NOT_FOUND, check_ip, check_shape, within

CONNECT_S = 2
CALL_S = 10
MOST_HEAD = 64 * 1024
MOST_READ = 64 * 1024
PIECE = 16 * 1024
USER_AGENT = "booking-payments/1 (webhooks)"
VERIFY: bool | str = True  # tests name a certificate of their own


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call. Without a `status` none came, and `problem` says why."""

    status: int | None
    took_ms: int
    text: str = ""
    retry_after: str | None = None
    problem: str | None = None

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class NoConnection(OSError):
    """Nobody accepted a connection in time."""


class Deadline:
    """When a call ends, whatever it is doing."""

    def __init__(self, seconds: float) -> None:
        self._ends = monotonic() + seconds

    def left(self) -> float:
        """How many seconds are left. Raises TimeoutError when none are."""
        left = self._ends - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Wire(io.RawIOBase):
    """A connection on which nothing lasts beyond the deadline, and from which no more is read than
    `may_read` says."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline
        self.may_read = MOST_HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)[: self.may_read]
        if not room:
            raise HTTPException
        self._socket.settimeout(self._deadline.left())
        count = self._socket.recv_into(room)
        self.may_read -= count
        return count

    def sendall(self, content: bytes) -> None:
        for first in range(0, len(content), PIECE):
            self._socket.settimeout(self._deadline.left())
            self._socket.sendall(content[first : first + PIECE])

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(self)


def call(
    url: str, body: bytes, headers: Mapping[str, str], auth: tuple[str, str] | None = None
) -> Answer:
    """POST the body; never raises for what the other side does."""
    began, deadline = monotonic(), Deadline(CALL_S)
    answer, problem = None, None
    try:
        host, port = check_shape(url)
        with closing(_connected(url, host, port, deadline)) as connected:
            answer = _post(Wire(connected, deadline), url, body, _head(headers, auth))
    except (TargetRefused, HTTPException, OSError, UnicodeError) as error:
        problem = _problem(error)
    took_ms = round(1000 * (monotonic() - began))
    if answer is None:
        return Answer(None, took_ms, problem=problem)
    status, retry_after, raw = answer
    return Answer(status, took_ms, raw.decode(errors="replace"), retry_after)


def _connected(url: str, host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection to the very address that was checked: whoever answers for the host's name is
    asked once."""
    allow_loopback = setting("ALLOW_LOOPBACK_TARGETS")
    look_up = within(
        deadline.left(), lambda: filter_host(host, port, allow_loopback=allow_loopback)
    )
    check_ip(look_up, allow_loopback)
    limit = min(CONNECT_S, deadline.left())
    try:
        connected = socket.create_connection((look_up.strip("[]"), port), limit)
    except TimeoutError:
        raise NoConnection from None
    if not url.lower().startswith("https:"):
        return connected
    try:
        connected.settimeout(deadline.left())
        return _trust(VERIFY).wrap_socket(connected, server_hostname=host.rstrip("."))
    except BaseException:
        connected.close()
        raise


@cache
def _trust(verify: bool | str) -> ssl.SSLContext:
    return ssl.create_default_context(
        cafile=verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
    )


def _head(headers: Mapping[str, str], auth: tuple[str, str] | None) -> dict[str, str]:
    # In UTF-8: the usual Latin-1 does not have every letter.
    basic = auth and "Basic " + b64encode(":".join(auth).encode()).decode()
    return {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": USER_AGENT,
        "Connection": "close",
        **headers,
        **({"Authorization": basic} if basic else {}),
    }


def _post(
    wire: Wire, url: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str | None, bytes]:
    parts = urlsplit(requote_uri(url))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    as_socket = cast(socket.socket, wire)
    connection = HTTPConnection(parts.netloc)
    connection.sock = as_socket
    connection.request("POST", path, body, {"Host": parts.netloc, **headers})
    with closing(HTTPResponse(as_socket, method="POST")) as answer:
        answer.begin()
        wire.may_read = 2 * MOST_READ  # sizes of chunks are read, too
        return answer.status, answer.headers.get("Retry-After"), _body(answer)


def _body(answer: HTTPResponse) -> bytes:
    """As much of it as comes. The head has answered; what it says besides matters less."""
    raw = b""
    with suppress(HTTPException, OSError, ValueError):
        # As it came: unpacking is how a small answer becomes a large one.
        while piece := answer.read1(MOST_READ - len(raw)):
            raw += piece
    return raw


def _problem(error: Exception) -> str:
    """By its kind: the text of an error may hold the address, and so whatever stands in it."""
    found = error.__cause__ if isinstance(error.__cause__, socket.gaierror) else error
    words: tuple[tuple[Any, str], ...] = (
        (TargetRefused, str(error)),
        (InvalidIPAddress, str(TargetRefused(INWARDS))),
        ((socket.gaierror, UnicodeError), str(TargetRefused(NOT_FOUND))),
        ((NoConnection, requests.Timeout), f"no connection within {CONNECT_S} s"),
        (TimeoutError, f"no answer within {CALL_S} s"),
        (ssl.SSLError, "no TLS connection, or its certificate is not valid"),
        (Exception, f"no answer ({type(error).__name__})"),
    )
    return next(told for kinds, told in words if isinstance(found, kinds))
