"""Pages by number over long lists, without OFFSET's price.

The formats page by number (`size`, `index`); inside, a page starts where the one before it ended
(keyset). Those who read page after page, as synchronising clients do, therefore get each row once
even while rows come in, and the last page costs what the first one does. A page nobody has led
this process near to is counted off from whichever end of the list is nearer, over the columns of
the order alone; it may then begin a row early or late when rows have come in meanwhile.

A long list is read along its order. One of few rows is found by its filters first and then sorted:
a database that looks for a few hits along the order reads nearly everything when all of them lie
at its far end, as the bookings of the last hours do for those who list the oldest first.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from kit.sql import Query

KEPT_S = 600
MOST_KEPT = 20_000
FEW = 10_000
# How many pages back a bookmark is looked for. The workers of a server share the pages of one
# reader, so that the page before was often another's, but hardly the sixteen before.
NEAR = 16

Key = tuple[Any, ...]


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
        self._kept: OrderedDict[Hashable, tuple[float, Key]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, place: Hashable) -> Key | None:
        with self._lock:
            kept = self._kept.get(place)
        return kept[1] if kept and kept[0] > time.monotonic() else None

    def keep(self, place: Hashable, key: Key) -> None:
        with self._lock:
            now = time.monotonic()
            self._kept[place] = (now + KEPT_S, key)
            self._kept.move_to_end(place)
            while len(self._kept) > MOST_KEPT or next(iter(self._kept.values()))[0] < now:
                self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Page:
    """The keys of one page's rows (the last value of each is the id), and how many rows the
    whole list has."""

    keys: list[Key]
    total: int

    @property
    def ids(self) -> list[int]:
        return [key[-1] for key in self.keys]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: so many rows after the one with this key, or after the list's begin."""

    after: Key | None
    skipped: int
    size: int

    def of(self, keys: Query, order: Order) -> Query:
        """The page of these keys."""
        if self.after is not None:
            keys = keys.where(order.beyond(self.after))
        return keys.order_by(*order.by()).limit(self.size).offset(self.skipped)


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
    # Filters may be long; what is kept of them is not.
    name = hashlib.sha256(repr(list_name).encode()).digest()
    count = filtered.with_only_columns(func.count(), maintain_column_froms=True)
    total = session.scalar(count) or 0
    start = _start(bookmarks, name, size, index)
    if start.after is None and start.skipped >= total:
        return Page([], total)
    keys = filtered.with_only_columns(*order.columns, maintain_column_froms=True)
    found = _along(session, keys, order, start, total)
    if found:
        bookmarks.keep((name, size, index + 1), found[-1])
    return Page(found, total)


def _start(bookmarks: Bookmarks, name: bytes, size: int, index: int) -> Start:
    """From the nearest bookmark before the page, otherwise from the begin."""
    for back in range(min(NEAR, index - 1)):
        if (key := bookmarks.find((name, size, index - back))) is not None:
            return Start(key, back * size, size)
    return Start(None, (index - 1) * size, size)


def _along(session: Session, keys: Query, order: Order, start: Start, total: int) -> list[Key]:
    """The keys of the page, read from the end of the list that is nearer."""
    if total <= FEW:
        hits = keys.cte("hits").prefix_with("MATERIALIZED")
        keys, order = select(*hits.c), Order(tuple(hits.c), order.descending)
    behind = total - start.skipped - start.size
    if start.after is not None or start.skipped <= behind:
        return [tuple(row) for row in session.execute(start.of(keys, order))]
    length = min(start.size, total - start.skipped)
    keys = keys.order_by(*order.by(backwards=True)).limit(length).offset(max(behind, 0))
    return [tuple(row) for row in session.execute(keys)][::-1]
