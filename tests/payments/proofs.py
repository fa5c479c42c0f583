"""What tests hold the whole ledger against: books, event log, and how many rows there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from audit.recording import chain
from audit.verifying import entries, verify, zero_head
from bookings.queries import log_heads
from kit.db import Base, reading, store
from payments.books import faults
from payments.checking import all_books, books_of


def wrong_books(only: Collection[int] | None = None) -> list[str]:
    """A sentence for everything that is wrong with the books of any booking, or of these."""
    with reading() as session:
        return [
            f"booking {books.booking.id}: {sentence}"
            for books in (all_books(session) if only is None else books_of(session, only))
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


@contextmanager
def nothing_written() -> Iterator[None]:
    """Everything inside leaves as many rows in every table as there were."""
    before = row_counts()
    yield
    assert row_counts() == before


def stored() -> dict[str, list[str]]:
    """Every row of every table, as text. Numbers that databases give out are no rows."""
    with reading() as session:
        return {
            table.name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def unchanged() -> Iterator[None]:
    """Everything inside leaves every row of every table as it was."""
    before = stored()
    yield
    assert stored() == before


def refusal(answer: TestResponse) -> tuple[int, list[tuple[str | None, str]]]:
    """Status, and field and code of everything that is wrong; the answer's shape is checked."""
    body = answer.json
    assert body is not None
    assert list(body) == ["Success", "Message", "Code", "Errors"]
    assert body["Success"] is False
    assert body["Message"]
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    for error in body["Errors"]:
        assert list(error) == ["Field", "Code", "Message"]
        assert error["Message"].endswith((".", "?"))
    if len(body["Errors"]) == 1:
        assert (body["Code"], body["Message"]) == (
            body["Errors"][0]["Code"],
            body["Errors"][0]["Message"],
        )
    return answer.status_code, [(error["Field"], error["Code"]) for error in body["Errors"]]


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Gathers the statements that lists and checks read with inside."""
    engine, seen = store().reader, []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
