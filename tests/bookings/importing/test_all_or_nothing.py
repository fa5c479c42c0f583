"""A crash, a race, a database that goes away: nothing stays behind. And a long file fits."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from bookings.importing import cli, writing
from bookings.importing.checking import check
from bookings.importing.reading import sheet_of
from bookings.importing.writing import AgencyChanged, write
from bookings.models import Booking, Night
from kit import clock
from kit.db import transaction, undone
from tests import make
from tests.bookings.importing.sheets import ASKED, MONEY, agency, imported, line, sheet
from tests.payments.proofs import broken_chains, nothing_written, wrong_books

pytestmark = pytest.mark.long

MANY = 20_000


@pytest.fixture(autouse=True)
def _agency(app: Flask) -> None:
    agency()


def nights(count: int) -> list[dict[str, str]]:
    """Bookings of one night each, one after another."""
    return [
        line(account=f"OLD-{n}", arrival=day(n), departure=day(n + 1), **ASKED, **MONEY)
        for n in range(count)
    ]


def day(number: int) -> str:
    return str(date(2000, 1, 1) + timedelta(days=number))


def failing_after(monkeypatch: pytest.MonkeyPatch, batches: int, error: BaseException) -> None:
    """The write of one more batch than so many fails."""
    real: Callable[..., None] = writing._write
    calls = iter(range(100))

    def once(*arguments: Any) -> None:
        real(*arguments)
        if next(calls) == batches:
            raise error

    monkeypatch.setattr(writing, "_write", once)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), RuntimeError("a bug")])
def test_a_crash_in_the_middle_writes_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr("bookings.importing.checking.AT_ONCE", 10)
    failing_after(monkeypatch, 1, error)
    content = sheet(nights(30))

    with nothing_written():
        result = imported(app, content)

    assert result.exit_code != 0


def test_a_night_that_is_taken_after_the_check_is_told_and_nothing_is_written(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: list[int] = []

    def and_then(*arguments: Any) -> Any:
        """Somebody books while the file is checked for the first time."""
        report = check(*arguments)
        if not other:
            other.append(make.booking(["50.00"]))
            row = {"property_id": 8849, "night": date(2030, 6, 3), "booking_id": other[0]}
            with transaction() as connection:
                connection.execute(insert(Night), [row])
        return report

    monkeypatch.setattr(cli, "check", and_then)

    result = imported(app, sheet([line()]))

    assert result.stderr.splitlines() == [
        f"line 2: Casa Azul is taken for the night of 2030-06-03 by booking {other[0]}.",
        "1 error on 1 line; nothing is imported.",
    ]
    assert [row.id for row in make.rows_of(Booking)] == other


def test_a_file_that_the_agency_outran_is_not_half_written(app: Flask) -> None:
    content = io.BytesIO(sheet([line(), line(property="none", account="OLD-2")]))

    with (
        nothing_written(),
        sheet_of(content) as found,
        pytest.raises(AgencyChanged, match="line 3: property"),
        transaction() as connection,
    ):
        write(connection, found, clock.now())


def test_a_database_that_is_away_is_told_without_a_trace(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(Exception):
        sqlstate = "57P01"

    failing_after(monkeypatch, 0, OperationalError("", {}, Gone()))

    with nothing_written():
        result = imported(app, sheet([line()]))

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: The database is away, or busy for too long; nothing is imported. Try again.\n"
    )


def test_a_file_of_several_batches_is_written_whole(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookings.importing.checking.AT_ONCE", 7)

    result = imported(app, sheet(nights(45)))

    assert result.stdout == "Imported: 45 bookings, 45 payments.\n"
    assert len(make.rows_of(Booking)) == len(make.rows_of(Night)) == 45
    assert wrong_books() == []
    assert broken_chains() == []


class Blocks:
    """How many blocks of memory there are more than at first, looked at after each batch: those
    that are in use, not what the collector has not come to yet."""

    def __init__(self) -> None:
        gc.collect()
        gc.freeze()  # so that each look is through what has come since
        self.first, self.most = sys.getallocatedblocks(), 0

    def look(self, _: int) -> None:
        gc.collect()
        self.most = max(self.most, sys.getallocatedblocks() - self.first)


@pytest.mark.one_database
def test_checking_takes_no_more_memory_for_a_long_file_than_for_a_short_one(app: Flask) -> None:
    most = {}
    for count in (1000, 2000, MANY):  # the first warms up
        with sheet_of(io.BytesIO(sheet(nights(count)))) as found:
            blocks = Blocks()
            assert check(found, clock.now(), blocks.look).problems == 0
        most[count] = blocks.most

    assert most[MANY] < most[2000] + MANY  # one block for a line would be too many


def test_writing_takes_no_more_memory_for_a_long_file_than_for_a_short_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookings.importing.checking.AT_ONCE", 100)
    most = {}
    for count in (100, 200, 2000):
        with sheet_of(io.BytesIO(sheet(nights(count)))) as found, undone() as connection:
            blocks = Blocks()
            assert write(connection, found, clock.now(), blocks.look).bookings == count
        most[count] = blocks.most

    assert most[2000] < most[200] + 2000
