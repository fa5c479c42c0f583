"""What the ledger knows when it decides: plain values, read under the booking's lock.

The order of the attributes is the order of the columns that `payments.ledger` selects.
Amounts are minor units of the booking's currency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from audit.chain import Head
from partners.events import Listener
from payments.allocation import OpenLine


@dataclass(frozen=True, slots=True)
class BookingFacts:
    id: int
    location_id: int
    status: str
    currency: str
    total: int
    paid: int
    credit: int
    charges: int
    account_identifier: str
    log_count: int
    log_hash: str
    log_seal: str
    is_owners: bool = False
    event_count: int = 0

    @property
    def log_head(self) -> Head:
        return Head(self.log_count, self.log_hash, self.log_seal)

    @property
    def is_cancelled(self) -> bool:
        return self.status == "cancelled"


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """The booking's location."""

    name: str
    time_zone: str
    overpayment: str
    mail_sender: str


@dataclass(frozen=True, slots=True)
class GuestFacts:
    first_name: str
    last_name: str
    email: str | None
    locale: str


@dataclass(frozen=True, slots=True)
class LineFacts:
    id: int
    stage: int
    due: str
    amount: int
    paid: int
    property_id: int | None
    name: str

    @property
    def due_on(self) -> date:
        return date.fromisoformat(self.due)

    @property
    def open(self) -> OpenLine:
        return OpenLine(self.id, self.stage, self.due_on, self.amount - self.paid, self.property_id)


@dataclass(frozen=True, slots=True)
class StayFacts:
    property_id: int
    property_name: str
    arrives: str


@dataclass(frozen=True, slots=True)
class TagFacts:
    """A tag that was asked for or stands on the booking."""

    id: int
    name: str
    role: str | None
    on_booking: bool


@dataclass(frozen=True, slots=True)
class ComingFacts:
    """An uncleared or deferred payment: what is promised."""

    id: int
    amount: int
    wishes_text: str
    property_id: int | None

    @property
    def wishes(self) -> list[int]:
        return [int(wish) for wish in self.wishes_text.split(",")]


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """An active method of the booking's location. `kept_for_others`: open to named partners, and
    the caller is none of them."""

    id: int
    name: str
    from_outside: bool
    paying: str
    overpayment: str
    is_refund: bool
    kept_for_others: bool
    takes_tips: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """An attribute of payments by a method: a text that may, or must, come with them."""

    name: str
    required: bool


@dataclass(frozen=True, slots=True)
class DeskMethod:
    """An active method of a location as the desk sees it, whatever may be done with it there;
    `details` in the order in which they are asked for."""

    id: int
    name: str
    kind: str
    manual_prohibited: bool
    from_outside: bool
    paying: str
    overpayment: str
    is_refund: bool
    takes_tips: bool
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class GuestMethod:
    """A method that guests may pay by on their page."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TwinFacts:
    """A payment that holds the natural key this one came with."""

    payment_id: int
    reference: str | None
    vps_hash: str | None


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """The stored answer to the same Idempotency-Key."""

    fingerprint: str
    body: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about one booking that a payment depends on. `booking` None: there is none."""

    payment_id: int
    booking: BookingFacts | None
    place: PlaceFacts | None
    guest: GuestFacts | None
    lines: list[LineFacts]
    stays: list[StayFacts]
    tags: list[TagFacts]
    coming: list[ComingFacts]
    method: MethodFacts | None
    twins: list[TwinFacts]
    answer: AnswerFacts | None
    listeners: list[Listener] = field(default_factory=list)
