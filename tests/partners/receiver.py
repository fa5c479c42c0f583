"""A partner's program that is told of things: a real HTTP server on a port of its own.

    with receiving() as receiver:
        receiver.answers(Answer(500), Answer(200))  # in turn; the last one ever after
        ...
        assert receiver.got[0].headers["webhook-id"] == ...

What it answers is up to the test: any status, headers and body; a byte at a time, in the head or in
the body; nothing at all; or bytes that are no HTTP. Answers can also be told by path, or by what
came: `receiver.rule = lambda received: Answer(500) if b"7" in received.body else None`.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

PATIENCE_S = 30  # for tests that wait for a call: never reached when all is well


@dataclass(frozen=True)
class Received:
    """One request, as it came. Names of headers are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What to answer. `drips`: that part comes a byte every `pause_s`; `hangs`: nothing comes,
    and the connection stays open; `drops`: it is closed without a word; `raw`: exactly these bytes.
    `meanwhile` happens once the request was read and before the answer is begun, `afterwards` when
    it was sent."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    drips: Literal["head", "body"] | None = None
    pause_s: float = 0.05
    hangs: bool = False
    drops: bool = False
    raw: bytes | None = None
    meanwhile: Callable[[], None] = lambda: None
    afterwards: Callable[[], None] = lambda: None

    @property
    def head(self) -> bytes:
        try:
            words = HTTPStatus(self.status).phrase
        except ValueError:
            words = "Status"
        lengths = {"Content-Length": str(len(self.body)), "Connection": "close"}
        lines = [f"{name}: {value}" for name, value in {**lengths, **self.headers}.items()]
        return "\r\n".join([f"HTTP/1.1 {self.status} {words}", *lines, "", ""]).encode()


class Receiver:
    """The server. `got` are the requests it has read, the oldest first; `connections` counts those
    that were opened, whatever came over them. `rule` answers first, where it has an answer."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._listening = socket.create_server((host, 0))
        self._tls = tls
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._answers: dict[str | None, list[Answer]] = {None: [Answer()]}
        self.host, self.port = self._listening.getsockname()[:2]
        self.got: list[Received] = []
        self.connections = 0
        self.rule: Callable[[Received], Answer | None] = lambda _: None
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def url(self, path: str = "/hooks") -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}{path}"

    def answers(self, *answers: Answer, path: str | None = None) -> None:
        """Answer so from now on, in turn; the last one again and again. With `path` only there."""
        with self._changed:
            self._answers[path] = list(answers)

    def at(self, path: str) -> list[Received]:
        """The requests that came for this path."""
        return [each for each in self.got if each.path == path]

    def wait_for(self, count: int) -> list[Received]:
        """The requests, once there are so many."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.got) >= count, PATIENCE_S)
            assert enough, f"{len(self.got)} calls came, not {count}"
            return list(self.got)

    def close(self) -> None:
        self._closing.set()
        # Not close: that does not wake who waits for a connection.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        with self._changed:
            for each in self._open:
                with suppress(OSError):
                    socket.socket.shutdown(each, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with self._changed:
                self.connections += 1
                self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        connection = self._wrapped(plain)
        try:
            # Whoever called may hang up, or never say what it wants: that is its own affair.
            with suppress(OSError, ValueError):
                if isinstance(connection, ssl.SSLSocket):
                    connection.do_handshake()
                received = _read(connection)
                answer = self._note(received)
                answer.meanwhile()
                self._give(connection, answer)
                answer.afterwards()
        finally:
            with self._changed:
                self._open.discard(connection)
            connection.close()

    def _wrapped(self, plain: socket.socket) -> socket.socket:
        if self._tls is None:
            return plain
        with self._changed:
            self._open.discard(plain)
            options: Any = {"server_side": True, "do_handshake_on_connect": False}
            wrapped = self._tls.wrap_socket(plain, **options)
            self._open.add(wrapped)
        return wrapped

    def _note(self, received: Received) -> Answer:
        with self._changed:
            self.got.append(received)
            self._changed.notify_all()
            if (ruled := self.rule(received)) is not None:
                return ruled
            queue = self._answers.get(received.path) or self._answers[None]
            return queue.pop(0) if len(queue) > 1 else queue[0]

    def _give(self, connection: socket.socket, answer: Answer) -> None:
        if answer.drops:
            return
        if answer.hangs:
            self._closing.wait()
            return
        if answer.raw is not None:
            connection.sendall(answer.raw)
            return
        for name, part in (("head", answer.head), ("body", answer.body)):
            if answer.drips == name:
                self._drip(connection, part, answer.pause_s)
            else:
                connection.sendall(part)

    def _drip(self, connection: socket.socket, part: bytes, pause_s: float) -> None:
        for byte in part:
            if self._closing.wait(pause_s):
                return
            connection.sendall(bytes([byte]))


def _read(connection: socket.socket) -> Received:
    """A request with a Content-Length, or without a body."""
    with connection.makefile("rb") as stream:
        method, path, _ = stream.readline().decode("latin-1").split(" ", 2)
        headers = {}
        while line := stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that answers 200 until it is told otherwise."""
    receiver = Receiver(tls)
    try:
        yield receiver
    finally:
        receiver.close()
