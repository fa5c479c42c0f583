"""How many statements a page asks the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from kit.db import db


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that read, in the order they came."""
    found: list[str] = []

    def seen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            found.append(statement)

    engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", seen)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", seen)
