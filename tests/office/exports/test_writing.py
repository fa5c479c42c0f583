"""Files of long lists: written by one worker at a time, whole or not there, gone after a day."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openpyxl
import pytest
from flask import Flask

from kit.workbooks import TooManyRows
from office.exports.files import (
    GAVE_UP,
    GONE,
    NOT_ALLOWED,
    TOO_LONG,
    Asked,
)
from office.exports.writing import LEASE, MOST_ATTEMPTS, write_waiting
from office.models import ExportFile, ExportPart
from outbox.worker import STOP
from tests import make
from tests.office.exports.files import (
    RUI,
    WANTED,
    Died,
    Numbers,
    ask,
    content,
    later,
    numbers,
    stored,
    thread_of,
)

pytestmark = pytest.mark.usefixtures("app")


# --- what is written -----------------------------------------------------------------------------


def test_a_file_that_was_asked_for_is_written_in_parts() -> None:
    mine = ask(locations=frozenset({2, 1}))
    source = Numbers(20)

    assert source.write() == 1

    file = stored(mine)
    assert (file.state, file.rows_done, file.rows_total) == ("done", 20, 20)
    assert file.size == len(content(mine))
    assert len(make.rows_of(ExportPart)) > 5
    assert numbers(mine) == [str(n) for n in range(20)]
    assert source.wanted == [(WANTED, frozenset({1, 2}))]
    assert file.leased_by is None
    assert source.write() == 0


def test_a_workbook_is_whole() -> None:
    mine = ask("xlsx")

    Numbers(20).write()

    sheet: Any = openpyxl.load_workbook(io.BytesIO(content(mine))).active
    assert [row[0] for row in sheet.values] == ["n", *range(20)]
    assert stored(mine).size == len(content(mine))


def test_how_far_it_is_can_be_seen_while_it_is_written() -> None:
    mine = ask()
    seen: list[Asked] = []

    Numbers(9, at={7: lambda: seen.append(stored(mine))}).write()

    [file] = seen
    assert (file.state, file.rows_total, file.rows_done, file.is_begun) == ("waiting", 9, 7, True)


def test_the_one_that_has_waited_longest_is_written_first() -> None:
    first, second = ask(), ask(person=RUI)

    Numbers().write()

    assert [stored(each).state for each in (first, second)] == ["done", "waiting"]


# --- workers that die, stop or meet --------------------------------------------------------------


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_file_of_a_worker_that_died_is_written_anew_from_its_start(format: str) -> None:
    mine = ask(format)

    def die() -> None:
        raise Died

    with pytest.raises(Died):
        Numbers(20, at={15: die}).write()
    begun = stored(mine)
    too_early = Numbers(20).write("another")
    left = Numbers(30).write("another", later(seconds=LEASE.total_seconds() + 1))

    assert (begun.state, begun.rows_done) == ("waiting", 15)
    assert (too_early, left) == (0, 1)
    assert (stored(mine).state, stored(mine).rows_done) == ("done", 30)
    if format == "csv":
        assert numbers(mine) == [str(n) for n in range(30)]
    assert [row.no for row in make.rows_of(ExportPart)] == list(
        range(len(make.rows_of(ExportPart)))
    )


def test_a_worker_whose_lease_is_over_writes_nothing_into_the_file_of_another() -> None:
    mine = ask()
    other = Numbers(12)

    def be_slow() -> None:
        thread_of(lambda: other.write("another", later(seconds=LEASE.total_seconds() + 1)))

    Numbers(20, at={15: be_slow}).write()

    assert other.wanted
    assert numbers(mine) == [str(n) for n in range(12)]
    assert stored(mine).rows_done == 12


def test_two_workers_never_write_one_file() -> None:
    mine = ask()
    did: list[int] = []

    def meet() -> None:
        thread_of(lambda: did.append(Numbers().write("another")))

    assert Numbers(20, at={10: meet}).write() == 1
    assert did == [0]
    assert numbers(mine) == [str(n) for n in range(20)]


def test_a_worker_that_is_asked_to_end_gives_the_file_back(app: Flask) -> None:
    mine = ask()
    stop = threading.Event()
    app.extensions[STOP] = stop
    try:
        did = Numbers(20, at={5: stop.set}).write()
    finally:
        del app.extensions[STOP]

    assert did == 0
    assert make.row_of(ExportFile, mine).attempts == 0
    assert Numbers(20).write() == 1
    assert numbers(mine) == [str(n) for n in range(20)]


def test_what_goes_wrong_again_and_again_is_given_up() -> None:
    mine = ask()

    def fail() -> None:
        raise ValueError("a guest's name")

    for _ in range(MOST_ATTEMPTS - 1):
        with pytest.raises(ValueError, match="guest"):
            Numbers(20, at={9: fail}).write()
    tried = stored(mine)
    Numbers(20, at={9: fail}).write()

    assert (tried.state, tried.rows_done) == ("waiting", 0)
    assert (stored(mine).state, stored(mine).problem) == ("failed", GAVE_UP)
    assert content(mine) == b""


def test_one_that_kills_its_workers_is_given_up() -> None:
    mine = ask()

    def die() -> None:
        raise Died

    for n in range(MOST_ATTEMPTS):
        with pytest.raises(Died):
            Numbers(20, at={9: die}).write(now=later(minutes=2 * n))

    assert Numbers(20).write(now=later(minutes=20)) == 1
    assert stored(mine).problem == GAVE_UP


@pytest.mark.parametrize("problem", [NOT_ALLOWED, GONE, TOO_LONG])
def test_what_cannot_be_written_says_why(problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ask()
    source = Numbers()

    def too_long() -> None:
        raise TooManyRows(2_000_000)

    @contextmanager
    def nobody(_asked: Asked) -> Iterator[bool]:
        yield False

    if problem == TOO_LONG:
        source.at[3] = too_long
    lists = {} if problem == GONE else {"numbers": source.listed}
    reader = nobody if problem == NOT_ALLOWED else Numbers.reader

    assert write_waiting(lists, reader, "a worker") == 1

    assert (stored(mine).state, stored(mine).problem) == ("failed", problem)
    assert content(mine) == b""
    assert source.wanted == [] or problem == TOO_LONG
