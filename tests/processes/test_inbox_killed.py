"""Workers that are killed while they apply what was accepted: it is applied once all the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from audit.models import LogEntry
from bookings.models import Booking
from kit.db import reading
from outbox.models import Message
from partners.events import receiver
from payments.models import AcceptedCommand, Payment
from tests import make
from tests.payments.accepting import FORMAT, Sender
from tests.payments.proofs import broken_chains, wrong_books
from tests.processes.applying import APP
from tests.processes.conftest import House
from tests.processes.running import Worker, wait_until
from tests.processes.slowing import slow_messages
from tests.processes.test_database_away import away

WORKERS, KILLS, COUNT, AWAY_S = 3, 3, 120, 1.5
# Refused before anything is called: what is told is not looked at here.
NOWHERE = "http://127.0.0.1:1/"


@pytest.fixture
def sender(house: House) -> Sender:
    partner_id = make.partner()
    return Sender(partner_id, make.endpoint(partner_id, NOWHERE))


@pytest.fixture
def workers(house: House, tmp_path: Path) -> Iterator[list[Worker]]:
    """Not started; killed at the end, come what may."""
    found = [Worker(house.settings, tmp_path / f"worker-{n}.log", APP) for n in range(WORKERS)]
    try:
        yield found
    finally:
        for each in found:
            each.kill()
            print(each.told[-3000:])  # shown when the test fails


def states(sent: list[int]) -> list[str]:
    """The states of these commands, as somebody who only reads sees them."""
    row = AcceptedCommand
    with reading() as session:
        return list(session.scalars(select(row.state).where(row.id.in_(sent)).order_by(row.id)))


def are_done(sent: list[int], count: int) -> bool:
    return states(sent).count("done") >= count


def payments_of(booking: int) -> list[int]:
    return [row.amount for row in make.rows_of(Payment, booking_id=booking)]


def told(sender: Sender, kind: str = FORMAT) -> int:
    """How many messages are on their way to the sender: about ends, or events of bookings."""
    return len(make.rows_of(Message, kind=kind, receiver=receiver(sender.endpoint_id)))


def assert_applied_once(sender: Sender, sent: list[int], bookings: list[int]) -> None:
    """Every command has its one payment, log entry, event and word about the end."""
    each = COUNT // len(bookings)
    assert states(sent) == ["done"] * len(sent)
    assert [payments_of(booking) for booking in bookings] == [[100] * each] * len(bookings)
    assert [make.row_of(Booking, booking).paid for booking in bookings] == [100 * each] * len(
        bookings
    )
    assert told(sender) == told(sender, "event") == len(sent)
    outcomes = {make.row_of(AcceptedCommand, id).outcome["payment"] for id in sent}
    assert len(outcomes) == len(sent)
    assert wrong_books() == broken_chains() == []


def lasting(true: Callable[[], bool]) -> bool:
    """Whether it is so for longer than a worker takes to tidy up."""
    for _ in range(6):
        if not true():
            return False
        time.sleep(0.05)
    return True


def test_a_worker_killed_in_the_middle_of_applying_has_written_nothing_and_the_next_one_applies(
    house: House, sender: Sender, workers: list[Worker]
) -> None:
    booking = make.booking()
    sent = sender.send(booking, "10.00")

    with slow_messages() as somebody_writes:
        workers[0].start()

        wait_until(lambda: lasting(somebody_writes), "the worker is in the middle of applying")
        workers[0].kill()
    between = states([sent]), payments_of(booking), told(sender), told(sender, "event")
    logged = len(make.rows_of(LogEntry, chain=booking))
    workers[1].start()
    wait_until(lambda: states([sent]) == ["done"], "the next worker applies it")

    assert (between, logged) == ((["waiting"], [], 0, 0), 0)
    assert (payments_of(booking), told(sender), told(sender, "event")) == ([1000], 1, 1)
    assert len(make.rows_of(LogEntry, chain=booking)) == 1
    assert wrong_books() == broken_chains() == []


def test_whatever_workers_are_killed_every_command_is_applied_once(
    house: House, sender: Sender, workers: list[Worker]
) -> None:
    bookings = [make.booking(["100.00"]) for _ in range(4)]
    sent = [sender.send(bookings[n % 4], "1.00", reference=f"kill-{n}") for n in range(COUNT)]

    killed_at = []
    for each in workers:
        each.start()
    for kill in range(1, KILLS + 1):
        part = kill * COUNT // (KILLS + 1)
        wait_until(partial(are_done, sent, part), f"{part} are applied")
        for each in workers if kill == KILLS else workers[:-1]:
            each.kill()
        killed_at.append(states(sent).count("done"))
        for each in workers:
            if not each.lives:
                each.start()
    wait_until(lambda: "waiting" not in states(sent), "all are applied")

    assert killed_at[0] < COUNT
    assert_applied_once(sender, sent, bookings)


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
def test_while_the_database_is_away_nothing_is_applied_and_then_all_is(
    house: House, sender: Sender, workers: list[Worker], postgres_server: str
) -> None:
    bookings = [make.booking(["100.00"]) for _ in range(4)]
    sent = [sender.send(bookings[n % 4], "1.00", reference=f"away-{n}") for n in range(COUNT)]
    database = str(make_url(house.app.config["SQLALCHEMY_DATABASE_URI"]).database)

    for each in workers:
        each.start()
    wait_until(lambda: are_done(sent, COUNT // 4), "a quarter is applied")
    with away(postgres_server, database):
        time.sleep(AWAY_S)
    house.hang_up()
    applied_before = states(sent).count("done")
    wait_until(lambda: "waiting" not in states(sent), "all are applied")

    assert applied_before < COUNT
    assert all(each.lives for each in workers)
    assert_applied_once(sender, sent, bookings)
