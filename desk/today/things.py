"""What needs a person: the definitions, for the page and for the count in the side bar.

Each is a query over bookings at `places` (a person's locations, each with its day), from which the
caller selects what it wants to know. Conditions of partial indexes are literals, letter for letter:
with parameters a general plan of PostgreSQL's could not use them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from bookings.models import Booking, ScheduleLine
from desk.owing import COMING, STANDS, promised
from kit.days import day_in, first_and_last
from locations.models import Location
from outbox.models import WITHDRAWN, Message
from payments.gateways.models import CardIntent
from payments.models import Payment
from payments.statements.models import BankAccount, BankLine

Condition = ColumnElement[bool]

FAILED: Condition = literal_column("(payments.state = 'failed' AND payments.dismissed_at IS NULL)")
DEFERRED: Condition = literal_column("(payments.state = 'deferred')")
OWED: Condition = literal_column("(schedule_lines.paid < schedule_lines.amount)")
HELD: Condition = literal_column(
    "(schedule_lines.kind = 'security_deposit' AND schedule_lines.paid > 0)"
)
TROUBLED: Condition = literal_column(
    "((outbox.state = 'given_up' AND outbox.dismissed_at IS NULL)"
    " OR (outbox.state = 'waiting' AND outbox.attempts >= 3))"
)
CREDIT: Condition = literal_column("(bookings.credit > 0)")
UNKNOWN: Condition = literal_column("(card_intents.state = 'unknown')")
LINE_WAITS: Condition = literal_column("(bank_lines.settled_at IS NULL)")

Query = Any  # a Select of whatever columns
Locations = frozenset[int] | None


def places(locations: Locations, now: datetime) -> CTE:
    """The locations a person reaches, each with its day (`today`)."""
    columns = select(Location.id, Location.name, Location.time_zone, Location.hold_minutes)
    today = day_in(Location.time_zone, now).label("today")
    return columns.add_columns(today).where(within(Location.id, locations)).cte("places")


def within(column: Any, locations: Locations) -> ColumnElement[bool]:
    """Whether a row is of one of the locations; None: of whichever."""
    return true() if locations is None else column.in_(sorted(locations))


def unknown(places: CTE) -> Query:
    """Card payments of which nobody could find out what has become."""
    return select(CardIntent.id).where(UNKNOWN, day_of(places, CardIntent).is_not(None))


def failed(places: CTE) -> Query:
    """The last attempt of each booking that still has something open: nobody has put it aside, and
    no payment came, is under way or was promised after it."""
    later = aliased(Payment, name="later")
    followed = select(later.id).where(
        later.booking_id == Payment.booking_id,
        later.id > Payment.id,
        later.state != literal_column("'void'"),
        later.refund_of.is_(None),
    )
    last = followed.limit(1).correlate(Payment).scalar_subquery().is_(None)
    is_open = day_of(places, Payment, STANDS, Booking.paid < Booking.total)
    return select(Payment.id).where(FAILED, last, is_open.is_not(None))


def late_lines(
    places: CTE, now: datetime, *, due_today: bool = False, most: int | None = None
) -> Query:
    """Lines whose day has passed (`due_today`: or has come), with something `open`: what is
    promised on a booking is taken off its lines in the order of their days. `most`: of so many
    lines that are not paid no more are looked at."""
    line, last = ScheduleLine, first_and_last(now)[1]
    names = ("id", "booking_id", "stage", "due_on", "name", "reminded_at")
    columns: list[Any] = [getattr(line, name) for name in names]
    unpaid = (
        select(*columns, (line.amount - line.paid).label("unpaid"))
        .add_columns(day_of(places, line, STANDS).label("today"))
        .where(OWED, line.due_on <= last if due_today else line.due_on < last)
        .subquery("unpaid")
    ).c
    is_late = unpaid.due_on <= unpaid.today if due_today else unpaid.due_on < unpaid.today
    late = select(*unpaid).where(is_late).limit(most).subquery("late").c
    order = (late.due_on, late.stage, late.id)
    # What lines ask for up to and with this one.
    upto = func.sum(late.unpaid).over(partition_by=late.booking_id, order_by=order)
    found = select(*late, (upto - promised(late.booking_id)).label("left")).subquery("found").c
    is_open = case((found.left < found.unpaid, found.left), else_=found.unpaid)
    wanted = [found[name] for name in ("id", "booking_id", "due_on", "name", "reminded_at")]
    return select(*wanted, found.today, is_open.label("open")).where(found.left > 0)


def late_promises(places: CTE) -> Query:
    """Promises whose day has passed."""
    late = Payment.paid_on < day_of(places, Payment)
    return select(Payment.id, Payment.paid_on).where(COMING, DEFERRED, late)


def credit(places: CTE) -> Query:
    """Bookings with money that fits nowhere."""
    query = select(Booking.id, Booking.credit)
    return query.join(places, places.c.id == Booking.location_id).where(CREDIT)


def deposits(places: CTE) -> Query:
    """Security deposits that are still held though the guest has left."""
    left = day_of(places, ScheduleLine, Booking.leaves_on < places.c.today)
    return select(ScheduleLine.id, ScheduleLine.due_on).where(HELD, left.is_not(None))


def undelivered(places: CTE, locations: Locations) -> Query:
    """Messages that were given up, or tried in vain a few times. One about no booking is for those
    who reach everything."""
    reached: Condition = day_of(places, Message).is_not(None)
    if locations is None:
        reached = or_(reached, Message.booking_id.is_(None))
    return select(Message.id, Message.state).where(TROUBLED, ~and_(WITHDRAWN), reached)


def waiting_lines(locations: Locations) -> Query:
    """Lines of bank statements of which nobody has said yet which payment they are; of accounts of
    these locations, those for all are of people of all."""
    query = select(BankLine.id).join(BankAccount, BankAccount.id == BankLine.account_id)
    return query.where(LINE_WAITS, within(BankAccount.location_id, locations))


def day_of(places: CTE, model: Any, *conditions: Condition) -> Any:
    """The day at the location of the row's booking; NULL when that is out of reach, or not such.

    A value and no join: what is looked for is little, and for a join PostgreSQL would read through
    all bookings, which it takes for cheaper than many single ones.
    """
    query = select(places.c.today).join(Booking, Booking.location_id == places.c.id)
    mine = query.where(Booking.id == model.booking_id, *conditions)
    return mine.correlate(model).scalar_subquery()
