"""Card providers: what they were asked to do; receipts; methods for guests; links that can be
withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)
ZERO, ONE = sa.text("0"), sa.text("1")
FOR_GUESTS = (
    "NOT for_guests OR (kind = 'bank' AND from_outside AND paying <> 'on_site' AND NOT is_refund)"
)
PENDING = "state IN ('open', 'unknown')"


def upgrade() -> None:
    op.add_column("payments", sa.Column("gateway", sa.String(10)))
    op.add_column(
        "bookings", sa.Column("link_version", sa.Integer(), nullable=False, server_default="0")
    )
    # With its check in one statement: SQLite adds none to a table that stands.
    op.execute(
        "ALTER TABLE payment_methods ADD COLUMN for_guests BOOLEAN DEFAULT false NOT NULL"
        f" CONSTRAINT ck_payment_methods_for_guests CHECK ({FOR_GUESTS})"
    )
    _intents()
    _receipts()
    _sandbox()


def downgrade() -> None:
    for name in ("sandbox_transactions", "receipts", "card_intents"):
        op.drop_table(name)
    op.drop_column("payment_methods", "for_guests")
    op.drop_column("bookings", "link_version")
    op.drop_column("payments", "gateway")


def _intents() -> None:
    op.create_table(
        "card_intents",
        sa.Column("id", BIG, nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False, server_default="open"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("method_id", BIG, nullable=False),
        sa.Column("wishes", sa.Text(), nullable=False, server_default="1,2"),
        sa.Column("of_payment_id", sa.BigInteger()),
        sa.Column("payment_id", sa.BigInteger()),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("reason", sa.String(500)),
        sa.Column("sealed", sa.Text()),
        sa.Column("decline", sa.String(20)),
        sa.Column("failure_reason", sa.String(500)),
        sa.Column("trouble", sa.String(500)),
        sa.Column("asks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_card_intents"),
        sa.UniqueConstraint("code", name="uq_card_intents_code"),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_methods.id"], name="fk_card_intents_method_id"
        ),
        sa.ForeignKeyConstraint(
            ["booking_id", "currency"],
            ["bookings.id", "bookings.currency"],
            name="fk_card_intents_booking",
        ),
        sa.ForeignKeyConstraint(
            ["of_payment_id", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_card_intents_of_payment",
        ),
        sa.ForeignKeyConstraint(
            ["payment_id", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_card_intents_payment",
        ),
        *_intent_checks(),
    )
    money = f"kind IN ('pay', 'charge') AND {PENDING} AND trouble IS NULL"
    act = f"kind NOT IN ('pay', 'charge') AND {PENDING} AND trouble IS NULL"
    _partial("uq_card_intents_money", "card_intents", ["booking_id"], money, unique=True)
    _partial("uq_card_intents_act", "card_intents", ["of_payment_id"], act, unique=True)
    _partial("ix_card_intents_due_at", "card_intents", ["due_at", "id"], "due_at IS NOT NULL")
    _partial("ix_card_intents_unknown", "card_intents", ["id"], "state = 'unknown'")
    _partial("ix_card_intents_payment_id", "card_intents", ["payment_id"], "payment_id IS NOT NULL")
    op.create_index("ix_card_intents_booking_id", "card_intents", ["booking_id", "id"])
    op.create_index("ix_card_intents_of_payment_id", "card_intents", ["of_payment_id", "id"])
    op.create_index("ix_card_intents_method_id", "card_intents", ["method_id"])


def _intent_checks() -> list[sa.CheckConstraint]:
    checks = {
        "kind": "kind IN ('pay', 'charge', 'refund', 'release', 'abort', 'void')",
        "state": "state IN ('open', 'unknown', 'succeeded', 'failed', 'cancelled')",
        "amount": "amount > 0",
        "ended_at": f"({PENDING}) = (ended_at IS NULL)",
        "due_at": "(state = 'open') = (due_at IS NOT NULL)",
        "of_payment": "kind = 'pay' OR of_payment_id IS NOT NULL",
    }
    return [
        sa.CheckConstraint(text, name=op.f(f"ck_card_intents_{name}"))
        for name, text in checks.items()
    ]


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("payment_id", BIG, nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("payment_id", name="pk_receipts"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_receipts_payment_id"),
    )


def _sandbox() -> None:
    kinds = "kind IN ('pay', 'charge', 'refund', 'release', 'abort', 'void')"
    states = "state IN ('open', 'pending', 'paid', 'declined', 'closed')"
    op.create_table(
        "sandbox_transactions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("code", sa.String(50), nullable=False),
        sa.Column("page", sa.String(30)),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("description", sa.String(200), nullable=False, server_default=""),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("becomes", sa.String(10)),
        sa.Column("settles_at", INSTANT),
        sa.Column("decline", sa.String(20)),
        sa.Column("related", sa.String(50)),
        sa.Column("token", sa.String(60), nullable=False),
        sa.Column("last_digits", sa.String(4), nullable=False, server_default=""),
        sa.Column("sealed_back", sa.Text()),
        sa.Column("notice_url", sa.String(2000)),
        sa.Column("notice_at", INSTANT),
        sa.Column("notices", sa.Integer(), nullable=False, server_default=ZERO),
        sa.Column("told", sa.Integer(), nullable=False, server_default=ONE),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sandbox_transactions"),
        sa.UniqueConstraint("code", name="uq_sandbox_transactions_code"),
        sa.UniqueConstraint("page", name="uq_sandbox_transactions_page"),
        sa.CheckConstraint(kinds, name=op.f("ck_sandbox_transactions_kind")),
        sa.CheckConstraint(states, name=op.f("ck_sandbox_transactions_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sandbox_transactions_amount")),
    )
    _partial(
        "ix_sandbox_transactions_notice_at",
        "sandbox_transactions",
        ["notice_at"],
        "notice_at IS NOT NULL",
    )


def _partial(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, postgresql_where=condition, sqlite_where=condition
    )
