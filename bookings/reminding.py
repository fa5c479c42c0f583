"""Reminding guests of what is due soon with the balance: once for each line, as many days before as
the location says.

A reminder says what is still open when all that is promised has come: uncleared payments, and
deferred ones whose day has not passed (a promise that is late is none any more). A line that is
promised in full is left alone; its reminder comes when the promise fails or is late. So does that
of a guest who has no e-mail address yet. When the worker was away on the right day, a later one
is as good, until the line is overdue: overdue money is the staff's business.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, and_, exists, literal_column, select

from audit.chain import SYSTEM, Entry
from bookings import mails
from bookings.abandoning import accepted, is_in_progress
from bookings.models import Booking, Contact, ScheduleLine
from kit import clock
from kit.db import reading
from kit.sql import Query
from locations.models import Location
from locations.paying import pay_at
from outbox.worker import one_by_one
from payments.account import Account, Clock, PaymentRow, open_account, read_account
from payments.allocation import BALANCE, OpenLine, promised, rank
from payments.models import COMING, Payment
from payments.saving import Change, save
from tags.models import IN_PROGRESS, BookingTag, Tag

BATCH = 50
REMINDED = ("provisional", "booking")

log = structlog.get_logger()


def remind_of_balances(clock_of: Clock = clock.now) -> int:
    """Remind of what is due soon now, a batch of bookings; how many got a mail."""
    return one_by_one(_candidates(clock_of()), partial(remind, clock_of=clock_of))


def remind(connection: Connection, booking_id: int, clock_of: Clock = clock.now) -> bool:
    """Write the booking's reminder if it really is due, judged under its lock; whether it was."""
    account = open_account(connection, booking_id, None, clock_of)
    due = _due(connection, account)
    if not due:
        return False
    lines = {line.id: {"reminded_at": account.now} for line in due}
    told = [[line.id, line.open, str(line.due_on)] for line in due]
    change = Change(
        standing=account.standing,
        lines=lines,
        messages=(_mail(connection, account, due),),
        entry=Entry("booking.reminded", {}, {}, {"lines": told}),
        is_seen=False,
    )
    save(connection, account, change, SYSTEM)
    log.info("booking_reminded", booking=booking_id, lines=len(due))
    return True


def _mail(connection: Connection, account: Account, due: list[OpenLine]) -> dict[str, Any]:
    url = select(Location.checkout_url).where(Location.id == account.booking.location_id)
    link = pay_at(connection.scalar(url), account.booking.id)
    return mails.balance_reminder(account, due, _promises(account), link)


def _due(connection: Connection, account: Account) -> list[OpenLine]:
    """What the guest is to be reminded of now, and what will be open of it; by due day."""
    booking = account.booking
    # A guest who is just booking on a website is not dunned while at it.
    if booking.status not in REMINDED or is_in_progress(account) or not account.guest.email:
        return []
    place = select(Location.reminder_days).where(Location.id == booking.location_id)
    last = account.today + timedelta(days=connection.scalar(place) or 0)
    fresh = select(ScheduleLine.id).where(
        ScheduleLine.booking_id == booking.id, ScheduleLine.reminded_at.is_(None)
    )
    unsaid = set(connection.scalars(fresh))
    coming = [(each.amount, rank(each.asked, each.property_id)) for each in _promises(account)]
    found = [
        line
        for line in promised(account.standing.open, coming)
        if line.stage == BALANCE and line.open and line.id in unsaid
        if account.today <= line.due_on <= last
    ]
    return sorted(found, key=lambda line: (line.due_on, line.id))


def _promises(account: Account) -> list[PaymentRow]:
    """What is to come and not late: the promises that are believed."""
    today = account.today
    return [each for each in account.coming if each.state == "uncleared" or each.paid_on >= today]


def _candidates(now: datetime) -> list[int]:
    """Bookings that a reminder seems to be due for, a batch of them.

    Those with money on its way are looked at closely: otherwise paused ones would fill the batch.
    """
    places = select(Location.id, Location.time_zone, Location.reminder_days).order_by(Location.id)
    found: list[int] = []
    with reading() as session:
        connection = session.connection()
        for place in connection.execute(places).all():
            today = clock.day_at(now, place.time_zone)
            query = _waiting(place.id, today, today + timedelta(days=place.reminder_days))
            for row in connection.execute(query).all():
                if len(found) == BATCH:
                    return found
                if not row.coming or _due(connection, read_account(connection, row.id, None, now)):
                    found.append(row.id)
    return found


def _waiting(location_id: int, today: date, last: date) -> Query:
    """Bookings of the location with a line of the balance that is open, due soon and not reminded
    of, but for those that a guest is just booking; and whether money is on its way to them."""
    line = ScheduleLine
    soon = select(line.booking_id).where(
        line.due_on.between(today, last),
        line.stage == BALANCE,
        line.paid < line.amount,
        line.reminded_at.is_(None),
    )
    coming = exists().where(Payment.booking_id == Booking.id, literal_column(COMING))
    return (
        select(Booking.id, coming.label("coming"))
        .join(Contact, Contact.id == Booking.contact_id)
        .where(Booking.id.in_(soon), Booking.location_id == location_id, Contact.email != "")
        .where(Booking.status.in_(REMINDED), ~_in_progress())
        .order_by(Booking.id)
    )


def _in_progress() -> ColumnElement[bool]:
    """What `is_in_progress` says of an account, of the row of bookings."""
    tagged = select(BookingTag.booking_id).join(Tag, Tag.id == BookingTag.tag_id)
    tagged = tagged.where(Tag.role == IN_PROGRESS)
    begun = and_(Booking.status == "provisional", Booking.id.in_(tagged))
    return and_(begun, ~accepted())
