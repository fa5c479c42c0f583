"""Four more wire formats: credentials, accepted commands, webhook endpoints and their calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NONE, NO, YES = sa.text("'0'"), sa.text("false"), sa.text("true")


def partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, postgresql_where=condition, sqlite_where=condition
    )


def upgrade() -> None:
    """Nothing here reads a table through, and tables are locked in the order in which payments
    lock them: bookings first, the outbox last. The outbox gets its indexes in 0009."""
    op.add_column("bookings", sa.Column("event_count", sa.Integer(), server_default=NONE, nullable=False))
    op.add_column("bookings", sa.Column("commission_waived_at", INSTANT))
    op.add_column("payments", sa.Column("attributes", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("idempotency_keys", sa.Column("lasting", sa.Boolean(), server_default=NO, nullable=False))
    op.add_column("outbox", sa.Column("receiver", sa.String(40)))
    default_methods()
    credentials()
    endpoints()
    inbox()


def default_methods() -> None:
    op.create_table(
        "default_methods",
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("method_id", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_default_methods")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_default_methods_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_methods.id"], name=op.f("fk_default_methods_method_id")
        ),
    )
    op.create_index("ix_default_methods_method_id", "default_methods", ["method_id"])


def credentials() -> None:
    op.create_table(
        "partner_credentials",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("partner_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("lookup", sa.String(100), nullable=False),
        sa.Column("sealed", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_credentials")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_partner_credentials_partner_id")
        ),
        sa.UniqueConstraint("kind", "lookup", name="uq_partner_credentials_lookup"),
        sa.CheckConstraint(
            "kind IN ('spektrix', 'brink', 'iiko')", name=op.f("ck_partner_credentials_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'spektrix') = (sealed IS NOT NULL)", name=op.f("ck_partner_credentials_sealed")
        ),
    )
    op.create_index("ix_partner_credentials_partner_id", "partner_credentials", ["partner_id"])


def endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("partner_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("events", sa.String(500), server_default="", nullable=False),
        sa.Column("username", sa.String(100)),
        sa.Column("sealed", sa.Text()),
        sa.Column("provides_account", sa.Boolean(), server_default=NO, nullable=False),
        sa.Column("live", sa.Boolean(), server_default=YES, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.Column("failing_since", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_webhook_endpoints_partner_id")
        ),
        sa.CheckConstraint("kind IN ('events', 'kseries')", name=op.f("ck_webhook_endpoints_kind")),
        sa.CheckConstraint(
            "NOT (live AND removed_at IS NOT NULL)", name=op.f("ck_webhook_endpoints_removed")
        ),
        sa.CheckConstraint(
            "(username IS NULL) = (kind = 'events' OR sealed IS NULL)",
            name=op.f("ck_webhook_endpoints_basic"),
        ),
    )
    partial(
        "uq_webhook_endpoints_name",
        "webhook_endpoints",
        ["partner_id", "kind", "name"],
        "removed_at IS NULL",
        unique=True,
    )
    op.create_table(
        "webhook_calls",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("endpoint_id", BIG_ID, nullable=False),
        sa.Column("message_id", BIG_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(2048), server_default="", nullable=False),
        sa.Column("problem", sa.String(500)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_calls")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.id"], name=op.f("fk_webhook_calls_endpoint_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox.id"], name=op.f("fk_webhook_calls_message_id")
        ),
    )
    op.create_index("ix_webhook_calls_endpoint_id", "webhook_calls", ["endpoint_id", "id"])
    op.create_index("ix_webhook_calls_message_id", "webhook_calls", ["message_id"])
    op.create_index("ix_webhook_calls_at", "webhook_calls", ["at"])


def inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("partner_id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("reference", sa.String(50)),
        sa.Column("ticket", sa.String(36), nullable=False),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(45)),
        sa.Column("request_id", sa.String(64)),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=False),
        sa.Column("apply_by", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_inbox_partner_id")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_inbox_location_id")),
        sa.UniqueConstraint("ticket", name=op.f("uq_inbox_ticket")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_inbox_state")),
        sa.CheckConstraint(
            "(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_inbox_ended_at")
        ),
        sa.CheckConstraint("apply_by > accepted_at", name=op.f("ck_inbox_apply_by")),
    )
    partial(
        "uq_inbox_reference",
        "inbox",
        ["format", "partner_id", "location_id", "reference"],
        "reference IS NOT NULL AND state <> 'failed'",
        unique=True,
    )
    partial("ix_inbox_due_at", "inbox", ["due_at", "id"], "state = 'waiting'")
    op.create_index("ix_inbox_partner_id", "inbox", ["partner_id"])
    op.create_index("ix_inbox_location_id", "inbox", ["location_id"])


def downgrade() -> None:
    for table in (
        "inbox",
        "webhook_calls",
        "webhook_endpoints",
        "partner_credentials",
        "default_methods",
    ):
        op.drop_table(table)
    for table, column in (
        ("outbox", "receiver"),
        ("idempotency_keys", "lasting"),
        ("payments", "attributes"),
        ("bookings", "commission_waived_at"),
        ("bookings", "event_count"),
    ):
        op.drop_column(table, column)
