"""A database that goes away under a server and a worker, and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests import make
from tests.processes.conftest import House
from tests.processes.paying import orders
from tests.processes.running import wait_until

COUNT = 200
AWAY_S = 1.5


@contextmanager
def away(postgres_server: str, database: str) -> Iterator[None]:
    """Hang up on everybody, and let nobody in during the block."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [database],
            )
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
def test_while_the_database_is_away_senders_are_told_to_try_again_and_nothing_is_lost(
    house: House, postgres_server: str
) -> None:
    wanted = orders("away", [make.booking(["900.00"]) for _ in range(6)], COUNT)
    messages_before = set(house.messages())
    database = str(make_url(house.app.config["SQLALCHEMY_DATABASE_URI"]).database)
    house.server.start()
    house.worker.start()
    till = house.till()

    house.mailbox.hush()
    till.pay(wanted[0])
    wait_until(lambda: house.mailbox.withheld, "the worker waits for the mail server")
    with till.paying(wanted[1:]):
        till.wait_for(COUNT // 4)
        with away(postgres_server, database):
            house.mailbox.speak()
            wait_until(lambda: house.server.status("/readyz") == 503, "the server is not ready")
            alive = house.server.status("/healthz")
            time.sleep(AWAY_S)
        wait_until(lambda: house.server.status("/readyz") == 200, "the server is ready again")
    house.hang_up()
    worker_lived = house.worker.lives
    house.wait_until_sent()

    assert alive == 200
    assert set(till.answers) == {200, 503}
    assert till.lost == till.unhelpful == 0
    expected = sorted((each.reference, till.taken[each.reference], each.minor) for each in wanted)
    assert sorted(house.stored("away-")) == expected
    assert worker_lived
    # What had left when the database went away was recorded when it came back, not sent again.
    assert sorted(house.mailbox.received) == sorted(set(house.messages()) - messages_before)
    assert len(house.mailbox.received) == COUNT
    assert "The books are right" in house.flask("ledger", "check")
    assert "The event log is whole" in house.flask("audit", "verify")
