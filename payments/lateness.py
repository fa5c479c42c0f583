"""Late money: deferred payments whose day has passed. Their location is told of each once.

Nothing about the money changes: staff complete the payment when it is there, or fail it. All of
one report is one transaction: the marks, the entries of the event log, and the mail.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, insert, literal_column, select

from audit.chain import SYSTEM, Entry
from bookings.models import Booking
from kit import clock
from kit.db import reading
from kit.sql import Query
from locations.models import Location
from outbox.adding import message_row
from outbox.models import Message
from outbox.worker import one_by_one
from payments import mails
from payments.account import Account, Clock, PaymentRow, open_account, read_account
from payments.models import LATE, Payment
from payments.saving import Change, save

BATCH = 50
UNTOLD: ColumnElement[bool] = literal_column(f"({LATE})")

log = structlog.get_logger()


def report_late_money(clock_of: Clock = clock.now) -> int:
    """Tell every location of the payments that are late now and were not told of; how many
    reports were written. A report is about BATCH bookings at most: another run tells the rest."""
    return one_by_one(_locations(clock_of()), partial(report_late, clock_of=clock_of))


def report_late(connection: Connection, location_id: int, clock_of: Clock = clock.now) -> bool:
    """Write the report to one location in the caller's transaction; whether there was one to write.

    The bookings are held in the order of their ids, as by everybody who holds several, and looked
    at then: what another worker has just reported is told of already.
    """
    zone = select(Location.time_zone).where(Location.id == location_id)
    today = clock.day_at(clock_of(), connection.execute(zone).scalar_one())
    late: list[dict[str, Any]] = []
    place = None
    for booking_id in connection.scalars(_bookings(location_id, today).limit(BATCH)).all():
        account = open_account(connection, booking_id, None, clock_of)
        place = account.place
        late += _mark(connection, account)
    if place is None or not late:
        return False
    context = mails.late_money(place, late)
    sender, now = place.mail_sender, clock_of()
    row = message_row(mails.LATE_MONEY, context, sender=sender, booking_id=None, at=now)
    connection.execute(insert(Message), [row])
    log.info("late_money_reported", location=location_id, payments=len(late))
    return True


def _mark(connection: Connection, account: Account) -> list[dict[str, Any]]:
    """Note that the account's late payments are told of; what the report says of them."""
    mine = select(Payment.id).where(Payment.booking_id == account.booking.id, UNTOLD)
    untold = set(connection.scalars(mine))
    late = [each for each in account.payments if each.id in untold]
    late = [each for each in late if each.paid_on < account.today]
    for payment in late:
        _mark_one(connection, account, payment)
        # An entry of its own for each; the next follows on this one.
        account = read_account(connection, account.booking.id, None, account.now)
    return [_told(account, payment) for payment in late]


def _mark_one(connection: Connection, account: Account, payment: PaymentRow) -> None:
    about, expected = {"payment": payment.id}, str(payment.paid_on)
    after = {"amount": payment.amount, "expected_on": expected}
    change = Change(
        standing=account.standing,
        payments={payment.id: {"overdue_told_at": account.now}},
        entry=Entry("payment.late", about, {}, after, severity="medium"),
        is_seen=False,
    )
    save(connection, account, change, SYSTEM)


def _told(account: Account, payment: PaymentRow) -> dict[str, Any]:
    booking = account.booking
    return {
        "booking": booking.id,
        "account": booking.account_identifier,
        "cancelled": booking.is_cancelled,
        "payment": payment.id,
        "amount": payment.amount,
        "currency": booking.currency,
        "method": payment.method,
        "expected": str(payment.paid_on),
    }


def _locations(now: datetime) -> list[int]:
    """Locations with something to tell."""
    with reading() as session:
        places = session.execute(select(Location.id, Location.time_zone).order_by(Location.id))
        return [
            place.id
            for place in places.all()
            if session.scalar(_bookings(place.id, clock.day_at(now, place.time_zone)).limit(1))
        ]


def _bookings(location_id: int, today: date) -> Query:
    """Bookings of the location with late payments that nobody was told of."""
    late = select(Payment.booking_id).where(Payment.paid_on < today, UNTOLD)
    here = select(Booking.id).where(Booking.location_id == location_id, Booking.id.in_(late))
    return here.order_by(Booking.id)
