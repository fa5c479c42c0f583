"""An event log with entries in three chains, and hands that change it behind our back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import text

from audit.chain import SYSTEM, Entry
from audit.recording import chain, record
from audit.verifying import entries, verify, zero_head
from bookings.queries import log_heads
from kit import clock
from kit.db import db, reading, transaction
from tests import make
from tests.make import Client


@dataclass(frozen=True)
class Log:
    """Two bookings with three entries each, and three entries about no booking."""

    one: int
    other: int

    def heads_of(self, which: int) -> str:
        """The row that holds a chain's head, for a statement of SQL."""
        return f"bookings SET {{}} WHERE id = {which}" if which else "log_heads SET {} WHERE TRUE"


@pytest.fixture
def log(client: Client) -> Log:
    make.method("PayPal")
    made = Log(make.booking(["100.00"]), make.booking(["100.00"]))
    for booking in (made.one, made.other):
        for _ in range(3):
            assert client.pay(booking, "10.00").status_code == 200
    for number in range(3):
        append(Entry("test.happened", {"thing": number}, {}, {"count": number}))
    return made


def append(entry: Entry) -> None:
    """Append to the chain of what is about no booking, in a transaction of its own."""
    with transaction() as connection:
        record(connection, entry, SYSTEM, clock.now())


def by_hand(statement: str, **values: object) -> None:
    """Somebody at the database, without the key. The statement must hit something."""
    with transaction() as connection:
        assert connection.execute(text(statement), values).rowcount >= 1


def broken() -> list[tuple[int, int, str]]:
    """Chain, number and reason of the first broken entry of every broken chain."""
    with reading() as session:
        heads = [*zero_head(session), *log_heads(session)]
        return [
            (each.chain, each.no, each.why) for each in verify(chain(), heads, entries(session))
        ]


@pytest.fixture
def processes(make_app: Callable[..., Flask]) -> Iterator[Callable[[int], list[Flask]]]:
    """Makes applications on one database that share nothing else, as processes would."""
    made: list[Flask] = []

    def start(count: int) -> list[Flask]:
        made.extend(make_app(WEB_THREADS=8) for _ in range(count))
        return made

    yield start
    for each in made:
        with each.app_context():
            for engine in db.engines.values():
                engine.dispose()
