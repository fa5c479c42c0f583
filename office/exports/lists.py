"""What can be had as a file: a list, its columns, and how to count and read its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from kit.tables import Cell, Column

Wanted = Mapping[str, str]
"""The filters as they stand in the address; each list reads its own and passes over others."""

Locations = frozenset[int] | None
"""What the reader reaches; None is all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`name` is that of the address and of the file; `needs` the permission to read it. `rows`
    streams: it is asked inside an open reading transaction and never holds the whole list. `count`
    is asked before it, in the same one.

    `personal`: it tells of guests, so that taking it away is logged as more than nothing.
    """

    name: str
    title: str
    needs: str
    columns: Sequence[Column]
    count: Callable[[Session, Wanted, Locations], int]
    rows: Callable[[Session, Wanted, Locations], Iterator[Sequence[Cell]]]
    personal: bool = True
