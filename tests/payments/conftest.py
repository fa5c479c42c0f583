"""Applications that stand for several processes on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from kit.db import db

Processes = Callable[..., list[Flask]]


@pytest.fixture
def processes(app: Flask, make_app: Callable[..., Flask]) -> Iterator[Processes]:
    """Makes applications on the test's database that share nothing else, as processes would:
    `processes(3, WEB_THREADS=8)`. Their connections are closed at the end of the test."""
    made: list[Flask] = []

    def start(count: int, **settings: object) -> list[Flask]:
        started = [make_app(**settings) for _ in range(count)]
        made.extend(started)
        return started

    yield start
    for each in made:
        with each.app_context():
            for engine in db.engines.values():
                engine.dispose()
