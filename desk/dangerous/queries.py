"""Reading the report of dangerous operations.

One statement brings the rows with what stands around them (how many of each kind, what can be
chosen): a page of the desk has few journeys to the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from audit.models import LogEntry
from audit.reading import NEWEST, AboutPartner, AboutPayment, AboutRefunded, external_payments
from bookings.models import Booking
from desk.dangerous.kinds import DELETION, KINDS, PERMISSION, POLICY, is_dangerous, kind_of, title
from desk.log.choices import Choices, choosing, of_row
from desk.log.filters import number
from desk.log.queries import at_locations, visible
from desk.log_words import Names, changes
from desk.logged import LoggedEntry
from desk.paging import Slice, keyset
from desk.words import _
from kit.money import Money
from kit.sql import IsAmong, Query, rows_of
from partners.answers import PartnerAnswer, answers_to
from payments.models import Payment

PERIODS: Mapping[int, str] = {
    7: _("Last 7 days"),
    30: _("Last 30 days"),
    90: _("Last 90 days"),
    365: _("Last 365 days"),
    0: _("All time"),
}
USUAL = 30
WITH_ANSWERS = ("payment.deleted", "payment.refunded")
OF_CARDS = (
    "card.charged",
    "card.refused",
    "card.settled_by_hand",
    "payment.cleared",
    "payment.failed",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for: of how many days (0: all), by whom, about which partner, where."""

    days: int = USUAL
    person: int | None = None
    partner: int | None = None
    location: int | None = None

    @property
    def args(self) -> dict[str, int]:
        given = {"days": self.days if self.days != USUAL else None, "person": self.person,
                 "partner": self.partner, "location": self.location}  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the report. `on` is what it was done to, `path` its page where it has one; `told`
    says what changed, `answers` what partners answered; `amount` None is of nothing with money."""

    entry: LoggedEntry
    kind: str
    title: str
    told: str
    on: str
    path: str | None
    amount: Money | None
    zone: str
    where: str
    answers: Sequence[str] = ()

    @property
    def payment_id(self) -> int | None:
        found = self.entry.about.get("payment")
        return found if isinstance(found, int) else None


@dataclass(frozen=True, slots=True)
class Report:
    """A page of the report, with how many operations of each kind there are in all."""

    operations: Sequence[Operation]
    slice: Slice
    counts: Mapping[str, int]
    choices: Choices

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def filters(given: Mapping[str, str]) -> Filters:
    """Those of an address; what cannot be read is passed over."""
    days = {str(days): days for days in PERIODS}
    return Filters(
        days=days.get(given.get("days", "").strip(), USUAL),
        person=number(given.get("person")),
        partner=number(given.get("partner")),
        location=number(given.get("location")),
    )


def report(session: Session, asked: Filters, now: datetime) -> Report:
    """The page of the report that the request's address names. Two statements at most."""
    conditions = _conditions(asked, now)
    head = (*choosing().selected_columns, _counts(conditions))
    slice_ = keyset(session, _rows(conditions).add_columns(*head), NEWEST)
    around = slice_.rows[0] if slice_.rows else session.execute(select(*head)).one()
    there = of_row(around)
    found = dict(map(tuple, around.counts))
    return Report(
        operations=operations(session, slice_.rows, there),
        slice=slice_,
        counts={kind: found.get(kind, 0) for kind in KINDS},
        choices=there,
    )


def listed(asked: Filters, now: datetime) -> Query:
    """All operations that are wanted and in reach, without an order."""
    return _rows(_conditions(asked, now))


def operations(session: Session, rows: Sequence[Any], choices: Choices) -> list[Operation]:
    """Some rows of `listed` as they are told."""
    answers = _answers(session, rows)
    return [_operation(row, choices, answers) for row in rows]


def _conditions(asked: Filters, now: datetime) -> list[ColumnElement[bool]]:
    found = [is_dangerous(), visible()]
    if asked.days:
        found.append(LogEntry.at >= now - timedelta(days=asked.days))
    if asked.person is not None:
        found += [LogEntry.actor_kind == "person", LogEntry.actor_id == asked.person]
    if asked.partner is not None:
        found.append(_of_partner(asked.partner))
    if asked.location is not None:
        found.append(at_locations([asked.location]))
    return found


def _of_partner(partner_id: int) -> ColumnElement[bool]:
    """Done by the partner, to it, or to a payment of its."""
    body = LogEntry.body
    its = and_(
        Payment.booking_id == LogEntry.chain,
        Payment.partner_id == partner_id,
        or_(
            Payment.id == AboutPayment(body),
            Payment.id == AboutRefunded(body),
            IsAmong(Payment.id, external_payments()),
        ),
    )
    by_it = and_(LogEntry.actor_kind == "partner", LogEntry.actor_id == partner_id)
    return or_(by_it, AboutPartner(body) == partner_id, exists().where(its))


def _rows(conditions: Sequence[ColumnElement[bool]]) -> Query:
    external = select(func.sum(Payment.amount)).where(
        Payment.booking_id == LogEntry.chain,
        IsAmong(Payment.id, external_payments()),
    )
    query: Query = (
        select(
            LogEntry.id,
            LogEntry.chain,
            LogEntry.no,
            LogEntry.at,
            LogEntry.body,
            kind_of().label("kind"),
            Booking.location_id,
            Booking.currency,
            external.correlate(LogEntry).scalar_subquery().label("external"),
        )
        .outerjoin(Booking, Booking.id == LogEntry.chain)
        .where(*conditions)
    )
    return query


def _counts(conditions: Sequence[ColumnElement[bool]]) -> Any:
    """How many there are of each kind, as one value."""
    kind: Any = kind_of().label("kind")
    counted: Select[Any] = (
        select(kind, func.count(LogEntry.id).label("count"))
        .outerjoin(Booking, Booking.id == LogEntry.chain)
        .where(*conditions)
        .group_by(kind)
    )
    there = counted.subquery()
    return rows_of(select(there.c.kind, there.c.count)).label("counts")


def _answers(session: Session, rows: Sequence[Any]) -> Mapping[int, Sequence[PartnerAnswer]]:
    """What partners answered to deletions and refunds, by the payment."""
    entries = [LoggedEntry.of_row(row) for row in rows]
    payments = {each.about.get("payment") for each in entries if each.action in WITH_ANSWERS}
    return answers_to(session, None, [each for each in payments if isinstance(each, int)])


def _operation(
    row: Any, choices: Choices, answers: Mapping[int, Sequence[PartnerAnswer]]
) -> Operation:
    entry = LoggedEntry.of_row(row)
    names = Names(
        methods=choices.methods,
        locations={each.id: each.name for each in choices.places.values()},
        partners=choices.partners,
        people=choices.people,
    )
    on, path = _on(entry, choices)
    location = row.location_id or entry.about.get("location")
    location = location if isinstance(location, int) else None
    return Operation(
        entry=entry,
        kind=row.kind,
        title=title(entry, names),
        told=", ".join(changes(entry, names)) if _is_told(entry, row.kind) else "",
        on=on,
        path=path,
        amount=_amount(entry, row),
        zone=choices.zone_of(location),
        where=choices.where(location),
        answers=_answered(entry, row.kind, answers),
    )


def _is_told(entry: LoggedEntry, kind: str) -> bool:
    """Whether the row says what changed; of permissions the title says it."""
    return kind in (PERMISSION, POLICY) and entry.action != "staff.permissions_changed"


def _on(entry: LoggedEntry, choices: Choices) -> tuple[str, str | None]:
    """What it was done to, and the page of that."""
    if entry.chain:
        return str(entry.chain), f"/desk/bookings/{entry.chain}"
    about = entry.about
    known = (("person", choices.people), ("partner", choices.partners), ("method", choices.methods))
    for word, names in known:
        if word in about:
            return names.get(about[word], str(about[word])), None
    return "", None


def _amount(entry: LoggedEntry, row: Any) -> Money | None:
    """The money it was about, in the booking's currency."""
    after = entry.after
    minor: Mapping[str, Any] = {
        "payment.deleted": after.get("amount"),
        "payment.refunded": sum(after.get(part) or 0 for part in ("amount", "charges", "tip")),
        "booking.cancelled": row.external,
        "booking.amended": after.get("commission_waived"),
        **dict.fromkeys(OF_CARDS, after.get("amount")),
    }
    found = minor.get(entry.action)
    return Money(int(found), row.currency) if found and row.currency else None


def _answered(
    entry: LoggedEntry, kind: str, answers: Mapping[int, Sequence[PartnerAnswer]]
) -> list[str]:
    payment = entry.about.get("payment")
    there = [each for each in answers.get(payment or 0, ()) if each.event == entry.action]
    if not there and kind == DELETION:
        return [_("No partner was told: none listens.")]
    return [_answer(each) for each in there]


def _answer(answer: PartnerAnswer) -> str:
    if answer.status is not None:
        return _("%(name)s answered %(status)s", name=answer.partner, status=answer.status)
    if answer.problem:
        return _("%(name)s did not answer: %(why)s", name=answer.partner, why=answer.problem)
    return _("%(name)s has not been reached yet", name=answer.partner)
