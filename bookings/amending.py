"""Amending a booking: its items, dates and guests; and what that makes of its schedule.

While the new total stays within what was paid, nothing more is due: lines shrink from the last on,
and the money on them is credit. When it rises, the difference is one new line, due with the
balance. Payments themselves are never touched (product section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select, update

from audit.chain import Entry, Origin
from bookings.availability import take_nights
from bookings.commands import AmendBooking, ExtraWish, StayWish
from bookings.errors import AmendOfCancelled
from bookings.models import Booking, BookingExtra, Contact, Guest, Stay
from bookings.offers import offers
from bookings.prices import ExtraOnOffer, ExtraPrice, Rule, StayPrice
from bookings.quoting import Quote, quote
from bookings.schedule import balance_day, rent_of, shrunk
from bookings.stays import insert_stay, update_stay
from kit import clock
from kit.money import Money
from partners.authentication import Caller
from payments.account import Account, Clock, LineRow, open_account
from payments.allocation import BALANCE
from payments.saving import Change, Saved, add_lines, save

NOT_RENT = ("security_deposit", "cancellation_fee")


@dataclass(frozen=True, slots=True)
class Stored:
    """A stay as it is stored, with what was ordered for it."""

    row: Any
    extras: tuple[ExtraPrice, ...]

    @property
    def is_dropped(self) -> bool:
        return self.row.dropped_at is not None

    def price(self, rule: Rule, insurance: int) -> StayPrice:
        """What it costs, by what was agreed on then and the rule of today."""
        insured = insurance if self.row.breakages == "insurance" else 0
        arrives_on, cost = self.row.arrives_on, self.row.accommodation
        return StayPrice(self.row.property_id, arrives_on, cost, self.extras, insured, 0, rule)

    def complete(self, wish: StayWish, currency: str) -> StayWish:
        """The wish with what it leaves out as it is stored; prices agreed on stay."""
        row, same = self.row, ("adults", "children", "infants", "pets", "breakages",
                               "commission_type")  # fmt: skip
        kept = {name: getattr(row, name) for name in same if getattr(wish, name) is None}
        nights = (wish.leaves_on - wish.arrives_on) == (row.leaves_on - row.arrives_on)
        if wish.accommodation is None and nights and not self.is_dropped:
            kept["accommodation"] = Money(row.accommodation, currency).decimal
        if wish.extras is None:
            kept["extras"] = tuple(
                ExtraWish(extra=each.id, quantity=each.quantity) for each in self.extras
            )
        return replace(wish, **kept)


def amend_booking(
    connection: Connection,
    order: AmendBooking,
    origin: Origin,
    caller: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Saved:
    """Amend in the caller's transaction; `caller` None is the desk.

    Raises BookingUnknown, AmendOfCancelled, NightsTaken and what `quote` raises.
    """
    reached = None if caller is None else caller.locations
    account = open_account(connection, order.booking_id, reached, clock_of)
    if account.booking.is_cancelled:
        raise AmendOfCancelled(order.booking_id)
    _write_texts(connection, account, order)
    stored = _stored(connection, order.booking_id)
    if not order.stays:
        return save(connection, account, _unpriced(account, order), origin)
    found = _quote(connection, account, order, stored)
    take_nights(connection, order.booking_id, found.spans)
    _write_stays(connection, account, found, stored)
    before = _prices(connection, stored)
    return _save(connection, account, order, found, before, origin)


def _write_texts(connection: Connection, account: Account, order: AmendBooking) -> None:
    """Notes, and the guest's name and addresses."""
    mine = Booking.id == order.booking_id
    if order.notes:
        connection.execute(update(Booking).where(mine).values(order.notes))
    if order.contact:
        guest = select(Booking.contact_id).where(mine).scalar_subquery()
        connection.execute(update(Contact).where(Contact.id == guest).values(order.contact))


def _unpriced(account: Account, order: AmendBooking) -> Change:
    fields = sorted([*order.notes, *order.contact])
    entry = Entry("booking.amended", {}, {}, {"fields": fields}, reason=order.reason)
    return Change(standing=account.standing, cause="amendment", entry=entry)


def _stored(connection: Connection, booking_id: int) -> dict[int, Stored]:
    """All stays by property, dropped ones too."""
    extras: dict[int, list[ExtraPrice]] = {}
    ordered = select(BookingExtra.__table__).where(BookingExtra.booking_id == booking_id)
    for row in connection.execute(ordered.order_by(BookingExtra.id)):
        price = ExtraPrice(row.extra_id, row.name, row.quantity, row.price)
        extras.setdefault(row.property_id, []).append(price)
    stays = select(Stay.__table__).where(Stay.booking_id == booking_id).order_by(Stay.id)
    return {
        row.property_id: Stored(row, tuple(extras.get(row.property_id, ())))
        for row in connection.execute(stays)
    }


def _quote(
    connection: Connection, account: Account, order: AmendBooking, stored: dict[int, Stored]
) -> Quote:
    """The new prices, at this booking's location; what was ordered keeps its price and is on offer
    for this booking whatever the property offers now."""
    booking = account.booking
    wishes = [
        stored[wish.property].complete(wish, booking.currency) if wish.property in stored else wish
        for wish in order.stays
    ]
    ordered = {
        property_id: {x.id: ExtraOnOffer(x.id, x.name, x.price) for x in stay.extras}
        for property_id, stay in stored.items()
    }
    owners = booking.status == "blockout"
    here = frozenset({booking.location_id})
    return quote(connection, wishes, here, owners=owners, ordered=ordered)


def _prices(connection: Connection, stored: dict[int, Stored]) -> list[StayPrice]:
    """What the booking cost before, without security deposits."""
    there = {each: stay for each, stay in stored.items() if not stay.is_dropped}
    found = offers(connection, there, None)
    return [
        stay.price(found[each].rule or Rule(), found[each].insurance or 0)
        for each, stay in there.items()
    ]


def _write_stays(
    connection: Connection, account: Account, found: Quote, stored: dict[int, Stored]
) -> None:
    booking_id = account.booking.id
    for stay in found.stays:
        if stay.offer.property_id in stored:
            update_stay(connection, booking_id, stay)
        else:
            owners = account.booking.status == "blockout"
            insert_stay(connection, booking_id, stay, at_no_cost=owners)
    gone = [each for each in stored if each not in [s.offer.property_id for s in found.stays]]
    for model in (Guest, BookingExtra):
        mine = (model.booking_id == booking_id, model.property_id.in_(gone))
        connection.execute(delete(model).where(*mine))
    dropped = (Stay.booking_id == booking_id, Stay.property_id.in_(gone))
    connection.execute(update(Stay).where(*dropped).values(dropped_at=account.now))


def _save(
    connection: Connection,
    account: Account,
    order: AmendBooking,
    found: Quote,
    before: list[StayPrice],
    origin: Origin,
) -> Saved:
    owners = account.booking.status == "blockout"
    more = 0 if owners else rent_of(found.prices) - rent_of(before)
    arrives_on = min(stay.wish.arrives_on for stay in found.stays)
    days = {} if owners else _new_days(account, found, before, arrives_on)
    later = _balance_day(account, found, days, arrives_on)
    rows = [] if owners else _new_lines(account, found, more, later)
    account = add_lines(connection, account, rows)
    amounts = {} if owners else _new_amounts(account, found, more)
    standing = account.standing.resized(amounts).use_credit()
    change = Change(
        standing=standing,
        cause="amendment",
        status=account.confirmed(standing, account.coming),
        booking={
            "arrives_on": arrives_on,
            "leaves_on": max(stay.wish.leaves_on for stay in found.stays),
        },
        lines={line_id: {"due_on": day} for line_id, day in days.items()},
        entry=Entry(
            "booking.amended",
            {},
            {"stays": [[p.property_id, p.arrives_on, p.base] for p in before]},
            {"stays": [[p.property_id, p.arrives_on, p.base] for p in found.prices],
             "difference": more},
            reason=order.reason,
        ),
    )  # fmt: skip
    return save(connection, account, change, origin)


def _rent_lines(account: Account) -> list[LineRow]:
    open_ones = (line for line in account.lines if line.closed_amount is None)
    return [line for line in open_ones if line.kind not in NOT_RENT]


def _new_days(
    account: Account, found: Quote, before: list[StayPrice], arrives_on: date
) -> dict[int, date]:
    """Lines of the balance that were due by the old arrival are due by the new one; a day that was
    agreed on otherwise stays."""
    old = min((price.arrives_on for price in before), default=arrives_on)
    rules = {price.property_id: price.rule for price in [*found.prices, *before]}
    moved = {}
    for line in account.lines:
        rule = rules.get(line.property_id) if line.property_id is not None else None
        if rule is None or line.stage != BALANCE or line.paid == line.amount or old == arrives_on:
            continue
        if line.due_on == balance_day(rule, old, min(account.today, line.due_on)):
            moved[line.id] = balance_day(rule, arrives_on, account.today)
    return moved


def _balance_day(account: Account, found: Quote, days: dict[int, date], arrives_on: date) -> date:
    """When the balance of the amended booking is due: what is new falls due with it."""
    waiting = [days.get(x.id, x.due_on) for x in _rent_lines(account) if x.stage == BALANCE]
    rule = min((price.rule for price in found.prices), key=lambda rule: rule.balance_days)
    return max(
        [account.today, *waiting] if waiting else [balance_day(rule, arrives_on, account.today)]
    )


def _new_lines(account: Account, found: Quote, more: int, later: date) -> list[dict[str, Any]]:
    """What the guest owes now that was not in the schedule: rent, and security deposits."""
    only = found.prices[0].property_id if len(found.prices) == 1 else None
    line = {"stage": BALANCE, "due_on": later}
    rows = []
    if more > 0:
        rows.append({**line, "name": "Amendment", "kind": "amendment", "amount": more,
                     "property_id": only})  # fmt: skip
    for property_id, missing in _deposits(account, found).items():
        if missing > 0:
            rows.append({**line, "name": "Security Deposit", "kind": "security_deposit",
                         "amount": missing, "property_id": property_id})  # fmt: skip
    return rows


def _deposits(account: Account, found: Quote) -> dict[int, int]:
    """How much each property's security deposit rises, or falls."""
    wanted = {price.property_id: price.security_deposit for price in found.prices}
    for line in account.lines:
        if line.kind == "security_deposit" and line.property_id is not None:
            wanted[line.property_id] = wanted.get(line.property_id, 0) - line.amount
    return {each: difference for each, difference in wanted.items() if difference}


def _new_amounts(account: Account, found: Quote, more: int) -> dict[int, int]:
    """The lines that shrink: rent from the last on, and deposits nobody asks for any more."""
    amounts, _ = shrunk(_rent_lines(account), max(-more, 0))
    for property_id, difference in _deposits(account, found).items():
        mine = [line for line in account.lines
                if line.kind == "security_deposit" and line.property_id == property_id]  # fmt: skip
        left = max(-difference, 0)
        for line in reversed(mine):
            part = min(left, line.amount)
            amounts[line.id] = line.amount - part
            left -= part
    return amounts
