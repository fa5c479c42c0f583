"""Reading for the page where a payment is typed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import Session

from bookings.models import Booking, Contact
from desk.access import me, within
from desk.bookings.searching import hits
from desk.owing import promised_to_lines, still_open
from kit import clock
from kit.money import Money
from locations.models import Location
from partners.answers import who_hears
from payments import policies, queries
from payments.account import Account, LineRow, read_account
from payments.allocation import OpenLine, promised, rank
from payments.facts import DeskMethod
from tags.models import BookingTag, Tag

MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class Counter:
    """Everything the page knows of a booking before something is typed in. `then` are its lines as
    they will be when all that is promised has come (none of a cancelled booking: there it will be
    credit), `allowed` the methods that may be chosen, `kept_out` the names of the others by why
    not; `warnings` are tags (name, colour) that say a payment failed, `hear` the names of partners
    that will be told."""

    account: Account
    then: Sequence[OpenLine]
    methods: Sequence[DeskMethod]
    allowed: Sequence[DeskMethod]
    kept_out: Mapping[str, Sequence[str]]
    warnings: Sequence[tuple[str, str]]
    hear: Sequence[str]

    @property
    def log_count(self) -> int:
        return self.account.booking.log_count

    @property
    def outstanding(self) -> Money:
        """What is not paid: open and promised."""
        account = self.account
        return account.money(account.standing.total - account.standing.paid)

    @property
    def open(self) -> Money:
        """What is neither paid nor promised."""
        return self.account.money(sum(line.open for line in self.then))

    @property
    def due(self) -> Money:
        """What is open and due by today."""
        due = (line for line in self.then if line.due_on <= self.account.today)
        return self.account.money(sum(line.open for line in due))

    @property
    def lines_to_fill(self) -> list[tuple[LineRow, Money]]:
        """The lines that money can fill, and what is outstanding of each."""
        return [
            (line, self.account.money(line.amount - line.paid))
            for line in self.account.lines
            if line.amount > line.paid
        ]

    @property
    def takes_tips(self) -> bool:
        return any(method.takes_tips for method in self.allowed)


def counter(session: Session, booking_id: int) -> Counter:
    """Raises BookingUnknown for a booking out of the person's reach."""
    connection = session.connection()
    account = read_account(connection, booking_id, me().locations, clock.now())
    place = account.booking.location_id
    methods = queries.desk_methods(connection, place)
    allowed, others = policies.at_the_desk(methods)
    kept_out: dict[str, list[str]] = defaultdict(list)
    for method, why in others:
        kept_out[_why(method, why)].append(method.name)
    return Counter(
        account=account,
        then=_then(account),
        methods=methods,
        allowed=allowed,
        kept_out=kept_out,
        warnings=_warnings(connection, booking_id),
        hear=[name for _, name in who_hears(session, place, "payment.recorded")],
    )


def _then(account: Account) -> list[OpenLine]:
    if account.booking.is_cancelled:
        return []
    coming = [(each.amount, rank(each.asked, each.property_id)) for each in account.coming]
    return promised(account.standing.open, coming)


def currency_of(connection: Connection, booking_id: int) -> str:
    query = select(Booking.currency).where(Booking.id == booking_id)
    return str(connection.execute(query).scalar_one())


def _why(method: DeskMethod, why: policies.Ban) -> str:
    """What comes from outside and is never typed in has a sentence of its own."""
    if why == "never_typed_in" and method.from_outside:
        return "comes_from_outside"
    return why


def _warnings(connection: Connection, booking_id: int) -> list[tuple[str, str]]:
    query = select(Tag.name, Tag.colour).join(BookingTag, BookingTag.tag_id == Tag.id)
    failed = query.where(BookingTag.booking_id == booking_id, Tag.role == "payment_failed")
    return [(row.name, row.colour) for row in connection.execute(failed)]


@dataclass(frozen=True, slots=True)
class Found:
    """A booking that a search found."""

    id: int
    account_identifier: str
    status: str
    guest: str
    location: str
    open: Money


def find(session: Session, words: str, *also: ColumnElement[bool]) -> list[Found]:
    """The newest bookings that what was typed may mean, of those that are `also` so; one whose
    number or account identifier it is stands alone."""
    columns: list[Any] = [Booking.id, Booking.account_identifier, Booking.status,
                          Contact.first_name, Contact.last_name, Location.name,
                          Booking.total, Booking.paid, promised_to_lines(),
                          Booking.currency]  # fmt: skip
    query = (
        select(*columns)
        .join(Contact, Contact.id == Booking.contact_id)
        .join(Location, Location.id == Booking.location_id)
        .where(within(Booking.location_id), Booking.id.in_(select(hits(words).c.id)), *also)
        .order_by(Booking.id.desc())
        .limit(MOST_FOUND)
    )
    found = [
        Found(row[0], row[1], row[2], f"{row[3]} {row[4]}".strip(), row[5],
              Money(still_open(row[6], row[7], row[8]), row[9]))
        for row in session.execute(query)
    ]  # fmt: skip
    exact = [each for each in found if words in (str(each.id), each.account_identifier)]
    return exact if len(exact) == 1 else found
