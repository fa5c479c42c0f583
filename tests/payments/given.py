"""Facts and orders as plain objects, for rules that need no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from payments.commands import TakePayment
from payments.deciding import Decision, decide
from payments.facts import (
    BookingFacts,
    Facts,
    GuestFacts,
    LineFacts,
    MethodFacts,
    PlaceFacts,
    StayFacts,
)

TODAY = date(2026, 3, 10)
CASA, QUINTA = 8849, 10132
BOOKING = BookingFacts(7, 1, "booking", "EUR", 1000, 0, 0, 0, "A7.1", 0, "", "")
METHOD = MethodFacts(3, "PayPal", True, "both", "accept", False, False)
PLACE = PlaceFacts("Azores Villas", "Atlantic/Azores", "accept", "stay@example.com")
GUEST = GuestFacts("Ana", "Sousa", "ana@example.com", "pt_PT")
STAY = StayFacts(CASA, "Casa Azul", "2026-07-01")


def line(id: int, amount: int, stage: int = 1, *, paid: int = 0, at: int = CASA) -> LineFacts:
    """A line; due tomorrow with the deposit, in June with the balance."""
    due = "2026-03-11" if stage == 1 else "2026-06-01"
    return LineFacts(id, stage, due, amount, paid, at, f"Line {id}")


DEPOSIT, BALANCE = line(1001, 300), line(1002, 700, 2)


def facts(**other: Any) -> Facts:
    """A booking of 3.00 due with the deposit and 7.00 with the balance, nothing paid."""
    given: dict[str, Any] = {
        "payment_id": 50,
        "booking": BOOKING,
        "place": PLACE,
        "guest": GUEST,
        "lines": [DEPOSIT, BALANCE],
        "stays": [STAY],
        "tags": [],
        "coming": [],
        "method": METHOD,
        "twins": [],
        "answer": None,
    }
    return Facts(**(given | other))


def booking(**other: Any) -> BookingFacts:
    return replace(BOOKING, **other)


def order(amount: str = "10.00", **other: Any) -> TakePayment:
    given: dict[str, Any] = {
        "source": "ipro",
        "booking_id": 7,
        "currency": "EUR",
        "state": "cleared",
        "method": "PayPal",
        "paid_on": TODAY,
    }
    return TakePayment(amount=Decimal(amount), **(given | other))


def decided(order: TakePayment, facts: Facts, **options: Any) -> Decision:
    """The decision, for a caller who reaches location 1."""
    return decide(order, facts, frozenset({1}), TODAY, **options)
