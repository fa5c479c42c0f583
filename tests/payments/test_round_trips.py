"""How often one payment goes to PostgreSQL and back, as the protocol itself shows it.

Libpq writes every message of a connection into a file; the server ends each journey with one
ReadyForQuery, whatever the driver or SQLAlchemy call it. BEGIN and COMMIT are journeys too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg.pq import Trace
from sqlalchemy import event

from kit.db import db
from outbox.models import Message
from partners.authentication import Guard
from payments import ledger
from tests import make
from tests.make import Client
from tests.payments.conftest import Processes

MOST_CACHED_STATEMENT = 4096  # characters, psycopg/_queries.py
ENOUGH_TO_BE_PREPARED = 8  # psycopg prepares a statement when it is used for the sixth time

POSTGRESQL = pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
pytestmark = POSTGRESQL


@pytest.fixture
def traced(
    app: Flask, processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """An application whose connections write down what they say; `journeys` counts it."""
    assert app
    monkeypatch.setattr("partners.authentication.CACHED_S", 60.0)  # this machine may be slow
    path = tmp_path / "trace"
    [made] = processes(1, WEB_THREADS=1)
    with path.open("wb") as file:

        def trace(connection: Any, _: object) -> None:
            connection.pgconn.trace(file.fileno())
            connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)

        with made.app_context():
            for engine in db.engines.values():
                event.listen(engine, "connect", trace)
        made.extensions["journeys"] = lambda: path.read_text().count("ReadyForQuery")
        yield made


@pytest.fixture
def warm(traced: Flask, client: Client) -> Callable[[], int]:
    """Counts the journeys of one more payment, on connections that have made some already."""
    make.method("PayPal")
    make.tag(1, "Payment Processed")
    make.tag(12, "Website Booking in Progress")
    booking = make.booking(["10000.00", "40.00"], tags=[12])
    mine = client.at(traced)
    tags = [{"AddBookingTag": 1, "RemoveBookingTag": 12}, {"AddBookingTag": 12}]

    def pay(number: int) -> None:
        headers = {"Idempotency-Key": f"key {number}"}
        fields = {"SendEmail": "true", "Reference": f"r{number}", **tags[number % 2]}
        answer = mine.pay(booking, "75.00", PaymentToken="tok_1234", headers=headers, **fields)
        assert answer.status_code == 200, answer.text

    for number in range(ENOUGH_TO_BE_PREPARED):
        traced.extensions["partner_guard"] = Guard()
        pay(number)

    def journeys() -> int:
        before = traced.extensions["journeys"]()
        pay(100)
        counted: int = traced.extensions["journeys"]() - before
        return counted

    return journeys


def test_a_payment_with_a_known_token_makes_five_journeys_at_most(warm: Callable[[], int]) -> None:
    # BEGIN, lock, read, write, COMMIT.
    assert 3 <= warm() <= 5


def test_a_payment_with_a_new_token_makes_six_journeys_at_most(
    warm: Callable[[], int], traced: Flask
) -> None:
    traced.extensions["partner_guard"] = Guard()

    assert 4 <= warm() <= 6


def test_telling_who_listens_makes_no_further_journey(warm: Callable[[], int]) -> None:
    make.endpoint(make.partner())

    assert 3 <= warm() <= 5
    assert len([row for row in make.rows_of(Message) if row.receiver]) == 1


def test_the_statement_that_reads_is_short_enough_to_be_parsed_once(app: Flask) -> None:
    """The driver keeps what it has parsed of a statement only up to a length, and parses a longer
    one anew for every payment."""
    assert len(str(ledger.LOOK.compile(db.engine))) <= MOST_CACHED_STATEMENT
