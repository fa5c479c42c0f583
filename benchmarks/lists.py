"""python -m benchmarks.lists: what a page in the middle and the last one cost against the first.

See README.md. GET /apis/bookings in process, every page cold: as a process that has shown none.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from werkzeug.test import Client

from benchmarks import ground, many
from benchmarks.ground import Ground
from benchmarks.report import spread
from bookings import routes
from kit.paging import Bookmarks

BOOKINGS = 200_000
FILTERS = ("", "LocationId=2", "bookingstatus=3", "bookingstatus=4", "modifiedTimeFrom=2026-10-01")
SORTS = ("CreateDate", "CheckIn")
DIRECTIONS = ("desc", "asc")
SIZES = (50, 1)
# Part of the list that lies before the page.
PLACES = {"first": 0.0, "middle": 0.5, "deepest": 1.0}
# The target: the deepest page as fast as the first, but for what the measuring swings.
MOST_DEEPEST = 1.25

HEAD = (
    f"{'list':62}{'size':>4}{'hits':>8}{'first, ms':>20}{'middle/first':>18}{'deepest/first':>18}"
)

console = Console(highlight=False)


@dataclass(slots=True)
class Case:
    """One list and its times in milliseconds, by place; one of each place a round."""

    query: str
    size: int
    hits: int = 0
    times: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PLACES})

    def ratios(self, place: str) -> list[float]:
        pairs = zip(self.times[place], self.times["first"], strict=True)
        return [one / first for one, first in pairs]

    def index(self, place: str) -> int:
        pages = -(-self.hits // self.size)
        return max(1, round(PLACES[place] * pages))


class WrongPage(Exception):
    """A page had not the rows it must have."""


class Reader:
    """Reads pages of one database, as a partner with a token."""

    def __init__(self, filled: Ground) -> None:
        self._http = Client(filled.app)
        self._headers = {"Authorization": f"Bearer {filled.tokens[0]}"}

    def page(self, case: Case, index: int) -> tuple[float, dict[str, Any]]:
        """Milliseconds, and what was answered."""
        routes.BOOKMARKS = Bookmarks()
        path = f"/apis/bookings?{case.query}&size={case.size}&index={index}"
        began = time.perf_counter()
        answer = self._http.get(path, headers=self._headers)
        took = 1000 * (time.perf_counter() - began)
        if answer.status_code != 200:
            raise WrongPage(f"{path}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.get_json()
        return took, found

    def measure(self, case: Case, rounds: int) -> None:
        """First, middle, deepest, and again from the start."""
        case.hits = self.page(case, 1)[1]["TotalHits"]
        for _ in range(rounds):
            for place, times in case.times.items():
                index = case.index(place)
                took, found = self.page(case, index)
                wanted = min(case.size, case.hits - (index - 1) * case.size)
                if len(found["Items"]) != wanted:
                    raise WrongPage(f"{case.query}: {len(found['Items'])} rows on page {index}")
                times.append(took)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--bookings", type=int, default=BOOKINGS)
    parser.add_argument("--sqlite", action="store_true", help="on a SQLite file instead")
    options = parser.parse_args()
    return ground.to_its_end(lambda stack: _measure(stack, options))


def _measure(stack: ExitStack, options: argparse.Namespace) -> int:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    database = ground.sqlalchemy_database(folder, "lists", sqlite=options.sqlite)
    uri = stack.enter_context(database)
    console.print(f"making {options.bookings} bookings; a minute or so")
    filled = many.prepare(uri, options.bookings, folder)
    stack.callback(ground.hang_up, filled.app)
    reader, cases = Reader(filled), list(_cases())
    console.print(HEAD, soft_wrap=True)
    for case in cases:
        reader.measure(case, options.rounds)
        console.print(_line(case), markup=False, soft_wrap=True)
    slow = [case for case in cases if median(case.ratios("deepest")) > MOST_DEEPEST]
    for case in slow:
        console.print(f"SLOW  {case.query}, size {case.size}: the deepest page", markup=False)
    return 1 if slow else 0


def _cases() -> Iterator[Case]:
    for narrow in FILTERS:
        for sort in SORTS:
            for direction in DIRECTIONS:
                for size in SIZES:
                    query = f"{narrow}&Sort={sort}&SortDirection={direction}"
                    yield Case(query.removeprefix("&"), size)


def _line(case: Case) -> str:
    figures = [f"{spread(case.ratios(place), 2):>18}" for place in ("middle", "deepest")]
    first = f"{spread(case.times['first'], 1):>20}"
    return f"{case.query:62}{case.size:4}{case.hits:8}{first}{''.join(figures)}"


if __name__ == "__main__":
    sys.exit(main())
