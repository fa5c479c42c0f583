"""Servers and workers that are asked to end."""

from __future__ import annotations

import signal

import pytest

from tests import make
from tests.processes.conftest import House
from tests.processes.paying import orders

STOPS_S = 10


@pytest.mark.parametrize(
    ("house", "how"),
    [("sqlite", signal.SIGTERM), ("postgresql", signal.SIGTERM), ("sqlite", signal.SIGINT)],
    indirect=["house"],
)
def test_a_server_and_a_worker_end_within_seconds_when_they_are_asked_to(
    house: House, how: signal.Signals
) -> None:
    booking = make.booking(["500.00"])
    house.server.start()
    house.worker.start()
    house.till().pay(orders(f"stopping-{how}", [booking], 1)[0])
    house.wait_until_sent()

    worker_code = house.worker.stop(how, STOPS_S)
    server_code = house.server.stop(how, STOPS_S)

    assert (worker_code, server_code) == (0, 0)
    assert "worker_stopped" in house.worker.told
    assert "Traceback" not in house.worker.told + house.server.told
    assert house.server.status("/healthz") is None
