"""A payment and a booking's figures as every door shows them; doors only translate the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from kit.money import Money
from payments.deciding import Remark


@dataclass(frozen=True, slots=True)
class ShareView:
    """What of a payment lies on one line."""

    line_id: int
    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment. `masks` are stored card values as they may be shown, by their wire names."""

    id: int
    booking_id: int
    amount: Money
    charges: Money
    tip: Money
    state: str
    method: str
    paid_on: date
    category: int
    comments: str
    reference: str | None
    source: str
    failure_reason: str | None
    created_at: datetime
    shares: tuple[ShareView, ...]
    masks: Mapping[str, str] = field(default_factory=dict)
    last_digits: str = ""
    refund_of: int | None = None
    settled_on: date | None = None
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BookingFigures:
    """A booking's money and tags (id and name) after a payment."""

    id: int
    total: Money
    paid: Money
    outstanding: Money
    credit: Money
    tags: tuple[tuple[int, str], ...]
    warnings: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of taking a payment."""

    payment: PaymentView
    booking: BookingFigures
