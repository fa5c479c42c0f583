"""A mail server whose mails tests can look at, and which can be slow to say "250"."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from tests.processes.running import free_port, wait_until

SLOW_S = 0.005


class Mailbox:
    """Which mails came, by their Message-IDs, in order.

    `withheld`: a mail was accepted, and its sender still waits to be told so.
    """

    def __init__(self) -> None:
        self.received: list[str] = []
        self.withheld = False
        self._open = threading.Event()
        self._open.set()
        self._server = Controller(self, hostname="127.0.0.1", port=free_port())

    @property
    def port(self) -> int:
        port: int = self._server.port
        return port

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802
        """Called by aiosmtpd: the mail is ours now, whatever becomes of the answer."""
        self.received.append(str(message_from_bytes(envelope.content)["Message-ID"]))
        await asyncio.sleep(SLOW_S)
        while not self._open.is_set():
            self.withheld = True
            await asyncio.sleep(SLOW_S)
        self.withheld = False
        return "250 OK"

    def hush(self) -> None:
        """Accept mails without telling the sender so, until `speak`."""
        self._open.clear()

    def speak(self) -> None:
        self._open.set()

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.received) >= count, f"{count} mails have come")

    @contextmanager
    def serving(self) -> Iterator[Mailbox]:
        self._server.start()
        try:
            yield self
        finally:
            self.speak()
            self._server.stop()
