"""Accepted payments that failed are found by their reference, and by when they did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FAILED = sa.text("state = 'failed'")
FAILED_WITH_REFERENCE = sa.text("state = 'failed' AND reference IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_inbox_failed_reference",
        "inbox",
        ["partner_id", "reference"],
        postgresql_where=FAILED_WITH_REFERENCE,
        sqlite_where=FAILED_WITH_REFERENCE,
    )
    op.create_index(
        "ix_inbox_failed_at",
        "inbox",
        ["ended_at"],
        postgresql_where=FAILED,
        sqlite_where=FAILED,
    )


def downgrade() -> None:
    op.drop_index("ix_inbox_failed_at", "inbox")
    op.drop_index("ix_inbox_failed_reference", "inbox")
