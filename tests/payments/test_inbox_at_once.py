"""Commands that several meet over: senders of one reference, workers, and who holds the booking.

In the middle there is a pause or a gate: without it these tests would pass with the locks taken
out, because no two would ever really meet.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from bookings.models import Booking
from kit.db import transaction
from payments import inbox, ledger
from payments.errors import CommandReferenceUsed
from payments.inbox import apply_accepted
from payments.models import AcceptedCommand, Payment
from tests import make
from tests.make import Client
from tests.meeting import Gate, after, before, pause
from tests.outbox.make import Clock
from tests.payments.accepting import Sender, Tiny, command, speak, states, told
from tests.payments.conftest import Processes
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

POSTGRESQL = pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
WORKERS = 4


@pytest.fixture
def tiny() -> Tiny:
    """One applier for all workers, so that it sees what each of them does."""
    return Tiny()


@pytest.fixture
def workers(app: Flask, processes: Processes, tiny: Tiny) -> list[Flask]:
    """Several worker processes that know the tests' format."""
    make.method("PayPal")
    found = processes(WORKERS)
    for each in found:
        speak(each, tiny)
    return found


def look(app: Flask) -> int:
    """What a worker does each second."""
    with app.app_context():
        return apply_accepted()


def look_on(app: Flask) -> int:
    """Look until nothing more is found."""
    ended = 0
    while found := look(app):
        ended += found
    return ended


def together(calls: list[Callable[[], int]]) -> list[int]:
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], int]) -> int:
        start.wait(timeout=10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def assert_right() -> None:
    assert wrong_books() == broken_chains() == []


def test_of_two_at_once_with_one_reference_one_is_accepted(
    workers: list[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    booking, sender = make.booking(), Sender.new()
    after(monkeypatch, inbox, "_is_used", pause)

    def send(app: Flask) -> int:
        with app.app_context():
            try:
                return sender.send(booking, reference="order-1")
            except CommandReferenceUsed:
                return 0

    answers = together([partial(send, each) for each in workers])

    [row] = make.rows_of(AcceptedCommand)
    assert sorted(answers) == [0, 0, 0, row.id]
    assert row.state == "waiting"


def test_many_workers_apply_every_command_once(
    workers: list[Flask], tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    bookings, sender = [make.booking(["100.00"]) for _ in range(3)], Sender.new()
    sent = [sender.send(bookings[number % 3], "1.00") for number in range(18)]
    before(monkeypatch, ledger, "write", pause)

    ended = sum(together([partial(look_on, each) for each in workers]))
    ended += look_on(workers[0])

    assert ended == len(sent)
    assert Counter(tiny.tried) == Counter(sent)
    assert states() == ["done"] * len(sent)
    assert len(make.rows_of(Payment)) == len(sent)
    assert told() == [[]] * len(sent)
    assert [make.row_of(Booking, each).paid for each in bookings] == [600] * 3
    assert_right()


def test_a_worker_that_comes_to_a_command_another_one_has_applied_leaves_it_alone(
    workers: list[Flask], tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen it waiting; the late one comes to hold it when the other has committed."""
    booking, sender, gate = make.booking(), Sender.new(), Gate()
    sent = sender.send(booking)
    before(monkeypatch, inbox, "one_by_one", gate.pass_through)

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(look, workers[0])
        assert gate.reached.wait(timeout=10)
        first = look(workers[1])
        gate.open()

    assert (first, late.result()) == (1, 0)
    assert tiny.tried == [sent]
    assert len(make.rows_of(Payment)) == 1
    assert_right()


@POSTGRESQL
def test_what_one_worker_is_at_keeps_no_other_from_the_next_command(
    workers: list[Flask], tiny: Tiny
) -> None:
    sender, gate = Sender.new(), Gate()
    one, two = make.booking(), make.booking()
    slow, quick = sender.send(one), sender.send(two)
    tiny.after = lambda *_: gate.pass_through()

    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(look, workers[0])
        assert gate.reached.wait(timeout=10)
        meanwhile = look(workers[1])
        between = [command(each).state for each in (slow, quick)]
        gate.open()

    assert (meanwhile, between) == (1, ["waiting", "done"])
    assert busy.result() == 1
    assert sorted(tiny.tried) == [slow, quick]
    assert [make.row_of(Booking, each).paid for each in (one, two)] == [1000, 1000]


@contextmanager
def held(booking: int) -> Iterator[None]:
    """Somebody is at the booking during the block."""
    with transaction() as connection:
        ledger.hold(connection, booking)
        yield


@POSTGRESQL
def test_a_booking_that_somebody_holds_keeps_no_other_waiting(
    workers: list[Flask], tiny: Tiny
) -> None:
    sender, busy, free = Sender.new(), make.booking(), make.booking()
    first, second = sender.send(busy), sender.send(free)

    with held(busy):
        ended = look(workers[0])
        between = [command(each).state for each in (first, second)]
    with workers[0].app_context():
        later = apply_accepted(Clock(command(first).due_at))

    assert (ended, between) == (1, ["waiting", "done"])
    assert (later, states()) == (1, ["done", "done"])
    assert [make.row_of(Booking, each).paid for each in (busy, free)] == [1000, 1000]
    assert_right()


@POSTGRESQL
def test_a_deadline_that_passes_while_others_hold_the_booking_is_kept(
    workers: list[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    booking, sender, time, coming = make.booking(), Sender.new(), Clock(), threading.Event()
    sender.send(booking, at=time.at, lives=timedelta(minutes=1))

    def work() -> None:
        with workers[0].app_context():
            while not apply_accepted(time):
                pause()  # it may take longer than the worker waits, and comes up again

    with ThreadPoolExecutor(1) as pool:
        with held(booking):
            before(monkeypatch, ledger, "hold", coming.set)
            working = pool.submit(work)
            assert coming.wait(timeout=10)
            time.forward(minutes=2)
        working.result(timeout=30)

    assert told() == [["not_applied_in_time"]]
    assert make.rows_of(Payment) == []
    assert_right()


def test_one_reference_that_comes_by_two_doors_at_once_is_one_payment(
    app: Flask, workers: list[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    booking, sender = make.booking(), Sender.new()
    client = Client(app, sender.partner_id, make.token(sender.partner_id))
    sender.send(booking, reference="order-1")
    before(monkeypatch, ledger, "write", pause)

    def pay() -> int:
        return client.pay(booking, "10.00", Reference="order-1").status_code

    status, ended = together([pay, partial(look, workers[0])])

    taken_at_the_door = status == 200
    assert ended == 1
    assert told() == [["reference_already_used"] if taken_at_the_door else []]
    assert status in (200, 409)
    assert len(make.rows_of(Payment)) == 1
    assert_right()
