"""Putting a tag on a booking, and taking it off, at the desk.

Payments and partners change tags as part of what they do; here it is all that is done. Doing what
is done already changes nothing and is not logged.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from audit.chain import Entry, Origin
from kit import clock
from payments.account import Account, Clock, open_account
from payments.saving import Change, save
from tags.errors import NoSuchTag
from tags.models import BookingTag, Tag


def put_tag(
    connection: Connection,
    booking_id: int,
    tag_id: int,
    origin: Origin,
    clock_of: Clock = clock.now,
) -> str | None:
    """Put a tag on a booking; its name, None when it stood there already. A website booking in
    progress is held from now on. Raises BookingUnknown and NoSuchTag."""
    account = open_account(connection, booking_id, None, clock_of)
    name, stands = _found(connection, booking_id, tag_id)
    if stands:
        return None
    row = {"booking_id": booking_id, "tag_id": tag_id, "added_at": account.now}
    connection.execute(insert(BookingTag), [row])
    _log(connection, account, Entry("booking.tagged", {}, {}, {"tags_added": [tag_id]}), origin)
    return name


def take_tag_off(
    connection: Connection,
    booking_id: int,
    tag_id: int,
    origin: Origin,
    clock_of: Clock = clock.now,
) -> str | None:
    """Take a tag off a booking; its name, None when it was not there. Raises BookingUnknown and
    NoSuchTag."""
    account = open_account(connection, booking_id, None, clock_of)
    name, stands = _found(connection, booking_id, tag_id)
    if not stands:
        return None
    mine = (BookingTag.booking_id == booking_id, BookingTag.tag_id == tag_id)
    connection.execute(delete(BookingTag).where(*mine))
    _log(connection, account, Entry("booking.untagged", {}, {}, {"tags_removed": [tag_id]}), origin)
    return name


def _found(connection: Connection, booking_id: int, tag_id: int) -> tuple[str, bool]:
    """The tag's name, and whether it stands on the booking."""
    stands = select(BookingTag.tag_id).where(
        BookingTag.booking_id == booking_id, BookingTag.tag_id == Tag.id
    )
    query = select(Tag.name, stands.exists().label("stands")).where(Tag.id == tag_id)
    row = connection.execute(query).first()
    if row is None:
        raise NoSuchTag(tag_id)
    return row.name, bool(row.stands)


def _log(connection: Connection, account: Account, entry: Entry, origin: Origin) -> None:
    """Tags move no money; partners who synchronise see that the booking changed."""
    save(connection, account, Change(standing=account.standing, entry=entry), origin)
