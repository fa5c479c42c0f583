"""One payment of a guest over several bookings: a part for each, all of them or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from audit.chain import Origin
from kit import clock
from kit.errors import DomainError, Refused
from partners.authentication import Caller
from payments.commands import SharedPayment
from payments.errors import BookingBusy
from payments.taking import Call, take_payment
from payments.views import Receipt

# What is wrong with one part is told of the list that it came in.
LISTS = {"booking_id": "booking_ids", "amount": "amounts"}


def take_shared(
    connection: Connection,
    order: SharedPayment,
    caller: Caller,
    origin: Origin,
    clock_of: Callable[[], datetime] = clock.now,
) -> list[Receipt]:
    """Take every part in the caller's transaction; receipts in the order of the parts.

    The bookings are held in the order of their ids, whatever the order asked, so that two such
    payments wait for each other and never both. Raises what is wrong with all parts together;
    the caller then takes back what was written for the others.
    """
    found: dict[int, Receipt] = {}
    problems: list[DomainError] = []
    several = len(order.parts) > 1
    for part in sorted(order.parts, key=lambda part: part.booking_id):
        try:
            taken = take_payment(connection, part, caller, Call(origin, lambda _: b""), clock_of)
        except BookingBusy:
            raise  # the database has given up this transaction
        except (DomainError, Refused) as refusal:
            told = refusal.problems if isinstance(refusal, Refused) else (refusal,)
            problems += [_listed(problem) if several else problem for problem in told]
        else:
            found[part.booking_id] = cast(Receipt, taken.receipt)  # without a key never replayed
    Refused.if_any(problems)
    return [found[part.booking_id] for part in order.parts]


def _listed(problem: DomainError) -> DomainError:
    problem.field = LISTS.get(problem.field or "", problem.field)
    return problem
