"""Payment methods as K-Series clients meet them: the list, and what is meant when none is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from payments.formats.kseries.errors import NoDefaultMethod
from payments.models import DefaultMethod, PaymentMethod
from payments.queries import is_in_use_at, is_open_to


def usable(connection: Connection, location_id: int, partner_id: int) -> Sequence[Any]:
    """Rows (id, name, code) of the methods by which this partner may send a payment here."""
    method = PaymentMethod
    query = select(method.id, method.name, method.code).where(
        is_in_use_at(location_id),
        is_open_to(partner_id),
        method.paying != "on_site",
        ~method.is_refund,
    )
    return connection.execute(query.order_by(method.id)).all()


def default_of(connection: Connection, location_id: int) -> str:
    """The name of the method that is meant here when none is named. Raises NoDefaultMethod."""
    query = select(PaymentMethod.name).join(
        DefaultMethod, DefaultMethod.method_id == PaymentMethod.id
    )
    name = connection.scalar(query.where(DefaultMethod.location_id == location_id))
    if name is None:
        raise NoDefaultMethod
    return name


def shown(row: Any) -> dict[str, Any]:
    """A method as the vendor lists it. Accounting references are not kept here."""
    return {"name": row.name, "code": row.code, "accountingReference": None, "pmId": row.id}
