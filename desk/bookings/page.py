"""The page of one booking, put together from what was read: what its template shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from desk.bookings.next import Next, Situation, next_step
from desk.bookings.paying import Known, PaymentView, payments
from desk.bookings.reading import Found, deleted_at
from desk.bookings.schedule import Schedule, schedule
from desk.log_words import Names, PaymentWords, sentence
from desk.logged import LoggedEntry
from desk.words import LOCALE
from kit import clock
from kit.money import Money


@dataclass(frozen=True, slots=True)
class LogLine:
    """An entry of the log and its sentence."""

    entry: LoggedEntry
    text: str


@dataclass(frozen=True, slots=True)
class BookingPage:
    """All of it. `row` and the lists of `found` are shown as they are."""

    found: Found
    schedule: Schedule
    payments: Sequence[PaymentView]
    next: Next
    log: Sequence[LogLine]
    today: date
    credit: Money
    notes: Mapping[str, str]

    @property
    def row(self) -> Any:
        return self.found.row

    @property
    def guest(self) -> str:
        return f"{self.row.first_name} {self.row.last_name}".strip()

    @property
    def nights(self) -> int:
        return int((self.row.leaves_on - self.row.arrives_on).days)

    @property
    def is_cancelled(self) -> bool:
        return bool(self.row.status == "cancelled")

    @property
    def crediting(self) -> Sequence[PaymentView]:
        """The payments whose money is credit."""
        return [each for each in self.payments if each.credit.minor > 0]

    def money(self, minor: int) -> Money:
        return Money(minor, self.row.currency)


def page_of(found: Found, now: datetime) -> BookingPage:
    """What the page shows at this moment."""
    row = found.row
    today = clock.day_at(now, row.time_zone)
    coming = [each for each in found.payments if each.state in ("uncleared", "deferred")]
    is_cancelled = row.status == "cancelled"
    timeline = schedule(found.lines, coming, row.currency, today, is_cancelled=is_cancelled)
    known = Known(
        currency=row.currency,
        lines={line.id: line.name for line in found.lines},
        moved=found.moved,
        covers=timeline.covers,
        deleted=_deleted(found, now),
        today=today,
        usable=found.usable,
    )
    views = payments(found.payments, known)
    names = _names(found, known.lines)
    credit = Money(row.credit, row.currency)
    held = sum(line.paid for line in found.lines if line.kind == "security_deposit")
    situation = Situation(
        row.id, row.status, row.arrives_on, row.leaves_on, today, timeline, views, credit,
        Money(held, row.currency),
    )  # fmt: skip
    return BookingPage(
        found=found,
        schedule=timeline,
        payments=views,
        next=next_step(situation),
        log=[LogLine(entry, sentence(entry, names)) for entry in found.log.entries],
        today=today,
        credit=credit,
        notes={
            name: text
            for name in ("guest_notes", "housekeeper_notes", "internal_notes")
            if (text := getattr(row, name))
        },
    )


def _names(found: Found, lines: Mapping[int, str]) -> Names:
    """Everything that a booking's own log speaks of was read with the booking."""
    row = found.row
    return Names(
        methods={each.method_id: each.method for each in found.payments},
        lines=lines,
        tags={tag.id: tag.name for tag in (*found.tags, *found.other_tags)},
        locations={row.location_id: row.place},
        currencies={row.id: row.currency},
        payments={each.id: PaymentWords(each.method, each.paid_on) for each in found.payments},
    )


def _deleted(found: Found, now: datetime) -> dict[int, str]:
    zone = found.row.time_zone
    void = [each.id for each in found.payments if each.state == "void"]
    when = {each: deleted_at(found.log, each) for each in void}
    return {each: brief(at, zone, now) for each, at in when.items() if at is not None}


def brief(instant: datetime, zone: str, now: datetime) -> str:
    """ "20 Nov 09:14" at an IANA zone; with the year when it is another one."""
    there, today = instant.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    pattern = "d MMM HH:mm" if there.year == today.year else "d MMM y, HH:mm"
    return format_datetime(there, pattern, locale=LOCALE)
