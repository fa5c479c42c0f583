"""What the worker does with the payments of a command, and what is told of its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from bookings.models import Booking, ScheduleLine
from kit.clock import day_at
from kit.errors import DomainError, Refused
from kit.money import Money, TooManyDecimals
from locations.finding import Place, by_ids
from payments import errors, ledger
from payments.account import Clock
from payments.commands import TakePayment
from payments.formats.iiko import ids, payment_types
from payments.formats.iiko.errors import ANSWERS, in_words, problems_of
from payments.formats.iiko.payment_types import PaymentType
from payments.formats.iiko.schemas import Part
from payments.inbox import Waiting
from payments.taking import Call, take_payment

SOURCE = "iiko"

Meant = tuple[Part, PaymentType | None]

# What is open of a booking that is not cancelled.
OPEN = (
    select(Booking.currency, func.sum(ScheduleLine.amount - ScheduleLine.paid).label("open"))
    .join(ScheduleLine, ScheduleLine.booking_id == Booking.id)
    .where(Booking.id == bindparam("id"), Booking.location_id == bindparam("location_id"))
    .where(Booking.status != "cancelled")
    .group_by(Booking.currency)
)


class IikoApplier:
    def apply(self, connection: Connection, waiting: Waiting, clock_of: Clock) -> Mapping[str, Any]:
        """Take all payments of the command, or none: what is raised takes back what was written."""
        place = Place(*connection.execute(by_ids(frozenset({waiting.location_id}))).one())
        meant, taken = _meant(connection, waiting), []
        if len(meant) > 1:
            _check_sum(connection, waiting, [part for part, _ in meant])
        for part, found in meant:
            if found is None:
                raise errors.MethodUnknown(part.type_id or str(part.kind), (), by="public_id")
            order = _order(waiting, place, part, found)
            call = Call(waiting.origin, lambda _: b"")
            receipt = take_payment(connection, order, waiting.caller, call, clock_of).receipt
            taken += [receipt.payment.id] if receipt else []
        return {"payments": taken}

    def ended(
        self,
        connection: Connection,
        waiting: Waiting,
        refusal: DomainError | Refused | None,
        at: object,
    ) -> Mapping[str, Any]:
        """What commands/status answers from now on. Nobody is called: this wire is asked."""
        if refusal is None:
            return {}
        problems, meant = problems_of(refusal), _meant(connection, waiting)
        message = " ".join(_told(problem, waiting, meant) for problem in problems)
        word = ANSWERS[type(problems[0])].word or problems[0].code
        return {"exception": {"message": message}, "errorReason": word}


def _check_sum(connection: Connection, waiting: Waiting, parts: Sequence[Part]) -> None:
    """Raises Overpaid when the payments of a command come to more than is open: one by one they
    may fit, since those still to be completed take nothing of it yet. Whatever else is wrong is
    found when they are taken."""
    booking_id = ids.booking(waiting.command["order_id"])
    ledger.hold(connection, booking_id)
    row = connection.execute(OPEN, {"id": booking_id, "location_id": waiting.location_id}).first()
    if row is None:
        return
    with suppress(TooManyDecimals):
        sums = [Money.of(Decimal(part.sum), row.currency) for part in parts]
        excess = sum(each.minor for each in sums) - int(row.open)
        if excess > 0:
            raise errors.Overpaid(Money(excess, row.currency), None)


def _meant(connection: Connection, waiting: Waiting) -> list[Meant]:
    """The payments of a command, each with its payment type, if the location has it."""
    types = payment_types.at(payment_types.in_use(connection), waiting.location_id)
    parts = [Part(**each) for each in waiting.command["parts"]]
    return [
        (part, payment_types.find(types, part.type_id, part.kind, waiting.partner_id))
        for part in parts
    ]


def _order(waiting: Waiting, place: Place, part: Part, found: PaymentType) -> TakePayment:
    return TakePayment(
        source=SOURCE,
        booking_id=ids.booking(waiting.command["order_id"]),
        amount=Decimal(part.sum),
        currency=None,
        state="cleared" if part.completed else "uncleared",
        method=found.public_id,
        method_by="public_id",
        paid_on=day_at(waiting.accepted_at, place.time_zone),
        no_credit=True,
        tip=Decimal(part.tip),
        attributes=tuple((name, text) for name, text in part.attributes),
    )


def _told(problem: DomainError, waiting: Waiting, meant: list[Meant]) -> str:
    """The sentence of a refusal, in the words that the sender used."""
    if isinstance(problem, errors.BookingUnknown):
        return f"There is no order {waiting.command['order_id']} at this organization."
    if isinstance(problem, errors.MethodUnknown):
        missing = [_missing(n, part) for n, (part, found) in enumerate(meant) if found is None]
        return " ".join(missing) or problem.message
    if isinstance(problem, errors.NotFromOutside | errors.OnlyNotCompleted):
        wrong = [(part, found) for part, found in meant if found and found.name == problem.method]
        for part, found in wrong:
            if part.completed:
                return _not_external(found)
    return in_words(problem)


def _missing(place: int, part: Part) -> str:
    if part.type_id is None:
        return (
            f"payments[{place}]: not exactly one payment type of the kind {part.kind} can be used "
            "here; name the one that is meant by its paymentTypeId."
        )
    kind = f" of the kind {part.kind}" if part.kind else ""
    return f"payments[{place}]: there is no payment type {part.type_id}{kind} at this organization."


def _not_external(found: PaymentType) -> str:
    """The vendor's own words, which its senders know."""
    return (
        f"Payment item of type {found.name} {found.id} cannot be added as external processed. "
        "PaymentType should be CanBeExternalProcessed."
    )
