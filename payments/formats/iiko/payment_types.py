"""Payment methods as this wire knows them: payment types, with a UUID, a kind and a processing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from kit.sql import rows_of
from payments.formats.iiko import ids
from payments.models import MethodPartner, MethodSwitchedOff, PaymentMethod

KINDS = {"cash": "Cash", "bank": "Card"}
PROCESSING = {"external": "External", "on_site": "Internal", "both": "Both"}


@dataclass(frozen=True, slots=True)
class PaymentType:
    """A payment method in use. `off_at` are ids of locations that have switched it off, `kept_for`
    those of the partners that it is kept for, if it is."""

    name: str
    code: str | None
    kind: str
    comment: str
    public_id: str
    from_outside: bool
    paying: str
    is_refund: bool
    off_at: frozenset[int]
    kept_for: frozenset[int]

    @property
    def id(self) -> str:
        return ids.payment_type(self.public_id)

    @property
    def wire_kind(self) -> str | None:
        """None: no payment of this kind comes from outside."""
        return KINDS.get(self.kind)

    @property
    def processing(self) -> str:
        return PROCESSING[self.paying]

    @property
    def names(self) -> tuple[str | None, ...]:
        """What a sender may call it by: its UUID, its own id, its code (seed 000)."""
        return self.id, self.public_id, self.code

    def is_listed(self, partner_id: int) -> bool:
        """Whether this partner may send payments by it at all."""
        is_kept = bool(self.kept_for) and partner_id not in self.kept_for
        return self.from_outside and not self.is_refund and not is_kept


def _in_use() -> Any:
    method = PaymentMethod
    off = select(MethodSwitchedOff.location_id).where(MethodSwitchedOff.method_id == method.id)
    kept = select(MethodPartner.partner_id).where(MethodPartner.method_id == method.id)
    columns = select(
        method.name,
        method.code,
        method.kind,
        method.comment,
        method.public_id,
        method.from_outside,
        method.paying,
        method.is_refund,
        rows_of(off.correlate(method)).label("off_at"),
        rows_of(kept.correlate(method)).label("kept_for"),
    )
    return columns.where(method.active).order_by(method.id)


IN_USE = _in_use()


def in_use(connection: Connection) -> list[PaymentType]:
    """All that the agency uses anywhere; there are few."""
    return [_made(dict(row)) for row in connection.execute(IN_USE).mappings()]


def _made(row: dict[str, Any]) -> PaymentType:
    lists = {name: frozenset(each for [each] in row.pop(name)) for name in ("off_at", "kept_for")}
    return PaymentType(**(row | lists))


def at(types: Sequence[PaymentType], location_id: int) -> list[PaymentType]:
    """Those of them that this location has not switched off."""
    return [each for each in types if location_id not in each.off_at]


def find(
    types: Sequence[PaymentType], type_id: str | None, kind: str | None, partner_id: int
) -> PaymentType | None:
    """The one that is meant: by what it is called, and then the kind must be right when it is
    given; or by its kind alone, and then there must be only one that this partner may use."""
    if type_id is None:
        found = [each for each in types if each.wire_kind == kind and each.is_listed(partner_id)]
    else:
        kinds = (None, kind) if kind else (None, *KINDS.values())
        found = [each for each in types if type_id in each.names and each.wire_kind in kinds]
    return found[0] if len(found) == 1 else None
