"""A website that books and cancels from several threads, and asks again until it gets an answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.bookings.villas import stays
from tests.processes.paying import BETWEEN_TRIES_S, MOST_TRIES, TIMEOUT_S
from tests.processes.running import wait_until


@dataclass(frozen=True)
class Wish:
    """A call to make. `name` is its Idempotency-Key, too."""

    name: str
    path: str
    fields: dict[str, Any]


def to_book(name: str, villas: list[int], first: int, tags: str = "") -> Wish:
    """Five nights for a guest of this name."""
    guest = {"Contact.LastName": name, "Contact.Email": "ana@example.com"}
    fields = {**guest, "BookingTagIds": tags, **stays(villas, first)}
    return Wish(name, "/apis/booking", fields)


def to_cancel(name: str, booking: int) -> Wish:
    return Wish(name, "/apis/booking/cancel", {"BookingId": booking})


@dataclass
class Website:
    """What came back. `done` are bookings by the names of wishes; `refused` the codes of what was
    refused for good; `lost` counts requests without an answer, `unhelpful` 503 answers without
    Retry-After."""

    address: str
    token: str
    done: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    lost: int = 0
    unhelpful: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def asking(self, wishes: Sequence[Wish], threads: int = 6) -> Iterator[None]:
        """Ask in the background during the block; at its end wait until all are answered."""
        with ThreadPoolExecutor(threads) as pool:
            parts = [pool.submit(self._insist, wishes[n::threads]) for n in range(threads)]
            yield
            for part in parts:
                part.result()

    def ask(self, wish: Wish) -> int:
        """The booking of a wish that comes true."""
        self._insist([wish])
        return self.done[wish.name]

    def try_once(self, wish: Wish, session: requests.Session) -> bool:
        """Ask a single time; whether there was a final answer."""
        try:
            response = session.post(
                self.address + wish.path,
                data=wish.fields,
                headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": wish.name},
                timeout=TIMEOUT_S,
            )
        except requests.RequestException:
            with self._lock:
                self.lost += 1
            return False
        with self._lock:
            return self._note(wish, response)

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.done) >= count, f"{count} wishes have come true")

    def _insist(self, wishes: Sequence[Wish]) -> None:
        with requests.Session() as session:
            for wish in wishes:
                for _ in range(MOST_TRIES):
                    if self.try_once(wish, session):
                        break
                    time.sleep(BETWEEN_TRIES_S)
                else:
                    raise AssertionError(f"{wish.name} was never answered: {self.answers[-3:]}")

    def _note(self, wish: Wish, response: requests.Response) -> bool:
        """Keep the answer; whether it is a final one."""
        self.answers.append(response.status_code)
        if response.status_code >= 500:
            self.unhelpful += not response.headers.get("Retry-After")
            return False
        if response.status_code == 200:
            self.done[wish.name] = response.json()["BookingId"]
            return True
        self.refused[wish.name] = response.json()["Code"]
        return self.refused[wish.name] != "still_running"
