"""Lines are numbered from 1001 again on a new SQLite database: making the table anew in 0002 had
set the count back to nothing, and the first booking was refused by the check on it."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "UPDATE sqlite_sequence SET seq = 1000 WHERE name = 'schedule_lines' AND seq < 1000"
        )


def downgrade() -> None:
    """There is nothing to take back: no line may have a smaller number."""
