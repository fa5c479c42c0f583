"""What doors ask of the ledger, in its own words: no format's word passes further in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from payments.allocation import AUTOMATIC

State = Literal["cleared", "uncleared", "deferred", "failed", "void"]
Asked = Literal["cleared", "uncleared", "deferred"]

MONEY_COUNTS = ("cleared", "uncleared", "deferred")


@dataclass(frozen=True, slots=True)
class Card:
    """What came about a card: never its number. `secrets` are kept encrypted and shown masked,
    by the names they are shown under; `vps_tx_id` is one of them, and a natural key."""

    secrets: Mapping[str, str] = field(default_factory=dict)
    vps_tx_id: str | None = None
    last_digits: str | None = None
    card_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePayment:
    """Take one payment on one booking.

    `amount` (more than 0, without charges and tip), `charges` and `tip` are decimals as written:
    how many decimals they may have is the currency's to say. `currency` is a code or symbol as
    it came. `wishes` are stages (1, 2) and line ids to fill first, in this order.
    """

    source: str
    booking_id: int
    amount: Decimal
    currency: str
    state: Asked
    method: str
    paid_on: date
    wishes: tuple[int, ...] = AUTOMATIC
    charges: Decimal = Decimal(0)
    tip: Decimal = Decimal(0)
    comments: str = ""
    property_id: int | None = None
    balance_due_on: date | None = None
    add_tags: tuple[int, ...] = ()
    remove_tags: tuple[int, ...] = ()
    card: Card | None = None
    send_email: bool = True
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class SharedPayment:
    """One payment of a guest over several bookings: a part for each, all of them or none."""

    parts: tuple[TakePayment, ...]
