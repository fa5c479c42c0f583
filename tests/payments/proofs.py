"""What tests hold the whole ledger against: books, event log, and how many rows there are."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from audit.recording import chain
from audit.verifying import entries, verify, zero_head
from bookings.queries import log_heads
from kit.db import Base, reading
from payments.books import faults
from payments.checking import all_books


def wrong_books(only: Collection[int] | None = None) -> list[str]:
    """A sentence for everything that is wrong with the books of any booking, or of these."""
    with reading() as session:
        return [
            f"booking {books.booking.id}: {sentence}"
            for books in all_books(session)
            if only is None or books.booking.id in only
            for sentence in faults(books)
        ]


def broken_chains() -> list[str]:
    """The first broken entry of every chain of the event log."""
    with reading() as session:
        heads = [*zero_head(session), *log_heads(session)]
        return [str(broken) for broken in verify(chain(), heads, entries(session))]


def row_counts() -> dict[str, int]:
    """How many rows each table has: two of them tell whether anything was written between."""
    with reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
