"""Lists of bookings are counted and counted off in their indexes alone."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_bookings_status": (["status", "id"], ["status", "location_id", "id"]),
    "ix_bookings_created_at": (
        ["created_at", "id"],
        ["created_at", "id", "location_id", "status"],
    ),
    "ix_bookings_arrives_on": (
        ["arrives_on", "id"],
        ["arrives_on", "id", "location_id", "status"],
    ),
}


def upgrade() -> None:
    for name, (_, columns) in INDEXES.items():
        op.drop_index(name, "bookings")
        op.create_index(name, "bookings", columns)


def downgrade() -> None:
    for name, (columns, _) in INDEXES.items():
        op.drop_index(name, "bookings")
        op.create_index(name, "bookings", columns)
