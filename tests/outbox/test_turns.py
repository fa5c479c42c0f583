"""Turns: nobody's program waits because another one is slow, or has much to be told."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.dialects import sqlite

from kit.db import db, reading
from outbox.delivering import CALLS, deliver
from outbox.leasing import BATCH, Leased, _messages, _whose_turn, is_due
from outbox.mail import DeliveryFailed
from outbox.models import Message
from tests import make
from tests.outbox.make import NOON, Clock, Postbox, run
from tests.outbox.test_receivers import Programs, tell

PATIENCE_S = 20
# Of what no database has a say in, or one alone.
ON_SQLITE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


def slow(clock: Clock, seconds: float, *quick: str) -> Programs:
    """Programs that take their time, all but some."""

    def take_time(message: Leased) -> None:
        if message.receiver not in quick:
            clock.at += timedelta(seconds=seconds)

    return Programs(take_time)


def test_the_longest_untried_has_its_turn_first(app: Flask) -> None:
    for receiver, count in (("a", 6), ("b", 3), ("c", 1)):
        tell(receiver, count)
    now = Clock()
    programs = slow(now, 0.6)  # two of them fill a turn

    deliver(programs, "one", now, calls=1)

    assert "".join(programs.receivers) == "aabbcaabaa"


def test_turns_outlive_the_worker_that_gave_them(app: Flask) -> None:
    for receiver in "ab":
        tell(receiver, BATCH + 1)
    stops = iter([False, False, True])
    programs, now = Programs(), Clock()

    deliver(programs, "one", now, lambda: next(stops, True), calls=1)
    now.forward(seconds=1)
    deliver(programs, "two", now, calls=1)

    assert programs.receivers[:2] == ["a", "b"]


def test_what_a_turn_was_too_short_for_is_free_and_counts_no_try(app: Flask) -> None:
    tell("a", 3)
    now = Clock()

    deliver(slow(now, 10), "one", now, iter([False, False, True]).__next__, calls=1)

    first, *others = make.rows_of(Message)
    assert (first.state, first.attempts) == ("sent", 1)
    assert [(each.attempts, each.leased_by) for each in others] == [(0, None)] * 2


@pytest.mark.long
@pytest.mark.parametrize("fails", [False, True])
def test_however_many_are_slow_everybody_comes_round(app: Flask, fails: bool) -> None:
    """Each of them has more to be told than a worker gets done."""
    busy = [f"busy {number:02}" for number in range(2 * BATCH)]
    for receiver in busy:
        tell(receiver, 5, at=NOON - timedelta(hours=1))
    tell("well", 2)
    now = Clock()
    programs = slow(now, 9.9, "well")
    fault = DeliveryFailed("no answer", permanent=False, rests=timedelta(seconds=15))

    def hang(message: Leased) -> DeliveryFailed | None:
        now.at += timedelta(seconds=0 if message.receiver == "well" else 9.9)
        return fault if message.receiver != "well" else None

    programs = Programs(hang) if fails else programs

    deliver(programs, "one", now, lambda: len(programs.sent) > 60, calls=1)

    assert programs.receivers.index("well") == len(busy)
    assert programs.receivers.count("well") == 2


@dataclass
class Slow:
    """A way to programs where `waits` says who keeps us waiting, and for what."""

    waits: Callable[[Leased], Any]
    sent: list[str] = field(default_factory=list)

    @property
    def programs(self) -> bool:
        return True

    def send(self, message: Leased, at: datetime) -> None:
        self.waits(message)
        self.sent.append(str(message.receiver))


@pytest.mark.long
def test_a_slow_program_costs_the_others_nothing(app: Flask) -> None:
    """Not even what is written while it keeps us waiting, and more than fits into a turn."""
    tell("slow", 2)
    tell("well", 3 * BATCH)
    all_told, in_time = threading.Event(), list[bool]()

    def wait(message: Leased) -> None:
        if message.receiver == "slow":
            in_time.append(all_told.wait(PATIENCE_S))
        elif programs.sent.count("well") == 3 * BATCH - 1:
            tell("later")
        elif message.receiver == "later":
            all_told.set()

    programs = Slow(wait)

    deliver(programs, "one", Clock())

    assert in_time == [True, True]
    assert Counter(programs.sent) == {"slow": 2, "well": 3 * BATCH, "later": 1}


def test_several_programs_are_told_at_once(app: Flask) -> None:
    for number in range(CALLS):
        tell(f"program {number}")
    together = threading.Barrier(CALLS)
    programs = Slow(lambda _: together.wait(PATIENCE_S))

    assert deliver(programs, "one", Clock()) == CALLS

    assert len(programs.sent) == CALLS


@pytest.mark.long
def test_of_one_program_there_is_one_call_at_a_time_and_of_all_not_too_many(app: Flask) -> None:
    tell("much", 3 * BATCH)
    for number in range(CALLS + 4):
        tell(f"program {number}", 2)
    now, most, lock = Counter[str](), Counter[str](), threading.Lock()

    def count(message: Leased) -> None:
        names = (str(message.receiver), "all")
        with lock:
            now.update(names)
            most.update({name: now[name] - most[name] for name in names if now[name] > most[name]})
        threading.Event().wait(0.005)
        with lock:
            now.subtract(names)

    deliver(Slow(count), "one", Clock())

    assert 1 < most.pop("all") <= CALLS
    assert set(most.values()) == {1}


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@ON_SQLITE
def test_who_finds_nothing_to_do_takes_no_write_lock(app: Flask) -> None:
    tell("a", at=NOON + timedelta(minutes=1))

    with statements() as seen:
        assert deliver(Programs(), "one", Clock()) == 0
        assert run(Postbox(), Clock()) == 0

    assert "BEGIN" in seen
    assert "BEGIN IMMEDIATE" not in seen


@ON_SQLITE
@pytest.mark.parametrize(
    ("query", "sorted_rows"),
    [
        (_whose_turn(NOON, ["b"]).limit(8), "programs"),
        (_messages().where(is_due(NOON), Message.receiver == "a").limit(BATCH), None),
        (_messages().where(is_due(NOON), Message.receiver.is_(None)).limit(BATCH), None),
    ],
    ids=["whose turn", "its messages", "mails"],
)
def test_nothing_counts_or_sorts_all_that_waits(
    app: Flask, query: Any, sorted_rows: str | None
) -> None:
    literal = {"literal_binds": True}
    told = str(query.compile(dialect=sqlite.dialect(), compile_kwargs=literal))
    with reading() as session:
        found = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {told}").all()

    looks = [row[3] for row in found if "outbox" in row[3]]
    sorts = [row[3] for row in found if "TEMP B-TREE" in row[3]]
    assert looks
    assert all("ix_outbox_" in look for look in looks)
    assert len(sorts) == (1 if sorted_rows else 0)
