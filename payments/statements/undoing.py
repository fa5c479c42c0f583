"""Undoing a match: the lines wait again, and the payment is as if they had never been matched.

A payment that was only found stays as it is. One that was recorded is voided. One that was cleared
is voided too, for nothing is erased, and its promise is recorded anew: a payment of its own, in the
state it was in, with all that came with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, literal, select, update

from audit.chain import Entry, Origin
from kit import clock
from payments.account import Account, Clock, PaymentRow, next_payment_id, open_account
from payments.allocation import rank
from payments.commands import State
from payments.deciding import category_of
from payments.models import CardOnFile, Payment
from payments.saving import Change, save
from payments.statements.errors import (
    LineUnknown,
    MatchUndone,
    MatchUnknown,
    UndoDeletesExternal,
)
from payments.statements.fitting import HeldLine
from payments.statements.holding import Locations, hold_lines, rematch
from payments.statements.matching import log_line, logged, note, person_of
from payments.statements.models import BankMatch, BankMatchLine
from payments.voiding import VoidPayment, void_payment


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoMatch:
    """`may_delete_external`: whether the person may have a payment voided that came from outside.
    `locations` are those the person reaches (None: all): both the bank account and the booking must
    be of them."""

    match_id: int
    reason: str
    may_delete_external: bool
    locations: Locations


@dataclass(frozen=True, slots=True)
class Undone:
    """The payment that was matched, and the promise that waits in its place if it had been one."""

    payment_id: int
    reopened_id: int | None


def undo_match(
    connection: Connection, order: UndoMatch, origin: Origin, clock_of: Clock = clock.now
) -> Undone:
    """Undo a match in the caller's transaction. A line that was put aside is taken up again: what
    waits of it now was not what the reason was given for.

    Raises MatchUnknown, LinesBusy, BookingBusy, MatchUndone and UndoDeletesExternal; and what
    voiding refuses: AlreadyRefunded, ActUnderWay, TakenByGateway. A payment that its card provider
    has voided meanwhile is only let go of.
    """
    taken = _lines_of(connection, order.match_id)
    lines = _hold(connection, order, list(taken))
    match = connection.execute(_MATCH.where(BankMatch.id == order.match_id)).one()
    account = open_account(connection, match.booking_id, None, clock_of)
    if order.locations is not None and account.booking.location_id not in order.locations:
        raise MatchUnknown(order.match_id)
    if match.undone_at is not None:
        raise MatchUndone(order.match_id)
    payment = account.payment(match.payment_id)
    is_voided = match.kind != "found" and payment.state == "cleared"
    if is_voided and payment.is_external and not order.may_delete_external:
        raise UndoDeletesExternal(payment.id)
    mine = update(BankMatch).where(BankMatch.id == order.match_id)
    end = {"undone_at": account.now, "undone_by": person_of(origin), "undone_why": order.reason}
    connection.execute(mine.values(end))
    reopened_id = None
    if is_voided:
        void = VoidPayment(payment_id=payment.id, reason=order.reason)
        void_payment(connection, void, origin, clock_of)
    if is_voided and match.kind == "cleared":
        account = open_account(connection, match.booking_id, None, clock_of)
        reopened_id = _promise_anew(connection, account, payment, match.former, origin)
        connection.execute(mine.values(reopened_id=reopened_id))
    for line in lines:
        rematch(connection, line, -taken[line.id], account.now)
        if line.aside_at is not None:
            log_line(connection, line, "statement.taken_up", origin, account.now)
    _log(connection, order, match, taken, reopened_id, origin, account)
    return Undone(payment.id, reopened_id)


_MATCH = select(
    BankMatch.booking_id,
    BankMatch.payment_id,
    BankMatch.kind,
    BankMatch.former,
    BankMatch.undone_at,
)


def _lines_of(connection: Connection, match_id: int) -> dict[int, int]:
    """What the match takes, by line; this never changes. Raises MatchUnknown."""
    columns = select(BankMatchLine.line_id, BankMatchLine.amount)
    rows = connection.execute(columns.where(BankMatchLine.match_id == match_id))
    taken = {row.line_id: row.amount for row in rows}
    if not taken:
        raise MatchUnknown(match_id)
    return taken


def _hold(connection: Connection, order: UndoMatch, line_ids: list[int]) -> list[HeldLine]:
    try:
        return hold_lines(connection, line_ids, order.locations)
    except LineUnknown:
        raise MatchUnknown(order.match_id) from None


def _promise_anew(
    connection: Connection, account: Account, payment: PaymentRow, former: State, origin: Origin
) -> int:
    """Record the promise that a payment was, once that is void and has let go of its references;
    the new payment's id. Its sender is told of it as of any that it records."""
    row = _copied(connection, account, payment, former)
    change = Change(
        standing=account.standing,
        cause="payment",
        status=account.confirmed(account.standing, [*account.coming, payment]),
        new_payments=(row,),
        told={"method": payment.method},
        entry=Entry(
            "payment.recorded",
            {"payment": row["id"], "reopens": payment.id},
            {},
            {"state": former, "amount": payment.amount, "currency": account.booking.currency,
             "method": payment.method_id},
        ),
    )  # fmt: skip
    save(connection, account, change, origin)
    _copy_card(connection, payment.id, row["id"])
    return int(row["id"])


def _copied(
    connection: Connection, account: Account, payment: PaymentRow, former: State
) -> dict[str, Any]:
    """All that came with the payment; nothing of what became of it."""
    columns = select(*Payment.__table__.columns).where(Payment.id == payment.id)
    came = dict(connection.execute(columns).mappings().one())
    then = account.standing.put(
        payment.id, payment.amount, rank(payment.asked, payment.property_id)
    )
    new = {
        "id": next_payment_id(connection),
        "state": former,
        "category": category_of(former, account.standing.open, then.open),
        "settled_on": None,
        "cleared_at": None,
        "voided_at": None,
        "failure_reason": None,
        "gateway": None,
        "created_at": account.now,
    }
    return came | new


def _copy_card(connection: Connection, of_payment: int, to_payment: int) -> None:
    """The card or transaction that came with it, sealed as it is."""
    card = CardOnFile
    values = (literal(to_payment), card.sealed, card.masks, card.last_digits, card.card_type)
    query = select(*values).where(card.payment_id == of_payment)
    names = ["payment_id", "sealed", "masks", "last_digits", "card_type"]
    connection.execute(insert(card).from_select(names, query))


def _log(
    connection: Connection,
    order: UndoMatch,
    match: Any,
    taken: Mapping[int, int],
    reopened_id: int | None,
    origin: Origin,
    account: Account,
) -> None:
    before = logged(match.kind, taken, account.booking.currency)
    about = {"match": order.match_id, "payment": match.payment_id}
    after = {} if reopened_id is None else {"reopened": reopened_id}
    entry = Entry("statement.unmatched", about, before, after, severity="medium",
                  reason=order.reason)  # fmt: skip
    note(connection, match.booking_id, entry, origin, account.now)
