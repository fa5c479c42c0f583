"""A custom payment: taken, or paid back when its type is one for refunds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from kit import clock
from kit.errors import DomainError, Refused
from locations.finding import Place
from partners.authentication import caller, origin, require
from payments.commands import TakePayment
from payments.errors import BookingBusy, BookingUnknown, KeyReused, PaymentError
from payments.formats.spektrix import types
from payments.formats.spektrix.replaying import Kept, Key, claimed, packed
from payments.formats.spektrix.schemas import CustomPayment, encoded_payment
from payments.repaying import Repay, repay
from payments.taking import Call, take_payment
from payments.views import Receipt

SOURCE = "spektrix"
REFUNDS = "payments:refund"
# What nothing else is told beside.
ALONE = (BookingBusy, BookingUnknown, KeyReused)

T = TypeVar("T")


def pay(
    connection: Connection, asked: CustomPayment, booking_id: int, place: Place, key: Key
) -> Kept:
    """Record a custom payment in the caller's transaction, its answer under the key. Raises what
    the ledger refuses, and with it all that is wrong with the details."""
    kind = types.find(connection, place.id, asked.type_id)
    wrong = kind.problems(asked.attributes) if kind else []
    if kind and kind.is_refund:
        require(REFUNDS)

        def work(connection: Connection) -> bytes:
            return _together(wrong, lambda: _repay(connection, asked, booking_id))

        return claimed(connection, key, work)
    return _together(wrong, lambda: _take(connection, asked, booking_id, place, key))


def _together(wrong: Sequence[PaymentError], work: Callable[[], T]) -> T:
    """Do the work, unless something is wrong with the details: then that is told together with
    what is wrong otherwise, and the caller takes back what was written."""
    try:
        done = work()
    except ALONE:
        raise
    except (DomainError, Refused) as refusal:
        problems = refusal.problems if isinstance(refusal, Refused) else (refusal,)
        raise Refused([*problems, *wrong]) from None
    Refused.if_any(wrong)
    return done


def _take(
    connection: Connection, asked: CustomPayment, booking_id: int, place: Place, key: Key
) -> Kept:
    order = TakePayment(
        source=SOURCE,
        booking_id=booking_id,
        amount=asked.amount,
        currency=None,
        state="cleared",
        method=asked.type_id,
        method_by="public_id",
        paid_on=clock.day_at(clock.now(), place.time_zone),
        no_credit=True,
        attributes=asked.attributes,
    )

    def render(receipt: Receipt) -> bytes:
        payment = receipt.payment
        return packed(encoded_payment(payment.method, payment.amount, payment.attributes))

    call = Call(origin(), render, key.text, key.mark)
    taken = take_payment(connection, order, caller(), call)
    return Kept(taken.answer, taken.replayed)


def _repay(connection: Connection, asked: CustomPayment, booking_id: int) -> bytes:
    order = Repay(
        source=SOURCE,
        booking_id=booking_id,
        amount=asked.amount,
        method=asked.type_id,
        method_by="public_id",
        attributes=asked.attributes,
    )
    done = repay(connection, order, origin(), caller())
    return packed(encoded_payment(done.method, done.amount, asked.attributes))
