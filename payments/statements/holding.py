"""Lines of the bank under their lock: held, looked at, and changed.

Locks are taken in one order: lines by id, then bookings by id, then what payments take
(payments.ledger). Nobody who holds a booking waits for a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, cast, func, literal_column, select, update

from kit.sql import Query
from payments import ledger
from payments.errors import BookingBusy
from payments.models import PaymentMethod
from payments.statements.errors import LinesBusy, LinesOfTwoAccounts, LineUnknown
from payments.statements.fitting import HeldLine
from payments.statements.models import (
    STANDS,
    BankAccount,
    BankLine,
    BankMatch,
    BankMatchLine,
    BankStatement,
)

Locations = frozenset[int] | None  # those a person reaches; None: all


def matched_of(line_id: Any) -> Any:
    """What standing matches take of a line, as a column."""
    taken = select(cast(func.coalesce(func.sum(BankMatchLine.amount), 0), BigInteger))
    taken = taken.join(BankMatch, BankMatch.id == BankMatchLine.match_id)
    return taken.where(BankMatchLine.line_id == line_id, literal_column(STANDS)).scalar_subquery()


_ELSEWHERE = {
    "account": BankAccount.name,
    "location_id": BankAccount.location_id,
    "method": PaymentMethod.name,
    "statement": BankStatement.name,
    "matched": matched_of(BankLine.id),
}
_COLUMNS: list[Any] = [
    _ELSEWHERE[name] if name in _ELSEWHERE else getattr(BankLine, name)
    for name in HeldLine.__dataclass_fields__
]
_LINES: Query = (
    select(*_COLUMNS)
    .join(BankAccount, BankAccount.id == BankLine.account_id)
    .join(PaymentMethod, PaymentMethod.id == BankAccount.method_id)
    .join(BankStatement, BankStatement.id == BankLine.statement_id)
)


def hold_lines(
    connection: Connection, line_ids: Sequence[int], locations: Locations
) -> list[HeldLine]:
    """Lock the lines, alone, then look at them; in the order they are named.

    Raises LineUnknown for the first that is not there or out of reach, LinesOfTwoAccounts, and
    LinesBusy when somebody else does not let go of them.
    """
    ids = list(dict.fromkeys(line_ids))
    lock = select(BankLine.id).where(BankLine.id.in_(ids)).order_by(BankLine.id)
    try:
        with ledger.patience():
            connection.execute(lock.with_for_update(key_share=True))
    except BookingBusy:
        raise LinesBusy from None
    rows = connection.execute(_LINES.where(BankLine.id.in_(ids)))
    found = {row.id: HeldLine(*row) for row in rows if _is_reached(row.location_id, locations)}
    for line_id in ids:
        if line_id not in found:
            raise LineUnknown(line_id)
    lines = [found[line_id] for line_id in ids]
    if len({line.account_id for line in lines}) > 1:
        raise LinesOfTwoAccounts
    return lines


def _is_reached(location_id: int | None, locations: Locations) -> bool:
    """An account for all locations is for those who reach all of them."""
    return locations is None or location_id in locations


def rematch(connection: Connection, line: HeldLine, amount: int, now: datetime) -> None:
    """Note that matches take so much more of the line, or less: then all that is left of it waits
    again. A reason that it was put aside for was of another part, so it is gone. Minor units, with
    the line's sign for more."""
    settled_at = now if line.left == amount else None
    aside = {"aside_at": None, "aside_why": None}
    values = {"revision": line.revision + 1, "settled_at": settled_at, **aside}
    connection.execute(update(BankLine).where(BankLine.id == line.id).values(values))
