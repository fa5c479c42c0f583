"""Figures of one thread without a server: the CPU time of Python per request, and where it goes."""

from __future__ import annotations

import cProfile
import io
import os
import pstats
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks.ground import AMOUNT, Ground
from benchmarks.load import Orders, message
from kit import clock

BATCH = 100
WARM = 100
SHOWN = 45

Environ = dict[str, Any]


class WrongAnswer(Exception):
    """A request that was to be measured was refused."""


def environs(ground: Ground, first: int, count: int) -> list[Environ]:
    """Payments as a server hands them to WSGI, from number `first` on."""
    orders = Orders(0, 1, 0, ground.tokens, ground.plan.inside, AMOUNT, name="inside")
    today = clock.day_at(clock.now(), "UTC").isoformat().encode()
    return [_environ(message(orders, n, today)) for n in range(first, first + count)]


def _environ(request: bytes) -> Environ:
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    content_type, length = headers.pop("Content-Type"), headers.pop("Content-Length")
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/apis/payments",
        "QUERY_STRING": "",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": length,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **named,
    }


def call(app: Flask, requests: list[Environ]) -> None:
    """Give the application these requests, one after another. Raises WrongAnswer."""
    told = []

    def start(status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        told.append(status)
        return lambda _: None

    for environ in requests:
        answer = app.wsgi_app(environ, start)
        body = b"".join(answer)
        if close := getattr(answer, "close", None):
            close()
        if not told[-1].startswith("200"):
            raise WrongAnswer(f"{told[-1]}: {body.decode()}")


@contextmanager
def _quiet() -> Iterator[None]:
    """The log is written, as in production, but nobody reads it."""
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        yield


def cpu_us(ground: Ground, echo: Flask, batches: int) -> tuple[list[float], list[float]]:
    """CPU time of Python per payment and per echo in microseconds, in turns, of each batch."""
    payments, echoes = [], []
    with _quiet():
        call(ground.app, environs(ground, 0, WARM))
        call(echo, environs(ground, 0, WARM))
        for batch in range(batches):
            first = WARM + batch * BATCH
            payments.append(_cpu_us(ground.app, environs(ground, first, BATCH)))
            echoes.append(_cpu_us(echo, environs(ground, first, BATCH)))
    return payments, echoes


def _cpu_us(app: Flask, requests: list[Environ]) -> float:
    began = time.thread_time()
    call(app, requests)
    return 1e6 * (time.thread_time() - began) / len(requests)


def profile(ground: Ground, count: int) -> str:
    """Where the time of so many payments goes, by library and by function, as text to read."""
    # Its own clock would count the waiting for the database, too.
    profiler = cProfile.Profile(time.thread_time)
    with _quiet():
        call(ground.app, environs(ground, 0, WARM))
        requests = environs(ground, WARM, count)
        profiler.runcall(call, ground.app, requests)
    written = io.StringIO()
    stats = pstats.Stats(profiler, stream=written)
    written.write(_by_library(stats, count))
    stats.strip_dirs()
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(SHOWN)
    return written.getvalue()


def _by_library(stats: pstats.Stats, count: int) -> str:
    """Own time by library: cProfile makes small functions dearer than they are, so read the order
    more than the figures."""
    times: Counter[str] = Counter()
    entries: dict[tuple[str, int, str], Any] = stats.stats  # type: ignore[attr-defined]
    for (path, _, function), (_, _, own, _, _) in entries.items():
        times[_library(path, function)] += own
    whole = sum(times.values())
    lines = [f"{1e6 * whole / count:.0f} us of CPU a payment under the profiler, by library:"]
    for library, own in times.most_common(16):
        lines.append(f"  {library:24}{1e6 * own / count:7.0f} us {100 * own / whole:5.1f} %")
    return "\n".join(lines) + "\n\n"


def _library(path: str, function: str) -> str:
    parts = Path(path).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    home = Path(__file__).parent.parent.parts
    if parts[: len(home)] == home:
        return f"ours: {parts[len(home)]}"
    if path == "~":
        return f"built in: {function.partition(' of ')[2] or 'functions'}"[:23]
    return "standard library"
