"""A list of numbers, and files of it: asked for, written, looked at."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from kit import clock
from kit.db import in_transaction, reading
from kit.tables import Cell, Column
from office.exports.files import (
    Asked,
    AskFile,
    ask_file,
    delete_file,
    file_by_id,
    part,
)
from office.exports.lists import Listed
from office.exports.writing import write_waiting

ANA, RUI = 1, 2
WANTED = {"q": "Silva"}


class Died(BaseException):
    """What a killed process does: nothing after it is run."""


@dataclass
class Numbers:
    """A list of so many rows; `at` is what happens before a row is read."""

    count: int = 5
    at: dict[int, Callable[[], object]] = field(default_factory=dict)
    wanted: list[tuple[Mapping[str, str], Any]] = field(default_factory=list)

    @property
    def listed(self) -> Listed:
        return Listed(
            name="numbers",
            title="Numbers",
            needs="read",
            columns=[Column("n", "number", "a number"), Column("text", "text", "a text")],
            count=lambda _session, _wanted, _locations: self.count,
            rows=self.rows,
        )

    def rows(self, _session: Any, wanted: Any, locations: Any) -> Iterator[list[Cell]]:
        self.wanted.append((wanted, locations))
        for n in range(self.count):
            self.at.pop(n, lambda: None)()
            yield [n, "x" * 50]

    def write(self, worker: str = "a worker", now: Callable[[], datetime] = clock.now) -> int:
        return write_waiting({"numbers": self.listed}, self.reader, worker, now)

    @staticmethod
    @contextmanager
    def reader(_asked: Asked) -> Iterator[bool]:
        yield True


def ask(format: str = "csv", person: int = ANA, **values: Any) -> int:
    order = AskFile(person_id=person, list="numbers", format=format, wanted=WANTED, locations=None)
    return in_transaction(
        lambda connection: ask_file(connection, replace(order, **values), clock.now())
    )


def stored(file_id: int) -> Asked:
    with reading() as session:
        found = file_by_id(session.connection(), file_id)
    assert found is not None
    return found


def content(file_id: int) -> bytes:
    parts: list[bytes] = []
    with reading() as session:
        while (some := part(session.connection(), file_id, len(parts))) is not None:
            parts.append(some)
    return b"".join(parts)


def numbers(file_id: int) -> list[str]:
    """The first column of a CSV file."""
    text = content(file_id).decode("utf-8-sig")
    return [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]


def later(**time: float) -> Callable[[], datetime]:
    then = clock.now() + timedelta(**time)
    return lambda: then


def delete(file_id: int, person: int = ANA) -> None:
    in_transaction(lambda connection: delete_file(connection, person, file_id, clock.now()))


def thread_of(work: Callable[[], object]) -> None:
    """Do it as another process would, meanwhile."""
    from flask import current_app

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            work()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
