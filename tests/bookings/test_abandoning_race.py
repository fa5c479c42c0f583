"""The worker's cancelling of abandoned bookings, and money that arrives at the same moment.

Whoever holds the booking first wins; the other one sees what has become of it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask

from audit.chain import SYSTEM
from audit.models import LogEntry
from bookings import abandoning, availability, mails
from bookings.abandoning import cancel_abandoned
from bookings.models import Booking, Night, Stay
from bookings.resuming import resume
from kit import clock
from kit.db import in_transaction, transaction
from outbox.models import Message
from payments import ledger
from payments.errors import BookingBusy
from payments.standing import Standing
from tests import make
from tests.bookings.villas import booked, villa
from tests.make import Client
from tests.meeting import Gate, after, at_once, before, codes, pause, statuses
from tests.payments.conftest import Processes
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

IN_PROGRESS = 12


def an_hour_later() -> datetime:
    return clock.now() + timedelta(hours=1)


@pytest.fixture
def clients(client: Client, processes: Processes) -> list[Client]:
    """One partner at two processes."""
    make.method("PayPal")
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    return [client.at(each) for each in processes(2, WEB_THREADS=8)]


@pytest.fixture
def booking(clients: list[Client]) -> int:
    """Begun on a website, nothing paid."""
    return booked(clients[0], [villa()], tags=str(IN_PROGRESS))


@pytest.fixture
def worker(processes: Processes) -> Callable[[], int]:
    """Looks for abandoned bookings, an hour from now; how many it has cancelled."""
    [app] = processes(1)
    return partial(look, app)


def look(app: Flask) -> int:
    with app.app_context():
        return cancel_abandoned(an_hour_later)


def mails_of(booking: int) -> list[str]:
    return [message.kind for message in make.rows_of(Message, booking_id=booking)]


def assert_right() -> None:
    assert wrong_books() == broken_chains() == []


@pytest.mark.parametrize("status", [0, 1, 2], ids=["cleared", "uncleared", "deferred"])
def test_the_worker_that_waited_for_a_payment_leaves_the_booking_alone(
    clients: list[Client],
    booking: int,
    worker: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    gate = Gate()
    before(monkeypatch, ledger, "write", gate.pass_through)

    with ThreadPoolExecutor(2) as pool:
        paying = pool.submit(clients[0].pay, booking, "225.00", Status=status)
        assert gate.reached.wait(timeout=10)
        looking = pool.submit(worker)
        pause_for_a_lock()
        waited = not looking.done()
        gate.open()
        paid, cancelled = paying.result(), looking.result()

    assert (waited, paid.status_code, cancelled) == (True, 200, 0)
    row = make.row_of(Booking, booking)
    assert row.status == "booking"
    assert len(make.rows_of(Night, booking_id=booking)) == 5
    assert mails_of(booking) == []
    assert_right()


def pause_for_a_lock() -> None:
    for _ in range(15):  # long enough to have come to the lock
        pause()


@pytest.mark.parametrize("amount", ["225.00", "575.00", "900.00"])
def test_a_payment_that_waited_for_the_worker_is_kept_whole_as_credit(
    clients: list[Client],
    booking: int,
    worker: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    amount: str,
) -> None:
    gate = Gate()
    after(monkeypatch, Standing, "of", gate.pass_through)

    with ThreadPoolExecutor(2) as pool:
        looking = pool.submit(worker)
        assert gate.reached.wait(timeout=10)
        told = {"Prefer": "return=representation"}
        paying = pool.submit(clients[0].pay, booking, amount, headers=told)
        pause_for_a_lock()
        waited = not paying.done()
        gate.open()
        cancelled, paid = looking.result(), paying.result()

    assert (waited, cancelled, paid.status_code) == (True, 1, 200)
    assert "booking_cancelled" in paid.text
    row = make.row_of(Booking, booking)
    assert (row.status, row.total, row.paid) == ("cancelled", 0, 0)
    assert f"{row.credit / 100:.2f}" == amount
    assert make.rows_of(Night, booking_id=booking) == []
    assert mails_of(booking) == [mails.RE_ENGAGEMENT]
    assert_right()


def test_a_promise_that_waited_for_the_worker_is_refused(
    clients: list[Client],
    booking: int,
    worker: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate()
    after(monkeypatch, Standing, "of", gate.pass_through)

    with ThreadPoolExecutor(2) as pool:
        looking = pool.submit(worker)
        assert gate.reached.wait(timeout=10)
        paying = pool.submit(clients[0].pay, booking, "225.00", Status=2)
        pause_for_a_lock()
        gate.open()
        cancelled, refused = looking.result(), paying.result()

    assert cancelled == 1
    assert (refused.status_code, codes([refused])) == (409, {"booking_cancelled"})
    assert_right()


@pytest.mark.parametrize("failed", [False, True], ids=["paid", "failed"])
def test_what_arrives_between_the_workers_first_look_and_its_lock_is_seen_under_the_lock(
    clients: list[Client], booking: int, monkeypatch: pytest.MonkeyPatch, failed: bool
) -> None:
    """A payment; or an attempt that failed, which holds the booking anew."""
    make.tag(20, "Payment Failed", "payment_failed")
    attempt = {"Status": 1, "AddBookingTag": 20} if failed else {}
    hold_ends = clock.now() + timedelta(minutes=30)
    came = []

    def arrive() -> None:
        came.append(clients[0].pay(booking, "225.00", **attempt))

    after(monkeypatch, abandoning, "_candidates", arrive)

    cancelled = cancel_abandoned(lambda: hold_ends)

    assert statuses(came) == [200]
    assert cancelled == 0
    assert make.row_of(Booking, booking).status == ("provisional" if failed else "booking")
    assert mails_of(booking) == []
    assert_right()


def test_several_workers_at_once_cancel_once_and_write_one_mail(
    clients: list[Client], booking: int, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [booked(clients[0], [villa()], tags=str(IN_PROGRESS)) for _ in range(4)]
    after(monkeypatch, Standing, "of", pause)
    after(monkeypatch, abandoning, "_candidates", pause)
    workers = processes(4)

    with ThreadPoolExecutor(4) as pool:
        cancelled = sum(pool.map(look, workers))

    assert cancelled == 5
    for each in (booking, *others):
        assert make.row_of(Booking, each).status == "cancelled"
        assert len(make.rows_of(LogEntry, chain=each, action="booking.abandoned")) == 1
        assert mails_of(each) == [mails.RE_ENGAGEMENT]
    assert make.rows_of(Night) == []
    assert_right()


def test_workers_and_payments_at_once_never_leave_a_paid_booking_cancelled_unless_it_was_too_late(
    clients: list[Client], booking: int, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bookings = [booking, *(booked(clients[0], [villa()], tags="12") for _ in range(5))]
    after(monkeypatch, Standing, "of", pause)
    before(monkeypatch, ledger, "write", pause)
    workers = processes(2)

    with ThreadPoolExecutor(2) as pool:
        looking = pool.map(look, workers)
        answers = at_once(
            [
                partial(clients[n % 2].at(clients[n % 2].app).pay, each, "225.00")
                for n, each in enumerate(reversed(bookings))
            ]
        )
        cancelled = sum(looking)

    assert statuses(answers) == [200] * 6
    rows = [make.row_of(Booking, each) for each in bookings]
    assert sum(row.status == "cancelled" for row in rows) == cancelled
    for row in rows:
        came_too_late = row.status == "cancelled"
        assert (row.paid, row.credit) == ((0, 225_00) if came_too_late else (225_00, 0))
        assert mails_of(row.id) == ([mails.RE_ENGAGEMENT] if came_too_late else [])
    assert_right()


@pytest.fixture
def abandoned(booking: int, worker: Callable[[], int]) -> int:
    """Cancelled by the worker, and not taken up again yet."""
    assert worker() == 1
    return booking


def take_up(app: Flask, booking: int) -> bool:
    """As the link in the guest's mail does."""
    with app.app_context():
        return in_transaction(lambda connection: resume(connection, booking, SYSTEM))


def test_a_guest_who_clicks_several_times_takes_the_booking_up_once(
    abandoned: int, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    after(monkeypatch, Standing, "of", pause)
    apps = processes(4)

    with ThreadPoolExecutor(4) as pool:
        taken_up = list(pool.map(take_up, apps, [abandoned] * 4))

    assert sorted(taken_up) == [False, False, False, True]
    assert make.row_of(Booking, abandoned).status == "provisional"
    assert len(make.rows_of(LogEntry, chain=abandoned, action="booking.reactivated")) == 1
    assert len(make.rows_of(Night, booking_id=abandoned)) == 5
    assert_right()


@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
def test_a_guest_whose_property_is_held_for_too_long_is_told_that_something_is_running(
    abandoned: int, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    [stay] = make.rows_of(Stay, booking_id=abandoned)
    monkeypatch.setattr("kit.db.LOCK_TIMEOUT_S", 0.25)
    [app] = processes(1)

    with transaction() as connection:
        availability.hold_properties(connection, [stay.property_id])
        with pytest.raises(BookingBusy):
            take_up(app, abandoned)
