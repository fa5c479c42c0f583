"""The desk: staff, their permissions and sessions; who recorded a payment; what was dismissed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)
SEARCHED = ("last_name", "first_name", "email")
FAILED = sa.text("state = 'failed' AND dismissed_at IS NULL")
CREDIT = sa.text("credit > 0")
OWED = sa.text("paid < amount")
TROUBLED = sa.text(
    "(state = 'given_up' AND dismissed_at IS NULL) OR (state = 'waiting' AND attempts >= 3)"
)
REFERENCE = sa.text("reference IS NOT NULL")
FOREIGN = sa.text("external_reference IS NOT NULL")
HELD = sa.text("kind = 'security_deposit' AND paid > 0")


def upgrade() -> None:
    _staff()
    _sessions()
    _log()
    op.add_column("payments", sa.Column("person_id", sa.BigInteger()))
    op.add_column("payments", sa.Column("dismissed_at", INSTANT))
    op.add_column("outbox", sa.Column("dismissed_at", INSTANT))
    _partial("ix_payments_settled_on", "payments", ["settled_on"], sa.text("state = 'cleared'"))
    op.create_index("ix_payments_day", "payments", [sa.text("coalesce(settled_on, paid_on)"), "id"])
    _partial("ix_payments_failed", "payments", ["booking_id", "id"], FAILED)
    _partial("ix_bookings_credit", "bookings", ["location_id", "id"], CREDIT)
    _partial("ix_schedule_lines_owed", "schedule_lines", ["due_on", "booking_id"], OWED)
    _partial("ix_schedule_lines_held", "schedule_lines", ["booking_id"], HELD)
    _search()
    _partial("ix_outbox_troubled", "outbox", ["id"], TROUBLED)


def downgrade() -> None:
    op.drop_index("ix_event_log_rest", "event_log")
    op.drop_index("ix_event_log_actor", "event_log")
    op.drop_index("ix_payments_reference", "payments")
    op.drop_index("ix_bookings_external_reference", "bookings")
    op.drop_index("ix_bookings_account_identifier", "bookings")
    for column in SEARCHED:
        op.drop_index(f"ix_contacts_{column}", "contacts")
    op.drop_index("ix_outbox_troubled", "outbox")
    op.drop_index("ix_schedule_lines_held", "schedule_lines")
    op.drop_index("ix_schedule_lines_owed", "schedule_lines")
    op.drop_index("ix_bookings_credit", "bookings")
    op.drop_index("ix_payments_failed", "payments")
    op.drop_index("ix_payments_day", "payments")
    op.drop_index("ix_payments_settled_on", "payments")
    op.drop_column("outbox", "dismissed_at")
    op.drop_column("payments", "dismissed_at")
    op.drop_column("payments", "person_id")
    for name in ("staff_attempts", "staff_forms", "staff_sessions", "staff_locations", "staff_permissions", "staff"):
        op.drop_table(name)


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", BIG, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password", sa.String(255)),
        sa.Column("role", sa.String(13), nullable=False),
        sa.Column("fs_uniquifier", sa.String(64), nullable=False),
        sa.Column("tf_totp_secret", sa.Text()),
        sa.Column("tf_counter", sa.BigInteger()),
        sa.Column("recovery_codes", sa.Text()),
        sa.Column("single_keys", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("left_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("email", name="uq_staff_email"),
        sa.UniqueConstraint("fs_uniquifier", name="uq_staff_fs_uniquifier"),
        sa.CheckConstraint("role IN ('operator', 'manager', 'administrator')", name=op.f("ck_staff_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_staff_email")),
    )
    op.create_table(
        "staff_permissions",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("permission", sa.String(20), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "permission", name="pk_staff_permissions"),
        sa.ForeignKeyConstraint(["person_id"], ["staff.id"], name="fk_staff_permissions_person_id"),
    )
    op.create_table(
        "staff_locations",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("location_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "location_id", name="pk_staff_locations"),
        sa.ForeignKeyConstraint(["person_id"], ["staff.id"], name="fk_staff_locations_person_id"),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name="fk_staff_locations_location_id"
        ),
    )
    op.create_index("ix_staff_locations_location_id", "staff_locations", ["location_id"])


def _log() -> None:
    """What somebody did, and what was done about no booking, the newest first."""
    op.create_index("ix_event_log_actor", "event_log", ["actor_kind", "actor_id", "at"])
    _partial("ix_event_log_rest", "event_log", ["at"], sa.text("chain = 0"))


def _sessions() -> None:
    op.create_table(
        "staff_sessions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("address", sa.String(45)),
        sa.Column("browser", sa.String(200), nullable=False, server_default=""),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_staff_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_staff_sessions_token_hash"),
        sa.ForeignKeyConstraint(["person_id"], ["staff.id"], name="fk_staff_sessions_person_id"),
    )
    op.create_index("ix_staff_sessions_person_id", "staff_sessions", ["person_id"])
    op.create_table(
        "staff_forms",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("led_to", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "key", name="pk_staff_forms"),
        sa.ForeignKeyConstraint(["person_id"], ["staff.id"], name="fk_staff_forms_person_id"),
    )
    op.create_index("ix_staff_forms_created_at", "staff_forms", ["created_at"])
    op.create_table(
        "staff_attempts",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("in_a_row", sa.Integer(), nullable=False),
        sa.Column("locked_until", INSTANT),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_staff_attempts"),
    )
    op.create_index("ix_staff_attempts_last_at", "staff_attempts", ["last_at"])


def _search() -> None:
    """What the desk's search asks for; guests by how their names or address begin."""
    for column in SEARCHED:
        lowered = sa.func.lower(sa.literal_column(column)).label("lowered")
        op.create_index(
            f"ix_contacts_{column}",
            "contacts",
            [lowered],
            postgresql_ops={"lowered": "text_pattern_ops"},
        )
    op.create_index("ix_bookings_account_identifier", "bookings", ["account_identifier"])
    _partial("ix_bookings_external_reference", "bookings", ["external_reference"], FOREIGN)
    _partial("ix_payments_reference", "payments", ["reference"], REFERENCE)


def _partial(name: str, table: str, columns: list[str], condition: sa.TextClause) -> None:
    op.create_index(
        name, table, columns, postgresql_where=condition, sqlite_where=condition
    )
