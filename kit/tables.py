"""Tables with typed cells, for whoever writes them down: CSV, XLSX, a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from kit.money import Money

Cell = str | int | Money | date | datetime | None
"""Money stands in a column of its own beside its currency; None is an empty cell."""

Kind = Literal["text", "number", "amount", "day", "moment"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its stable name, what it holds, and what that means."""

    name: str
    kind: Kind
    meaning: str


class Sheet(Protocol):
    """A file that grows row by row and is taken in parts (kit.sheets, kit.workbooks)."""

    def add(self, row: Sequence[Cell]) -> None: ...

    def ready(self) -> bytes: ...

    def rest(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...
