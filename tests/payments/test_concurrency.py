"""Payments at the same moment, from several processes, on one booking or on several.

Between reading and writing every payment pauses: without that pause these tests would pass
with the locks taken out, because no two payments would ever really meet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bookings.models import Booking
from payments import ledger
from payments.models import Allocation, Payment, StoredAnswer
from tests import make
from tests.make import Client
from tests.meeting import PAUSE_S, Gate, at_once, statuses
from tests.payments.conftest import Processes
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

POSTGRESQL = pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)


@pytest.fixture
def clients(client: Client, processes: Processes) -> list[Client]:
    """One partner at three processes."""
    make.method("PayPal")
    return [client.at(each) for each in processes(3, WEB_THREADS=8)]


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every payment waits between what it has read and what it writes."""
    write = ledger.write

    def late(*args: Any) -> None:
        time.sleep(PAUSE_S)
        write(*args)

    monkeypatch.setattr(ledger, "write", late)


def same_call(
    clients: Sequence[Client], times: int, booking: int, amount: str, **fields: Any
) -> list[Callable[[], TestResponse]]:
    """The same payment, from one process after the other."""

    def call(number: int) -> Callable[[], TestResponse]:
        # Every thread has a client of its own, as every connection has.
        mine = clients[number % len(clients)]
        return lambda: mine.at(mine.app).pay(booking, amount, **fields)

    return [call(number) for number in range(times)]


@pytest.mark.usefixtures("pause")
def test_sixty_payments_at_once_on_one_booking_are_all_right(clients: list[Client]) -> None:
    booking = make.booking(["20.00", "25.00", "10.00"])

    answers = at_once(same_call(clients, 60, booking, "1.00"))

    assert statuses(answers) == [200] * 60
    assert len({answer.json["PaymentId"] for answer in answers if answer.json}) == 60
    row = make.row_of(Booking, booking)
    assert (row.paid, row.credit, row.log_count) == (5500, 500, 60)
    assert [line.paid for line in make.lines_of(booking)] == [2000, 2500, 1000]
    assert wrong_books() == []
    assert broken_chains() == []


@pytest.mark.usefixtures("pause")
def test_one_request_sent_twenty_times_with_a_key_is_one_payment(clients: list[Client]) -> None:
    booking = make.booking(["100.00"])
    key = {"Idempotency-Key": "the same for all"}

    answers = at_once(same_call(clients, 20, booking, "10.00", headers=key))

    assert statuses(answers) == [200] * 20
    assert len({answer.data for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 19
    assert len(make.rows_of(Payment, booking_id=booking)) == 1
    assert make.row_of(Booking, booking).paid == 1000
    assert wrong_books() == []


@pytest.mark.usefixtures("pause")
def test_one_reference_sent_twenty_times_is_taken_once(clients: list[Client]) -> None:
    booking = make.booking(["100.00"])

    answers = at_once(same_call(clients, 20, booking, "10.00", Reference="order-1"))

    assert statuses(answers) == [200] + [409] * 19
    [payment] = make.rows_of(Payment, booking_id=booking)
    refused = [answer.json for answer in answers if answer.status_code == 409]
    assert {body["Code"] for body in refused if body} == {"reference_already_used"}
    assert all(f"payment {payment.id}" in body["Message"] for body in refused if body)
    assert wrong_books() == []


@pytest.mark.usefixtures("pause")
@pytest.mark.parametrize("times", [2, 6])
def test_payments_that_overpay_only_together_leave_the_rest_as_credit(
    clients: list[Client], times: int
) -> None:
    booking = make.booking(["60.00", "40.00"])

    answers = at_once(same_call(clients, times, booking, "80.00"))

    assert statuses(answers) == [200] * times
    row = make.row_of(Booking, booking)
    assert (row.paid, row.credit) == (10000, times * 8000 - 10000)
    credit = make.rows_of(Allocation, booking_id=booking, line_id=None)
    assert [each.amount for each in credit] == [6000] + [8000] * (times - 2)
    assert wrong_books() == []


@pytest.mark.usefixtures("pause")
def test_overpaying_together_is_refused_where_the_location_takes_no_more(
    clients: list[Client],
) -> None:
    make.location(7, overpayment="refuse")
    booking = make.booking(["100.00"], location_id=7)
    partner = Client.of_new_partner(clients[0].app, locations=[7])

    answers = at_once(same_call([partner.at(each.app) for each in clients], 5, booking, "60.00"))

    assert statuses(answers) == [200] + [422] * 4
    assert make.row_of(Booking, booking).paid == 6000
    assert wrong_books() == []


@pytest.mark.usefixtures("pause")
def test_one_key_on_two_bookings_at_once_is_good_for_one_of_them(clients: list[Client]) -> None:
    bookings = [make.booking(["100.00"]) for _ in range(4)]
    key = {"Idempotency-Key": "meant for one"}

    calls = [
        call
        for booking in bookings
        for call in same_call(clients, 2, booking, "10.00", headers=key)
    ]
    answers = at_once(calls)

    codes = [answer.json["Code"] for answer in answers if answer.json and "Code" in answer.json]
    assert statuses(answers) == [200, 200] + [422] * 6
    assert set(codes) == {"idempotency_key_reused"}
    assert len(make.rows_of(Payment)) == len(make.rows_of(StoredAnswer)) == 1
    assert wrong_books() == []


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made, write = Gate(), ledger.write

    def gated(*args: Any) -> None:
        made.pass_through()
        write(*args)

    monkeypatch.setattr(ledger, "write", gated)
    yield made
    made.open()


def test_a_payment_that_waited_sees_the_lines_as_the_first_left_them(
    clients: list[Client], gate: Gate
) -> None:
    booking = make.booking(["50.00", "50.00"])
    first, second = clients[0], clients[1]

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first.pay, booking, "50.00")
        assert gate.reached.wait(timeout=10)
        two = pool.submit(second.pay, booking, "50.00")
        time.sleep(0.3)  # long enough to be waiting for the booking
        assert not two.done()
        gate.open()
        answers = [one.result(), two.result()]

    assert statuses(answers) == [200, 200]
    lines = [line.id for line in make.lines_of(booking)]
    assert [each.line_id for each in make.rows_of(Allocation, booking_id=booking)] == lines
    assert wrong_books() == []
    # With old lines the second would break the event log's order and be sent round again.
    assert gate.passed == 2


@POSTGRESQL
def test_payments_on_different_bookings_do_not_wait_for_each_other(
    clients: list[Client], gate: Gate
) -> None:
    held, free = make.booking(["50.00"]), make.booking(["50.00"])

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(clients[0].pay, held, "50.00")
        assert gate.reached.wait(timeout=10)
        quick = pool.submit(clients[0].at(clients[0].app).pay, free, "50.00").result(timeout=5)
        still_held = not slow.done()
        gate.open()
        late = slow.result()

    assert quick.status_code == 200
    assert still_held
    assert late.status_code == 200


@pytest.fixture
def impatient(
    client: Client, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> tuple[Client, Client]:
    """One partner at two processes that wait a quarter of a second for a lock, and no longer."""
    monkeypatch.setattr("kit.db.LOCK_TIMEOUT_S", 0.25)
    monkeypatch.setattr("kit.db.BUSY_TIMEOUT_S", 0.25)
    make.method("PayPal")
    one, two = processes(2)
    return client.at(one), client.at(two)


def test_a_booking_held_for_too_long_is_told_as_still_running(
    impatient: tuple[Client, Client], gate: Gate, app: Flask
) -> None:
    booking = make.booking(["100.00"])
    key = {"Idempotency-Key": "sent again because nobody answered"}
    first, second = impatient

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(first.pay, booking, "10.00", headers=key)
        assert gate.reached.wait(timeout=10)
        refused = second.pay(booking, "10.00", headers=key)
        gate.open()
        taken = slow.result()
    again = second.pay(booking, "10.00", headers=key)

    postgres = app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql")
    # SQLite has one lock for everything: there it is the database that cannot be had just now.
    expected = (409, "still_running") if postgres else (503, "unavailable")
    assert refused.json is not None
    assert (refused.status_code, refused.json["Code"]) == expected
    assert int(refused.headers["Retry-After"]) > 0
    assert taken.status_code == 200
    assert (again.status_code, again.data) == (200, taken.data)
    assert len(make.rows_of(Payment)) == 1


@POSTGRESQL
def test_a_key_held_too_long_by_another_booking_is_told_as_still_running(
    impatient: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has written its key and not committed: the second meets it in the unique index."""
    bookings = [make.booking(["100.00"]), make.booking(["100.00"])]
    key = {"Idempotency-Key": "one key"}
    gate, write = Gate(), ledger.write

    def gated(*args: Any) -> None:
        write(*args)
        gate.pass_through()

    monkeypatch.setattr(ledger, "write", gated)
    first, second = impatient

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(first.pay, bookings[0], "10.00", headers=key)
        assert gate.reached.wait(timeout=10)
        refused = second.pay(bookings[1], "10.00", headers=key)
        gate.open()
        taken = slow.result()

    assert refused.json is not None
    assert (refused.status_code, refused.json["Code"]) == (409, "still_running")
    assert int(refused.headers["Retry-After"]) > 0
    assert taken.status_code == 200
    assert len(make.rows_of(Payment)) == 1
