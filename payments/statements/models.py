"""Rows of bank statements. All amounts are minor units of the account's currency.

A line is what the bank says and never changes; what we make of it are matches. A match is one
payment that was cleared, recorded or found because of lines: one line may be in several matches
(one transfer for two bookings), and one match may have several lines (two transfers, one payment).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant, only

# A match that was not undone. One whose payment a card provider has voided meanwhile stands until
# staff undo it.
STANDS = "undone_at IS NULL"


class BankAccount(Base):
    """An account of the agency at a bank, with what is known of its statements.

    `number` is the IBAN, or what else the bank calls it, in capitals without spaces. Its money
    belongs to bookings of one location, or of all (None). `method_id` is what unknown money is
    recorded with. `columns` is how its CSV files are read, as it was last confirmed
    (payments.statements.csv_columns): {"date": "Buchungstag", ...}, with the heads, the separator,
    the decimal sign and the order of day and month; None before the first.
    """

    __tablename__ = "bank_accounts"
    __table_args__ = (
        UniqueConstraint("id", "currency", name="uq_bank_accounts_currency"),
        CheckConstraint("number = upper(number) AND number <> ''", name="number"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    number: Mapped[str] = mapped_column(String(50), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    location_id: Mapped[int | None] = mapped_column(ForeignKey("locations.id"))
    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"))
    columns: Mapped[dict[str, object] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)


class BankUpload(Base):
    """A CSV file that waits for somebody to say what its columns are. It goes as soon as it is
    stored as a statement, and after a day (payments.statements.uploads)."""

    __tablename__ = "bank_uploads"
    __table_args__ = (Index("ix_bank_uploads_created_at", "created_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("bank_accounts.id"))
    name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)


class BankStatement(Base):
    """A file that was read. `digest` is its SHA-256: the same one twice changes nothing. Balances
    are those the file names; `new` and `known` count its lines, `known` those of earlier files.
    `reference_head` is the head of the CSV column with the bank's references, "" for none: files
    of another format or column call the same line something else (payments.statements.marks)."""

    __tablename__ = "bank_statements"
    __table_args__ = (
        UniqueConstraint("account_id", "digest", name="uq_bank_statements_digest"),
        UniqueConstraint("id", "account_id", name="uq_bank_statements_account"),
        CheckConstraint("format IN ('csv', 'camt.053')", name="format"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("bank_accounts.id"))
    name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(10))
    reference_head: Mapped[str] = mapped_column(String(200), server_default="")
    digest: Mapped[str] = mapped_column(String(64))
    identifier: Mapped[str | None] = mapped_column(String(50))
    from_day: Mapped[date | None]
    to_day: Mapped[date | None]
    opening: Mapped[int | None] = mapped_column(BigInteger)
    closing: Mapped[int | None] = mapped_column(BigInteger)
    new: Mapped[int]
    known: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)


class BankLine(Base):
    """One booking of the bank: `amount` more than 0 came, less than 0 left.

    `mark` makes a line of overlapping files one line: a digest of its day, amount and reference of
    the bank, and of its number among those with the same (payments.statements.marks). `party`,
    `party_account`, `reference` (end-to-end, or the payer's own) and `remittance` (what the
    payment is for) are as the bank has them.
    `revision` goes up with every match made or undone. `settled_at` is there while matches take
    all of its amount, or it is put aside (`aside_at`, with a reason) as no booking's money.
    """

    __tablename__ = "bank_lines"
    __table_args__ = (
        ForeignKeyConstraint(
            ["statement_id", "account_id"],
            ["bank_statements.id", "bank_statements.account_id"],
            name="fk_bank_lines_statement",
        ),
        ForeignKeyConstraint(
            ["account_id", "currency"],
            ["bank_accounts.id", "bank_accounts.currency"],
            name="fk_bank_lines_account",
        ),
        UniqueConstraint("account_id", "mark", name="uq_bank_lines_mark"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(aside_at IS NULL) = (aside_why IS NULL)", name="aside"),
        Index("ix_bank_lines_statement_id", "statement_id", "position"),
        Index("ix_bank_lines_booked_on", "account_id", "booked_on", "id"),
        Index("ix_bank_lines_waiting", "account_id", "id", **only("settled_at IS NULL")),
        Index("ix_bank_lines_party_account", "party_account", **only("party_account <> ''")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    statement_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int]
    mark: Mapped[str] = mapped_column(String(64))
    booked_on: Mapped[date]
    valued_on: Mapped[date | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    party: Mapped[str] = mapped_column(String(200), server_default="")
    party_account: Mapped[str] = mapped_column(String(50), server_default="")
    reference: Mapped[str] = mapped_column(String(100), server_default="")
    remittance: Mapped[str] = mapped_column(String(1000), server_default="")
    bank_reference: Mapped[str] = mapped_column(String(100), server_default="")
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    aside_at: Mapped[datetime | None] = mapped_column(Instant)
    aside_why: Mapped[str | None] = mapped_column(String(500))
    settled_at: Mapped[datetime | None] = mapped_column(Instant)


class BankMatch(Base):
    """One payment and the lines that it is. `kind`: `cleared` a promise that came true, `recorded`
    new money, `found` a payment that was there already. `former` is the state that a promise was
    in. `score` and `reasons` (payments.statements.clues.Code) are what it was proposed with; no
    score when staff named the booking themselves. `reopened_id` is the promise that took the place
    of a cleared payment when the match was undone.
    """

    __tablename__ = "bank_matches"
    __table_args__ = (
        ForeignKeyConstraint(
            ["payment_id", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_bank_matches_payment",
        ),
        CheckConstraint("kind IN ('cleared', 'recorded', 'found')", name="kind"),
        CheckConstraint("(kind = 'cleared') = (former IS NOT NULL)", name="former"),
        CheckConstraint("(undone_at IS NULL) = (undone_why IS NULL)", name="undone"),
        Index("uq_bank_matches_payment_id", "payment_id", unique=True, **only(STANDS)),
        Index("ix_bank_matches_booking_id", "booking_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(10))
    former: Mapped[str | None] = mapped_column(String(10))
    score: Mapped[int | None]
    reasons: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by: Mapped[int | None] = mapped_column(BigInteger)
    undone_why: Mapped[str | None] = mapped_column(String(500))
    reopened_id: Mapped[int | None] = mapped_column(BigInteger)


class BankMatchLine(Base):
    """How much of a line a match takes, with the line's sign."""

    __tablename__ = "bank_match_lines"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_bank_match_lines_line_id", "line_id"),
    )

    match_id: Mapped[int] = mapped_column(ForeignKey("bank_matches.id"), primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("bank_lines.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
