"""Applications that stand for several processes on one database; a sender whose payments wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from payments import inbox
from payments.gateways.registry import GATEWAYS
from tests import make
from tests.outbox.make import Clock
from tests.payments.accepting import FORMAT, Send, Sender, Tiny

Processes = Callable[..., list[Flask]]


@pytest.fixture
def processes(app: Flask, make_app: Callable[..., Flask]) -> Processes:
    """Makes applications on the test's database that share nothing else, as processes would:
    `processes(3, WEB_THREADS=8)`."""

    def start(count: int, **settings: object) -> list[Flask]:
        return [make_app(**settings) for _ in range(count)]

    return start


@pytest.fixture
def time() -> Clock:
    """The time of the worker and of whoever sends, moved by hand."""
    return Clock()


@pytest.fixture
def tiny(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """The only format whose commands the worker knows."""
    found = Tiny()
    monkeypatch.setitem(app.extensions, inbox.APPLIERS, {FORMAT: found})
    return found


@pytest.fixture
def sender(tiny: Tiny) -> Sender:
    """A partner that speaks it."""
    make.method("PayPal")
    return Sender.new()


@pytest.fixture
def send(sender: Sender, time: Clock) -> Send:
    """Has a payment of that partner accepted now; the id of its command."""
    return lambda *args, **options: sender.send(*args, **({"at": time.at} | options))


@pytest.fixture
def own_gateways(app: Flask) -> Iterator[None]:
    """Gateways that the test may exchange; the application is that of all tests."""
    found = app.extensions[GATEWAYS]
    yield
    app.extensions[GATEWAYS] = found
