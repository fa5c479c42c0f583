"""The load: clients on keep-alive connections that send one payment after another.

A process of its own with one thread and bare sockets: an HTTP library would cost more than the
server that is measured. Reads its orders from stdin and writes what came of them to stdout.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kit import clock

HOST = "127.0.0.1"
LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
LONGEST_WAIT_S = 30
WARM_S = 0.5

REQUEST = (
    b"POST /apis/payments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
    b"Idempotency-Key: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
BODY = (
    b"Amount=%s&BookingId=%d&PaymentScheduleIds=1%%2C2&Status=0&Currency=EUR&PaymentDate=%s"
    b"&PaymentMethod=PayPal&AddBookingTag=%d&RemoveBookingTag=%d&SendEmail=true&Reference=%s"
)


@dataclass(frozen=True, slots=True)
class Orders:
    """What to send where. Payment number n goes to booking n modulo their number, and puts one of
    two tags on and takes the other off, in turns: each payment then writes the same rows."""

    port: int
    clients: int
    seconds: float
    tokens: Sequence[str]
    bookings: Sequence[int]
    amount: str
    first: int = 0
    name: str = "load"


@dataclass(frozen=True, slots=True)
class Fired:
    """What came back. `rate` and `latencies` (ms) are of the time after the warm-up, `sent` and
    `answers` (how often each status came) of all of it."""

    sent: int
    answers: dict[str, int]
    rate: float
    latencies: dict[str, float]
    own_cpu_us: float


def message(orders: Orders, n: int, today: bytes) -> bytes:
    """Payment number n as it goes over the wire."""
    cycle, place = divmod(n, len(orders.bookings))
    on = 1 + cycle % 2
    name = f"{orders.name}-{n}".encode()
    given = (orders.amount.encode(), orders.bookings[place], today, on, 3 - on, name)
    body = BODY % given
    token = orders.tokens[n % len(orders.tokens)].encode()
    return REQUEST % (token, name, len(body), body)


@dataclass(slots=True)
class Client:
    """One connection: at most one request of it is under way."""

    connection: socket.socket
    since: float = 0.0
    came: bytes = b""

    def send(self, request: bytes) -> None:
        self.came, self.since = b"", time.perf_counter()
        self.connection.sendall(request)

    def answered(self) -> str | None:
        """The status of the answer once all of it is there."""
        chunk = self.connection.recv(65536)
        if not chunk:
            raise ConnectionError("the server hung up")
        self.came += chunk
        head, blank, body = self.came.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not blank or length is None or len(body) < int(length.group(1)):
            return None
        return head[9:12].decode()


@dataclass(slots=True)
class Tally:
    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)


def fire(orders: Orders) -> Fired:
    """Send payments from all clients for the warm-up and the time, and wait for every answer."""
    today, tally = clock.day_at(clock.now(), "UTC").isoformat().encode(), Tally()
    began, own_before = time.perf_counter(), time.process_time()
    counts_from, ends = began + WARM_S, began + WARM_S + orders.seconds
    with selectors.DefaultSelector() as selector:
        clients = [
            Client(socket.create_connection((HOST, orders.port))) for _ in range(orders.clients)
        ]
        for client in clients:
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client.connection, selectors.EVENT_READ, client)
            client.send(message(orders, orders.first + tally.sent, today))
            tally.sent += 1
        while selector.get_map():
            ready = selector.select(LONGEST_WAIT_S)
            if not ready:
                raise TimeoutError("no answer for too long")
            for key, _ in ready:
                client = key.data
                status = client.answered()
                if status is None:
                    continue
                now = time.perf_counter()
                tally.answers[status] += 1
                if counts_from <= now <= ends:
                    tally.latencies.append(now - client.since)
                if now < ends:
                    client.send(message(orders, orders.first + tally.sent, today))
                    tally.sent += 1
                else:
                    selector.unregister(client.connection)
                    client.connection.close()
    return _sum_up(tally, orders.seconds, time.process_time() - own_before)


def _sum_up(tally: Tally, seconds: float, own_s: float) -> Fired:
    ordered = sorted(tally.latencies)
    marks = {"p50": 0.5, "p99": 0.99}
    at = {
        name: ordered[min(int(len(ordered) * mark), len(ordered) - 1)]
        for name, mark in marks.items()
    }
    return Fired(
        tally.sent,
        dict(tally.answers),
        len(ordered) / seconds,
        {name: round(1000 * value, 1) for name, value in at.items()},
        1e6 * own_s / tally.sent,
    )


def fire_apart(orders: Orders) -> Fired:
    """`fire`, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(orders), default=list),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Fired(**json.loads(done.stdout))


def main() -> None:
    asked: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(fire(Orders(**asked))), sys.stdout)


if __name__ == "__main__":
    main()
