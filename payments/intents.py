"""Intents of card payments as they are stored: reading them, and the words for their ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, literal_column, select

from kit.ids import opaque
from kit.money import Money
from kit.vault import vault
from payments.gateways.gateway import TAKES_MONEY
from payments.gateways.models import PENDING_ACT, PENDING_MONEY, CardIntent

CODE_LENGTH = 24
# What codes consist of. PostgreSQL cannot even look for a text with a NUL in it.
CODE = re.compile(r"[A-Za-z0-9-]{1,50}")


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent as it stands; the columns of payments.gateways.models.CardIntent."""

    id: int
    booking_id: int
    gateway: str
    kind: str
    code: str
    state: str
    amount: int
    currency: str
    method_id: int
    wishes: str
    of_payment_id: int | None
    payment_id: int | None
    person_id: int | None
    reason: str | None
    sealed: str | None
    decline: str | None
    failure_reason: str | None
    trouble: str | None
    asks: int
    created_at: datetime
    due_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def is_pending(self) -> bool:
        return self.state in ("open", "unknown")

    @property
    def has_page(self) -> bool:
        """Whether there is an address that the guest may have been sent to."""
        return self.kind == "pay" and self.sealed is not None

    @property
    def takes_money(self) -> bool:
        return self.kind in TAKES_MONEY

    @property
    def secrets(self) -> Mapping[str, str]:
        """What was kept of the provider's page; {} before there was one. Raises VaultLocked."""
        if self.sealed is None:
            return {}
        found: Mapping[str, str] = orjson.loads(vault().open(self.sealed))
        return found


COLUMNS: list[Any] = [getattr(CardIntent, name) for name in Intent.__dataclass_fields__]


def new_code() -> str:
    """A transaction code that nobody has used and nobody guesses (124 bits)."""
    return f"BP{opaque(CODE_LENGTH)}"


def sealed(values: Mapping[str, str]) -> str | None:
    """Values as they are kept; None for none."""
    return vault().seal(orjson.dumps(dict(values)).decode()) if values else None


def by_code(connection: Connection, code: str) -> Intent | None:
    """The one of this code, which may be whatever a stranger has sent."""
    return _one(connection, CardIntent.code == code) if CODE.fullmatch(code) else None


def by_id(connection: Connection, intent_id: int) -> Intent | None:
    return _one(connection, CardIntent.id == intent_id)


def pending_money(connection: Connection, booking_id: int) -> Intent | None:
    """What may be taking money of the booking's guest just now; the oldest, should something that
    went wrong stand beside it."""
    pending: ColumnElement[bool] = literal_column(f"({PENDING_MONEY})")
    return _one(connection, CardIntent.booking_id == booking_id, pending)


def pending_act(connection: Connection, payment_id: int) -> Intent | None:
    """The one that may be changing this payment's money at the provider just now."""
    pending: ColumnElement[bool] = literal_column(f"({PENDING_ACT})")
    return _one(connection, CardIntent.of_payment_id == payment_id, pending)


def latest_page(connection: Connection, booking_id: int) -> Intent | None:
    """The guest's last try to pay."""
    query = select(*COLUMNS).where(CardIntent.booking_id == booking_id, CardIntent.kind == "pay")
    row = connection.execute(query.order_by(CardIntent.id.desc()).limit(1)).first()
    return None if row is None else Intent(*row)


def due(connection: Connection, at: datetime, most: int) -> Sequence[int]:
    """Ids of those whose outcome is to be asked for, the longest waiting first."""
    query = select(CardIntent.id).where(CardIntent.due_at <= at)
    return connection.scalars(query.order_by(CardIntent.due_at, CardIntent.id).limit(most)).all()


def _one(connection: Connection, *conditions: ColumnElement[bool]) -> Intent | None:
    query = select(*COLUMNS).where(*conditions).order_by(CardIntent.id).limit(1)
    row = connection.execute(query).first()
    return None if row is None else Intent(*row)
