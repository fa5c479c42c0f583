"""The first pass over a file: everything that is wrong with it, and nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from bookings.importing.agency import agency
from bookings.importing.claims import Earlier, Told, of_bookings
from bookings.importing.reading import Sheet, rows
from bookings.importing.records import Understood, understand
from kit.db import reading

AT_ONCE = 1000
MOST_TOLD = 1000

T = TypeVar("T")
Advance = Callable[[int], object]  # called with the number of the line that was reached


@dataclass(slots=True)
class Report:
    """What is wrong: the first thousand sentences, each with its line, and how many in all."""

    bookings: int = 0
    payments: int = 0
    told: list[Told] = field(default_factory=list)
    problems: int = 0
    lines: int = 0

    def add(self, line: int, sentences: Iterable[str]) -> None:
        """Everything that is wrong with one line."""
        found = list(sentences)
        self.problems += len(found)
        self.lines += bool(found)
        room = max(0, MOST_TOLD - len(self.told))
        self.told += [(line, sentence) for sentence in found[:room]]


def batches(items: Iterator[T]) -> Iterator[list[T]]:
    """The items in lists of at most AT_ONCE."""
    while some := list(islice(items, AT_ONCE)):
        yield some


def check(sheet: Sheet, now: datetime, advance: Advance = lambda _: None) -> Report:
    """Hold every line against the rules, the agency, the database and the lines before it."""
    report = Report()
    with reading() as session, closing(Earlier()) as earlier:
        connection = session.connection()
        house = agency(connection, now)
        lines = (understand(row, house) for row in rows(sheet))
        for some in batches(lines):
            taken = list(of_bookings(connection, [each.claim for each in some]))
            _report(some, taken, earlier, report)
            advance(some[-1].claim.number)
    return report


def _report(some: list[Understood], taken: list[Told], earlier: Earlier, report: Report) -> None:
    by_line: dict[int, list[str]] = {each.claim.number: list(each.faults) for each in some}
    for line, sentence in taken:
        by_line[line].append(sentence)
    for each in some:
        for line, sentence in earlier.add(each.claim):
            by_line[line].append(sentence)
        report.bookings += 1
        report.payments += bool(each.record and each.record.paid)
    for line, sentences in by_line.items():
        report.add(line, sentences)
