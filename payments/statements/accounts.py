"""The agency's accounts at banks: adding and changing them, and finding them.

Whoever matches statements may set accounts up, within their reach: one of a location to people of
that location, one of all locations to people of all. Number, currency and location stay as soon as
there is a statement: what was read, and matched, belongs to that account.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    insert,
    select,
    true,
    update,
)

from audit.chain import Entry, Origin
from audit.recording import record
from kit.errors import DomainError, Refused
from kit.ids import digest
from locations.models import Location
from payments.models import MethodSwitchedOff, PaymentMethod
from payments.statements.account_errors import (
    AccountChangedMeanwhile,
    AccountFixed,
    AccountNameTaken,
    AccountNumberTaken,
    AccountNumberWrong,
    AccountUnknown,
    LocationOutOfReach,
    MethodNotOfBank,
    NotTheCurrencyThere,
)
from payments.statements.models import BankAccount, BankStatement
from payments.statements.numbers import is_iban, looks_like_iban, plain_number

NUMBER = re.compile(r"[A-Z0-9]{4,50}", re.ASCII)
Clock = Callable[[], datetime]
# None: all locations.
Reach = frozenset[int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSetup:
    """An account as it is set up. `location_id` None: its money belongs to bookings of all
    locations; `method_id` is what unknown money is recorded with."""

    name: str
    number: str
    currency: str
    location_id: int | None
    method_id: int

    @property
    def plain(self) -> AccountSetup:
        """With the number as it is stored."""
        return AccountSetup(**(asdict(self) | {"number": plain_number(self.number)}))


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account as it stands. `state` changes with whatever of its setup does; `is_fixed`: it has
    statements, so all of FIXED stays."""

    id: int
    setup: AccountSetup
    location: str | None
    method: str
    columns: dict[str, object] | None
    is_fixed: bool

    @property
    def name(self) -> str:
        return self.setup.name

    @property
    def number(self) -> str:
        return self.setup.number

    @property
    def currency(self) -> str:
        return self.setup.currency

    @property
    def state(self) -> str:
        return digest(repr(sorted(asdict(self.setup).items())))[:16]


SETUP = tuple(each.name for each in fields(AccountSetup))
FIXED = ("number", "currency", "location_id")


def in_reach(reach: Reach) -> ColumnElement[bool]:
    """Of an account: whether somebody who works at these locations may see it."""
    return true() if reach is None else BankAccount.location_id.in_(sorted(reach))


def accounts(connection: Connection, reach: Reach) -> list[StoredAccount]:
    """The accounts within reach, by name; there are few."""
    query = _accounts().where(in_reach(reach)).order_by(BankAccount.name)
    return [_made(row) for row in connection.execute(query)]


def account(connection: Connection, account_id: int, reach: Reach) -> StoredAccount | None:
    """One within reach."""
    query = _accounts().where(BankAccount.id == account_id, in_reach(reach))
    row = connection.execute(query).first()
    return None if row is None else _made(row)


def account_numbered(connection: Connection, number: str, reach: Reach) -> StoredAccount | None:
    """The one within reach with this (plain) number."""
    query = _accounts().where(BankAccount.number == number, in_reach(reach))
    row = connection.execute(query).first()
    return None if row is None else _made(row)


def usable_methods(connection: Connection, location_id: int | None) -> dict[int, str]:
    """The methods, by id, that unknown money of an account can be recorded with: active ones of
    kind bank that may be typed in at the desk, and are not switched off at its location."""
    off = select(MethodSwitchedOff.method_id).where(MethodSwitchedOff.location_id == location_id)
    may = and_(
        PaymentMethod.active,
        PaymentMethod.kind == "bank",
        ~PaymentMethod.is_refund,
        ~PaymentMethod.manual_prohibited,
        ~and_(PaymentMethod.from_outside, PaymentMethod.paying == "external"),
        PaymentMethod.id.not_in(off),
    )
    query = select(PaymentMethod.id, PaymentMethod.name).where(may).order_by(PaymentMethod.name)
    return {row.id: row.name for row in connection.execute(query)}


def add_account(
    connection: Connection, setup: AccountSetup, reach: Reach, origin: Origin, now: datetime
) -> int:
    """A new account; its id. Raises what `_problems` finds."""
    setup = setup.plain
    Refused.if_any(_problems(connection, setup, reach, but=None))
    row = asdict(setup) | {"created_at": now}
    query = insert(BankAccount).returning(BankAccount.id)
    account_id = int(connection.execute(query, [row]).scalar_one())
    entry = Entry(
        "bank_account.added", _about(account_id, setup), {}, asdict(setup), severity="medium"
    )
    record(connection, entry, origin, now)
    return account_id


def change_account(
    connection: Connection,
    account_id: int,
    setup: AccountSetup,
    reach: Reach,
    origin: Origin,
    now: datetime,
    *,
    seen: str | None = None,
) -> bool:
    """Give an account another setup; whether anything changed. `seen` is the `state` the change was
    made for.

    Raises AccountUnknown, AccountChangedMeanwhile, AccountFixed, and what `_problems` finds.
    """
    hold_account(connection, account_id)
    was = account(connection, account_id, reach)
    if was is None:
        raise AccountUnknown(account_id)
    if seen is not None and seen != was.state:
        raise AccountChangedMeanwhile(was.name)
    setup = setup.plain
    before, after = asdict(was.setup), asdict(setup)
    changed = [name for name in SETUP if before[name] != after[name]]
    fixed = [AccountFixed(n) for n in FIXED if was.is_fixed and n in changed]
    Refused.if_any([*fixed, *_problems(connection, setup, reach, but=account_id)])
    if not changed:
        return False
    values = {name: after[name] for name in changed}
    connection.execute(update(BankAccount).where(BankAccount.id == account_id).values(values))
    entry = Entry(
        "bank_account.changed",
        _about(account_id, setup),
        {name: before[name] for name in changed},
        values,
        severity="medium",
    )
    record(connection, entry, origin, now)
    return True


def hold_account(connection: Connection, account_id: int) -> None:
    """From here to the end of the transaction nobody else changes the account or stores lines of
    it. On SQLite there is one writer anyway; rows that only point at it may still be written."""
    query = select(BankAccount.id).where(BankAccount.id == account_id)
    connection.execute(query.with_for_update(key_share=True))


def _problems(
    connection: Connection, setup: AccountSetup, reach: Reach, but: int | None
) -> list[DomainError]:
    """Why an account cannot be so: taken names and numbers, a number with a slip in it, a location
    out of reach or of another currency, a method that nobody may type in. `but` is its own id."""
    found: list[DomainError] = []
    others = BankAccount.id != but if but is not None else true()
    if _is_there(connection, others, BankAccount.name == setup.name):
        found.append(AccountNameTaken(setup.name))
    if not NUMBER.fullmatch(setup.number) or _is_mistyped(setup.number):
        found.append(AccountNumberWrong(setup.number))
    elif _is_there(connection, others, BankAccount.number == setup.number):
        found.append(AccountNumberTaken(setup.number))
    found += _location_problems(connection, setup, reach)
    methods = usable_methods(connection, setup.location_id)
    if setup.method_id not in methods:
        found.append(MethodNotOfBank(list(methods.values())))
    return found


def _location_problems(
    connection: Connection, setup: AccountSetup, reach: Reach
) -> list[DomainError]:
    if setup.location_id is None:
        return [] if reach is None else [LocationOutOfReach(None)]
    mine = Location.id == setup.location_id
    query = select(Location.name, Location.currency).where(mine)
    row = connection.execute(query).first()
    if row is None or (reach is not None and setup.location_id not in reach):
        return [LocationOutOfReach(setup.location_id)]
    if row.currency != setup.currency:
        return [NotTheCurrencyThere(setup.currency, row.name, row.currency)]
    return []


def _is_mistyped(number: str) -> bool:
    return looks_like_iban(number) and not is_iban(number)


def _is_there(connection: Connection, *conditions: Any) -> bool:
    """Whether any account is so; also one out of reach, since names and numbers are unique."""
    return bool(connection.execute(select(exists().where(*conditions))).scalar())


def _about(account_id: int, setup: AccountSetup) -> dict[str, Any]:
    return {"bank_account": account_id, "location": setup.location_id}


def _accounts() -> Select[Any]:
    has_statements = exists().where(BankStatement.account_id == BankAccount.id)
    columns = [getattr(BankAccount, name) for name in SETUP]
    return (
        select(
            BankAccount.id,
            BankAccount.columns.label("mapping"),
            Location.name.label("location"),
            PaymentMethod.name.label("method"),
            has_statements.label("is_fixed"),
            *[column.label(f"setup_{name}") for name, column in zip(SETUP, columns, strict=True)],
        )
        .outerjoin(Location, Location.id == BankAccount.location_id)
        .join(PaymentMethod, PaymentMethod.id == BankAccount.method_id)
    )


def _made(row: Any) -> StoredAccount:
    setup = AccountSetup(**{name: getattr(row, f"setup_{name}") for name in SETUP})
    return StoredAccount(row.id, setup, row.location, row.method, row.mapping, bool(row.is_fixed))
