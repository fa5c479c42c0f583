"""The ledger and everything it stands on: locations, partners, bookings, payments, log, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# SQLite numbers rows by itself only when the key is exactly INTEGER.
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("title", sa.String(length=20), server_default="", nullable=False),
        sa.Column(
            "first_name", sa.String(length=100), server_default="", nullable=False
        ),
        sa.Column(
            "last_name", sa.String(length=100), server_default="", nullable=False
        ),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("telephone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("mobile", sa.String(length=40), server_default="", nullable=False),
        sa.Column("country", sa.String(length=60), server_default="", nullable=False),
        sa.Column(
            "locale", sa.String(length=20), server_default="en_GB", nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_table(
        "event_log",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("chain", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.String(length=6), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('person', 'partner', 'system')",
            name=op.f("ck_event_log_actor_kind"),
        ),
        sa.CheckConstraint(
            "severity IN ('low', 'medium', 'high')", name=op.f("ck_event_log_severity")
        ),
        sa.CheckConstraint("no > 0", name=op.f("ck_event_log_no")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_log")),
        sa.UniqueConstraint("chain", "no", name="uq_event_log_chain"),
    )
    op.create_index("ix_event_log_at", "event_log", ["at"], unique=False)
    op.create_index(
        "ix_event_log_severity", "event_log", ["severity", "at"], unique=False
    )
    op.create_table(
        "locations",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("client_name", sa.String(length=50), nullable=False),
        sa.Column("business_location_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=50), nullable=False),
        sa.Column("mail_sender", sa.String(length=254), nullable=False),
        sa.Column(
            "is_demonstration",
            sa.Boolean(),
            server_default=sa.text("(false)"),
            nullable=False,
        ),
        sa.Column(
            "overpayment", sa.String(length=6), server_default="accept", nullable=False
        ),
        sa.CheckConstraint(
            "overpayment IN ('accept', 'refuse')", name=op.f("ck_locations_overpayment")
        ),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_locations_currency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint(
            "business_location_id", name=op.f("uq_locations_business_location_id")
        ),
        sa.UniqueConstraint("client_name", name=op.f("uq_locations_client_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_locations_token_hash")),
    )
    op.create_table(
        "log_heads",
        sa.Column("chain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_count", sa.Integer(), nullable=False),
        sa.Column("log_hash", sa.String(length=64), nullable=False),
        sa.Column("log_seal", sa.String(length=64), nullable=False),
        sa.CheckConstraint("chain = 0", name=op.f("ck_log_heads_only_zero")),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_log_heads")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=320), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column(
            "state", sa.String(length=10), server_default="waiting", nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_by", sa.String(length=40), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_outbox_sent_at")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'given_up')", name=op.f("ck_outbox_state")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index("ix_outbox_booking_id", "outbox", ["booking_id"], unique=False)
    op.create_index(
        "ix_outbox_due_at",
        "outbox",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_outbox_given_up",
        "outbox",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state = 'given_up'"),
        sqlite_where=sa.text("state = 'given_up'"),
    )
    op.create_table(
        "partners",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=500), nullable=False),
        sa.Column("may_waive_commission", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("client_id", name=op.f("uq_partners_client_id")),
    )
    op.create_table(
        "payment_methods",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("comment", sa.String(length=250), server_default="", nullable=False),
        sa.Column(
            "active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False
        ),
        sa.Column("public_id", sa.String(length=33), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("is_refund", sa.Boolean(), nullable=False),
        sa.Column("takes_tips", sa.Boolean(), nullable=False),
        sa.Column("manual_prohibited", sa.Boolean(), nullable=False),
        sa.Column("from_outside", sa.Boolean(), nullable=False),
        sa.Column(
            "paying", sa.String(length=10), server_default="on_site", nullable=False
        ),
        sa.Column(
            "overpayment", sa.String(length=6), server_default="accept", nullable=False
        ),
        sa.CheckConstraint(
            "NOT (kind = 'cash' AND manual_prohibited)",
            name=op.f("ck_payment_methods_cash_is_manual"),
        ),
        sa.CheckConstraint(
            "NOT from_outside OR kind IN ('cash', 'bank')",
            name=op.f("ck_payment_methods_outside_kind"),
        ),
        sa.CheckConstraint(
            "code <> '' AND code = upper(code)", name=op.f("ck_payment_methods_code")
        ),
        sa.CheckConstraint(
            "kind IN ('cash', 'bank', 'cheque', 'voucher', 'credit')",
            name=op.f("ck_payment_methods_kind"),
        ),
        sa.CheckConstraint(
            "overpayment IN ('accept', 'refuse')",
            name=op.f("ck_payment_methods_overpayment"),
        ),
        sa.CheckConstraint(
            "paying IN ('external', 'on_site', 'both')",
            name=op.f("ck_payment_methods_paying"),
        ),
        sa.CheckConstraint(
            "NOT from_outside OR code IS NOT NULL",
            name=op.f("ck_payment_methods_outside_code"),
        ),
        sa.CheckConstraint(
            "length(public_id) = 33", name=op.f("ck_payment_methods_public_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
        sa.UniqueConstraint("code", name=op.f("uq_payment_methods_code")),
        sa.UniqueConstraint("name", name=op.f("uq_payment_methods_name")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_methods_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payment_methods_public_id")),
    )
    op.create_table(
        "sources",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_sources_name")),
    )
    op.create_table(
        "tags",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "role IN ('payment_failed', 'payment_processed', 'website_booking_in_progress')",
            name=op.f("ck_tags_role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
        sa.UniqueConstraint("role", name=op.f("uq_tags_role")),
    )
    op.create_table(
        "access_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("partner_id", BIG_ID, nullable=False),
        sa.Column("scopes", sa.String(length=500), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "expires_at > issued_at", name=op.f("ck_access_tokens_lifetime")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_access_tokens_partner_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_access_tokens")),
    )
    op.create_index(
        "ix_access_tokens_expires_at", "access_tokens", ["expires_at"], unique=False
    )
    op.create_index(
        "ix_access_tokens_partner_id", "access_tokens", ["partner_id"], unique=False
    )
    op.create_table(
        "bookings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=False),
        sa.Column("account_identifier", sa.String(length=50), nullable=False),
        sa.Column("external_reference", sa.String(length=100), nullable=True),
        sa.Column("source_id", BIG_ID, nullable=True),
        sa.Column("status", sa.String(length=11), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.Column("leaves_on", sa.Date(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credit", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("charges", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("guest_notes", sa.Text(), server_default="", nullable=False),
        sa.Column("housekeeper_notes", sa.Text(), server_default="", nullable=False),
        sa.Column("internal_notes", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("log_count", sa.Integer(), nullable=False),
        sa.Column("log_hash", sa.String(length=64), nullable=False),
        sa.Column("log_seal", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "status = 'cancelled' OR credit = 0 OR paid = total",
            name=op.f("ck_bookings_credit_unused"),
        ),
        sa.CheckConstraint(
            "status IN ('blockout', 'provisional', 'booking', 'cancelled')",
            name=op.f("ck_bookings_status"),
        ),
        sa.CheckConstraint(
            "credit >= 0 AND charges >= 0", name=op.f("ck_bookings_not_negative")
        ),
        sa.CheckConstraint(
            "paid >= 0 AND paid <= total", name=op.f("ck_bookings_paid")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_bookings_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_bookings_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_bookings_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("id", "currency", name="uq_bookings_currency"),
        sa.UniqueConstraint(
            "location_id", "account_identifier", name="uq_bookings_account_identifier"
        ),
    )
    op.create_index(
        "ix_bookings_arrives_on", "bookings", ["arrives_on", "id"], unique=False
    )
    op.create_index("ix_bookings_contact_id", "bookings", ["contact_id"], unique=False)
    op.create_index(
        "ix_bookings_created_at", "bookings", ["created_at", "id"], unique=False
    )
    op.create_index(
        "ix_bookings_leaves_on", "bookings", ["leaves_on", "id"], unique=False
    )
    op.create_index(
        "ix_bookings_location_id", "bookings", ["location_id", "id"], unique=False
    )
    op.create_index(
        "ix_bookings_modified_at", "bookings", ["modified_at", "id"], unique=False
    )
    op.create_index("ix_bookings_source_id", "bookings", ["source_id"], unique=False)
    op.create_index("ix_bookings_status", "bookings", ["status", "id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("partner_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_idempotency_keys_partner_id")
        ),
        sa.PrimaryKeyConstraint("partner_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        "ix_idempotency_keys_created_at",
        "idempotency_keys",
        ["created_at"],
        unique=False,
    )
    op.create_table(
        "method_attributes",
        sa.Column("method_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["method_id"],
            ["payment_methods.id"],
            name=op.f("fk_method_attributes_method_id"),
        ),
        sa.PrimaryKeyConstraint("method_id", "name", name=op.f("pk_method_attributes")),
    )
    op.create_table(
        "method_partners",
        sa.Column("method_id", BIG_ID, nullable=False),
        sa.Column("partner_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["method_id"],
            ["payment_methods.id"],
            name=op.f("fk_method_partners_method_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_method_partners_partner_id")
        ),
        sa.PrimaryKeyConstraint(
            "method_id", "partner_id", name=op.f("pk_method_partners")
        ),
    )
    op.create_index(
        "ix_method_partners_partner_id", "method_partners", ["partner_id"], unique=False
    )
    op.create_table(
        "methods_switched_off",
        sa.Column("method_id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["locations.id"],
            name=op.f("fk_methods_switched_off_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["method_id"],
            ["payment_methods.id"],
            name=op.f("fk_methods_switched_off_method_id"),
        ),
        sa.PrimaryKeyConstraint(
            "method_id", "location_id", name=op.f("pk_methods_switched_off")
        ),
    )
    op.create_index(
        "ix_methods_switched_off_location_id",
        "methods_switched_off",
        ["location_id"],
        unique=False,
    )
    op.create_table(
        "partner_locations",
        sa.Column("partner_id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["locations.id"],
            name=op.f("fk_partner_locations_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.id"],
            name=op.f("fk_partner_locations_partner_id"),
        ),
        sa.PrimaryKeyConstraint(
            "partner_id", "location_id", name=op.f("pk_partner_locations")
        ),
    )
    op.create_index(
        "ix_partner_locations_location_id",
        "partner_locations",
        ["location_id"],
        unique=False,
    )
    op.create_table(
        "properties",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_properties_location_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_properties")),
    )
    op.create_index(
        "ix_properties_location_id", "properties", ["location_id", "id"], unique=False
    )
    op.create_table(
        "booking_tags",
        sa.Column("booking_id", BIG_ID, nullable=False),
        sa.Column("tag_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_booking_tags_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_booking_tags_tag_id")
        ),
        sa.PrimaryKeyConstraint("booking_id", "tag_id", name=op.f("pk_booking_tags")),
    )
    op.create_index(
        "ix_booking_tags_tag_id", "booking_tags", ["tag_id", "booking_id"], unique=False
    )
    op.create_table(
        "nights",
        sa.Column("property_id", BIG_ID, nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("booking_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_nights_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["property_id"], ["properties.id"], name=op.f("fk_nights_property_id")
        ),
        sa.PrimaryKeyConstraint("property_id", "night", name=op.f("pk_nights")),
    )
    op.create_index("ix_nights_booking_id", "nights", ["booking_id"], unique=False)
    op.create_table(
        "stays",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("booking_id", BIG_ID, nullable=False),
        sa.Column("property_id", BIG_ID, nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.Column("leaves_on", sa.Date(), nullable=False),
        sa.Column("adults", sa.Integer(), server_default="0", nullable=False),
        sa.Column("children", sa.Integer(), server_default="0", nullable=False),
        sa.Column("infants", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pets", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "adults >= 0 AND children >= 0 AND infants >= 0 AND pets >= 0",
            name=op.f("ck_stays_party"),
        ),
        sa.CheckConstraint("leaves_on > arrives_on", name=op.f("ck_stays_dates")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_stays_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["property_id"], ["properties.id"], name=op.f("fk_stays_property_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stays")),
        sa.UniqueConstraint("booking_id", "property_id", name="uq_stays_property"),
    )
    op.create_index(
        "ix_stays_property_id", "stays", ["property_id", "arrives_on"], unique=False
    )
    op.create_table(
        "payments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("method_id", BIG_ID, nullable=False),
        sa.Column("partner_id", BIG_ID, nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("charges", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tip", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("category", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column(
            "comments", sa.String(length=2000), server_default="", nullable=False
        ),
        sa.Column("failure_reason", sa.String(length=2000), nullable=True),
        sa.Column("reference", sa.String(length=50), nullable=True),
        sa.Column("vps_hash", sa.String(length=64), nullable=True),
        sa.Column("wishes", sa.Text(), nullable=False),
        sa.Column("property_id", sa.BigInteger(), nullable=True),
        sa.Column("balance_due_on", sa.Date(), nullable=True),
        sa.Column("send_email", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "failure_reason IS NULL OR state IN ('failed', 'void')",
            name=op.f("ck_payments_failure"),
        ),
        sa.CheckConstraint(
            "source IN ('ipro', 'spektrix', 'kseries', 'brink', 'iiko', 'desk', 'guest', 'import')",
            name=op.f("ck_payments_source"),
        ),
        sa.CheckConstraint(
            "state IN ('cleared', 'uncleared', 'deferred', 'failed', 'void')",
            name=op.f("ck_payments_state"),
        ),
        sa.CheckConstraint(
            "amount > 0 AND charges >= 0 AND tip >= 0", name=op.f("ck_payments_amounts")
        ),
        sa.CheckConstraint(
            "category BETWEEN 0 AND 13", name=op.f("ck_payments_category")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id", "currency"],
            ["bookings.id", "bookings.currency"],
            name="fk_payments_booking",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_payments_stay",
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_methods.id"], name=op.f("fk_payments_method_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_payments_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("id", "booking_id", name="uq_payments_booking"),
    )
    op.create_index(
        "ix_payments_booking_id", "payments", ["booking_id", "id"], unique=False
    )
    op.create_index("ix_payments_paid_on", "payments", ["paid_on", "id"], unique=False)
    op.create_index(
        "ix_payments_coming",
        "payments",
        ["booking_id", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('uncleared', 'deferred')"),
        sqlite_where=sa.text("state IN ('uncleared', 'deferred')"),
    )
    op.create_index(
        "uq_payments_reference",
        "payments",
        ["booking_id", "partner_id", "reference"],
        unique=True,
        postgresql_where=sa.text(
            "reference IS NOT NULL AND state NOT IN ('failed', 'void')"
        ),
        sqlite_where=sa.text(
            "reference IS NOT NULL AND state NOT IN ('failed', 'void')"
        ),
    )
    op.create_index(
        "uq_payments_vps_hash",
        "payments",
        ["booking_id", "vps_hash"],
        unique=True,
        postgresql_where=sa.text(
            "vps_hash IS NOT NULL AND state NOT IN ('failed', 'void')"
        ),
        sqlite_where=sa.text(
            "vps_hash IS NOT NULL AND state NOT IN ('failed', 'void')"
        ),
    )
    op.create_table(
        "cards_on_file",
        sa.Column("payment_id", BIG_ID, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("masks", sa.JSON(), nullable=False),
        sa.Column("last_digits", sa.String(length=4), nullable=True),
        sa.Column("card_type", sa.String(length=50), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_cards_on_file_payment_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_cards_on_file")),
    )
    op.create_table(
        "schedule_lines",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("booking_id", BIG_ID, nullable=False),
        sa.Column("property_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("paid", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "kind IN ('tax', 'fee', 'deposit', 'balance')",
            name=op.f("ck_schedule_lines_kind"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_schedule_lines_amount")),
        sa.CheckConstraint("id >= 1001", name=op.f("ck_schedule_lines_id")),
        sa.CheckConstraint(
            "paid >= 0 AND paid <= amount", name=op.f("ck_schedule_lines_paid")
        ),
        sa.CheckConstraint("stage IN (1, 2)", name=op.f("ck_schedule_lines_stage")),
        sa.ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_schedule_lines_stay",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_schedule_lines_booking_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_lines")),
        sa.UniqueConstraint("id", "booking_id", name="uq_schedule_lines_booking"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_lines_booking_id", "schedule_lines", ["booking_id"], unique=False
    )
    op.create_index(
        "ix_schedule_lines_due_on",
        "schedule_lines",
        ["due_on", "booking_id"],
        unique=False,
    )
    op.create_table(
        "allocations",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cause IN ('payment', 'clearing', 'refund', 'void', 'amendment', 'cancellation')",
            name=op.f("ck_allocations_cause"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_allocations_amount")),
        sa.ForeignKeyConstraint(
            ["line_id", "booking_id"],
            ["schedule_lines.id", "schedule_lines.booking_id"],
            name="fk_allocations_line",
        ),
        sa.ForeignKeyConstraint(
            ["payment_id", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_allocations_payment",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
    )
    op.create_index(
        "ix_allocations_booking_id", "allocations", ["booking_id"], unique=False
    )
    op.create_index("ix_allocations_line_id", "allocations", ["line_id"], unique=False)
    op.create_index(
        "ix_allocations_payment_id", "allocations", ["payment_id"], unique=False
    )
    _start_line_ids()


def _start_line_ids() -> None:
    """Lines are numbered from 1001, so that 1 and 2 always mean the stages of a schedule."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER SEQUENCE schedule_lines_id_seq RESTART WITH 1001")
    else:
        op.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('schedule_lines', 1000)"
        )


def downgrade() -> None:
    op.drop_index("ix_allocations_payment_id", table_name="allocations")
    op.drop_index("ix_allocations_line_id", table_name="allocations")
    op.drop_index("ix_allocations_booking_id", table_name="allocations")
    op.drop_table("allocations")
    op.drop_index("ix_schedule_lines_due_on", table_name="schedule_lines")
    op.drop_index("ix_schedule_lines_booking_id", table_name="schedule_lines")
    op.drop_table("schedule_lines")
    op.drop_table("cards_on_file")
    op.drop_index(
        "uq_payments_vps_hash",
        table_name="payments",
        postgresql_where=sa.text(
            "vps_hash IS NOT NULL AND state NOT IN ('failed', 'void')"
        ),
        sqlite_where=sa.text(
            "vps_hash IS NOT NULL AND state NOT IN ('failed', 'void')"
        ),
    )
    op.drop_index(
        "ix_payments_coming",
        table_name="payments",
        postgresql_where=sa.text("state IN ('uncleared', 'deferred')"),
        sqlite_where=sa.text("state IN ('uncleared', 'deferred')"),
    )
    op.drop_index(
        "uq_payments_reference",
        table_name="payments",
        postgresql_where=sa.text(
            "reference IS NOT NULL AND state NOT IN ('failed', 'void')"
        ),
        sqlite_where=sa.text(
            "reference IS NOT NULL AND state NOT IN ('failed', 'void')"
        ),
    )
    op.drop_index("ix_payments_paid_on", table_name="payments")
    op.drop_index("ix_payments_booking_id", table_name="payments")
    op.drop_table("payments")
    op.drop_index("ix_stays_property_id", table_name="stays")
    op.drop_table("stays")
    op.drop_index("ix_nights_booking_id", table_name="nights")
    op.drop_table("nights")
    op.drop_index("ix_booking_tags_tag_id", table_name="booking_tags")
    op.drop_table("booking_tags")
    op.drop_index("ix_properties_location_id", table_name="properties")
    op.drop_table("properties")
    op.drop_index("ix_partner_locations_location_id", table_name="partner_locations")
    op.drop_table("partner_locations")
    op.drop_index(
        "ix_methods_switched_off_location_id", table_name="methods_switched_off"
    )
    op.drop_table("methods_switched_off")
    op.drop_index("ix_method_partners_partner_id", table_name="method_partners")
    op.drop_table("method_partners")
    op.drop_table("method_attributes")
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_bookings_status", table_name="bookings")
    op.drop_index("ix_bookings_source_id", table_name="bookings")
    op.drop_index("ix_bookings_modified_at", table_name="bookings")
    op.drop_index("ix_bookings_location_id", table_name="bookings")
    op.drop_index("ix_bookings_leaves_on", table_name="bookings")
    op.drop_index("ix_bookings_created_at", table_name="bookings")
    op.drop_index("ix_bookings_contact_id", table_name="bookings")
    op.drop_index("ix_bookings_arrives_on", table_name="bookings")
    op.drop_table("bookings")
    op.drop_index("ix_access_tokens_partner_id", table_name="access_tokens")
    op.drop_index("ix_access_tokens_expires_at", table_name="access_tokens")
    op.drop_table("access_tokens")
    op.drop_table("tags")
    op.drop_table("sources")
    op.drop_table("payment_methods")
    op.drop_table("partners")
    op.drop_index(
        "ix_outbox_due_at",
        table_name="outbox",
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(
        "ix_outbox_given_up",
        table_name="outbox",
        postgresql_where=sa.text("state = 'given_up'"),
        sqlite_where=sa.text("state = 'given_up'"),
    )
    op.drop_index("ix_outbox_booking_id", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("log_heads")
    op.drop_table("locations")
    op.drop_index("ix_event_log_severity", table_name="event_log")
    op.drop_index("ix_event_log_at", table_name="event_log")
    op.drop_table("event_log")
    op.drop_table("contacts")
