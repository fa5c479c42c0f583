"""Reading one payment with everything that hangs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from audit.models import LogEntry
from audit.reading import AboutPayment, AboutRefunded
from bookings.models import Booking, Contact, ScheduleLine
from desk.access import within
from desk.cards.offers import usable
from desk.log_names import names_for
from desk.log_words import sentence
from desk.logged import LoggedEntry
from desk.payments.sources import is_external
from desk.statements.matched import line_of
from kit.money import Money
from locations.models import Location
from partners.answers import PartnerAnswer, answers_to
from partners.models import Partner
from payments.errors import PaymentUnknown
from payments.models import Allocation, CardOnFile, Payment, PaymentMethod
from staff.models import Person

DELETED = "payment.deleted"


@dataclass(frozen=True, slots=True)
class Row:
    """Money of the payment that came to a line or to credit (`line` None), or left it."""

    at: datetime
    line: str | None
    amount: Money
    cause: str


@dataclass(frozen=True, slots=True)
class Refund:
    """Money of the payment that was paid back; a void one was reversed."""

    id: int
    at: datetime
    amount: Money
    method: str
    state: str


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry of the event log about the payment, as a sentence."""

    entry: LoggedEntry
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One payment. `facts` are columns of it, its method, booking and location by their names;
    `masks` what may be shown of a card; `told` what partners were told of it, and answered."""

    facts: Any
    rows: Sequence[Row]
    refunds: Sequence[Refund]
    masks: Mapping[str, str]
    card: str
    told: Sequence[PartnerAnswer]
    log: Sequence[Logged]

    @property
    def id(self) -> int:
        found: int = self.facts.id
        return found

    @property
    def state(self) -> str:
        return str(self.facts.state)

    @property
    def refund_of(self) -> int | None:
        found: int | None = self.facts.refund_of
        return found

    @property
    def is_external(self) -> bool:
        return is_external(self.facts.source)

    @property
    def gateway(self) -> str | None:
        """The card provider that took its money for us, or paid it back."""
        found: str | None = self.facts.gateway
        return found

    @property
    def is_taken(self) -> bool:
        """Whether its money lies with a card provider of ours, who then has to void it. One that
        has told nothing of it (a person vouched for the money) can be asked for nothing."""
        has_money = self.state == "cleared" and self.gateway is not None
        return has_money and self.refund_of is None and bool(self.masks)

    @property
    def usable(self) -> Mapping[str, str]:
        """What gateways can do with its card."""
        return usable(self.masks, self.gateway)

    def money(self, name: str) -> Money:
        return Money(getattr(self.facts, name), self.facts.currency)

    @property
    def paid_back(self) -> Money:
        counted = (refund.amount for refund in self.refunds if refund.state == "cleared")
        return -Money.sum(counted, self.facts.currency)

    @property
    def refundable(self) -> Money:
        counts = self.state == "cleared" and self.refund_of is None
        return self.money("amount") - self.paid_back if counts else Money(0, self.facts.currency)

    @property
    def is_refunded(self) -> bool:
        """Whether something of it was paid back, so that it cannot be voided as a whole."""
        return any(refund.state == "cleared" for refund in self.refunds)

    @property
    def deletion(self) -> list[PartnerAnswer]:
        """What partners answered when they were told that it was deleted."""
        return [each for each in self.told if each.event == DELETED]


def one(session: Session, payment_id: int) -> Shown:
    """Raises PaymentUnknown for a payment out of the person's reach."""
    facts = session.execute(_facts().where(Payment.id == payment_id)).first()
    if facts is None:
        raise PaymentUnknown(payment_id)
    return Shown(
        facts=facts,
        rows=_rows(session, facts),
        refunds=_refunds(session, facts),
        masks=facts.masks or {},
        card=" ".join(each for each in (facts.card_type, facts.last_digits) if each),
        told=answers_to(session, None, [payment_id]).get(payment_id, []),
        log=_log(session, facts),
    )


def _facts() -> Any:
    recorded_by = aliased(Person)
    return (
        select(
            *Payment.__table__.columns,
            PaymentMethod.name.label("method"),
            PaymentMethod.paying,
            Partner.name.label("partner"),
            recorded_by.email.label("person"),
            Booking.location_id,
            Booking.log_count,
            Booking.status.label("booking_status"),
            Location.name.label("location"),
            Location.time_zone,
            Contact.first_name,
            Contact.last_name,
            CardOnFile.masks,
            CardOnFile.last_digits,
            CardOnFile.card_type,
            line_of(Payment.id).label("bank_line"),
        )
        .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .join(Booking, Booking.id == Payment.booking_id)
        .join(Location, Location.id == Booking.location_id)
        .join(Contact, Contact.id == Booking.contact_id)
        .outerjoin(Partner, Partner.id == Payment.partner_id)
        .outerjoin(recorded_by, recorded_by.id == Payment.person_id)
        .outerjoin(CardOnFile, CardOnFile.payment_id == Payment.id)
        .where(within(Booking.location_id))
    )


def _rows(session: Session, facts: Any) -> list[Row]:
    query = (
        select(Allocation.created_at, ScheduleLine.name, Allocation.amount, Allocation.cause)
        .outerjoin(ScheduleLine, ScheduleLine.id == Allocation.line_id)
        .where(Allocation.payment_id == facts.id)
        .order_by(Allocation.id)
    )
    return [Row(r[0], r[1], Money(r[2], facts.currency), r[3]) for r in session.execute(query)]


def _refunds(session: Session, facts: Any) -> list[Refund]:
    columns = (Payment.id, Payment.created_at, Payment.amount, PaymentMethod.name, Payment.state)
    query = select(*columns).join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    query = query.where(Payment.refund_of == facts.id).order_by(Payment.id)
    rows = session.execute(query)
    return [Refund(r[0], r[1], Money(r[2], facts.currency), r[3], r[4]) for r in rows]


def _log(session: Session, facts: Any) -> list[Logged]:
    """The entries of the booking's log that name the payment, the newest first."""
    about = or_(AboutPayment(LogEntry.body) == facts.id, AboutRefunded(LogEntry.body) == facts.id)
    query = select(LogEntry.chain, LogEntry.no, LogEntry.at, LogEntry.body).where(
        LogEntry.chain == facts.booking_id, about
    )
    rows = session.execute(query.order_by(LogEntry.no.desc()))
    entries = [LoggedEntry.of_row(row) for row in rows]
    names = names_for(session, entries)
    return [Logged(entry, sentence(entry, names)) for entry in entries]


def came_from_outside(session: Session, payment_id: int) -> bool:
    """Whether a payment is external. Raises PaymentUnknown when it is out of the person's reach."""
    query = select(Payment.source).join(Booking, Booking.id == Payment.booking_id)
    mine = query.where(Payment.id == payment_id, within(Booking.location_id))
    source = session.scalar(mine)
    if source is None:
        raise PaymentUnknown(payment_id)
    return is_external(source)
