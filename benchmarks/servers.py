"""Servers under load: started in groups of their own, so that nothing of them is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent.parent
STARTS_S = 30
STOPS_S = 10

WORKERS, THREADS = 2, 4


class ServerFailed(Exception):
    """A server ended, or never listened."""


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]

    def worker_kib(self) -> list[int]:
        """Resident memory of each worker (a child of the server's first process)."""
        told = subprocess.run(
            ["ps", "-A", "-o", "ppid=,rss="], capture_output=True, text=True, check=True
        )
        rows = [line.split() for line in told.stdout.splitlines()]
        return [int(rss) for parent, rss in rows if int(parent) == self.process.pid]


@contextmanager
def service(settings: Mapping[str, str]) -> Iterator[Server]:
    """The service as `make serve` starts it; what it logs goes nowhere, but it does log."""
    port = free_port()
    command = ["-m", "flask", "--app", "wsgi", "serve", "--port", str(port)]
    with _running([*command, "--workers", str(WORKERS)], port, settings) as server:
        yield server


@contextmanager
def echo() -> Iterator[Server]:
    """The bare view of floor E, on the same server with the same processes and threads."""
    port = free_port()
    command = [
        "-m", "granian", "--interface", "wsgi", "--factory", "benchmarks.echo:create_app",
        "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", str(THREADS),
        "--backlog", "1024", "--no-ws", "--log-level", "warning",
    ]  # fmt: skip
    with _running(command, port, {}) as server:
        yield server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(arguments: Sequence[str], port: int, settings: Mapping[str, str]) -> Iterator[Server]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=HERE,
        env={**kept, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us; we then stop the server
    )
    try:
        _wait_for(process, port)
        yield Server(port, process)
    finally:
        _stop(process)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + STARTS_S
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise ServerFailed(f"the server ended with exit code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise ServerFailed("the server does not listen")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOPS_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
