"""What was agreed on stays with the stay; an owner's booking is one also when it is cancelled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The price of the insurance is what its line asks for; what tax was agreed on, nobody knows any more.
INSURANCE = """
UPDATE stays SET insurance = coalesce((
    SELECT sum(coalesce(line.closed_amount, line.amount)) FROM schedule_lines AS line
    WHERE line.booking_id = stays.booking_id AND line.property_id = stays.property_id
    AND line.kind = 'insurance'
), 0) WHERE breakages = 'insurance'
"""


def upgrade() -> None:
    none, no = sa.text("'0'"), sa.text("false")
    op.add_column("stays", sa.Column("tax_rate", sa.Integer()))
    op.add_column(
        "stays", sa.Column("insurance", sa.BigInteger(), server_default=none, nullable=False)
    )
    op.add_column(
        "bookings", sa.Column("is_owners", sa.Boolean(), server_default=no, nullable=False)
    )
    op.add_column(
        "bookings", sa.Column("not_taken_off", sa.BigInteger(), server_default=none, nullable=False)
    )
    op.execute(INSURANCE)
    op.execute("UPDATE bookings SET is_owners = true WHERE status = 'blockout'")


def downgrade() -> None:
    for table, column in (
        ("bookings", "not_taken_off"),
        ("bookings", "is_owners"),
        ("stays", "insurance"),
        ("stays", "tax_rate"),
    ):
        op.drop_column(table, column)
