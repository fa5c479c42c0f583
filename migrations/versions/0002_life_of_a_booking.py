"""The life of a booking: prices and rules, guests and extras, closed lines, refunds, enquiries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KINDS = (
    "'tax', 'fee', 'deposit', 'balance', 'insurance', 'security_deposit', 'amendment', "
    "'cancellation_fee'"
)
OLD_KINDS = "'tax', 'fee', 'deposit', 'balance'"
CONTACT_TEXTS = {
    "address1": 100,
    "address2": 100,
    "city": 60,
    "county": 60,
    "postcode": 20,
    "source": 100,
}
LATE = "state = 'deferred' AND overdue_told_at IS NULL"
OLD_AMOUNTS = "amount > 0 AND charges >= 0 AND tip >= 0"
AMOUNTS = (
    "(refund_of IS NULL AND amount > 0 AND charges >= 0 AND tip >= 0)"
    " OR (refund_of IS NOT NULL AND amount <= 0 AND charges <= 0 AND tip <= 0"
    " AND amount + charges + tip < 0)"
)


def as_it_is(name: str) -> sa.Table | None:
    """A table to be copied on SQLite, with its checks and its way to number rows, which Alembic
    would lose; elsewhere tables are changed where they stand."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return None
    table = sa.Table(name, sa.MetaData(), autoload_with=bind)
    for check in sa.inspect(bind).get_check_constraints(name):
        table.append_constraint(
            sa.CheckConstraint(check["sqltext"], name=op.f(str(check["name"])))
        )
    made = bind.scalar(
        sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}
    )
    table.dialect_options["sqlite"]["autoincrement"] = "AUTOINCREMENT" in made
    return table


def changing(name: str):  # type: ignore[no-untyped-def]
    """All changes of one table at once; SQLite copies it."""
    return op.batch_alter_table(name, copy_from=as_it_is(name))


def upgrade() -> None:
    _offers()
    _guests_and_stays()
    _lines()
    _payments()
    _enquiries()


def _offers() -> None:
    op.create_table(
        "payment_rules",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("tax_rate", sa.Integer(), server_default="0", nullable=False),
        sa.Column("booking_fee", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deposit_rate", sa.Integer(), server_default="0", nullable=False),
        sa.Column("balance_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "keeps", sa.String(length=10), server_default="nothing", nullable=False
        ),
        sa.Column("kept_rate", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "tax_rate BETWEEN 0 AND 10000 AND deposit_rate BETWEEN 0 AND 10000",
            name=op.f("ck_payment_rules_rates"),
        ),
        sa.CheckConstraint(
            "booking_fee >= 0 AND balance_days >= 0",
            name=op.f("ck_payment_rules_not_negative"),
        ),
        sa.CheckConstraint(
            "keeps IN ('nothing', 'stage_1', 'percentage')",
            name=op.f("ck_payment_rules_keeps"),
        ),
        sa.CheckConstraint(
            "kept_rate BETWEEN 0 AND 10000", name=op.f("ck_payment_rules_kept_rate")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_payment_rules_location_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_rules")),
    )
    op.create_index("ix_payment_rules_location_id", "payment_rules", ["location_id"])
    op.create_table(
        "extras",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extras")),
    )
    with changing("properties") as table:
        table.add_column(sa.Column("payment_rule_id", BIG_ID, nullable=True))
        table.add_column(sa.Column("night_price", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("insurance", sa.BigInteger(), nullable=True))
        table.add_column(
            sa.Column(
                "breakages_deposit",
                sa.BigInteger(),
                server_default="0",
                nullable=False,
            )
        )
        table.create_check_constraint(
            op.f("ck_properties_not_negative"),
            "night_price >= 0 AND insurance >= 0 AND breakages_deposit >= 0",
        )
        table.create_foreign_key(
            op.f("fk_properties_payment_rule_id"),
            "payment_rules",
            ["payment_rule_id"],
            ["id"],
        )
        table.create_index("ix_properties_payment_rule_id", ["payment_rule_id"])
    op.create_table(
        "property_extras",
        sa.Column("property_id", BIG_ID, nullable=False),
        sa.Column("extra_id", BIG_ID, nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_property_extras_price")),
        sa.ForeignKeyConstraint(
            ["property_id"],
            ["properties.id"],
            name=op.f("fk_property_extras_property_id"),
        ),
        sa.ForeignKeyConstraint(
            ["extra_id"], ["extras.id"], name=op.f("fk_property_extras_extra_id")
        ),
        sa.PrimaryKeyConstraint(
            "property_id", "extra_id", name=op.f("pk_property_extras")
        ),
    )
    op.create_index("ix_property_extras_extra_id", "property_extras", ["extra_id"])
    with changing("locations") as table:
        table.add_column(
            sa.Column("hold_minutes", sa.Integer(), server_default="30", nullable=False)
        )
        table.add_column(
            sa.Column("reminder_days", sa.Integer(), server_default="7", nullable=False)
        )
        table.add_column(
            sa.Column("checkout_url", sa.String(length=250), nullable=True)
        )
        table.create_check_constraint(
            op.f("ck_locations_patience"), "hold_minutes > 0 AND reminder_days >= 0"
        )


def _guests_and_stays() -> None:
    with changing("contacts") as table:
        for name, length in CONTACT_TEXTS.items():
            table.add_column(
                sa.Column(
                    name, sa.String(length=length), server_default="", nullable=False
                )
            )
    with changing("bookings") as table:
        table.add_column(sa.Column("abandoned_at", INSTANT, nullable=True))
    with changing("booking_tags") as table:
        table.add_column(sa.Column("added_at", INSTANT, nullable=True))
    with changing("stays") as table:
        table.add_column(
            sa.Column(
                "accommodation", sa.BigInteger(), server_default="0", nullable=False
            )
        )
        table.add_column(sa.Column("owner_amount", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("commission_type", sa.Integer(), nullable=True))
        table.add_column(
            sa.Column(
                "breakages",
                sa.String(length=10),
                server_default="none",
                nullable=False,
            )
        )
        table.add_column(sa.Column("dropped_at", INSTANT, nullable=True))
        table.create_check_constraint(
            op.f("ck_stays_amounts"), "accommodation >= 0 AND owner_amount >= 0"
        )
        table.create_check_constraint(
            op.f("ck_stays_breakages"), "breakages IN ('none', 'insurance', 'deposit')"
        )
    # What the nights cost was not kept before: it is what the deposit and the balance ask for.
    op.execute(
        "UPDATE stays SET accommodation = (SELECT coalesce(sum(amount), 0) FROM schedule_lines"
        " WHERE schedule_lines.booking_id = stays.booking_id"
        " AND schedule_lines.property_id = stays.property_id"
        " AND schedule_lines.kind IN ('deposit', 'balance'))"
    )
    op.create_table(
        "guests",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("property_id", sa.BigInteger(), nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("passport", sa.Text(), nullable=True),
        sa.Column(
            "passport_mask", sa.String(length=20), server_default="", nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_guests_stay",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guests")),
    )
    op.create_index("ix_guests_booking_id", "guests", ["booking_id"])
    op.create_table(
        "booking_extras",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("property_id", sa.BigInteger(), nullable=False),
        sa.Column("extra_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND price >= 0", name=op.f("ck_booking_extras_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_booking_extras_stay",
        ),
        sa.ForeignKeyConstraint(
            ["extra_id"], ["extras.id"], name=op.f("fk_booking_extras_extra_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_extras")),
    )
    op.create_index("ix_booking_extras_booking_id", "booking_extras", ["booking_id"])
    op.create_index("ix_booking_extras_extra_id", "booking_extras", ["extra_id"])


def _lines() -> None:
    with changing("schedule_lines") as table:
        table.drop_constraint(op.f("ck_schedule_lines_kind"), type_="check")
        table.add_column(sa.Column("closed_amount", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("reminded_at", INSTANT, nullable=True))
        table.create_check_constraint(
            op.f("ck_schedule_lines_kind"), f"kind IN ({KINDS})"
        )
        table.create_check_constraint(
            op.f("ck_schedule_lines_closed"),
            "closed_amount IS NULL OR (closed_amount >= 0 AND amount = 0)",
        )


def _payments() -> None:
    with changing("payments") as table:
        table.drop_constraint(op.f("ck_payments_amounts"), type_="check")
        table.add_column(sa.Column("refund_of", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("settled_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("overdue_told_at", INSTANT, nullable=True))
        table.create_check_constraint(op.f("ck_payments_amounts"), AMOUNTS)
        table.create_check_constraint(
            op.f("ck_payments_refund"),
            "refund_of IS NULL OR state IN ('cleared', 'void')",
        )
        table.create_foreign_key(
            "fk_payments_refund_of",
            "payments",
            ["refund_of", "booking_id"],
            ["id", "booking_id"],
        )
    op.execute("UPDATE payments SET settled_on = paid_on WHERE state = 'cleared'")
    for name, column, condition in (
        ("ix_payments_refund_of", "refund_of", "refund_of IS NOT NULL"),
        ("ix_payments_late", "paid_on", LATE),
    ):
        op.create_index(
            name,
            "payments",
            [column],
            postgresql_where=sa.text(condition),
            sqlite_where=sa.text(condition),
        )


def _enquiries() -> None:
    op.create_table(
        "enquiries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("partner_id", BIG_ID, nullable=True),
        sa.Column(
            "first_name", sa.String(length=100), server_default="", nullable=False
        ),
        sa.Column(
            "last_name", sa.String(length=100), server_default="", nullable=False
        ),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("mobile", sa.String(length=40), server_default="", nullable=False),
        sa.Column("telephone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("property_ids", sa.JSON(), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=True),
        sa.Column("leaves_on", sa.Date(), nullable=True),
        sa.Column("nights", sa.Integer(), nullable=True),
        sa.Column("budget", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("adults", sa.Integer(), nullable=True),
        sa.Column("children", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=100), server_default="", nullable=False),
        sa.Column("comments", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("budget >= 0", name=op.f("ck_enquiries_budget")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_enquiries_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_enquiries_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enquiries")),
    )
    op.create_index(
        "ix_enquiries_location_id", "enquiries", ["location_id", "id"], unique=False
    )
    op.create_index("ix_enquiries_partner_id", "enquiries", ["partner_id"])


def downgrade() -> None:
    """Refuses nothing, but refunds and closed lines have no place in the older tables: with any of
    them the older checks fail, and the database stays as it is."""
    for name in ("enquiries", "booking_extras", "guests", "property_extras"):
        op.drop_table(name)
    with changing("payments") as table:
        table.drop_index("ix_payments_late")
        table.drop_index("ix_payments_refund_of")
        table.drop_constraint("fk_payments_refund_of", type_="foreignkey")
        table.drop_constraint(op.f("ck_payments_refund"), type_="check")
        table.drop_constraint(op.f("ck_payments_amounts"), type_="check")
        for name in ("overdue_told_at", "settled_on", "refund_of"):
            table.drop_column(name)
        table.create_check_constraint(op.f("ck_payments_amounts"), OLD_AMOUNTS)
    with changing("schedule_lines") as table:
        table.drop_constraint(op.f("ck_schedule_lines_closed"), type_="check")
        table.drop_constraint(op.f("ck_schedule_lines_kind"), type_="check")
        table.drop_column("reminded_at")
        table.drop_column("closed_amount")
        table.create_check_constraint(
            op.f("ck_schedule_lines_kind"), f"kind IN ({OLD_KINDS})"
        )
    with changing("stays") as table:
        table.drop_constraint(op.f("ck_stays_breakages"), type_="check")
        table.drop_constraint(op.f("ck_stays_amounts"), type_="check")
        for name in (
            "dropped_at",
            "breakages",
            "commission_type",
            "owner_amount",
            "accommodation",
        ):
            table.drop_column(name)
    with changing("booking_tags") as table:
        table.drop_column("added_at")
    with changing("bookings") as table:
        table.drop_column("abandoned_at")
    with changing("contacts") as table:
        for name in CONTACT_TEXTS:
            table.drop_column(name)
    with changing("locations") as table:
        table.drop_constraint(op.f("ck_locations_patience"), type_="check")
        for name in ("checkout_url", "reminder_days", "hold_minutes"):
            table.drop_column(name)
    with changing("properties") as table:
        table.drop_index("ix_properties_payment_rule_id")
        table.drop_constraint(
            op.f("fk_properties_payment_rule_id"), type_="foreignkey"
        )
        table.drop_constraint(op.f("ck_properties_not_negative"), type_="check")
        for name in (
            "breakages_deposit",
            "insurance",
            "night_price",
            "payment_rule_id",
        ):
            table.drop_column(name)
    op.drop_table("extras")
    op.drop_table("payment_rules")
