"""What a paper says, in finished words: dates and money are written out already.

These words are what is kept of a receipt when it is issued. Neither a later release's wording nor
another way to write dates changes what a guest was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Pdf:
    """A file for a guest: what to call it, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: what it is about, more about it in small letters, and its cells, as many as
    the table has columns."""

    label: str
    cells: Sequence[str]
    detail: str = ""
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A list under a heading. `columns` name the cells; one column needs no name ("")."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper: who it is from, its title, what it says first, facts by their names, tables,
    and what stands below. `is_demonstration`: it is marked as being worth nothing."""

    place: str
    address: str
    title: str
    lead: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    notes: Sequence[str]
    is_demonstration: bool

    def kept(self) -> dict[str, Any]:
        """It as JSON values."""
        return asdict(self)


def paper_of(kept: Mapping[str, Any]) -> Paper:
    """The paper of what was kept of it."""
    tables = [
        Table(each["heading"], each["columns"], [Row(**row) for row in each["rows"]])
        for each in kept["tables"]
    ]
    facts = [(name, text) for name, text in kept["facts"]]
    return Paper(**{**kept, "facts": facts, "tables": tables})
