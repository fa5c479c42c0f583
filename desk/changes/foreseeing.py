"""What a change does to a booking: its account before and after, line by line.

A preview runs the real use case and takes it back (kit.db.undone), or asks the very rules by which
it works, so it never says anything else than what then happens. Amounts are Money of the booking's
currency.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from desk.access import me
from desk.forms import NONE, Slips, hold, of_refusal
from kit import clock
from kit.db import undone
from kit.errors import DomainError, Refused
from kit.money import Money
from payments.account import Account, LineRow, PaymentRow, read_account
from payments.errors import BookingBusy, BookingUnknown

Act = Callable[[Connection], object]


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of the schedule before and after; None where there is no such line, or it is due on no
    day then. `place` is the name of the property it is for, where there are several."""

    name: str
    place: str
    before: Money | None
    after: Money
    paid_before: Money
    paid_after: Money
    due_before: date | None
    due_on: date

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def difference(self) -> Money:
        return self.after - self.before if self.before else self.after

    @property
    def differs(self) -> bool:
        moved = self.due_before not in (None, self.due_on)
        return bool(self.difference.minor) or moved or self.paid_after != self.paid_before


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A booking's money before and after a change, whether it happened or only would."""

    was: Account
    is_now: Account

    @property
    def lines(self) -> list[LineChange]:
        """All lines that ask for something before or after, by due day then."""
        before = {line.id: line for line in self.was.lines}
        found = [(line, before.get(line.id)) for line in self.is_now.lines]
        shown = [pair for pair in found if pair[0].amount or (pair[1] and pair[1].amount)]
        shown.sort(key=lambda pair: (pair[0].due_on, pair[0].stage, pair[0].id))
        return [self._line(*pair) for pair in shown]

    def _line(self, line: LineRow, before: LineRow | None) -> LineChange:
        stays = [*self.was.stays, *self.is_now.stays]
        names = {stay.property_id: stay.property_name for stay in stays}
        return LineChange(
            name=line.name,
            place=names.get(line.property_id or 0, "") if len(names) > 1 else "",
            before=self.money(before.amount) if before else None,
            after=self.money(line.amount),
            paid_before=self.money(before.paid if before else 0),
            paid_after=self.money(line.paid),
            due_before=before.due_on if before else None,
            due_on=line.due_on,
        )

    def money(self, minor: int) -> Money:
        return self.was.money(minor)

    @property
    def closed(self) -> int:
        """How many lines ask for nothing then that asked for something before."""
        return sum(1 for line in self.lines if line.before and not line.after)

    @property
    def total(self) -> tuple[Money, Money]:
        return self.money(self.was.standing.total), self.money(self.is_now.standing.total)

    @property
    def open(self) -> tuple[Money, Money]:
        """What is still to be paid, before and after."""
        was, is_now = self.was.standing, self.is_now.standing
        return self.money(was.total - was.paid), self.money(is_now.total - is_now.paid)

    @property
    def credit(self) -> tuple[Money, Money]:
        return self.money(self.was.standing.credit), self.money(self.is_now.standing.credit)

    @property
    def released(self) -> Money:
        """What becomes credit, or (negative) what of it is used."""
        return self.credit[1] - self.credit[0]

    @property
    def more(self) -> Money:
        """What is still open of lines that are new: to be paid besides what was known before."""
        open_ = [line.after - line.paid_after for line in self.lines if line.is_new]
        return Money.sum(open_, self.was.booking.currency)

    @property
    def more_due_on(self) -> date | None:
        days = [x.due_on for x in self.lines if x.is_new and (x.after - x.paid_after).minor]
        return max(days, default=None)

    @property
    def less(self) -> Money:
        """How much less is to be paid now."""
        return self.open[0] - self.open[1]

    @property
    def is_within(self) -> bool:
        """Whether what was paid before is enough for all that is asked for then."""
        return not self.open[1].minor and bool(self.is_now.standing.paid)

    @property
    def becomes(self) -> str | None:
        """The booking's new status, if it changes."""
        after = self.is_now.booking.status
        return after if after != self.was.booking.status else None

    @property
    def external(self) -> list[PaymentRow]:
        return self.was.external

    @property
    def coming(self) -> list[PaymentRow]:
        return self.was.coming

    @property
    def differs(self) -> bool:
        return any(line.differs for line in self.lines) or bool(self.released.minor)


def changed(connection: Connection, booking_id: int, act: Act, seen: int | None = None) -> Foreseen:
    """Hold the booking for the person at the desk, change it, and say what became of it.

    Raises BookingUnknown, ChangedMeanwhile (`seen` as for `hold`) and what `act` raises."""
    hold(connection, booking_id, seen)
    was = read_account(connection, booking_id, me().locations, clock.now())
    act(connection)
    return Foreseen(was, read_account(connection, booking_id, me().locations, clock.now()))


def foresee(booking_id: int, act: Act, seen: int | None = None) -> tuple[Foreseen | None, Slips]:
    """What a change would do, and what it would be refused for; nothing is done."""
    try:
        with undone() as connection:
            return changed(connection, booking_id, act, seen), NONE
    except BookingUnknown:
        raise NotFound from None
    except BookingBusy:
        raise
    except (DomainError, Refused) as error:
        return None, about_it(of_refusal(error))


def by_the_rules(look: Callable[[], Foreseen]) -> tuple[Foreseen | None, Slips]:
    """What a change would do, and what it would be refused for; nothing is held or written."""
    try:
        return look(), NONE
    except (DomainError, Refused) as error:
        return None, about_it(of_refusal(error))


def about_it(slips: Slips) -> Slips:
    """What is wrong with the booking itself belongs to no field of its own page."""
    fields = {name: texts for name, texts in slips.fields.items() if name != "booking_id"}
    return Slips(fields, (*slips.all, *slips.fields.get("booking_id", ())))
