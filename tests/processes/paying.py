"""Partners that pay from several threads, and send a request again until they get an answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import requests

from kit import clock
from kit.money import Money
from tests.processes.running import wait_until

TIMEOUT_S = 20
BETWEEN_TRIES_S = 0.05
MOST_TRIES = 400


@dataclass(frozen=True)
class Order:
    """One payment to make. The reference is its Idempotency-Key, too."""

    booking: int
    amount: str
    reference: str

    @property
    def minor(self) -> int:
        return Money.parse(self.amount, "EUR").minor

    @property
    def fields(self) -> dict[str, str]:
        # Yesterday: today has not begun everywhere yet.
        paid_on = clock.now().date() - timedelta(days=1)
        return {
            "Amount": self.amount,
            "BookingId": str(self.booking),
            "PaymentScheduleIds": "1,2",
            "Status": "0",
            "Currency": "EUR",
            "PaymentDate": str(paid_on),
            "PaymentMethod": "PayPal",
            "SendEmail": "true",
            "Reference": self.reference,
        }


def orders(name: str, bookings: Sequence[int], count: int) -> list[Order]:
    """Payments of different amounts, on the bookings in turns."""
    return [
        Order(bookings[n % len(bookings)], f"{3 + n % 17}.{n % 100:02}", f"{name}-{n}")
        for n in range(count)
    ]


@dataclass
class Till:
    """What came back: for each reference the payment's id, and every answer's status. `lost`
    counts requests that got no answer, `unhelpful` 503 answers without Retry-After."""

    address: str
    token: str
    taken: dict[str, int] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    lost: int = 0
    unhelpful: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def paying(self, wanted: Sequence[Order], threads: int = 8) -> Iterator[None]:
        """Pay in the background during the block; at its end wait until all are answered."""
        with ThreadPoolExecutor(threads) as pool:
            parts = [pool.submit(self._pay, wanted[n::threads]) for n in range(threads)]
            yield
            for part in parts:
                part.result()

    def pay(self, order: Order) -> None:
        self._pay([order])

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.taken) >= count, f"{count} payments are taken")

    def _pay(self, mine: Sequence[Order]) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self.token}"
            for order in mine:
                self._insist(session, order)

    def _insist(self, session: requests.Session, order: Order) -> None:
        for _ in range(MOST_TRIES):
            if self._try(session, order):
                return
            time.sleep(BETWEEN_TRIES_S)
        raise AssertionError(f"{order.reference} was never taken: {self.answers[-3:]}")

    def _try(self, session: requests.Session, order: Order) -> bool:
        try:
            response = session.post(
                f"{self.address}/apis/payments",
                data=order.fields,
                headers={"Idempotency-Key": order.reference},
                timeout=TIMEOUT_S,
            )
        except requests.RequestException:
            with self._lock:
                self.lost += 1
            return False
        with self._lock:
            self.answers.append(response.status_code)
            if response.status_code == 503 and not response.headers.get("Retry-After"):
                self.unhelpful += 1
            if response.status_code == 200:
                self.taken[order.reference] = response.json()["PaymentId"]
        return response.status_code == 200
