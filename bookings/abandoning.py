"""Abandoned bookings: begun on a website, never paid for. Their nights must not stay blocked.

A booking is abandoned when it is provisional, carries the tag of role website_booking_in_progress,
and nothing was accepted for it (cleared, deferred or uncleared) within its location's hold, which
is counted from the latest of its creation, the adding of the tag and its last failed attempt.
While its guest is on a provider's page to pay, it waits: they have until the page closes.

The worker asks without a lock which bookings may be; each is then looked at again under its own
lock, the same that a payment takes. So a payment at that very moment either comes first, and the
booking stays, or finds it cancelled.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, Connection, exists, func, literal_column, select

from audit.chain import SYSTEM
from audit.models import LogEntry
from bookings import mails
from bookings.cancelling import close
from bookings.models import Booking
from kit import clock
from kit.db import reading
from kit.sql import Query
from locations.models import Location
from outbox.worker import one_by_one
from payments.account import Account, Clock, open_account
from payments.gateways.models import PENDING_MONEY, CardIntent
from payments.intents import pending_money
from payments.models import Payment
from tags.models import IN_PROGRESS, BookingTag, Tag

BATCH = 50
IN_PARTS = {"yield_per": 500}
ABANDONED = "booking.abandoned"
CLOSING = (ABANDONED, "booking.cancelled")
ACCEPTED = "state IN ('cleared', 'uncleared', 'deferred')"

log = structlog.get_logger()


def cancel_abandoned(clock_of: Clock = clock.now) -> int:
    """Cancel the bookings that are abandoned now, a batch of them; how many were cancelled."""
    return one_by_one(_candidates(clock_of()), partial(abandon, clock_of=clock_of))


def abandon(connection: Connection, booking_id: int, clock_of: Clock = clock.now) -> bool:
    """Cancel the booking if it really is abandoned, judged under its lock; whether it was.

    The guest is invited once to take it up again.
    """
    account = open_account(connection, booking_id, None, clock_of)
    ends = hold_of(connection, account)
    if ends is None or ends > account.now or pending_money(connection, booking_id):
        return False
    first = connection.scalar(select(Booking.abandoned_at).where(Booking.id == booking_id)) is None
    close(
        connection,
        account,
        SYSTEM,
        None,
        fee=0,
        mail=mails.re_engagement if first else None,
        action=ABANDONED,
        booking={"abandoned_at": account.now} if first else {},
    )
    log.info("booking_abandoned", booking=booking_id)
    return True


def hold_of(connection: Connection, account: Account) -> datetime | None:
    """When the hold of a website booking in progress ends; None for a booking that is none, or that
    something was accepted for."""
    if not is_in_progress(account):
        return None
    row = connection.execute(held_from().where(Booking.id == account.booking.id)).one()
    return held_until(row.created_at, row.added_at, row.failed_at, row.hold_minutes)


def is_in_progress(account: Account) -> bool:
    """Whether a guest is just booking it on a website: it has the tag, and nothing was accepted for
    it. The tag may stay after that; then it means nothing any more."""
    if account.booking.status != "provisional" or IN_PROGRESS not in account.roles:
        return False
    return all(each.state in ("failed", "void") for each in account.payments)


def was_abandoned(connection: Connection, account: Account) -> bool:
    """Whether it is the worker that has cancelled the booking, and no person since."""
    if not account.booking.is_cancelled:
        return False
    last = (
        select(LogEntry.action)
        .where(LogEntry.chain == account.booking.id, LogEntry.action.in_(CLOSING))
        .order_by(LogEntry.no.desc())
        .limit(1)
    )
    return connection.scalar(last) == ABANDONED


def held_until(
    created_at: datetime, added_at: datetime | None, failed_at: datetime | None, minutes: int
) -> datetime:
    """When the hold of a website booking ends: pure."""
    latest = max(moment for moment in (created_at, added_at, failed_at) if moment is not None)
    return latest + timedelta(minutes=minutes)


def accepted() -> ColumnElement[bool]:
    """Whether something was accepted for the row of bookings."""
    mine = Payment.booking_id == Booking.id
    return exists().where(mine, literal_column(f"payments.{ACCEPTED}"))


def paying() -> ColumnElement[bool]:
    """Whether money of the guest of the row of bookings may be moving just now."""
    pending: ColumnElement[bool] = literal_column(f"({PENDING_MONEY})")
    return exists().where(CardIntent.booking_id == Booking.id, pending)


def held_from() -> Query:
    """Bookings with the tag, and all that their hold is counted from."""
    failed = select(func.max(Payment.created_at)).where(
        Payment.booking_id == Booking.id, literal_column("payments.state = 'failed'")
    )
    return (
        select(
            Booking.id,
            Booking.created_at,
            BookingTag.added_at,
            failed.scalar_subquery().label("failed_at"),
            Location.hold_minutes,
        )
        .join(BookingTag, BookingTag.booking_id == Booking.id)
        .join(Tag, Tag.id == BookingTag.tag_id)
        .join(Location, Location.id == Booking.location_id)
        .where(Tag.role == IN_PROGRESS)
    )


def _candidates(now: datetime) -> list[int]:
    """Bookings that look abandoned, the oldest first."""
    waiting = held_from().where(Booking.status == "provisional", ~accepted(), ~paying())
    query = waiting.order_by(Booking.id)
    found: list[int] = []
    with reading() as session, session.execute(query, execution_options=IN_PARTS) as rows:
        for row in rows:
            if held_until(row.created_at, row.added_at, row.failed_at, row.hold_minutes) <= now:
                found.append(row.id)
            if len(found) == BATCH:
                break
    return found
