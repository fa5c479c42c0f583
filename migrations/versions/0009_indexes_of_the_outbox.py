"""Mails that wait are found by an index without what waits for programs, and that by another.

PostgreSQL builds them while others write, which takes no transaction: each step is committed by
itself, and all of them may be run again after one that broke off.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MAILS = ("ix_outbox_due_at", ["due_at"], "state = 'waiting' AND receiver IS NULL")
PROGRAMS = (
    "ix_outbox_receiver",
    ["receiver", "due_at", "id"],
    "state = 'waiting' AND receiver IS NOT NULL",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            # There is time: whoever waits here keeps nobody else waiting.
            op.execute("SET lock_timeout = 0")
            for name, columns, where in (MAILS, PROGRAMS):
                build_beside(name, columns, where)
            op.execute("RESET lock_timeout")
        return
    op.drop_index("ix_outbox_due_at", table_name="outbox")
    for index in (MAILS, PROGRAMS):
        build(*index)


def build_beside(name: str, columns: list[str], where: str) -> None:
    """Under another name first: until it is there, the old one is used."""
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_new")
    listed = ", ".join(columns)
    op.execute(f"CREATE INDEX CONCURRENTLY {name}_new ON outbox ({listed}) WHERE {where}")
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"ALTER INDEX {name}_new RENAME TO {name}")


def build(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "outbox", columns, postgresql_where=condition, sqlite_where=condition)


def downgrade() -> None:
    op.drop_index("ix_outbox_receiver", table_name="outbox")
    op.drop_index("ix_outbox_due_at", table_name="outbox")
    build("ix_outbox_due_at", ["due_at"], "state = 'waiting'")
