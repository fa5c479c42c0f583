"""Processes that are killed, or stopped for minutes, in the middle of a card payment: money that
has moved is recorded once, and nobody is charged twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bookings.models import Booking
from kit.db import transaction
from payments.gateways.models import CardIntent
from payments.gateways.registry import register
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.gateway import Sandbox
from payments.models import Payment, PaymentMethod
from tests import make
from tests.payments import cards
from tests.processes.charging import APP, CALLED_WITHIN
from tests.processes.conftest import House
from tests.processes.running import Running, Worker, wait_until
from tests.processes.slowing import slow_messages
from tests.processes.test_inbox_killed import lasting

Start = Callable[..., "Process"]
METHOD = "Credit Card of a test"


class Process(Running):
    """A command of the service with the provider that can be held up."""

    def __init__(self, *command: str, at: str, house: House, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        settings = {**house.settings, "FLASK_SANDBOX_GATEWAY": "true",
                    "STOP_AT": at, "STOP_FOLDER": str(folder)}  # fmt: skip
        super().__init__(*command, settings=settings, log=folder / "log", app=APP)

    def wait_until_there(self) -> None:
        wait_until((self._folder / "reached").exists, "it has come to the point")

    def go_on(self) -> None:
        (self._folder / "go").touch()

    def halt(self) -> None:
        """As a machine that sleeps: nothing of it runs until it is woken."""
        self.send(signal.SIGSTOP)

    def wake(self) -> None:
        self.go_on()
        self.send(signal.SIGCONT)

    def wait_until_done(self) -> None:
        wait_until(lambda: not self.lives, "it has ended")


@pytest.fixture
def start(house: House, tmp_path: Path) -> Iterator[Start]:
    """Starts a command that stops at a point; all are killed at the end, come what may."""
    begun: list[Process] = []

    def begin(*command: str, at: str = "") -> Process:
        made = Process(*command, at=at, house=house, folder=tmp_path / f"process{len(begun)}")
        made.start()
        begun.append(made)
        return made

    try:
        yield begin
    finally:
        for each in begun:
            each.kill()
            print(each.told[-3000:])  # shown when the test fails


@pytest.fixture
def worker(house: House, tmp_path: Path) -> Iterator[Worker]:
    settings = {**house.settings, "FLASK_SANDBOX_GATEWAY": "true"}
    found = Worker(settings, tmp_path / "cards.log")
    try:
        yield found
    finally:
        found.kill()
        print(found.told[-3000:])


@pytest.fixture
def method(house: House) -> int:
    """Offered to guests; the house's own application has the sandbox, too."""
    register(house.app, Sandbox(b"a key of a test", lambda code: f"/sandbox/{code}"))
    found = make.rows_of(PaymentMethod, name=METHOD)
    return int(found[0].id) if found else cards.method(METHOD)


@pytest.fixture
def booking(method: int) -> int:
    assert method
    return make.booking(["1.00", make.Due("499.00", 2, 30)])


@pytest.fixture
def card(house: House, booking: int, method: int) -> int:
    """A payment of 1.00 whose card can be charged again."""
    return cards.paid(booking, method, 100, house.app)


def be_later(minutes: int) -> None:
    """What is under way was begun so long ago."""
    span, row = timedelta(minutes=minutes), CardIntent
    moments = ("created_at", "due_at", "expires_at")
    with transaction() as connection:
        for each in connection.execute(select(row.__table__).where(row.due_at.is_not(None))).all():
            stored = {name: getattr(each, name) for name in moments}
            values = {name: moment - span for name, moment in stored.items() if moment}
            connection.execute(update(row).where(row.id == each.id).values(values))


def states(booking: int) -> list[str]:
    return [row.state for row in make.rows_of(CardIntent, booking_id=booking)][1:]


def charged(booking: int) -> list[int]:
    return [row.amount for row in make.rows_of(Payment, booking_id=booking)][1:]


@pytest.mark.parametrize(
    ("point", "left", "ends"),
    [
        ("intent", "open", "cancelled"),
        ("call", "open", "cancelled"),
        ("answer", "open", "succeeded"),
        ("outcome", "succeeded", "succeeded"),
    ],
)
def test_a_charge_that_is_killed_anywhere_is_settled_by_the_worker(
    start: Start, worker: Worker, booking: int, card: int, point: str, left: str, ends: str
) -> None:
    before = engine.taken("EUR").minor
    process = start("charge", str(card), "100.00", at=point)
    process.wait_until_there()
    process.kill()
    between = states(booking)
    be_later(minutes=3)
    worker.start()
    wait_until(lambda: states(booking) == [ends], "the worker has settled it")

    assert between == [left]
    taken = 10000 if ends == "succeeded" else 0
    assert charged(booking) == ([taken] if taken else [])
    assert engine.taken("EUR").minor == before + taken
    assert cards.wrong() == []


def test_a_guest_s_return_that_is_killed_while_it_is_written_down_is_settled_by_the_worker(
    house: House, start: Start, worker: Worker, booking: int, method: int
) -> None:
    opened = cards.open_page(booking, method, 100, app=house.app)
    cards.pay(opened)
    with slow_messages() as somebody_writes:
        process = start("come-back", opened.intent.code)
        wait_until(lambda: lasting(somebody_writes), "it is in the middle of writing")
        process.kill()
    between = cards.state(opened.intent.code), make.row_of(Booking, booking).paid

    be_later(minutes=31)
    worker.start()
    wait_until(lambda: cards.state(opened.intent.code) == "succeeded", "the worker settles it")

    assert between == ("open", 0)
    assert make.row_of(Booking, booking).paid == 100
    assert cards.wrong() == []


def test_a_process_that_slept_for_minutes_before_its_call_does_not_call_any_more(
    house: House, start: Start, worker: Worker, booking: int, card: int
) -> None:
    sleeper = start("charge", str(card), "100.00", at="intent")
    sleeper.wait_until_there()
    sleeper.halt()
    be_later(minutes=3)
    worker.start()
    wait_until(lambda: states(booking) == ["cancelled"], "the worker has given it up")
    again = cards.use("charge", card, "100.00")
    time.sleep(CALLED_WITHIN.total_seconds())
    sleeper.wake()
    sleeper.wait_until_done()

    assert again.state == "succeeded"
    assert states(booking) == ["cancelled", "succeeded"]
    assert charged(booking) == [10000]
    assert cards.wrong() == []
    assert "first cancelled" in sleeper.told


def test_money_that_a_process_moved_after_it_slept_in_its_call_is_recorded(
    start: Start, worker: Worker, booking: int, card: int
) -> None:
    """Nobody can call it back; that it moved is in the books, for a person to see."""
    sleeper = start("charge", str(card), "100.00", at="call")
    sleeper.wait_until_there()
    sleeper.halt()
    be_later(minutes=3)
    worker.start()
    wait_until(lambda: states(booking) == ["cancelled"], "the worker has given it up")
    sleeper.wake()
    sleeper.wait_until_done()

    assert states(booking) == ["succeeded"]
    assert charged(booking) == [10000]
    assert cards.wrong() == []
