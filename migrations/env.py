"""How Alembic reaches the database: through the application's own engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from alembic import context
from sqlalchemy import Connection, text

from kit.db import Base, Instant, store

MIGRATION_LOCK = 7_215_306  # any number, as long as every process takes the same


def migrate() -> None:
    """Bring the database to the wanted revision, in one transaction but for the indexes that are
    built while others write."""
    with _alone(), store().writer.connect() as connection:
        if connection.dialect.name == "sqlite":
            _without_foreign_keys(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=_render,
        )
        with context.begin_transaction():
            # A table that is not free within lock_timeout: whoever waits for one makes all others
            # wait behind it, so rather give up, with nothing done.
            context.run_migrations()
        connection.invalidate()  # its foreign keys are off


@contextmanager
def _alone() -> Iterator[None]:
    """Several machines may start at once; those that wait find nothing left to do.

    Held by a connection of its own, since a migration may commit in the middle, and asked for
    without waiting in the database: whoever builds an index while others write waits for all of
    their transactions to end.
    """
    if store().glance.dialect.name != "postgresql":
        yield
        return
    lock = text("SELECT pg_try_advisory_lock(:lock)")
    with store().glance.connect() as connection:
        while not connection.scalar(lock, {"lock": MIGRATION_LOCK}):
            time.sleep(0.2)
        try:
            yield
        finally:
            connection.invalidate()  # which gives the lock back


def _render(kind: str, item: object, _: object) -> str | Literal[False]:
    """A migration must not change when our code does: it names SQLAlchemy's types only."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def _without_foreign_keys(connection: Connection) -> None:
    """SQLite changes a table by copying it, and dropping the old one must not cascade."""
    connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")


migrate()
