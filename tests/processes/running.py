"""The service as it really runs: servers and workers in processes that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import requests

CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 30


def wait_until(true: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
    """Look again and again. AssertionError, naming `what`, when it does not come true."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """A command of `flask --app wsgi` (or another `app`) in a process group of its own."""

    def __init__(
        self, *command: str, settings: Mapping[str, str], log: Path, app: str = "wsgi"
    ) -> None:
        self._command, self._settings, self._log = ("--app", app, *command), settings, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        others = {name: text for name, text in os.environ.items() if not name.startswith("FLASK_")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flask", *self._command],
                cwd=CHECKOUT,
                env={**others, **self._settings},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def told(self) -> str:
        """What it has written so far."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End the whole group at once; nothing of it gets a chance to tidy up."""
        if self._process is not None:
            if not self._group_is_gone():
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE_S)
            wait_until(self._group_is_gone, "every process of the group is gone")

    def send(self, which: signal.Signals) -> None:
        """Send a signal to the whole group."""
        assert self._process is not None
        os.killpg(self._process.pid, which)

    def stop(self, how: signal.Signals = signal.SIGTERM, within_s: float = PATIENCE_S) -> int:
        """Ask the first process of the group to end; its exit code once all of it has ended."""
        assert self._process is not None
        self._process.send_signal(how)
        code = self._process.wait(within_s)
        wait_until(self._group_is_gone, "nothing of the group is left behind", seconds=2)
        return code

    def _group_is_gone(self) -> bool:
        """Dead ones do not count: it may be long before somebody buries orphans."""
        assert self._process is not None
        told = subprocess.run(
            ["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True
        )
        rows = [line.split() for line in told.stdout.splitlines()]
        group = str(self._process.pid)
        return all(pgid != group or stat.startswith("Z") for pgid, stat in rows)


class Server(Running):
    """`flask serve`, on one port however often it is started."""

    def __init__(self, settings: Mapping[str, str], log: Path) -> None:
        port = free_port()
        command = ("serve", "--port", str(port), "--workers", "2")
        super().__init__(*command, settings=settings, log=log)
        self.address = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        super().start()
        wait_until(lambda: self.status("/readyz") == 200, "the server is ready")

    def status(self, path: str) -> int | None:
        """What a GET is answered with; None while nobody listens."""
        try:
            return requests.get(self.address + path, timeout=5).status_code
        except requests.RequestException:
            return None


class Worker(Running):
    """`flask worker`."""

    def __init__(self, settings: Mapping[str, str], log: Path, app: str = "wsgi") -> None:
        super().__init__("worker", settings=settings, log=log, app=app)
