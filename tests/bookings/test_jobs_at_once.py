"""Several workers at the same moment, all of which have found the same things to do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from audit.models import LogEntry
from bookings import abandoning, reminding
from bookings.abandoning import cancel_abandoned
from bookings.reminding import remind_of_balances
from kit import clock
from outbox.models import Message
from payments import lateness
from payments.lateness import report_late_money
from tests import make
from tests.make import Client, Due
from tests.meeting import after, pause

pytestmark = pytest.mark.long

WORKERS, THINGS = 3, 4
Work = Callable[[Callable[[], datetime]], int]


def all_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch, room: Any, look: str, work: Work
) -> list[int]:
    """What each worker says it did. Nobody begins before all have looked, and every one rests
    between reading under its lock and writing."""
    met = threading.Barrier(WORKERS)

    def meet() -> None:
        met.wait(timeout=10)

    after(monkeypatch, room, look, meet)
    after(monkeypatch, room, "open_account", pause)
    late = clock.now() + timedelta(days=2)

    def one(_: int) -> int:
        with app.app_context():
            return work(lambda: late)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, range(WORKERS)))


def told(kind: str) -> list[Any]:
    return make.rows_of(Message, kind=kind)


def entries(action: str) -> list[int]:
    return [entry.chain for entry in make.rows_of(LogEntry, action=action)]


def test_a_booking_is_abandoned_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    begun = [make.booking(status="provisional", tags=[12]) for _ in range(THINGS)]

    done = all_at_once(app, monkeypatch, abandoning, "_candidates", cancel_abandoned)

    assert sum(done) == THINGS
    assert sorted(entries("booking.abandoned")) == begun
    assert len(told("email.re_engagement")) == THINGS


def test_a_guest_is_reminded_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    due = [make.booking([Due("70.00", 2, due_in=5)]) for _ in range(THINGS)]

    done = all_at_once(app, monkeypatch, reminding, "_candidates", remind_of_balances)

    assert sum(done) == THINGS
    assert sorted(entries("booking.reminded")) == due
    assert len(told("email.balance_reminder")) == THINGS


def test_a_late_payment_is_reported_once(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.method("PayPal")
    bookings = [make.booking() for _ in range(THINGS)]
    for booking in bookings:
        assert client.pay(booking, "10.00", Status=2).status_code == 200

    done = all_at_once(app, monkeypatch, lateness, "_locations", report_late_money)

    assert sum(done) == 1
    assert sorted(entries("payment.late")) == bookings
    [mail] = told("email.late_money")
    assert len(mail.context["late"]) == THINGS
