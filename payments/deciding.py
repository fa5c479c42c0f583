"""What a payment does to its booking: pure rules, from the facts to a decision.

The order of checks is that of the house format (docs/formats/ipro.md): the booking, then what
only the booking can judge, then conflicts, then rules of the business; all of a kind at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from kit.currencies import exponent, spells
from kit.errors import Refused
from kit.money import Money, TooManyDecimals
from payments import errors, policies
from payments.allocation import (
    BALANCE,
    DEPOSIT,
    STAGES,
    Allocation,
    OpenLine,
    after,
    allocate,
    promised,
    rank,
)
from payments.commands import State, TakePayment
from payments.facts import BookingFacts, Facts, GuestFacts, LineFacts, MethodFacts, PlaceFacts


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the sender should know, though the payment was taken."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a payment. `now_covered` is where its money goes at once (nothing unless it
    is cleared), `covers` what it pays or promises; `lines` are those that change, as they will be.
    Amounts without a currency are minor units of the booking's."""

    state: State
    booking: BookingFacts
    place: PlaceFacts
    guest: GuestFacts
    method: MethodFacts
    amount: Money
    charges: Money
    tip: Money
    now_covered: Allocation
    covers: Allocation
    lines: tuple[LineFacts, ...]
    status: str
    category: int
    added_tags: tuple[int, ...]
    removed_tags: tuple[int, ...]
    warnings: tuple[Remark, ...]

    @property
    def paid(self) -> int:
        """What lies on the booking's lines afterwards."""
        return self.booking.paid + sum(share.amount for share in self.now_covered.shares)

    @property
    def credit(self) -> int:
        return self.booking.credit + self.now_covered.credit

    @property
    def booking_charges(self) -> int:
        return self.booking.charges + (self.charges.minor if self.state == "cleared" else 0)


def decide(
    order: TakePayment,
    facts: Facts,
    locations: frozenset[int],
    today: date,
    *,
    vps_hash: str | None = None,
    due_date_required: bool = False,
    close_methods: Sequence[str] = (),
) -> Decision:
    """What the payment does, or why it is refused (a PaymentError, or Refused with several).

    `locations` are those the caller may reach; `today` is the day at the booking's location;
    `due_date_required` is the setting INSTALMENTS_REQUIRE_DUE_DATE; `close_methods` are names to
    suggest when the method is unknown.
    """
    booking, place, guest = facts.booking, facts.place, facts.guest
    if booking is None or place is None or guest is None or booking.location_id not in locations:
        raise errors.BookingUnknown(order.booking_id)
    state = _state(order, facts)
    slips = _slips(order, booking, state, today)
    Refused.if_any(slips + _unknown(order, booking, facts, state, close_methods))
    method = cast(MethodFacts, facts.method)
    Refused.if_any(_conflicts(order, booking, facts, state, vps_hash))
    amount = Money.of(order.amount, booking.currency)
    fall = _fall(order, booking, facts, state, amount)
    breaches = policies.refusals(method, state, order.tip)
    breaches += _overpayment(order, place, method, booking, fall)
    missing = _missing_due_date(order, fall, booking.currency) if due_date_required else []
    Refused.if_any(breaches + missing)
    on_booking = {tag.id for tag in facts.tags if tag.on_booking}
    cleared = state == "cleared"
    return Decision(
        state=state,
        booking=booking,
        place=place,
        guest=guest,
        method=method,
        amount=amount,
        charges=Money.of(order.charges, booking.currency),
        tip=Money.of(order.tip, booking.currency),
        now_covered=fall.covers if cleared else Allocation((), 0),
        covers=fall.covers,
        lines=_changed_lines(order, facts.lines, fall) if cleared else (),
        status=_status(order, booking, facts, state, fall),
        category=category_of(state, fall.before, fall.left),
        added_tags=tuple(tag for tag in order.add_tags if tag not in on_booking),
        removed_tags=tuple(tag for tag in order.remove_tags if tag in on_booking),
        warnings=tuple(_warnings(order, booking, guest, state, fall, today)),
    )


@dataclass(frozen=True, slots=True)
class Fall:
    """Where the money falls, now or once it clears: the open lines before it, what it covers of
    them, and what is open then."""

    before: Sequence[OpenLine]
    covers: Allocation
    left: Sequence[OpenLine]

    @property
    def part_open(self) -> int:
        """What stays open of lines that this payment pays in part: then it is an instalment."""
        touched = {share.line_id for share in self.covers.shares}
        return sum(line.open for line in self.left if line.id in touched)


def _fall(
    order: TakePayment, booking: BookingFacts, facts: Facts, state: State, amount: Money
) -> Fall:
    """The lines of a cancelled booking are closed, and an attempt that failed brings nothing."""
    lines = [] if booking.is_cancelled else [line.open for line in facts.lines]
    if state == "failed":
        return Fall(lines, Allocation((), 0), lines)
    covers = allocate(amount.minor, lines, rank(order.wishes, order.property_id))
    return Fall(lines, covers, after(lines, covers.shares))


def _state(order: TakePayment, facts: Facts) -> State:
    """Not cleared, and with the tag whose role says so: an attempt that failed (seed 004)."""
    return "failed" if order.state == "uncleared" and _failed_tag(order, facts) else order.state


def _failed_tag(order: TakePayment, facts: Facts) -> str | None:
    asked = [t for t in facts.tags if t.role == "payment_failed" and t.id in order.add_tags]
    return asked[0].name if asked else None


def _slips(
    order: TakePayment, booking: BookingFacts, state: State, today: date
) -> list[errors.PaymentError]:
    """Values that are well formed, but cannot be for this booking."""
    found: list[errors.PaymentError] = []
    if order.currency is not None and not spells(order.currency, booking.currency):
        found.append(errors.WrongCurrency(booking.id, booking.currency, order.currency))
    amounts = {"amount": order.amount, "charges": order.charges, "tip": order.tip}
    for field, came in amounts.items():
        found += wrong_decimals(field, came, booking.currency)
    if state == "cleared" and order.paid_on > today + timedelta(days=1):
        found.append(errors.PaidInTheFuture(order.paid_on, today))
    return found


def _unknown(
    order: TakePayment,
    booking: BookingFacts,
    facts: Facts,
    state: State,
    close_methods: Sequence[str],
) -> list[errors.PaymentError]:
    """Names and numbers that nothing of this booking, or of the agency, is called by."""
    found: list[errors.PaymentError] = []
    known = [line.id for line in facts.lines]
    if strange := [wish for wish in order.wishes if wish not in STAGES and wish not in known]:
        found.append(errors.LineUnknown(booking.id, strange, known))
    booked = [stay.property_id for stay in facts.stays]
    if order.property_id is not None and order.property_id not in booked:
        found.append(errors.PropertyNotBooked(booking.id, order.property_id, booked))
    if facts.method is None:
        found.append(errors.MethodUnknown(order.method, close_methods, order.method_by))
    return found + _tag_slips(order, facts, state)


def _tag_slips(order: TakePayment, facts: Facts, state: State) -> list[errors.PaymentError]:
    found: list[errors.PaymentError] = []
    tags = {tag.id for tag in facts.tags}
    for field, asked in (("add_tags", order.add_tags), ("remove_tags", order.remove_tags)):
        if unknown := [tag for tag in asked if tag not in tags]:
            found.append(errors.TagUnknown(field, unknown))
    if (tag := _failed_tag(order, facts)) and state != "failed":
        found += [errors.FailedAndPaid("state", tag), errors.FailedAndPaid("add_tags", tag)]
    return found


def wrong_decimals(field: str, came: Decimal, currency: str) -> list[errors.PaymentError]:
    """That an amount has more decimals than its currency; empty when it has not."""
    try:
        Money.of(came, currency)
    except TooManyDecimals:
        return [errors.WrongDecimals(field, f"{came:f}", currency, exponent(currency))]
    return []


def _conflicts(
    order: TakePayment, booking: BookingFacts, facts: Facts, state: State, vps_hash: str | None
) -> list[errors.PaymentError]:
    found: list[errors.PaymentError] = []
    for twin in facts.twins:
        if order.reference is not None and twin.reference == order.reference:
            found.append(errors.ReferenceAlreadyUsed("reference", order.reference, twin.payment_id))
        if vps_hash is not None and twin.vps_hash == vps_hash:
            came = "This SagepayVPSTxId"
            found.append(errors.ReferenceAlreadyUsed("vps_tx_id", came, twin.payment_id))
    if booking.is_cancelled and (order.no_credit or state in ("uncleared", "deferred")):
        found.append(errors.BookingCancelled(booking.id, no_credit=order.no_credit))
    return found


def _overpayment(
    order: TakePayment, place: PlaceFacts, method: MethodFacts, booking: BookingFacts, fall: Fall
) -> list[errors.PaymentError]:
    """Promises were refused to a cancelled booking before; money that has moved to one is always
    kept, as credit to refund."""
    if not fall.covers.credit or booking.is_cancelled:
        return []
    excess = Money(fall.covers.credit, booking.currency)
    if order.no_credit:
        return [errors.Overpaid(excess, None)]
    rules = ((method.name, method.overpayment), (place.name, place.overpayment))
    return policies.overpaid(excess, *rules)


def _missing_due_date(order: TakePayment, fall: Fall, currency: str) -> list[errors.PaymentError]:
    """Of those whose format can say a day: a till has no field for one (`no_credit`)."""
    if fall.part_open and order.balance_due_on is None and not order.no_credit:
        return [errors.DueDateMissing(Money(fall.part_open, currency))]
    return []


def _changed_lines(
    order: TakePayment, lines: Sequence[LineFacts], fall: Fall
) -> tuple[LineFacts, ...]:
    """Lines with new money on them, and lines of the balance that are now due on another day."""
    added = {share.line_id: share.amount for share in fall.covers.shares}
    open_after = {line.id: line.open for line in fall.left}
    changed = []
    for line in lines:
        moves = order.balance_due_on is not None and line.stage == BALANCE
        due = str(order.balance_due_on) if moves and open_after.get(line.id, 0) else line.due
        paid = line.paid + added.get(line.id, 0)
        if (due, paid) != (line.due, line.paid):
            changed.append(replace(line, due=due, paid=paid))
    return tuple(changed)


def _status(
    order: TakePayment, booking: BookingFacts, facts: Facts, state: State, fall: Fall
) -> str:
    """A provisional booking becomes a booking when stage 1 is paid or promised."""
    if booking.status != "provisional" or state == "failed":
        return booking.status
    coming = [(each.amount, rank(each.wishes, each.property_id)) for each in facts.coming]
    if state == "cleared":
        then = promised(fall.left, coming)
    else:
        amount = Money.of(order.amount, booking.currency).minor
        this = (amount, rank(order.wishes, order.property_id))
        then = promised(fall.before, [*coming, this])
    return "provisional" if any(line.open for line in then if line.stage == DEPOSIT) else "booking"


def category_of(state: State, before: Sequence[OpenLine], left: Sequence[OpenLine]) -> int:
    """The vendor's PaymentCategory, derived (formats/ipro.md section 5): 0 none, 1 deposit,
    2 balance paid, 4 part payment, 6 deferred. `before` and `left`: what is open without the
    payment's money, and with it."""
    if state in ("failed", "deferred"):
        return 0 if state == "failed" else 6
    was = {line.id: line.open for line in before}
    stages = {line.stage for line in left if line.open != was[line.id]}
    if stages and not any(line.open for line in left):
        return 2
    if stages == {DEPOSIT} and not any(line.open for line in left if line.stage == DEPOSIT):
        return 1
    return 4


def _warnings(
    order: TakePayment,
    booking: BookingFacts,
    guest: GuestFacts,
    state: State,
    fall: Fall,
    today: date,
) -> list[Remark]:
    found = []
    credit = Money(fall.covers.credit, booking.currency)
    if booking.is_cancelled and state == "cleared":
        text = f"The booking is cancelled; {credit} is kept as credit to refund."
        found.append(Remark("booking_cancelled", text))
    elif fall.covers.credit:
        kept = "it is kept as credit" if state == "cleared" else "it will be credit once it clears"
        found.append(Remark("credit", f"{credit} fits no open line; {kept}."))
    if fall.part_open and order.balance_due_on is None:
        text = "The payment leaves part of a line open and no BalanceDueDate came: the date stays."
        found.append(Remark("balance_due_date_missing", text))
    if order.balance_due_on is not None and order.balance_due_on < today:
        found.append(Remark("balance_due_date_past", f"{order.balance_due_on} is in the past."))
    if order.card and "PaymentToken" in order.card.secrets and not order.card.last_digits:
        text = "A PaymentToken should come with the card's last four digits (CardPartialNumbers)."
        found.append(Remark("card_digits_missing", text))
    if order.send_email and state == "cleared" and not guest.email:
        found.append(Remark("no_email", "The guest has no e-mail address; nobody is written to."))
    return found
