"""How Alembic reaches the database: through the application's own engine."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlalchemy import Connection, text

from kit.db import Base, Instant, store

MIGRATION_LOCK = 7_215_306  # any number, as long as every process takes the same


def migrate() -> None:
    """Bring the database to the wanted revision, in one transaction."""
    with store().writer.connect() as connection:
        if connection.dialect.name == "sqlite":
            _without_foreign_keys(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=_render,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                # Several machines may start at once; the others wait and find nothing left to do.
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                lock = text("SELECT pg_advisory_xact_lock(:lock)")
                connection.execute(lock, {"lock": MIGRATION_LOCK})
            context.run_migrations()
        connection.invalidate()  # its foreign keys are off


def _render(kind: str, item: object, _: object) -> str | Literal[False]:
    """A migration must not change when our code does: it names SQLAlchemy's types only."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def _without_foreign_keys(connection: Connection) -> None:
    """SQLite changes a table by copying it, and dropping the old one must not cascade."""
    connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")


migrate()
