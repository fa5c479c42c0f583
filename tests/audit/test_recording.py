"""Appending to the event log: many at once, and nothing about people."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import Connection

from audit.chain import SYSTEM, Chain, Entry, Head
from audit.models import LogEntry, LogHead
from audit.recording import chain, record
from kit import clock
from kit.db import in_transaction, transaction
from tests import make
from tests.audit.conftest import append, broken
from tests.make import Client

PAUSE_S = 0.02
HAPPENED = Entry("test.happened", {"thing": 1}, {}, {})


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every append waits between reading the head and writing: without it none would meet."""
    link = Chain.link

    def late(self: Chain, which: int, head: Head, *rest: Any) -> tuple[dict[str, Any], Head]:
        time.sleep(PAUSE_S)
        return link(self, which, head, *rest)

    monkeypatch.setattr(Chain, "link", late)


def append_at(app: Flask) -> None:
    """What a door does: one use case in one transaction, once more when it lost a race."""
    with app.app_context():
        in_transaction(lambda connection: record(connection, HAPPENED, SYSTEM, clock.now()))


def at_once(apps: list[Flask], times: int) -> None:
    """Append from all the applications in turn, in threads; raises what any of them raised."""
    with ThreadPoolExecutor(times) as pool:
        for done in [pool.submit(append_at, apps[n % len(apps)]) for n in range(times)]:
            done.result()


@pytest.mark.long
@pytest.mark.usefixtures("app", "pause")
def test_entries_appended_at_once_by_several_processes_are_one_whole_chain(
    processes: Callable[[int], list[Flask]],
) -> None:
    apps = processes(3)
    append_at(apps[0])

    at_once(apps, 20)

    assert [entry.no for entry in make.rows_of(LogEntry)] == list(range(1, 22))
    assert broken() == []


@pytest.mark.long
@pytest.mark.usefixtures("app", "pause")
def test_the_first_two_entries_of_all_at_once_are_one_chain(
    processes: Callable[[int], list[Flask]],
) -> None:
    """There is no head yet to wait for: the second loses the race for the key and runs again."""
    at_once(processes(2), 2)

    assert [entry.no for entry in make.rows_of(LogEntry)] == [1, 2]
    [head] = make.rows_of(LogHead)
    assert head.log_count == 2
    assert broken() == []


@pytest.mark.usefixtures("app")
def test_an_entry_is_gone_with_the_transaction_that_failed() -> None:
    append(HAPPENED)

    def use_case(connection: Connection) -> None:
        record(connection, HAPPENED, SYSTEM, clock.now())
        raise LookupError

    with pytest.raises(LookupError):
        in_transaction(use_case)
    append(HAPPENED)

    assert [entry.no for entry in make.rows_of(LogEntry)] == [1, 2]
    assert broken() == []


@pytest.mark.usefixtures("app")
def test_an_entry_keeps_who_did_it_from_where_and_when() -> None:
    at = clock.now()
    with transaction() as connection:
        record(connection, HAPPENED, SYSTEM, at)

    [entry] = make.rows_of(LogEntry)
    assert (entry.chain, entry.no, entry.action, entry.severity) == (0, 1, "test.happened", "low")
    assert (entry.actor_kind, entry.actor_id, entry.at) == ("system", None, at)
    assert entry.hash == chain().link_hash(0, 1, "", entry.body)


@pytest.mark.parametrize("tag", [None, "failed"], ids=["cleared", "failed"])
def test_a_payment_logs_nothing_of_the_guest_and_no_words_of_the_sender(
    client: Client, tag: str | None
) -> None:
    make.method("PayPal")
    make.tag(51, "Payment Failed", role="payment_failed")
    booking = make.booking(email="maria.secret@example.com")
    words = {"Comments": "Card of Zebedee was declined", "Reference": "Order-of-Zebedee"}
    card = {"PaymentToken": "TOK-Zebedee", "CardPartialNumbers": "4242", "CardType": "VISA"}
    attempt = {"Status": 1, "AddBookingTag": 51} if tag else {}

    assert client.pay(booking, "99.00", **words, **card, **attempt).status_code == 200

    [entry] = make.rows_of(LogEntry, chain=booking)
    assert '"booking":' in entry.body
    secrets = ("maria", "silva", "@", "zebedee", "declined", "tok-", "4242", "visa", client.token)
    assert [each for each in secrets if each.lower() in entry.body.lower()] == []


def test_a_payment_logs_what_it_changed_and_who_sent_it(client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["100.00"])

    payment = client.pay(booking, "40.00").json["PaymentId"]

    [entry] = make.rows_of(LogEntry, chain=booking)
    told = orjson.loads(entry.body)
    assert told["entry"]["about"]["payment"] == payment
    assert (told["entry"]["before"]["paid"], told["entry"]["after"]["paid"]) == (0, 4000)
    assert (entry.actor_kind, entry.actor_id) == ("partner", client.partner_id)
    assert told["origin"]["address"] == "127.0.0.1"
    assert told["origin"]["request_id"]
