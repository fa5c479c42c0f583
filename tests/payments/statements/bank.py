"""Accounts at a bank and lines of their statements, without files; and what staff do with them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, insert, select

from audit.chain import Actor, Origin
from bookings.models import Booking
from kit import clock
from kit.db import in_transaction, reading, transaction
from kit.errors import DomainError, Refused
from kit.money import Money
from payments.models import PaymentMethod
from payments.refunding import RefundPayment, refund_payment
from payments.statements import candidates
from payments.statements.matching import (
    Confirmed,
    ConfirmMatch,
    PutAside,
    TakeUp,
    confirm_match,
    put_aside,
    take_up,
)
from payments.statements.models import (
    BankAccount,
    BankLine,
    BankMatch,
    BankMatchLine,
    BankStatement,
)
from payments.statements.proposing import Part, Proposal
from payments.statements.undoing import UndoMatch, Undone, undo_match
from tests import make
from tests.payments.proofs import unchanged
from tests.payments.typing_in import record

PERSON = Origin(Actor("person", 5, "ana@example.com"), "127.0.0.1")
METHOD = "Bank transfer"
NUMBERS = itertools.count(1)
T = TypeVar("T")


def account(location_id: int | None = 1, currency: str = "EUR", method: str = METHOD) -> int:
    """An account with a statement that has no lines yet; unknown money is recorded by `method`."""
    number = next(NUMBERS)
    if location_id is not None:
        make.location(location_id, currency)
    with transaction() as connection:
        known = connection.scalar(select(PaymentMethod.id).where(PaymentMethod.name == method))
    row = {
        "name": f"Account {number}",
        "number": f"PT50{number:021}",
        "currency": currency,
        "location_id": location_id,
        "method_id": known or make.method(method, from_outside=False, code=None, paying="on_site"),
        "created_at": clock.now(),
    }
    with transaction() as connection:
        account_id = int(
            connection.scalars(insert(BankAccount).returning(BankAccount.id), [row]).one()
        )
        statement = {"account_id": account_id, "name": "november.csv", "format": "csv",
                     "digest": f"{number:064}", "new": 0, "known": 0,
                     "created_at": clock.now()}  # fmt: skip
        connection.execute(insert(BankStatement), [statement])
    return account_id


def line(account_id: int, amount: str, **values: Any) -> int:
    """A line that waits; of today unless `booked_on` says another day."""
    [found] = lines(account_id, [{"amount": amount, **values}])
    return found


def lines(account_id: int, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Several of them, in one transaction."""
    currency = make.row_of(BankAccount, account_id).currency
    [statement] = make.rows_of(BankStatement, account_id=account_id)
    with transaction() as connection:
        found = []
        for row in rows:
            number = next(NUMBERS)
            came = {
                "statement_id": statement.id, "account_id": account_id, "position": number,
                "mark": f"{number:064}", "currency": currency, "booked_on": clock.now().date(),
            }  # fmt: skip
            amount = Money.parse(row["amount"], currency).minor
            values = came | row | {"amount": amount}
            query = insert(BankLine).returning(BankLine.id)
            found.append(int(connection.scalars(query, [values]).one()))
    return found


def revision(line_id: int) -> int:
    return int(make.row_of(BankLine, line_id).revision)


def count(booking_id: int) -> int:
    """How many entries the log of a booking has."""
    return int(make.row_of(Booking, booking_id).log_count)


def part(booking: int, amount: str, payment: int | None = None, currency: str = "EUR") -> Part:
    return Part(booking, Money.parse(amount, currency).minor, payment)


def order(line_ids: int | Sequence[int], *parts: Part, **values: Any) -> ConfirmMatch:
    """To match lines as they stand, as somebody who reaches all locations."""
    ids = [line_ids] if isinstance(line_ids, int) else list(line_ids)
    if "seen" not in values:
        values["seen"] = {each: revision(each) for each in ids}
    if "seen_bookings" not in values:  # where it must be said
        new = {each.booking_id for each in parts if each.payment_id is None}
        values["seen_bookings"] = {
            each: count(each) for each in new if make.rows_of(Booking, id=each)
        }
    given: dict[str, Any] = {"locations": None}
    return ConfirmMatch(line_ids=ids, parts=parts, **(given | values))


def confirm(line_ids: int | Sequence[int], *parts: Part, **values: Any) -> Confirmed:
    wanted = order(line_ids, *parts, **values)
    return in_transaction(lambda connection: confirm_match(connection, wanted, PERSON))


def match(line_ids: int | Sequence[int], *parts: Part, **values: Any) -> Any:
    """Match lines as one part, or the first of several; its row."""
    return make.row_of(BankMatch, confirm(line_ids, *parts, **values).match_ids[0])


def undo(match_id: int, **values: Any) -> Undone:
    given: dict[str, Any] = {
        "reason": "Another guest's",
        "may_delete_external": True,
        "locations": None,
    }
    wanted = UndoMatch(match_id=match_id, **(given | values))
    return in_transaction(lambda connection: undo_match(connection, wanted, PERSON))


def aside(line_id: int, reason: str = "Interest", **values: Any) -> None:
    given: dict[str, Any] = {"seen": revision(line_id), "locations": None}
    wanted = PutAside(line_id=line_id, reason=reason, **(given | values))
    in_transaction(lambda connection: put_aside(connection, wanted, PERSON))


def take(line_id: int, **values: Any) -> None:
    given: dict[str, Any] = {"seen": revision(line_id), "locations": None}
    wanted = TakeUp(line_id=line_id, **(given | values))
    in_transaction(lambda connection: take_up(connection, wanted, PERSON))


def refused(act: Callable[[], Any]) -> list[str]:
    """The codes of everything that is wrong; nothing is written."""
    return [problem.code for problem in problems(act)]


def problems(act: Callable[[], Any]) -> Sequence[DomainError]:
    with unchanged(), pytest.raises((DomainError, Refused)) as caught:
        act()
    error: Any = caught.value
    return error.problems if isinstance(error, Refused) else [error]


def do(work: Callable[[Connection], T]) -> T:
    return in_transaction(work)


def taken(line_id: int) -> int:
    """What standing matches take of a line, in minor units."""
    standing = {row.id for row in make.rows_of(BankMatch) if row.undone_at is None}
    rows = make.rows_of(BankMatchLine, line_id=line_id)
    return sum(row.amount for row in rows if row.match_id in standing)


def waits(line_id: int) -> bool:
    return make.row_of(BankLine, line_id).settled_at is None


def proposals(
    account_id: int, line_ids: Sequence[int] | None = None, today: date | None = None
) -> dict[int, list[Proposal]]:
    row = make.row_of(BankAccount, account_id)
    with reading() as session:
        return candidates.proposals(session, row, line_ids, today or clock.now().date())


def first(account_id: int, line_id: int) -> Proposal:
    """The best proposal for a line."""
    return proposals(account_id, [line_id])[line_id][0]


def said(proposal: Proposal) -> set[str]:
    """The codes of its reasons."""
    return {reason.code for reason in proposal.reasons}


def promised(booking: int, amount: str = "70", **values: Any) -> int:
    """A cheque under way."""
    given = {"method": "Cheque", "state": "uncleared"}
    return record(booking, amount, **(given | values)).payment_id


def refunded(payment: int, amount: str) -> int:
    wanted = RefundPayment(payment_id=payment, source="desk", amount=Decimal(amount))
    return do(lambda each: refund_payment(each, wanted, PERSON)).payment_id
