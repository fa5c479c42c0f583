"""Acts of the ledger at chosen moments, and the journal that they make."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask

from audit.chain import SYSTEM
from kit import clock
from kit.db import in_transaction, reading
from kit.money import Money
from office.journal.accounts import Chart
from office.journal.entries import Entry, entries
from office.journal.queries import Wanted, postings
from partners.authentication import Caller
from payments.clearing import ClearPayment, clear_payment
from payments.commands import TakePayment
from payments.refunding import RefundPayment, refund_payment
from payments.taking import Call, take_payment
from payments.voiding import VoidPayment, void_payment

Row = tuple[str, str, dict[str, str]]

NOTHING_SET = Chart({})


def at(text: str) -> datetime:
    """A moment in UTC, as ISO 8601 writes it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _clock(moment: str | None) -> Callable[[], datetime]:
    return clock.now if moment is None else lambda: at(moment)


def pay(partner: int, booking: int, amount: str, moment: str | None = None, **other: Any) -> int:
    """A payment by `method` ("Card"), which came at the moment; its id."""
    clock_of = _clock(moment)
    given: dict[str, Any] = {
        "source": "ipro", "currency": None, "state": "cleared", "method": "Card",
        "paid_on": clock_of().date(),
    }  # fmt: skip
    given |= other | _decimals(other)
    order = TakePayment(booking_id=booking, amount=Decimal(amount), **given)
    caller = Caller(partner, "Checkout", frozenset(), frozenset({1, 2, 3}))
    call = Call(SYSTEM, lambda receipt: str(receipt.payment.id).encode())
    taken = in_transaction(lambda c: take_payment(c, order, caller, call, clock_of))
    return int(taken.answer)


def _decimals(given: dict[str, Any]) -> dict[str, Any]:
    """The amounts among these, as they are written."""
    return {each: Decimal(given[each]) for each in ("amount", "charges", "tip") if each in given}


def clear(payment: int, moment: str | None = None, paid_on: date | None = None) -> None:
    order = ClearPayment(payment_id=payment, paid_on=paid_on)
    in_transaction(lambda c: clear_payment(c, order, SYSTEM, None, _clock(moment)))


def refund(payment: int, moment: str | None = None, **parts: Any) -> int:
    """Pay back `amount`, `charges`, `tip` (all of the amount without them); the refund's id."""
    given: dict[str, Any] = {"source": "desk", "send_email": False} | parts | _decimals(parts)
    order = RefundPayment(payment_id=payment, **given)
    clock_of = _clock(moment)
    return in_transaction(lambda c: refund_payment(c, order, SYSTEM, None, clock_of)).payment_id


def void(payment: int, moment: str | None = None) -> None:
    order = VoidPayment(payment_id=payment, reason="Typed twice")
    in_transaction(lambda c: void_payment(c, order, SYSTEM, _clock(moment)))


def journal(**wanted: Any) -> list[Entry]:
    """The entries that are wanted (all, unless something is)."""
    with reading() as session:
        return list(entries(postings(session, Wanted(**wanted)), NOTHING_SET))


def told(found: list[Entry]) -> list[Row]:
    """Number, day and what is booked where, as decimals."""
    return [(entry.number, entry.day.isoformat(), dict(_accounts(entry))) for entry in found]


def _accounts(entry: Entry) -> Iterator[tuple[str, str]]:
    for line in entry.lines:
        yield line.account.removeprefix("line:"), Money(line.amount, entry.currency).plain


def exported(app: Flask, *options: str) -> str:
    """What the command writes."""
    result = app.test_cli_runner().invoke(args=["export", "journal", "-", *options])
    assert result.exit_code == 0, result.output
    return result.stdout_bytes.decode()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))
