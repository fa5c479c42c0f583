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
# How a door names a payment method: by name or code, by the opaque id, or by number.
MethodKey = Literal["name", "public_id", "number"]

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
    it came; None, where a format says none, is the booking's own. `method` is what the method is
    called, and `method_by` whether that is a name (or code), an opaque id or a number. `wishes` are
    stages (1, 2) and line ids to fill first, in this order. `no_credit`: money that fits no open
    line is refused, since its sender takes it back by itself (product section 2). `attributes` are
    details to keep and show, (name, value).
    """

    source: str
    booking_id: int
    amount: Decimal
    currency: str | None
    state: Asked
    method: str
    paid_on: date
    method_by: MethodKey = "name"
    no_credit: bool = False
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
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SharedPayment:
    """One payment of a guest over several bookings: a part for each, all of them or none."""

    parts: tuple[TakePayment, ...]
