"""A worker that is killed while it writes a file: nobody gets half of it, and the next one writes
it from the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from kit import clock
from kit.db import in_transaction, reading, transaction
from office.exports.files import Asked, AskFile, ask_file, file_by_id, part
from office.models import ExportFile, ExportPart
from staff.models import Person
from tests.processes.conftest import House
from tests.processes.exporting import APP
from tests.processes.running import Worker, wait_until
from tests.processes.slowing import slow
from tests.processes.test_inbox_killed import lasting

WRITTEN = 3  # parts that are there when it is killed


@pytest.fixture
def workers(house: House, tmp_path: Path) -> Iterator[list[Worker]]:
    """Two, not started; killed at the end, come what may."""
    found = [Worker(house.settings, tmp_path / f"writer-{n}.log", APP) for n in range(2)]
    try:
        yield found
    finally:
        for each in found:
            each.kill()
            print(each.told[-3000:])  # shown when the test fails


def asked_for() -> int:
    """The demonstration's administrator wants all payments as a file."""
    with reading() as session:
        email = "admin@example.com"
        person = session.scalars(select(Person.id).where(Person.email == email)).one()
    order = AskFile(person_id=person, list="payments", format="csv", wanted={}, locations=None)
    return in_transaction(lambda connection: ask_file(connection, order, clock.now()))


def told(file_id: int) -> Asked:
    with reading() as session:
        found = file_by_id(session.connection(), file_id)
    assert found is not None
    return found


def parts(file_id: int) -> int:
    with reading() as session:
        mine = ExportPart.export_id == file_id
        return session.scalar(select(func.count()).select_from(ExportPart).where(mine)) or 0


def content(file_id: int) -> bytes:
    with reading() as session:
        pieces = (part(session.connection(), file_id, no) for no in count())
        return b"".join(takewhile(lambda each: each is not None, pieces))  # type: ignore[arg-type]


def is_done(file_id: int) -> bool:
    return told(file_id).state == "done"


def end_lease(file_id: int) -> None:
    """Make it a minute later for the file that a killed worker had taken."""
    with transaction() as connection:
        mine = update(ExportFile).where(ExportFile.id == file_id)
        connection.execute(mine.values(leased_until=clock.now()))


def test_a_worker_killed_in_the_middle_of_a_file_leaves_no_half_file_and_the_next_one_writes_it(
    house: House, workers: list[Worker]
) -> None:
    file_id = asked_for()

    with slow("export_parts", f"NEW.no = {WRITTEN}") as somebody_writes:
        workers[0].start()

        wait_until(lambda: lasting(somebody_writes), "the worker is in the middle of the file")
        workers[0].kill()
    half = told(file_id)
    assert (half.state, half.is_begun, parts(file_id)) == ("waiting", True, WRITTEN)
    assert half.rows_done < (half.rows_total or 0)
    whole = asked_for()
    workers[1].start()
    wait_until(lambda: is_done(whole), "a file that nobody holds is written")
    assert told(file_id).state == "waiting"  # who holds it might be alive
    end_lease(file_id)
    wait_until(lambda: is_done(file_id), "the next worker writes it")

    done = told(file_id)
    assert content(file_id) == content(whole)
    assert len(content(file_id)) == done.size > (WRITTEN + 1) * 200
    assert done.rows_done == done.rows_total == house.payments()
