"""Pages by number over long lists, without OFFSET's price.

The formats page by number (`size`, `index`); inside, a page starts where the one before it ended
(keyset). Those who read page after page of one process, as synchronising clients do, therefore get
each row once even while rows come in, and the last page costs what the first one does. A page
nobody has led this process up to is counted off from whichever end of the list is nearer, over
the ids alone; it may then begin a row early or late when rows have come in meanwhile.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, tuple_
from sqlalchemy.orm import Session

from kit.sql import Query

KEPT_S = 600
MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Order:
    """The columns a list is sorted by, the last one unique; all in one direction."""

    columns: tuple[ColumnElement[Any], ...]
    descending: bool = True

    def by(self, *, backwards: bool = False) -> list[ColumnElement[Any]]:
        falling = self.descending != backwards
        return [column.desc() if falling else column.asc() for column in self.columns]

    def beyond(self, key: Sequence[Any]) -> ColumnElement[bool]:
        """Whether a row comes after the one with this key."""
        mine = tuple_(*self.columns)
        return mine < tuple(key) if self.descending else mine > tuple(key)


class Bookmarks:
    """Where pages start, as this process has seen it lately: the key of the last row before."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[float, tuple[Any, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def _name(place: Hashable) -> bytes:
        """Filters may be long; what is kept of them is not."""
        return hashlib.sha256(repr(place).encode()).digest()

    def find(self, place: Hashable) -> tuple[Any, ...] | None:
        with self._lock:
            kept = self._kept.get(self._name(place))
        return kept[1] if kept and kept[0] > time.monotonic() else None

    def keep(self, place: Hashable, key: tuple[Any, ...]) -> None:
        with self._lock:
            now = time.monotonic()
            self._kept[self._name(place)] = (now + KEPT_S, key)
            self._kept.move_to_end(self._name(place))
            while len(self._kept) > MOST_KEPT or next(iter(self._kept.values()))[0] < now:
                self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Page:
    """The keys of one page's rows (the last value of each is the id), and how many rows the
    whole list has."""

    keys: list[tuple[Any, ...]]
    total: int

    @property
    def ids(self) -> list[int]:
        return [key[-1] for key in self.keys]


def page(
    session: Session,
    filtered: Query,
    order: Order,
    size: int,
    index: int,
    bookmarks: Bookmarks,
    list_name: Hashable,
) -> Page:
    """Page `index` (from 1) of the rows that `filtered` selects from.

    `list_name` tells lists apart: who asks, with which filters and order.
    """
    total = (
        session.scalar(filtered.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    )
    start = (index - 1) * size
    if start >= total:
        return Page([], total)
    keys = filtered.with_only_columns(*order.columns, maintain_column_froms=True)
    length = min(size, total - start)
    behind = total - start - length
    before = bookmarks.find((list_name, size, index)) if index > 1 else None
    backwards = before is None and start > behind
    if before is not None:
        keys = keys.where(order.beyond(before)).limit(size)
    else:
        keys = keys.limit(length).offset(behind if backwards else start)
    found = [tuple(row) for row in session.execute(keys.order_by(*order.by(backwards=backwards)))]
    if backwards:
        found.reverse()
    if found:
        bookmarks.keep((list_name, size, index + 1), found[-1])
    return Page(found, total)
