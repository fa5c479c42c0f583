"""Reading one line with everything that hangs on it, and one match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from bookings.models import Booking
from desk.access import within
from desk.statements.queries import WAITING, LineRow, listed, read
from kit.money import Money
from payments.account import EXTERNAL
from payments.models import Payment, PaymentMethod
from payments.statements.models import BankAccount, BankLine, BankMatch, BankMatchLine
from staff.models import Person

MOST_TO_JOIN = 20


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match, standing or undone. `facts` are its own columns, those of its payment, and who made
    and who undid it; `amount` is what it takes of the line it is read for, `payment` the whole of
    its payment."""

    facts: Any
    amount: Money
    payment: Money

    @property
    def id(self) -> int:
        return int(self.facts.id)

    @property
    def stands(self) -> bool:
        return self.facts.undone_at is None

    @property
    def voids(self) -> bool:
        """Whether undoing it voids the payment; one that was found is let go of, and stays."""
        return bool(self.facts.kind != "found")

    @property
    def is_external(self) -> bool:
        return self.facts.source in EXTERNAL

    @property
    def made_at(self) -> datetime:
        found: datetime = self.facts.created_at
        return found


@dataclass(frozen=True, slots=True)
class WholeLine:
    """A line, its matches (the newest first), and lines of the same payer that wait as well."""

    line: LineRow
    matches: Sequence[MatchRow]
    others: Sequence[LineRow]


def one(session: Session, line_id: int) -> WholeLine:
    """The line with this id; 404 when it is of no account within reach."""
    row = session.execute(listed().where(BankLine.id == line_id)).first()
    if row is None:
        abort(404)
    line = read(row)
    return WholeLine(
        line, matches(session, BankMatchLine.line_id == line_id), _others(session, line)
    )


def match(session: Session, match_id: int) -> tuple[MatchRow, int]:
    """A match and the first of its lines; 404 when that is of no account within reach, or the match
    of no booking within reach."""
    query = select(BankMatchLine.line_id).join(BankLine, BankLine.id == BankMatchLine.line_id)
    query = query.join(BankAccount, BankAccount.id == BankLine.account_id)
    query = query.join(BankMatch, BankMatch.id == BankMatchLine.match_id)
    query = query.join(Booking, Booking.id == BankMatch.booking_id)
    query = query.where(within(BankAccount.location_id), within(Booking.location_id))
    mine = query.where(BankMatchLine.match_id == match_id)
    line_id = session.scalar(mine.order_by(BankMatchLine.line_id))
    if line_id is None:
        abort(404)
    is_it = (BankMatchLine.match_id == match_id) & (BankMatchLine.line_id == line_id)
    [found] = matches(session, is_it)
    return found, line_id


def matches(session: Session, condition: Any) -> list[MatchRow]:
    made_by, undone_by = aliased(Person), aliased(Person)
    columns: list[Any] = [
        *BankMatch.__table__.columns,
        BankMatchLine.amount.label("taken"),
        Payment.state,
        Payment.source,
        Payment.currency,
        Payment.amount,
        PaymentMethod.name.label("method"),
        made_by.email.label("made_by"),
        undone_by.email.label("undone_by_email"),
    ]
    query = select(*columns).join(BankMatchLine, BankMatchLine.match_id == BankMatch.id)
    query = query.join(Payment, Payment.id == BankMatch.payment_id)
    query = query.join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    query = query.outerjoin(made_by, made_by.id == BankMatch.person_id)
    query = query.outerjoin(undone_by, undone_by.id == BankMatch.undone_by)
    rows = session.execute(query.where(condition).order_by(BankMatch.id.desc()))
    return [
        MatchRow(row, Money(row.taken, row.currency), Money(row.amount, row.currency))
        for row in rows
    ]


def _others(session: Session, line: LineRow) -> list[LineRow]:
    """Lines of the same account and payer that wait, too, and went the same way: by the payer's
    account where the bank names it, else by the name."""
    row = line.row
    if not line.is_waiting or not (row.party_account or row.party):
        return []
    same = BankLine.party_account == row.party_account
    if not row.party_account:
        same = same & (BankLine.party == row.party)
    way = BankLine.amount > 0 if row.amount > 0 else BankLine.amount < 0
    query = listed().where(
        BankLine.account_id == row.account_id, BankLine.id != line.id, WAITING, same, way
    )
    rows = session.execute(query.order_by(BankLine.id.desc()).limit(MOST_TO_JOIN))
    return [read(each) for each in rows]
