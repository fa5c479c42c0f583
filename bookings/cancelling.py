"""Cancelling a booking, and taking it up again.

Cancelling closes the lines; what the agency keeps is one line, the cancellation fee, which cleared
money fills first; the rest is credit to refund. The nights are free again. Reactivating restores
the schedule, if the nights still are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from audit.chain import Entry, Origin
from bookings import mails
from bookings.availability import Span, free_nights, take_nights
from bookings.commands import CancelBooking
from bookings.errors import AlreadyCancelled, ExternalPaymentPresent, FeeTooHigh, NotCancelled
from bookings.models import Stay
from bookings.offers import offers
from bookings.prices import Rule
from bookings.schedule import CANCELLATION_FEE, cancellation_fee
from kit import clock
from partners.authentication import Caller
from payments.account import Account, Clock, LineRow, open_account
from payments.allocation import DEPOSIT
from payments.saving import Change, Saved, add_lines, save
from payments.standing import Standing


def cancel_booking(
    connection: Connection,
    order: CancelBooking,
    origin: Origin,
    caller: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Saved:
    """Cancel in the caller's transaction. `caller` None is the desk or the worker, which have
    asked for the permission to cancel over external payments themselves.

    Raises BookingUnknown, AlreadyCancelled, FeeTooHigh and, for a partner, ExternalPaymentPresent.
    """
    account = open_account(connection, order.booking_id, caller, clock_of)
    _refuse(account, order, caller)
    mail = mails.booking_cancelled if order.send_email else None
    return close(connection, account, origin, order.reason, fee=order.fee, mail=mail)


def _refuse(account: Account, order: CancelBooking, caller: Caller | None) -> None:
    if account.booking.is_cancelled:
        raise AlreadyCancelled(order.booking_id)
    if caller is not None and (there := account.external):
        raise ExternalPaymentPresent(order.booking_id, [each.id for each in there])
    most = sum(line.amount for line in _asking(account))
    if order.fee is not None and order.fee > most:
        raise FeeTooHigh(account.money(most))


def if_cancelled(connection: Connection, account: Account, order: CancelBooking) -> Account:
    """The account as this order of the desk would leave it; nothing is held or written, and the
    line of a fee has a number that it will not keep. Raises AlreadyCancelled and FeeTooHigh."""
    _refuse(account, order, None)
    fee = order.fee
    if fee is None:
        fee = cancellation_fee(_asking(account), _rules(connection, account))
    number = max((line.id for line in account.lines), default=0) + 1
    closed = {line.id: line.amount for line in _asking(account)}
    lines = [LineRow(id=number, paid=0, closed_amount=None, **x) for x in _fee_line(account, fee)]
    there = account.standing.with_lines([line.plain for line in lines])
    standing = _without_lines(there, closed)
    amounts = {line.id: line.amount for line in standing.lines}
    return replace(
        account,
        booking=replace(account.booking, status="cancelled"),
        standing=standing,
        lines=tuple(
            replace(
                line,
                amount=amounts[line.id],
                paid=standing.on(line.id),
                closed_amount=closed.get(line.id, line.closed_amount),
            )
            for line in (*account.lines, *lines)
        ),
    )


def _without_lines(standing: Standing, closed: Iterable[int]) -> Standing:
    """The standing when these lines ask for nothing: their money fills what is left, the fee."""
    return standing.resized(dict.fromkeys(closed, 0)).use_credit()


def close(
    connection: Connection,
    account: Account,
    origin: Origin,
    reason: str | None,
    *,
    fee: int | None = None,
    mail: mails.Telling | None = None,
    action: str = "booking.cancelled",
    booking: Mapping[str, Any] | None = None,
) -> Saved:
    """Close an open account: lines, nights, status, mail. `fee` None: by the properties' rules;
    `booking` are further columns of the booking to set."""
    if fee is None:
        fee = cancellation_fee(_asking(account), _rules(connection, account))
    closed = {line.id: {"closed_amount": line.amount} for line in _asking(account)}
    account = add_lines(connection, account, _fee_line(account, fee))
    standing = _without_lines(account.standing, closed)
    entry = Entry(
        action,
        {},
        {},
        {"fee": fee, "external": [each.id for each in account.external]},
        severity="high" if account.external else "medium",
        reason=reason,
    )
    free_nights(connection, account.booking.id)
    change = Change(
        standing=standing,
        cause="cancellation",
        status="cancelled",
        booking=booking or {},
        lines=closed,
        messages=mail(account, standing, fee) if mail else (),
        entry=entry,
    )
    return save(connection, account, change, origin)


def _asking(account: Account) -> list[LineRow]:
    return [line for line in account.lines if line.closed_amount is None]


def _rules(connection: Connection, account: Account) -> dict[int, Rule]:
    """The payment rules of the booking's properties; of one that an amendment dropped only while a
    line of it still asks for something."""
    booked = {stay.property_id for stay in account.stays}
    asking = {line.property_id for line in account.lines if line.amount}
    found = offers(connection, {each for each in booked | asking if each is not None}, None)
    return {each: offer.rule for each, offer in found.items() if offer.rule is not None}


def _fee_line(account: Account, fee: int) -> list[dict[str, Any]]:
    line = {
        "name": "Cancellation fee",
        "kind": CANCELLATION_FEE,
        "stage": DEPOSIT,
        "property_id": None,
    }
    return [{**line, "amount": fee, "due_on": account.today}] if fee else []


def reactivate_booking(
    connection: Connection,
    booking_id: int,
    origin: Origin,
    caller: Caller | None = None,
    clock_of: Clock = clock.now,
    reason: str | None = None,
) -> Saved:
    """Take a cancelled booking up again: the schedule as it was, the money back on its lines, the
    nights held anew. It is provisional until stage 1 is paid or promised.

    Raises BookingUnknown, NotCancelled and NightsTaken, which names the bookings that have them.
    """
    account = open_account(connection, booking_id, caller, clock_of)
    if not account.booking.is_cancelled:
        raise NotCancelled(booking_id, account.booking.status)
    take_nights(connection, booking_id, _spans(connection, booking_id), name_holders=True)
    fees = [line for line in _asking(account) if line.kind == CANCELLATION_FEE]
    back = [
        line
        for line in account.lines
        if line.closed_amount is not None and line.kind != CANCELLATION_FEE
    ]
    amounts = {line.id: line.closed_amount or 0 for line in back} | {line.id: 0 for line in fees}
    lines: dict[int, dict[str, Any]] = {line.id: {"closed_amount": None} for line in back}
    lines |= {line.id: {"closed_amount": line.amount} for line in fees}
    standing = account.standing.resized(amounts).use_credit()
    status = account.reopened(standing)
    change = Change(
        standing=standing,
        cause="cancellation",
        status=status,
        lines=lines,
        held_anew=True,
        entry=Entry("booking.reactivated", {}, {}, {}, severity="medium", reason=reason),
    )
    return save(connection, account, change, origin)


def _spans(connection: Connection, booking_id: int) -> list[Span]:
    query = select(Stay.property_id, Stay.arrives_on, Stay.leaves_on)
    mine = query.where(Stay.booking_id == booking_id, Stay.dropped_at.is_(None))
    return [Span("booking_id", *row) for row in connection.execute(mine.order_by(Stay.id))]
