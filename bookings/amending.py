"""Amending a booking: its items, dates and guests, and the schedule as bookings.amendment says.

Money on lines that shrink is credit; payments themselves are never touched (product section 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, select, update

from audit.chain import Entry, Origin
from bookings.amendment import Amendment, Item, Terms, amended
from bookings.availability import take_nights
from bookings.commands import AmendBooking, ExtraWish, StayWish
from bookings.contacts import write_contact
from bookings.errors import AmendOfCancelled
from bookings.models import Booking, BookingExtra, Guest, Stay
from bookings.offers import offers
from bookings.prices import ExtraOnOffer, ExtraPrice, Offer, price_of
from bookings.quoting import Agreed, Quote, quote
from bookings.schedule import Due
from bookings.stays import insert_stay, update_stay
from kit import clock
from kit.errors import Refused
from partners.authentication import Caller
from payments.account import Account, Clock, open_account
from payments.saving import Change, Saved, add_lines, save, unchanged

NOTHING = Amendment(0, (), {}, {})


@dataclass(frozen=True, slots=True)
class Stored:
    """A stay as it is stored, with what was ordered for it."""

    row: Any
    extras: tuple[ExtraPrice, ...]

    @property
    def is_dropped(self) -> bool:
        return self.row.dropped_at is not None

    @property
    def agreed(self) -> Agreed:
        row = self.row
        return Agreed(
            arrives_on=row.arrives_on,
            accommodation=row.accommodation,
            nights=(row.leaves_on - row.arrives_on).days,
            extras={x.id: ExtraOnOffer(x.id, x.name, x.price) for x in self.extras},
            insurance=row.insurance if row.breakages == "insurance" else None,
            tax_rate=row.tax_rate,
        )

    def item(self, offer: Offer) -> Item:
        """What it costs, by what was agreed on; the days of the rule are today's."""
        row, ordered = self.row, [(each.id, each.quantity) for each in self.extras]
        days = (row.arrives_on, row.leaves_on)
        agreed = self.agreed.over(offer)
        price = price_of(agreed, *days, ordered, row.breakages, row.accommodation)
        return Item(price, row.breakages)

    def complete(self, wish: StayWish) -> StayWish:
        """The wish with what it leaves out as it is stored."""
        same = ("adults", "children", "infants", "pets", "breakages", "commission_type")
        kept = {name: getattr(self.row, name) for name in same if getattr(wish, name) is None}
        return replace(wish, **kept, extras=self._merged(wish.extras or ()))

    def _merged(self, wanted: Sequence[ExtraWish]) -> tuple[ExtraWish, ...]:
        """What is ordered already, with the quantities that are wanted now, and what is new."""
        numbered = (replace(x, at=n if x.at is None else x.at) for n, x in enumerate(wanted))
        new = {each.extra: each for each in numbered}
        for each in self.extras:
            wish = new.get(each.id)
            if wish is None or wish.quantity is None:
                new[each.id] = ExtraWish(extra=each.id, quantity=each.quantity)
        had = [new.pop(each.id) for each in self.extras]
        return (*had, *new.values())


def amend_booking(
    connection: Connection,
    order: AmendBooking,
    origin: Origin,
    caller: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Saved:
    """Amend in the caller's transaction; `caller` None is the desk.

    Raises BookingUnknown, AmendOfCancelled, NightsTaken and what `quote` raises or refuses.
    """
    account = open_account(connection, order.booking_id, caller, clock_of)
    if account.booking.is_cancelled:
        raise AmendOfCancelled(order.booking_id)
    if not (order.stays or order.notes or order.contact):
        return unchanged(account)
    _write_texts(connection, order)
    if not order.stays:
        change = Change(standing=account.standing, cause="amendment", entry=_entry(order))
        return save(connection, account, change, origin)
    stored = _stored(connection, order.booking_id)
    found = _quote(connection, account, order, stored)
    take_nights(connection, order.booking_id, found.spans, name_holders=caller is None)
    Refused.if_any(found.refusals)
    offered = offers(connection, stored, None)
    before = [stay.item(offered[each]) for each, stay in stored.items() if not stay.is_dropped]
    after = [Item(stay.price, stay.wish.breakages or "none") for stay in found.stays]
    _write_stays(connection, account, found, stored)
    amendment = NOTHING
    if not account.booking.is_owners:
        terms = _terms(connection, account, found, offered)
        amendment = amended(account.lines, before, after, terms)
    entry = _entry(order, before, after, amendment.difference)
    return _save(connection, account, order, found, amendment, entry, origin)


def _entry(
    order: AmendBooking,
    before: Sequence[Item] = (),
    after: Sequence[Item] = (),
    difference: int | None = None,
) -> Entry:
    """What the event log says: the names of texts that changed, ids, days and amounts."""
    fields = sorted([*order.notes, *order.contact])
    was, is_now = ([[i.property_id, i.price.arrives_on, i.price.base] for i in items]
                   for items in (before, after))  # fmt: skip
    told: dict[str, Any] = {"fields": fields} if fields or difference is None else {}
    if difference is None:
        return Entry("booking.amended", {}, {}, told, reason=order.reason)
    told |= {"stays": is_now, "difference": difference}
    return Entry("booking.amended", {}, {"stays": was}, told, reason=order.reason)


def _terms(
    connection: Connection, account: Account, found: Quote, offered: Mapping[int, Offer]
) -> Terms:
    rules = {each: offer.rule for each, offer in offered.items() if offer.rule is not None}
    agreed = {each.balance_due_on for each in account.payments if each.state == "cleared"}
    earlier = select(Booking.not_taken_off).where(Booking.id == account.booking.id)
    return Terms(
        rules=rules | {price.property_id: price.rule for price in found.prices},
        today=account.today,
        agreed=frozenset(day for day in agreed if day is not None),
        not_taken_off=connection.execute(earlier).scalar_one(),
    )


def _write_texts(connection: Connection, order: AmendBooking) -> None:
    """Notes, and the guest's name and addresses."""
    mine = Booking.id == order.booking_id
    if order.notes:
        connection.execute(update(Booking).where(mine).values(order.notes))
    if order.contact:
        write_contact(connection, order.booking_id, order.contact)


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
    connection: Connection, account: Account, order: AmendBooking, stored: Mapping[int, Stored]
) -> Quote:
    """The new prices, at this booking's location; what it has already keeps its price, but for a
    property that an earlier amendment took out."""
    there = {each: stay for each, stay in stored.items() if not stay.is_dropped}
    wishes = [
        there[wish.property].complete(wish) if wish.property in there else wish
        for wish in order.stays
    ]
    return quote(
        connection,
        wishes,
        frozenset({account.booking.location_id}),
        owners=account.booking.is_owners,
        agreed={each: stay.agreed for each, stay in there.items()},
        now=account.now,
    )


def _write_stays(
    connection: Connection, account: Account, found: Quote, stored: dict[int, Stored]
) -> None:
    booking_id, owners = account.booking.id, account.booking.is_owners
    for stay in found.stays:
        if was := stored.get(stay.offer.property_id):
            update_stay(connection, booking_id, stay, at_no_cost=owners, is_back=was.is_dropped)
        else:
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
    amendment: Amendment,
    entry: Entry,
    origin: Origin,
) -> Saved:
    rows = [{n: getattr(due, n) for n in Due.__dataclass_fields__} for due in amendment.new_lines]
    account = add_lines(connection, account, rows)
    standing = account.standing.resized(amendment.amounts).use_credit()
    change = Change(
        standing=standing,
        cause="amendment",
        status=account.confirmed(standing, account.coming),
        booking={
            "arrives_on": min(stay.wish.arrives_on for stay in found.stays),
            "leaves_on": max(stay.wish.leaves_on for stay in found.stays),
            "not_taken_off": amendment.not_taken_off,
        },
        lines=_columns(amendment),
        entry=entry,
    )
    return save(connection, account, change, origin)


def _columns(amendment: Amendment) -> dict[int, dict[str, Any]]:
    """New due days and properties, by line."""
    columns: dict[int, dict[str, Any]] = {}
    for line_id, day in amendment.due_on.items():
        columns.setdefault(line_id, {})["due_on"] = day
    for line_id, property_id in amendment.heirs.items():
        columns.setdefault(line_id, {})["property_id"] = property_id
    return columns
