"""Several workers at one command, and one request that comes several times at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bookings.models import Booking
from payments import ledger
from payments.formats.iiko import commands
from payments.inbox import apply_accepted
from payments.models import AcceptedCommand, Payment
from tests import make
from tests.meeting import at_once, before, pause, statuses
from tests.payments.conftest import Processes
from tests.payments.formats.iiko.till import CARD, CASH, Till, payment
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long


def work_at_once(workers: Sequence[Flask]) -> int:
    """Let all workers look at the same moment; how many commands they ended together."""
    start = threading.Barrier(len(workers))

    def look(worker: Flask) -> int:
        with worker.app_context():
            start.wait(timeout=10)
            return apply_accepted()

    with ThreadPoolExecutor(len(workers)) as pool:
        return sum(pool.map(look, workers))


def test_several_workers_at_once_apply_a_command_once(
    till: Till, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = make.booking(["100.00"])
    ticket = till.add(booking, payment("20.00"), payment("5.00", CASH))
    before(monkeypatch, ledger, "write", pause)

    ended = work_at_once(processes(4))

    assert ended == 1
    assert till.status(ticket) == {"state": "Success"}
    assert [row.amount for row in make.rows_of(Payment)] == [2000, 500]
    assert make.row_of(Booking, booking).paid == 2500
    assert wrong_books() == broken_chains() == []


def test_commands_that_overpay_only_together_are_applied_until_nothing_is_open(
    till: Till, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = make.booking(["100.00"])
    tickets = [till.add(booking, payment("40.00")) for _ in range(5)]
    before(monkeypatch, ledger, "write", pause)

    workers = processes(4)
    while work_at_once(workers):
        pass

    states = sorted(till.status(ticket)["state"] for ticket in tickets)
    assert states == ["Error"] * 3 + ["Success"] * 2
    assert make.row_of(Booking, booking).paid == 8000
    assert wrong_books() == broken_chains() == []


def test_one_request_with_a_key_that_comes_many_times_at_once_is_one_command(
    till: Till, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = orjson.dumps(till.order(make.booking(["100.00"]), payment("20.00", CARD)))
    headers = {"Authorization": f"Bearer {till.token}", "Idempotency-Key": "receipt 12"}
    before(monkeypatch, commands, "accept", pause)

    def send(app: Flask) -> TestResponse:
        return app.test_client().post("/api/1/order/add_payments", data=body, headers=headers)

    answers = at_once([lambda app=app: send(app) for app in processes(6)])  # type: ignore[misc]

    assert statuses(answers) == [200] * 6
    [kept] = make.rows_of(AcceptedCommand)
    assert {answer.json["correlationId"] for answer in answers} == {kept.ticket}
