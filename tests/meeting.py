"""Calls that meet: many at the same moment, or one that is kept waiting in the middle.

Between what a call has read and what it writes there must be a pause: without it such tests would
pass with the locks taken out, because no two calls would ever really meet.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from werkzeug.test import TestResponse

PAUSE_S = 0.02

Call = Callable[[], TestResponse]
Wait = Callable[[], None]
T = TypeVar("T")
U = TypeVar("U")


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all calls at the same moment, each in a thread of its own; answers in their order."""
    start = threading.Barrier(len(calls))

    def make_call(call: Callable[[], T]) -> T:
        start.wait(timeout=10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make_call, calls))


def statuses(answers: Sequence[TestResponse]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def codes(answers: Sequence[TestResponse]) -> set[str]:
    """What was wrong with those that were refused."""
    return {answer.json["Code"] for answer in answers if answer.json and "Code" in answer.json}


class Gate:
    """Keeps the first that comes through until `open` is called; counts how often any did."""

    def __init__(self) -> None:
        self.passed = 0
        self.reached, self._opened = threading.Event(), threading.Event()
        self._first = threading.Lock()

    def open(self) -> None:
        self._opened.set()

    def pass_through(self) -> None:
        self.passed += 1
        if self._first.acquire(blocking=False):
            self.reached.set()
            assert self._opened.wait(timeout=10)


def before(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, wait: Wait) -> None:
    """Let everybody wait who is about to call `owner.name`."""
    real = getattr(owner, name)

    def late(*args: Any, **options: Any) -> Any:
        wait()
        return real(*args, **options)

    monkeypatch.setattr(owner, name, late)


def after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, wait: Wait) -> None:
    """Let everybody wait who has just called `owner.name`."""
    real = getattr(owner, name)

    def late(*args: Any, **options: Any) -> Any:
        result = real(*args, **options)
        wait()
        return result

    monkeypatch.setattr(owner, name, late)


def pause() -> None:
    time.sleep(PAUSE_S)


def overtaking(gate: Gate, first: Callable[[], T], second: Callable[[], U]) -> tuple[T, U]:
    """The answers of two calls of which the first is kept at the gate until the second has come
    as far as it can. AssertionError when the second did not have to wait."""
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        try:
            assert gate.reached.wait(timeout=10)
            two = pool.submit(second)
            time.sleep(0.3)  # long enough to have come to the lock
            waited = not two.done()
        finally:
            gate.open()
        assert waited, "the second call did not wait for the first"
        return one.result(), two.result()


def meanwhile(gate: Gate, first: Callable[[], T], second: Callable[[], U]) -> tuple[T, U]:
    """The answers of two calls of which the first is kept at the gate until the second is done."""
    with ThreadPoolExecutor(1) as pool:
        one = pool.submit(first)
        try:
            assert gate.reached.wait(timeout=10)
            two = second()
        finally:
            gate.open()
        return one.result(), two
