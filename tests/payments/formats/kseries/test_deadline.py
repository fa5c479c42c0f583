"""Past its time a payment is never applied: its sender has given it up."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from kit import clock
from kit.db import transaction
from payments import ledger
from payments.inbox import apply_accepted
from payments.models import AcceptedCommand, Payment
from tests import make
from tests.outbox.make import Clock
from tests.payments.formats.kseries.given import ACCOUNT, BUSINESS, Till, Worker

EXPIRED = {
    "reason": "Not processed before validity ended",
    "errors": {
        "timeout": {
            "errorKey": "errors.payment.pos.task_timeout",
            "message": "Not processed before validity ended",
        }
    },
}


@pytest.fixture
def watch() -> Clock:
    """The worker's clock: it begins a second after now."""
    return Clock(clock.now() + timedelta(seconds=1))


def test_a_payment_whose_time_has_passed_fails_and_stays_failed(
    till: Till, booking: int, worker: Worker, watch: Clock
) -> None:
    till.accepted(taskTtlInMs=60_000)
    watch.forward(seconds=61)

    told = worker.run(watch)

    assert told == [
        {
            "type": "PAYMENT",
            "status": "FAILURE",
            "thirdPartyReference": "order-1",
            "businessLocationId": BUSINESS,
            "ikentooAccountIdentifier": ACCOUNT,
            "ikentooAccountId": str(booking),
            **EXPIRED,
        }
    ]
    assert worker.run() == []
    assert make.rows_of(Payment, booking_id=booking) == []


def test_the_last_moment_belongs_to_the_sender(till: Till, booking: int, worker: Worker) -> None:
    assert booking
    till.accepted(taskTtlInMs=60_000)
    [command] = make.rows_of(AcceptedCommand)

    [told] = worker.run(lambda: command.apply_by)

    assert told["errors"] == EXPIRED["errors"]


def test_before_the_last_moment_it_is_applied(till: Till, booking: int, worker: Worker) -> None:
    till.accepted(taskTtlInMs=60_000)
    [command] = make.rows_of(AcceptedCommand)

    [told] = worker.run(lambda: command.apply_by - timedelta(milliseconds=1))

    assert told["status"] == "SUCCESS"
    assert len(make.rows_of(Payment, booking_id=booking)) == 1


def test_the_time_is_asked_for_again_when_the_booking_is_held(
    till: Till, booking: int, worker: Worker, watch: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.accepted(taskTtlInMs=60_000)
    hold = ledger.hold

    def slowly(*args: Any) -> None:
        hold(*args)
        watch.forward(seconds=60)

    monkeypatch.setattr(ledger, "hold", slowly)

    [told] = worker.run(watch)

    assert told["errors"] == EXPIRED["errors"]
    assert make.rows_of(Payment, booking_id=booking) == []


@pytest.mark.long
def test_a_payment_that_waited_for_the_bookings_lock_past_its_time_is_not_applied(
    till: Till, booking: int, worker: Worker, watch: Clock
) -> None:
    """Really waited: somebody else has the booking while the time passes."""
    till.accepted(taskTtlInMs=60_000)
    held, let_go = Event(), Event()

    def hold() -> None:
        with till.app.app_context(), transaction() as connection:
            ledger.hold(connection, booking)
            held.set()
            assert let_go.wait(timeout=10)

    def work() -> int:
        with till.app.app_context():
            return apply_accepted(watch)

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        assert held.wait(timeout=10)
        working = pool.submit(work)
        time.sleep(0.3)  # long enough to be waiting for the booking
        waited = not working.done()
        watch.forward(seconds=61)
        let_go.set()
        holding.result()
        assert working.result() == 1

    assert waited
    [told] = worker.run(watch)
    assert told["errors"] == EXPIRED["errors"]
    assert make.rows_of(Payment, booking_id=booking) == []


def test_the_reference_of_an_expired_payment_is_free_again(
    till: Till, booking: int, worker: Worker, watch: Clock
) -> None:
    till.accepted(taskTtlInMs=60_000)
    watch.forward(seconds=61)
    worker.run(watch)

    till.accepted()

    assert [told["status"] for told in worker.run()] == ["SUCCESS"]
    assert len(make.rows_of(Payment, booking_id=booking)) == 1
