"""Storing what a bank's file says, once: the same file again changes nothing, and of files that
overlap only the lines that are new are added.

Who stores lines of an account holds it; the unique indexes of digests and marks say the same to
whoever does not wait. A file is read before the transaction begins where it can be (`read`): on
SQLite nobody else writes meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit import clock
from payments.statements.account_errors import AccountUnknown
from payments.statements.accounts import StoredAccount, account, hold_account
from payments.statements.marks import Compared, Known, compare
from payments.statements.models import BankAccount, BankLine, BankStatement
from payments.statements.numbers import is_same_account
from payments.statements.reading import check_days, read_statement
from payments.statements.reading_errors import WrongAccount, WrongCurrency
from payments.statements.statement import ReadLine, ReadStatement, Skipped

BATCH = 2_000
LONGEST_NAME = 200
NOTHING_SKIPPED = Skipped()
SAID = tuple(ReadLine.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatement:
    """A file to store. `columns` is how it is read when it is CSV, and is remembered with the
    account; None: as that remembers it. `read` is what was read of the very same data already."""

    account_id: int
    name: str
    data: bytes
    columns: Mapping[str, object] | None = None
    read: ReadStatement | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a file: how many of its lines are new, and how many were known; `alike` of
    these by day and amount only, though the bank says something else of them. `again`: the very
    same file came before, as `statement_id`, and nothing was changed."""

    statement_id: int
    new: int
    known: int
    again: bool = False
    alike: int = 0
    skipped: Skipped = NOTHING_SKIPPED


def store_statement(
    connection: Connection,
    order: StoreStatement,
    origin: Origin,
    clock_of: Callable[[], datetime] = clock.now,
) -> Stored:
    """Store a file in the caller's transaction, whole or not at all.

    Raises AccountUnknown, WrongAccount and WrongCurrency when the account is another one than when
    the file was read, what `read_statement` raises, and what `check_days` does.
    """
    hold_account(connection, order.account_id)
    there = account(connection, order.account_id, None)
    if there is None:
        raise AccountUnknown(order.account_id)
    digest = hashlib.sha256(order.data).hexdigest()
    if before := _stored_before(connection, order.account_id, digest):
        return before
    now = clock_of()
    read = order.read or read_for(there, order.data, order.columns)
    _check_account(read, there)
    check_days(read, now.date())
    if order.columns is not None and order.columns != there.columns:
        mine = update(BankAccount).where(BankAccount.id == there.id)
        connection.execute(mine.values(columns=dict(order.columns)))
    return _write(connection, order, read, digest, origin, now)


def read_for(
    there: StoredAccount, data: bytes, columns: Mapping[str, object] | None = None
) -> ReadStatement:
    """What a file says of this account, read by `columns` or as the account remembers it."""
    return read_statement(data, there.currency, there.number, columns or there.columns)


def _check_account(read: ReadStatement, there: StoredAccount) -> None:
    """It may have been given another number or currency since the file was read."""
    if read.currency != there.currency:
        raise WrongCurrency(read.currency, there.currency)
    if read.number is not None and not is_same_account(read.number, there.number):
        raise WrongAccount(read.number, there.number)


def _stored_before(connection: Connection, account_id: int, digest: str) -> Stored | None:
    query = select(BankStatement.id, BankStatement.new, BankStatement.known).where(
        BankStatement.account_id == account_id, BankStatement.digest == digest
    )
    row = connection.execute(query).first()
    return None if row is None else Stored(row.id, row.new, row.known, again=True)


def _write(
    connection: Connection,
    order: StoreStatement,
    read: ReadStatement,
    digest: str,
    origin: Origin,
    now: datetime,
) -> Stored:
    found = compare(read.lines, read.source, _known(connection, order.account_id, read))
    counts = {"new": len(found.fresh), "known": len(read.lines) - len(found.fresh)}
    row = {
        "account_id": order.account_id,
        "name": order.name[:LONGEST_NAME],
        "format": read.format,
        "reference_head": read.reference_head,
        "digest": digest,
        "identifier": read.identifier,
        "from_day": read.from_day,
        "to_day": read.to_day,
        "opening": read.opening,
        "closing": read.closing,
        "person_id": origin.actor.id if origin.actor.kind == "person" else None,
        "created_at": now,
        **counts,
    }
    query = insert(BankStatement).returning(BankStatement.id)
    statement_id = int(connection.execute(query, [row]).scalar_one())
    about = {"statement_id": statement_id, "account_id": order.account_id,
             "currency": read.currency}  # fmt: skip
    for rows in _rows(read.lines, found, about):
        connection.execute(insert(BankLine), rows)
    _log(connection, about, read, counts, origin, now)
    return Stored(
        statement_id, counts["new"], counts["known"], skipped=read.skipped, alike=found.alike
    )


def _known(connection: Connection, account_id: int, read: ReadStatement) -> list[Known]:
    """What is stored of these days, in the order it came."""
    days = [each.booked_on for each in read.lines]
    said: list[Any] = [getattr(BankLine, name) for name in SAID]
    query = (
        select(*said, BankLine.mark, BankStatement.format, BankStatement.reference_head)
        .join(BankStatement, BankStatement.id == BankLine.statement_id)
        .where(BankLine.account_id == account_id, BankLine.booked_on.between(min(days), max(days)))
        .order_by(BankLine.id)
    )
    return [
        Known(mark, ReadLine(*line), (form, head))
        for *line, mark, form, head in connection.execute(query)
    ]


def _rows(
    lines: Sequence[ReadLine], found: Compared, about: Mapping[str, Any]
) -> Iterator[list[dict[str, Any]]]:
    """The rows of the lines that are new, in batches. `position` is the place in the file."""
    fresh = list(found.fresh)
    for start in range(0, len(fresh), BATCH):
        yield [
            {
                **about,
                "position": place + 1,
                "mark": found.fresh[place],
                **{name: getattr(lines[place], name) for name in SAID},
            }
            for place in fresh[start : start + BATCH]
        ]


def _log(
    connection: Connection,
    about: Mapping[str, Any],
    read: ReadStatement,
    counts: Mapping[str, int],
    origin: Origin,
    now: datetime,
) -> None:
    """Counts only: what the lines say is about people."""
    told = {"bank_account": about["account_id"], "statement": about["statement_id"]}
    entry = Entry("statement.imported", told, {}, {"format": read.format, **counts})
    record(connection, entry, origin, now)
