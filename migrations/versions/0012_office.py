"""The office: the moments money was recorded at, bank statements, closed days, files."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)
ZERO = sa.text("0")
TABLES = (
    "export_parts",
    "exports",
    "day_close_figures",
    "day_close_entries",
    "day_closes",
    "bank_match_lines",
    "bank_matches",
    "bank_lines",
    "bank_statements",
    "bank_uploads",
    "bank_accounts",
)
POSTED = (
    "(state <> 'cleared' OR cleared_at IS NOT NULL)"
    " AND (cleared_at IS NULL OR state IN ('cleared', 'void'))"
    " AND (voided_at IS NULL OR (state = 'void' AND cleared_at IS NOT NULL))"
)
# Money came when it first lay somewhere; a refund, which has no rows there, when it was recorded.
CLEARED_AT = """
UPDATE payments SET cleared_at = coalesce(
       (SELECT min(created_at) FROM allocations
         WHERE payment_id = payments.id AND cause IN ('payment', 'clearing')),
       CASE WHEN state = 'cleared' OR refund_of IS NOT NULL THEN created_at END)
 WHERE state IN ('cleared', 'void')
"""
# Who reversed a payment, or one of several refunds of it, is in the event log, with the moment.
VOIDED_AT = """
UPDATE payments SET voided_at =
       coalesce((SELECT max(at) FROM event_log
                  WHERE chain = payments.booking_id AND action = 'payment.deleted'
                    AND {about} = payments.id), cleared_at)
 WHERE state = 'void' AND cleared_at IS NOT NULL
"""
ABOUT = {
    "sqlite": "json_extract(body, '$.entry.about.payment')",
    "postgresql": "CAST(CAST(body AS json) #>> '{entry,about,payment}' AS bigint)",
}


def upgrade() -> None:
    _moments()
    _bank()
    _lines()
    _matches()
    _closes()
    _exports()


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
    op.drop_index("ix_allocations_moved_later", "allocations")
    for name in ("ix_payments_voided_at", "ix_payments_cleared_at"):
        op.drop_index(name, "payments")
    op.drop_column("payments", "voided_at")
    op.drop_column("payments", "cleared_at")


def _only(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _moments() -> None:
    op.add_column("payments", sa.Column("cleared_at", INSTANT))
    op.execute(CLEARED_AT)
    # With its check in one statement: SQLite adds none to a table that stands.
    database = op.get_bind().dialect.name
    kind = "DATETIME" if database == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    op.execute(
        f"ALTER TABLE payments ADD COLUMN voided_at {kind}"
        f" CONSTRAINT ck_payments_posted CHECK ({POSTED})"
    )
    op.execute(VOIDED_AT.format(about=ABOUT[database]))
    for name in ("cleared_at", "voided_at"):
        index = f"ix_payments_{name}"
        op.create_index(index, "payments", [name], **_only(f"{name} IS NOT NULL"))
    later = _only("cause NOT IN ('payment', 'clearing')")
    op.create_index("ix_allocations_moved_later", "allocations", ["created_at"], **later)


def _bank() -> None:
    op.create_table(
        "bank_accounts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("number", sa.String(50), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("location_id", BIG),
        sa.Column("method_id", BIG, nullable=False),
        sa.Column("columns", sa.JSON()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "number = upper(number) AND number <> ''", name=op.f("ck_bank_accounts_number")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_bank_accounts_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_methods.id"], name=op.f("fk_bank_accounts_method_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_accounts")),
        sa.UniqueConstraint("id", "currency", name="uq_bank_accounts_currency"),
        sa.UniqueConstraint("name", name=op.f("uq_bank_accounts_name")),
        sa.UniqueConstraint("number", name=op.f("uq_bank_accounts_number")),
    )
    op.create_table(
        "bank_uploads",
        sa.Column("id", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["bank_accounts.id"], name=op.f("fk_bank_uploads_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_uploads")),
    )
    op.create_index("ix_bank_uploads_created_at", "bank_uploads", ["created_at"])
    op.create_table(
        "bank_statements",
        sa.Column("id", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("reference_head", sa.String(200), server_default="", nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("identifier", sa.String(50)),
        sa.Column("from_day", sa.Date()),
        sa.Column("to_day", sa.Date()),
        sa.Column("opening", sa.BigInteger()),
        sa.Column("closing", sa.BigInteger()),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("format IN ('csv', 'camt.053')", name=op.f("ck_bank_statements_format")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["bank_accounts.id"], name=op.f("fk_bank_statements_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statements")),
        sa.UniqueConstraint("account_id", "digest", name="uq_bank_statements_digest"),
        sa.UniqueConstraint("id", "account_id", name="uq_bank_statements_account"),
    )


def _lines() -> None:
    op.create_table(
        "bank_lines",
        sa.Column("id", BIG, nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("valued_on", sa.Date()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("party", sa.String(200), server_default="", nullable=False),
        sa.Column("party_account", sa.String(50), server_default="", nullable=False),
        sa.Column("reference", sa.String(100), server_default="", nullable=False),
        sa.Column("remittance", sa.String(1000), server_default="", nullable=False),
        sa.Column("bank_reference", sa.String(100), server_default="", nullable=False),
        sa.Column("revision", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("aside_at", INSTANT),
        sa.Column("aside_why", sa.String(500)),
        sa.Column("settled_at", INSTANT),
        sa.CheckConstraint(
            "(aside_at IS NULL) = (aside_why IS NULL)", name=op.f("ck_bank_lines_aside")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_bank_lines_amount")),
        sa.ForeignKeyConstraint(
            ["account_id", "currency"],
            ["bank_accounts.id", "bank_accounts.currency"],
            name="fk_bank_lines_account",
        ),
        sa.ForeignKeyConstraint(
            ["statement_id", "account_id"],
            ["bank_statements.id", "bank_statements.account_id"],
            name="fk_bank_lines_statement",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_lines")),
        sa.UniqueConstraint("account_id", "mark", name="uq_bank_lines_mark"),
    )
    op.create_index("ix_bank_lines_booked_on", "bank_lines", ["account_id", "booked_on", "id"])
    op.create_index("ix_bank_lines_statement_id", "bank_lines", ["statement_id", "position"])
    op.create_index(
        "ix_bank_lines_party_account",
        "bank_lines",
        ["party_account"],
        **_only("party_account <> ''"),
    )
    op.create_index(
        "ix_bank_lines_waiting", "bank_lines", ["account_id", "id"], **_only("settled_at IS NULL")
    )


def _matches() -> None:
    op.create_table(
        "bank_matches",
        sa.Column("id", BIG, nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("former", sa.String(10)),
        sa.Column("score", sa.Integer()),
        sa.Column("reasons", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("undone_at", INSTANT),
        sa.Column("undone_by", sa.BigInteger()),
        sa.Column("undone_why", sa.String(500)),
        sa.Column("reopened_id", sa.BigInteger()),
        sa.CheckConstraint(
            "kind IN ('cleared', 'recorded', 'found')", name=op.f("ck_bank_matches_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'cleared') = (former IS NOT NULL)", name=op.f("ck_bank_matches_former")
        ),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_why IS NULL)", name=op.f("ck_bank_matches_undone")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_bank_matches_payment",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_matches")),
    )
    op.create_index("ix_bank_matches_booking_id", "bank_matches", ["booking_id", "id"])
    op.create_index(
        "uq_bank_matches_payment_id",
        "bank_matches",
        ["payment_id"],
        unique=True,
        **_only("undone_at IS NULL"),
    )
    op.create_table(
        "bank_match_lines",
        sa.Column("match_id", BIG, nullable=False),
        sa.Column("line_id", BIG, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_bank_match_lines_amount")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["bank_lines.id"], name=op.f("fk_bank_match_lines_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["match_id"], ["bank_matches.id"], name=op.f("fk_bank_match_lines_match_id")
        ),
        sa.PrimaryKeyConstraint("match_id", "line_id", name=op.f("pk_bank_match_lines")),
    )
    op.create_index("ix_bank_match_lines_line_id", "bank_match_lines", ["line_id"])


def _closes() -> None:
    op.create_table(
        "day_closes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("location_id", BIG, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("note", sa.String(500), server_default="", nullable=False),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("closed_at", INSTANT, nullable=False),
        sa.CheckConstraint("until > since", name=op.f("ck_day_closes_until")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_day_closes_location_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_closes")),
        sa.UniqueConstraint("location_id", "day", name="uq_day_closes_day"),
    )
    op.create_table(
        "day_close_entries",
        sa.Column("payment_id", BIG, nullable=False),
        sa.Column("kind", sa.String(7), nullable=False),
        sa.Column("close_id", BIG, nullable=False),
        sa.Column("method_id", BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("charges", sa.BigInteger(), nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('cleared', 'void')", name=op.f("ck_day_close_entries_kind")),
        sa.ForeignKeyConstraint(
            ["close_id"], ["day_closes.id"], name=op.f("fk_day_close_entries_close_id")
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_methods.id"], name=op.f("fk_day_close_entries_method_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_day_close_entries_payment_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", "kind", name=op.f("pk_day_close_entries")),
    )
    op.create_table(
        "day_close_figures",
        sa.Column("close_id", BIG, nullable=False),
        sa.Column("method_id", BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("method", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("cleared", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("voided", sa.BigInteger(), nullable=False),
        sa.Column("charges", sa.BigInteger(), nullable=False),
        sa.Column("tips", sa.BigInteger(), nullable=False),
        sa.Column("opening", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("counted", sa.BigInteger()),
        sa.Column("reason", sa.String(500)),
        sa.CheckConstraint(
            "(kind = 'cash') = (counted IS NOT NULL)", name=op.f("ck_day_close_figures_counted")
        ),
        sa.CheckConstraint(
            "kind = 'cash' OR opening = 0", name=op.f("ck_day_close_figures_opening")
        ),
        sa.CheckConstraint(
            "opening >= 0 AND counted >= 0", name=op.f("ck_day_close_figures_cash")
        ),
        sa.CheckConstraint(
            "cleared >= 0 AND refunded <= 0", name=op.f("ck_day_close_figures_signs")
        ),
        sa.CheckConstraint(
            "counted IS NULL OR reason IS NOT NULL OR counted = opening + cleared + refunded + voided + charges + tips",
            name=op.f("ck_day_close_figures_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["close_id"], ["day_closes.id"], name=op.f("fk_day_close_figures_close_id")
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_methods.id"], name=op.f("fk_day_close_figures_method_id")
        ),
        sa.PrimaryKeyConstraint(
            "close_id", "method_id", "currency", name=op.f("pk_day_close_figures")
        ),
    )
    op.create_index(
        "ix_day_close_entries_close_id", "day_close_entries", ["close_id", "payment_id"]
    )


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("format", sa.String(4), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("locations", sa.JSON(none_as_null=True)),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("rows_total", sa.Integer()),
        sa.Column("rows_done", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("size", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("problem", sa.String(20)),
        sa.Column("leased_by", sa.String(40)),
        sa.Column("leased_until", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint("format IN ('csv', 'xlsx')", name=op.f("ck_exports_format")),
        sa.CheckConstraint(
            "(state = 'failed') = (problem IS NOT NULL)", name=op.f("ck_exports_problem")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'failed', 'deleted')", name=op.f("ck_exports_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index(
        "ix_exports_expires_at", "exports", ["expires_at"], **_only("state IN ('done', 'failed')")
    )
    op.create_index("ix_exports_person_id", "exports", ["person_id", "id"])
    op.create_index("ix_exports_waiting", "exports", ["id"], **_only("state = 'waiting'"))
    op.create_table(
        "export_parts",
        sa.Column("export_id", BIG, nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["exports.id"],
            name=op.f("fk_export_parts_export_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("export_id", "no", name=op.f("pk_export_parts")),
    )
