"""Reading for the list of bank lines: two statements, however many filters there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from desk.access import within
from desk.bookings.searching import is_amount
from desk.paging import Slice, keyset
from kit.money import Money
from kit.paging import Order
from kit.sql import Query, rows_of
from locations.models import Location
from payments.statements.models import (
    BankAccount,
    BankLine,
    BankMatch,
    BankMatchLine,
    BankStatement,
)

NEWEST_FIRST = Order((BankLine.booked_on.expression, BankLine.id.expression))
LATEST_STATEMENTS = 24  # to choose from; older ones are found by their days

WAITING: ColumnElement[bool] = BankLine.settled_at.is_(None)
ASIDE: ColumnElement[bool] = BankLine.aside_at.is_not(None)
STATES: Mapping[str, ColumnElement[bool]] = {
    "waiting": WAITING,
    "matched": and_(BankLine.settled_at.is_not(None), BankLine.aside_at.is_(None)),
    "aside": ASIDE,
    "all": true(),
}
WAYS: Mapping[str, ColumnElement[bool]] = {"came": BankLine.amount > 0, "left": BankLine.amount < 0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the address, None where there is none. `amount` is what was typed, in minor
    units by how many decimals a currency has; days are those of the bank's booking, both
    included."""

    state: str = "waiting"
    account: int | None = None
    statement: int | None = None
    way: str | None = None
    q: str | None = None
    amount: Mapping[int, int] | None = None
    from_day: date | None = None
    to_day: date | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether more than a state is asked for."""
        others = (each.name for each in fields(self) if each.name != "state")
        return any(getattr(self, name) is not None for name in others)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a standing match takes of a line."""

    match_id: int
    booking_id: int
    payment_id: int
    kind: str
    amount: Money


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as lists show it; `row` has what the bank says, and the account's name. `took` are the
    matches that stand."""

    row: Any
    took: Sequence[Taken]

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def amount(self) -> Money:
        return Money(self.row.amount, self.row.currency)

    @property
    def left(self) -> Money:
        """What of it is on no booking yet, with the line's sign."""
        return self.amount - Money.sum((each.amount for each in self.took), self.row.currency)

    @property
    def is_waiting(self) -> bool:
        return self.row.settled_at is None

    @property
    def state(self) -> str:
        """ "waiting", "part" (some of it is matched), "matched" or "aside"."""
        if self.row.aside_at is not None:
            return "aside"
        if not self.is_waiting:
            return "matched"
        return "part" if self.took else "waiting"


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the list: how many lines there are by state, and what there is to filter
    by, ids and names."""

    counts: Mapping[str, int]
    accounts: Sequence[tuple[int, str]]
    statements: Sequence[tuple[int, str]]


def lines(session: Session, wanted: Wanted) -> tuple[Slice, list[LineRow], Beside]:
    """A page of the lines that the filters leave, the newest first."""
    page = keyset(session, wanted_lines(wanted), NEWEST_FIRST)
    return page, [read(row) for row in page.rows], _beside(session, wanted)


def wanted_lines(wanted: Wanted) -> Query:
    """All lines that the filters leave, without an order."""
    return _filtered(listed(), wanted).where(STATES[wanted.state])


def lines_of(session: Session, ids: Iterable[int]) -> list[LineRow]:
    """The lines with these ids that are within reach, the newest first."""
    query = listed().where(BankLine.id.in_(sorted(set(ids))))
    return [read(row) for row in session.execute(query.order_by(*NEWEST_FIRST.by()))]


def listed() -> Query:
    """Lines of accounts within reach, with what is matched of them."""
    columns: list[Any] = [
        *BankLine.__table__.columns,
        BankAccount.name.label("account"),
        BankAccount.location_id,
        BankStatement.name.label("statement"),
        func.coalesce(Location.time_zone, "UTC").label("time_zone"),
        rows_of(_standing()).label("took"),
    ]
    query = select(*columns).join(BankAccount, BankAccount.id == BankLine.account_id)
    query = query.join(BankStatement, BankStatement.id == BankLine.statement_id)
    query = query.outerjoin(Location, Location.id == BankAccount.location_id)
    return query.where(within(BankAccount.location_id))


def read(row: Any) -> LineRow:
    took = [
        Taken(match_id, booking_id, payment_id, kind, Money(int(amount), row.currency))
        for match_id, booking_id, payment_id, kind, amount in sorted(row.took)
    ]
    return LineRow(row, took)


def _standing() -> Query:
    """The standing matches of a line, correlated."""
    columns = (BankMatch.id, BankMatch.booking_id, BankMatch.payment_id, BankMatch.kind)
    query = select(*columns, BankMatchLine.amount).select_from(BankMatchLine)
    query = query.join(BankMatch, BankMatch.id == BankMatchLine.match_id)
    mine = query.where(BankMatchLine.line_id == BankLine.id, BankMatch.undone_at.is_(None))
    return mine.correlate(BankLine)


def _filtered(query: Query, wanted: Wanted) -> Query:
    """The lines that all filters but the state leave."""
    same = {BankLine.account_id: wanted.account, BankLine.statement_id: wanted.statement}
    found = [column == value for column, value in same.items() if value is not None]
    if wanted.way is not None:
        found.append(WAYS[wanted.way])
    if wanted.q:
        said = (BankLine.party, BankLine.party_account, BankLine.reference, BankLine.remittance,
                BankLine.bank_reference)  # fmt: skip
        found.append(or_(*(text.icontains(wanted.q, autoescape=True) for text in said)))
    if wanted.amount:
        found.append(is_amount(func.abs(BankLine.amount), dict(wanted.amount), BankLine))
    if wanted.from_day is not None:
        found.append(BankLine.booked_on >= wanted.from_day)
    if wanted.to_day is not None:
        found.append(BankLine.booked_on <= wanted.to_day)
    return query.where(*found)


def _beside(session: Session, wanted: Wanted) -> Beside:
    """One statement."""
    of_lines = select(*(func.count().filter(is_so) for is_so in STATES.values()))
    of_lines = of_lines.select_from(BankLine)
    of_lines = of_lines.join(BankAccount, BankAccount.id == BankLine.account_id)
    counts = _filtered(of_lines.where(within(BankAccount.location_id)), wanted).subquery()
    accounts = select(BankAccount.id, BankAccount.name).where(within(BankAccount.location_id))
    row = session.execute(
        select(
            rows_of(select(*counts.c)).label("counts"),
            rows_of(accounts).label("accounts"),
            rows_of(select(*_statements(wanted).subquery().c)).label("statements"),
        )
    ).one()
    [numbers] = row.counts
    return Beside(
        counts=dict(zip(STATES, map(int, numbers), strict=True)),
        accounts=sorted(map(tuple, row.accounts), key=lambda each: each[1].casefold()),
        statements=[(id, name) for id, name in sorted(row.statements, reverse=True)],
    )


def _statements(wanted: Wanted) -> Query:
    """The latest ones, and the one that is asked for."""
    query = select(BankStatement.id, BankStatement.name)
    query = query.join(BankAccount, BankAccount.id == BankStatement.account_id)
    query = query.where(within(BankAccount.location_id))
    if wanted.account is not None:
        query = query.where(BankStatement.account_id == wanted.account)
    is_wanted = BankStatement.id == (wanted.statement or 0)
    return query.order_by(is_wanted.desc(), BankStatement.id.desc()).limit(LATEST_STATEMENTS)
