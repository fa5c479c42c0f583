"""What the worker needs to write people's files: the lists, and to read as these people do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from desk.access import acting_as
from desk.exports.lists import LISTS, may_still
from kit.db import reading
from office.exports.files import Asked
from office.exports.writing import write_waiting
from staff.people import Member, member


def write_exports(worker: str) -> int:
    """Write a file that waits; how many were dealt with."""
    return write_waiting(LISTS, reader_of, worker)


@contextmanager
def reader_of(asked: Asked) -> Iterator[bool]:
    """Read as the person who asked, as far as they reached then. False, and nobody is acted for,
    when they have left, may not any more, or reach less by now."""
    with reading() as session:
        person = member(session.connection(), asked.person_id)
    if person is None or not may_still(person, asked, LISTS.get(asked.list)):
        yield False
        return
    as_asked = Member(person.id, person.email, person.role, person.permissions, asked.locations)
    with acting_as(as_asked):
        yield True
