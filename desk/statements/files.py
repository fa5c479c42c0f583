"""Reading the files of statements: those of an account, and what one of them held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from desk.access import me
from desk.paging import Slice, keyset
from kit.money import Money
from kit.paging import Order
from locations.models import Location
from payments.statements.accounts import StoredAccount, in_reach
from payments.statements.models import BankAccount, BankLine, BankStatement
from staff.models import Person

NEWEST_FIRST = Order((BankStatement.id.expression,))
FEW = 20


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that was read; `known` of its lines had come with earlier files."""

    id: int
    account_id: int
    account: str
    name: str
    format: str
    identifier: str | None
    from_day: date | None
    to_day: date | None
    opening: Money | None
    closing: Money | None
    new: int
    known: int
    who: str | None
    at: datetime
    zone: str


def files_of(session: Session, account: StoredAccount) -> Slice:
    """A page of the files of an account, the newest first."""
    query = _files().where(BankStatement.account_id == account.id)
    page = keyset(session, query, NEWEST_FIRST, FEW)
    return Slice([_made(row) for row in page.rows], page.older, page.newer)  # type: ignore[misc]


def one_file(session: Session, statement_id: int) -> FileRow | None:
    """One within the person's reach."""
    row = session.execute(_files().where(BankStatement.id == statement_id)).first()
    return None if row is None else _made(row)


def waiting_lines(session: Session, statement_id: int) -> int:
    """How many lines of a file wait for somebody to say what they are."""
    waiting = (BankLine.statement_id == statement_id, BankLine.settled_at.is_(None))
    query = select(func.count()).select_from(BankLine).where(*waiting)
    return int(session.execute(query).scalar_one())


def _files() -> Select[Any]:
    columns: list[Any] = [
        *BankStatement.__table__.columns,
        BankAccount.name.label("account"),
        BankAccount.currency,
        Person.email.label("who"),
        func.coalesce(Location.time_zone, "UTC").label("zone"),
    ]
    return (
        select(*columns)
        .join(BankAccount, BankAccount.id == BankStatement.account_id)
        .outerjoin(Location, Location.id == BankAccount.location_id)
        .outerjoin(Person, Person.id == BankStatement.person_id)
        .where(in_reach(me().locations))
    )


def _made(row: Any) -> FileRow:
    opening, closing = (
        None if minor is None else Money(minor, row.currency)
        for minor in (row.opening, row.closing)
    )
    return FileRow(
        id=row.id,
        account_id=row.account_id,
        account=row.account,
        name=row.name,
        format="CSV" if row.format == "csv" else "CAMT.053",
        identifier=row.identifier,
        from_day=row.from_day,
        to_day=row.to_day,
        opening=opening,
        closing=closing,
        new=row.new,
        known=row.known,
        who=row.who,
        at=row.created_at,
        zone=row.zone,
    )
