"""Payments typed in at the desk, without its pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audit.chain import Actor, Origin
from kit import clock
from kit.db import in_transaction
from kit.errors import DomainError, Refused
from payments.recording import RecordPayment, record_payment
from payments.saving import Done
from tests.make import Due
from tests.payments.proofs import unchanged

STAGES = [Due("60.00"), Due("40.00", 2, 30)]
PERSON = Origin(Actor("person", 5, "ana@example.com"), "127.0.0.1")


def order(booking: int, amount: str = "70", **values: Any) -> RecordPayment:
    given: dict[str, Any] = {"state": "cleared", "method": "Cash", "paid_on": clock.now().date()}
    return RecordPayment(booking_id=booking, amount=Decimal(amount), **(given | values))


def record(booking: int, amount: str = "70", **values: Any) -> Done:
    wanted = order(booking, amount, **values)
    return in_transaction(lambda connection: record_payment(connection, wanted, PERSON))


def refused(booking: int, amount: str = "70", **values: Any) -> list[tuple[str | None, str]]:
    """Field and sentence of everything that is wrong; nothing is written."""
    with unchanged(), pytest.raises((DomainError, Refused)) as caught:
        record(booking, amount, **values)
    error: Any = caught.value
    problems = error.problems if isinstance(error, Refused) else [error]
    return [(problem.field, str(problem)) for problem in problems]
