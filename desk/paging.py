"""Long lists by their keys: a page begins after the last row of the page before, however many rows
were added meanwhile, and costs the same wherever in the list it is."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from flask import request
from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import Session

from kit.db import LARGEST
from kit.paging import Order

SIZE = 50


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page. `older` and `newer` are what the links to its neighbours carry as
    `after` and `before`; None at the ends."""

    rows: list[Row[Any]]
    older: str | None
    newer: str | None


def keyset(session: Session, query: Select[Any], order: Order, size: int = SIZE) -> Slice:
    """The page of a list that the request's `after` or `before` name; the first without them, or
    when they are not ours."""
    query = query.add_columns(*(each.label(f"key_{n}") for n, each in enumerate(order.columns)))
    length = len(order.columns)
    before, after = _key("before", order), _key("after", order)
    if before is not None:
        turned = Order(order.columns, not order.descending)
        found = session.execute(
            query.where(turned.beyond(before)).order_by(*turned.by()).limit(size + 1)
        ).all()
        rows = list(found[:size])[::-1]
        more_newer, more_older = len(found) > size, True
    else:
        if after is not None:
            query = query.where(order.beyond(after))
        found = session.execute(query.order_by(*order.by()).limit(size + 1)).all()
        rows = list(found[:size])
        more_newer, more_older = after is not None, len(found) > size
    return Slice(
        rows,
        _text(rows[-1], length) if rows and more_older else None,
        _text(rows[0], length) if rows and more_newer else None,
    )


def _text(row: Row[Any], length: int) -> str:
    key = [getattr(row, f"key_{n}") for n in range(length)]
    return base64.urlsafe_b64encode(orjson.dumps([_plain(value) for value in key])).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return ["instant", value.isoformat()]
    return ["day", value.isoformat()] if isinstance(value, date) else value


def _key(name: str, order: Order) -> tuple[Any, ...] | None:
    """The key a link carries. Somebody may have written it by hand: what is none of this list is
    passed over."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(request.args.get(name, "")))
        key = tuple(map(_value, values))
    except (binascii.Error, ValueError, TypeError):
        return None
    columns = order.columns
    fits = len(key) == len(columns) and all(map(_fits, key, columns))
    return key if fits else None


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        kind, text = plain
        return datetime.fromisoformat(text) if kind == "instant" else date.fromisoformat(text)
    return plain


def _fits(value: Any, column: ColumnElement[Any]) -> bool:
    """Whether the column could hold this."""
    if type(value) is not column.type.python_type:
        return False
    if isinstance(value, datetime):  # near the ends of time another zone would have no such day
        return value.tzinfo is not None and date.min.year < value.year < date.max.year
    return abs(value) <= LARGEST if isinstance(value, int) else "\0" not in str(value)
