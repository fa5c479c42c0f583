"""What a line divided by hand would do: the bookings and promises of its rows as they stand, and
their figures before and after. Nothing is stored; matching has the last word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import and_, not_, select
from sqlalchemy.orm import Session

from bookings.models import Booking
from desk.access import me
from desk.bookings.searching import as_id
from desk.owing import COMING
from desk.statements.drafting import Draft, DraftRow, TypedRow, read_row
from desk.statements.matched import is_matched
from desk.statements.naming import PaymentName, booking_of, bookings_among, payment_of, payments
from desk.statements.queries import LineRow
from desk.statements.reading import WholeLine
from desk.statements.words import deed_of
from kit.errors import DomainError, Refused
from kit.money import Money
from payments import queries
from payments.account import Account, read_account
from payments.allocation import rank
from payments.facts import DeskMethod
from payments.models import Payment
from payments.recording import RecordPayment, plan
from payments.statements.models import BankAccount


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a row would do, in a sentence, and what of its booking is not paid before and after
    it; `remarks` are what else should be known, `problems` what it would be refused for."""

    row: DraftRow
    text: str
    before: Money
    after: Money
    remarks: Sequence[str] = ()
    problems: Sequence[DomainError] = ()


def is_for(row: LineRow) -> Any:
    """Which bookings a line's money may be for: those of its currency, at the account's place."""
    here = Booking.currency == row.row.currency
    place = row.row.location_id
    return here if place is None else and_(here, Booking.location_id == place)


def draft(
    session: Session,
    whole: WholeLine,
    typed: Sequence[TypedRow],
    joined: Iterable[int] = (),
    *,
    rest_waits: bool = False,
) -> Draft:
    """The rows as they can be read, over the line and those of `joined` that wait with it. Two
    statements, whatever the number of rows; none without rows."""
    wanted = set(joined)
    lines = [whole.line, *(each for each in whole.others if each.id in wanted)]
    ids = {id for row in typed if (id := as_id(row.booking)) is not None}
    if not typed:
        return Draft(lines, (), rest_waits)
    line = whole.line
    came = line.amount.minor > 0
    found = session.execute(bookings_among(ids).where(is_for(line)))
    bookings = {each.id: each for each in map(booking_of, found)}
    choices = _choices(session, bookings, came=came)
    currency = line.amount.currency
    rows = [
        read_row(place, row, bookings, choices, currency, is_new_allowed=came)
        for place, row in enumerate(typed)
    ]
    return Draft(lines, rows, rest_waits)


def _choices(
    session: Session, bookings: Iterable[int], *, came: bool
) -> Mapping[int, Sequence[PaymentName]]:
    """The payments that money of a line may be, by booking, promises first: what is promised, and
    what is there without a match; of money that left, refunds."""
    cleared = Payment.state == "cleared"
    kind = (
        and_(COMING | cleared, Payment.refund_of.is_(None))
        if came
        else and_(cleared, Payment.refund_of.is_not(None))
    )
    query = payments().where(Payment.booking_id.in_(sorted(bookings)), kind, Payment.amount != 0)
    query = query.where(not_(is_matched(Payment.id))).order_by(
        Payment.booking_id, ~COMING, Payment.id
    )
    found = map(payment_of, session.execute(query))
    return {id: list(each) for id, each in groupby(found, key=lambda one: one.booking_id)}


def foreseen(session: Session, draft: Draft, now: datetime) -> list[Foreseen]:
    """What the rows that can be read would do, in their order: a second row of a booking comes
    after its first."""
    connection, line = session.connection(), draft.lines[0].row
    query = select(BankAccount.method_id).where(BankAccount.id == line.account_id)
    method_id = connection.execute(query).scalar_one()
    accounts: dict[int, Account] = {}
    found = []
    for row in draft.rows:
        if row.booking is None or row.amount is None:
            continue
        id = row.booking.id
        if id not in accounts:
            accounts[id] = read_account(connection, id, me().locations, now)
        account = accounts[id]
        methods = queries.desk_methods(connection, account.booking.location_id)
        new = NewMoney(method_id, line.valued_on or line.booked_on, methods)
        step = _step(account, row, row.amount, new)
        accounts[id] = step.account
        found.append(
            Foreseen(
                row=row,
                text=deed_of(row.payment, row.amount, new.method),
                before=_unpaid(account),
                after=_unpaid(step.account),
                remarks=step.remarks,
                problems=step.problems,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class NewMoney:
    """What new money is recorded with: the bank account's method, the day the bank names, and the
    active methods of the booking's location."""

    method_id: int
    paid_on: date
    methods: Sequence[DeskMethod]

    @property
    def method(self) -> str:
        """Its name; empty when it is switched off at the location."""
        return next((each.name for each in self.methods if each.id == self.method_id), "")


@dataclass(frozen=True, slots=True)
class Step:
    """The account as a row would leave it; as it was, when the row would be refused."""

    account: Account
    remarks: Sequence[str] = ()
    problems: Sequence[DomainError] = ()


def _unpaid(account: Account) -> Money:
    return account.money(account.standing.total - account.standing.paid)


def _step(account: Account, row: DraftRow, amount: Money, new: NewMoney) -> Step:
    if row.payment is None:
        return _recorded(account, amount, new)
    if not row.payment.is_coming:
        return Step(account)
    promise = account.payment(row.payment.id)
    wish = rank(promise.asked, promise.property_id)
    return Step(replace(account, standing=account.with_money(promise.id, promise.amount, wish)))


def _recorded(account: Account, amount: Money, new: NewMoney) -> Step:
    order = RecordPayment(
        booking_id=account.booking.id,
        amount=amount.decimal,
        state="cleared",
        method=new.method,
        paid_on=min(new.paid_on, account.today),
    )
    # An id that no money of the booking has: the row before this one may be new money, too.
    free = min((each.payment_id for each in account.standing.holdings), default=0)
    try:
        planned = plan(order, account, new.methods, min(free, 0) - 1)
    except DomainError as problem:
        return Step(account, problems=(problem,))
    except Refused as refused:
        return Step(account, problems=refused.problems)
    remarks = tuple(each.message for each in planned.remarks)
    return Step(replace(account, standing=planned.standing), remarks)
