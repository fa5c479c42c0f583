"""Custom payment types: the payment methods that a client may send payments by, and their details.

Every payment of this format is completed, so methods that are completed at the desk are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from kit.sql import Query
from payments.errors import PaymentError
from payments.facts import Detail
from payments.models import PaymentMethod
from payments.policies import detail_slips
from payments.queries import details_of, is_in_use_at, is_open_to


@dataclass(frozen=True, slots=True)
class PaymentType:
    """`id` is the opaque id, which never changes."""

    id: str
    name: str
    is_refund: bool
    definitions: tuple[Detail, ...]

    @property
    def shown(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "id": self.id,
            "isRefund": self.is_refund,
            "attributeDefinitions": [
                {"name": each.name, "isRequired": each.required, "type": "Text field"}
                for each in self.definitions
            ],
        }

    def problems(self, attributes: Sequence[tuple[str, str]]) -> list[PaymentError]:
        """What is wrong with the details that came."""
        return detail_slips(self.name, self.definitions, attributes)


def usable(connection: Connection, location_id: int, partner_id: int) -> list[PaymentType]:
    """The types that this partner may use at this location, in the order they were set up."""
    method = PaymentMethod
    query = _at(location_id).where(is_open_to(partner_id), method.paying != "on_site")
    return _read(connection, query.order_by(method.id))


def find(connection: Connection, location_id: int, public_id: str) -> PaymentType | None:
    """The active method of that id, letter for letter; whether it may be used, its policy says."""
    found = _read(connection, _at(location_id).where(PaymentMethod.public_id == public_id))
    return found[0] if found else None


def _at(location_id: int) -> Query:
    """The active methods of a location."""
    method = PaymentMethod
    columns = select(method.id, method.public_id, method.name, method.is_refund)
    return columns.where(is_in_use_at(location_id))


def _read(connection: Connection, query: Query) -> list[PaymentType]:
    rows = connection.execute(query).all()
    details = details_of(connection, [row.id for row in rows])
    return [
        PaymentType(row.public_id, row.name, row.is_refund, tuple(details.get(row.id, ())))
        for row in rows
    ]
