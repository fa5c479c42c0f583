"""The sandbox's own side: taking orders, settling them, telling of them.

Every call is a transaction of its own, as if the books were another company's. A code that comes
again is answered with what has become of it, and moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from kit import clock
from kit.db import glance, in_transaction, reading
from kit.ids import opaque
from kit.money import Money
from kit.vault import vault
from payments.gateways.gateway import Kind
from payments.gateways.sandbox.behaviour import LATER, Behaviour
from payments.gateways.sandbox.models import SandboxTransaction as Row
from payments.intents import CODE

TOKEN_LENGTH, PAGE_LENGTH = 20, 24
# So long after the order a page that is over still leads back: for a second click, not for ever.
LEADS_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction as it stands; the columns of SandboxTransaction that others may know."""

    code: str
    page: str | None
    kind: str
    amount: int
    currency: str
    description: str
    state: str
    decline: str | None
    token: str
    last_digits: str
    sealed_back: str | None = field(repr=False)
    notice_url: str | None
    notices: int
    told: int
    created_at: datetime

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def back_url(self) -> str | None:
        """Where the guest came from. Raises VaultLocked."""
        return None if self.sealed_back is None else vault().open(self.sealed_back)

    def leads_back(self, now: datetime) -> bool:
        """Whether its page may still say where the guest came from."""
        return self.state == "open" or now < self.created_at + LEADS_BACK


COLUMNS: list[Any] = [getattr(Row, name) for name in Transaction.__dataclass_fields__]


def do(
    kind: Kind, code: str, money: Money, goes: Behaviour, related: str | None = None
) -> Transaction:
    """Carry out an order at once, or let it wait."""

    def work(connection: Connection) -> Transaction:
        if again := _again(connection, code):
            return again
        state = "pending" if goes.later else goes.becomes
        values = _new(kind, code, money) | _settling(goes) | {"state": state, "related": related}
        return _made(connection, values | {"last_digits": "0006"})

    return in_transaction(work)


def open_page(
    code: str, money: Money, description: str, back_url: str, notice_url: str | None
) -> Transaction:
    """Let a guest pay on a page; the same page when the code comes again."""

    def work(connection: Connection) -> Transaction:
        if again := _again(connection, code):
            return again
        values = _new("pay", code, money) | {
            "state": "open",
            "description": description,
            "page": opaque(PAGE_LENGTH),
            "sealed_back": vault().seal(back_url),
            "notice_url": notice_url,
        }
        return _made(connection, values)

    return in_transaction(work)


def pay(code: str, goes: Behaviour, last_digits: str) -> Transaction | None:
    """The guest has paid, or tried to, on the page; nothing when it is not open any more. None:
    there is no such page."""

    def work(connection: Connection) -> Transaction | None:
        state = "pending" if goes.later else goes.becomes
        values = _settling(goes) | {"state": state, "last_digits": last_digits}
        told = {"notice_at": clock.now()} if not goes.later else {"notice_at": clock.now() + LATER}
        mine = update(Row).where(Row.code == code, Row.state == "open")
        connection.execute(mine.values(values | told))
        return _found(connection, code)

    return in_transaction(work)


def close(code: str) -> Transaction | None:
    """Close a page that nobody has paid on; what it is then. None: there is no such page."""

    def work(connection: Connection) -> Transaction | None:
        mine = update(Row).where(Row.code == code, Row.state == "open")
        connection.execute(mine.values(state="closed"))
        return _found(connection, code)

    return in_transaction(work)


def reopen(code: str) -> None:
    """Open a page again that the guest has left: nobody can have paid on it meanwhile."""

    def work(connection: Connection) -> None:
        mine = update(Row).where(Row.code == code, Row.state == "closed")
        connection.execute(mine.values(state="open"))

    in_transaction(work)


def look(code: str) -> Transaction | None:
    """A transaction as it stands now; one that was to be settled by now is."""
    if not CODE.fullmatch(code):
        return None

    def work(connection: Connection) -> Transaction | None:
        due = update(Row).where(Row.code == code, Row.state == "pending")
        late = due.where(Row.settles_at <= clock.now())
        connection.execute(late.values(state=Row.becomes))
        return _found(connection, code)

    return in_transaction(work)


def look_at_page(page: str) -> Transaction | None:
    """The transaction that is paid on this page, as it stands now."""
    if not CODE.fullmatch(page):
        return None
    row = glance(select(Row.code).where(Row.page == page), {})
    return None if row is None else look(row.code)


def notices_due(at: datetime, most: int) -> list[Transaction]:
    """Transactions whose outcome is still to be posted to whoever ordered them."""
    with reading() as session:
        query = select(*COLUMNS).where(Row.notice_at <= at).order_by(Row.notice_at, Row.id)
        return [Transaction(*row) for row in session.execute(query.limit(most))]


def noticed(code: str, again_at: datetime | None) -> None:
    """A notice was taken in (or is to be repeated later)."""

    def work(connection: Connection) -> None:
        mine = update(Row).where(Row.code == code)
        connection.execute(mine.values(notice_at=again_at, notices=Row.notices + 1))

    in_transaction(work)


def taken(currency: str) -> Money:
    """All money that the sandbox has taken in a currency, less what it gave back: what tests hold
    against the ledger."""
    sign = {"pay": 1, "charge": 1, "release": 1, "refund": -1, "void": -1}
    with reading() as session:
        query = select(Row.kind, func.sum(Row.amount)).where(
            Row.currency == currency, Row.state == "paid", Row.kind.in_(sign)
        )
        rows = session.execute(query.group_by(Row.kind)).all()
    return Money(sum(sign[kind] * int(amount) for kind, amount in rows), currency)


def _new(kind: str, code: str, money: Money) -> dict[str, Any]:
    return {
        "kind": kind,
        "code": code,
        "amount": money.minor,
        "currency": money.currency,
        "token": f"SBX-{opaque(TOKEN_LENGTH)}",
        "created_at": clock.now(),
    }


def _settling(goes: Behaviour) -> dict[str, Any]:
    later = {"becomes": goes.becomes, "settles_at": clock.now() + LATER} if goes.later else {}
    return {"decline": goes.decline, **later}


def _made(connection: Connection, values: dict[str, Any]) -> Transaction:
    row = connection.execute(insert(Row).values(values).returning(*COLUMNS)).one()
    return Transaction(*row)


def _again(connection: Connection, code: str) -> Transaction | None:
    mine = update(Row).where(Row.code == code).values(told=Row.told + 1)
    row = connection.execute(mine.returning(*COLUMNS)).first()
    return None if row is None else Transaction(*row)


def _found(connection: Connection, code: str) -> Transaction | None:
    row = connection.execute(select(*COLUMNS).where(Row.code == code)).first()
    return None if row is None else Transaction(*row)
