"""Any payments, in any order, on any bookings: after every one of them the books are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any, cast

import pytest
from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.models import Booking
from kit import clock
from kit.currencies import exponent
from kit.db import in_transaction, transaction
from kit.errors import Refused
from kit.ids import digest
from partners.authentication import Caller
from payments import schemas
from payments.commands import Card, TakePayment
from payments.errors import KeyReused, PaymentError
from payments.models import Payment
from payments.taking import Call, Taken, take_payment
from payments.views import Receipt
from tests import make
from tests.make import Due
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

METHODS = {
    "Any": {},
    "Outside": {"paying": "external"},
    "At the desk": {"paying": "on_site"},
    "Exact": {"overpayment": "refuse"},
}
FAILED, VIP = 20, 2
OFTEN_ANY = ["Any", "Any", "Any", *METHODS]
UNKNOWN = 5  # past the last line of a booking
KEYS = count(1)


@dataclass(frozen=True)
class Place:
    """A booking that payments are sent to."""

    id: int
    currency: str
    lines: tuple[int, ...]
    properties: tuple[int, ...]


def _render(receipt: Receipt) -> bytes:
    return schemas.succeeded(schemas.represented(receipt))


def _dues(currency: str) -> list[str | Due]:
    """Five lines over two properties and both stages, one of them of nothing."""
    minors = [(30, 1, 5, 0), (12, 1, 0, 1), (40, 2, 30, 0), (0, 2, 20, 1), (25, 2, 20, 1)]
    places = exponent(currency)
    return [
        Due(f"{Decimal(minor).scaleb(-places):f}", stage, due_in, property=which)
        for minor, stage, due_in, which in minors
    ]


wishes = st.one_of(
    st.sampled_from([(1, 2), (1,), (2,), (2, 1)]),
    st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True).map(tuple),
    st.just((UNKNOWN,)),
)


class Ledger(RuleBasedStateMachine):
    """Sends payments of every kind to a handful of bookings, through the use case itself."""

    bookings = Bundle("bookings")

    def __init__(self, partner_id: int) -> None:
        super().__init__()
        self.caller = Caller(partner_id, "Checkout", frozenset(), frozenset({1, 2, 3}))
        self.places: list[Place] = []
        self.cleared: dict[int, int] = defaultdict(int)
        self.sent: list[tuple[TakePayment, str, Taken]] = []

    @initialize(target=bookings)
    def make_bookings(self) -> Any:
        kinds = [(1, "EUR", "booking"), (1, "EUR", "provisional"), (1, "EUR", "cancelled"),
                 (2, "JPY", "booking"), (3, "KWD", "provisional")]  # fmt: skip
        self.places = [self._booking(*kind) for kind in kinds]
        return multiple(*self.places)

    def _booking(self, location: int, currency: str, status: str) -> Place:
        made = make.booking(
            _dues(currency), location_id=location, currency=currency, status=status, properties=2
        )
        lines = make.lines_of(made)
        properties = dict.fromkeys(line.property_id for line in lines)
        return Place(made, currency, tuple(line.id for line in lines), tuple(properties))  # type: ignore[arg-type]

    @rule(
        place=bookings,
        minor=st.integers(1, 70),
        charges=st.integers(0, 5),
        state=st.sampled_from(["cleared", "cleared", "cleared", "uncleared", "deferred"]),
        method=st.sampled_from(OFTEN_ANY),
        wanted=wishes,
        prefers=st.sampled_from([None, 0, 1]),
        failed=st.booleans(),
        reference=st.sampled_from([None, None, "a", "b"]),
        moves=st.booleans(),
        with_key=st.booleans(),
    )
    def pay(
        self,
        place: Place,
        minor: int,
        charges: int,
        state: Any,
        method: str,
        wanted: tuple[int, ...],
        prefers: int | None,
        failed: bool,
        reference: str | None,
        moves: bool,
        with_key: bool,
    ) -> None:
        places = exponent(place.currency)
        order = TakePayment(
            source="ipro",
            booking_id=place.id,
            amount=Decimal(minor).scaleb(-places),
            charges=Decimal(charges).scaleb(-places),
            currency=place.currency,
            state=state,
            method=method,
            paid_on=clock.now().date(),
            wishes=self._wishes(place, wanted),
            property_id=None if prefers is None else place.properties[prefers],
            add_tags=(FAILED,) if failed and state == "uncleared" else (VIP,),
            balance_due_on=clock.now().date() + timedelta(days=9) if moves else None,
            card=Card({"PaymentToken": "tok_123456789"}) if moves else None,
            reference=reference,
        )
        key = f"key {next(KEYS)}" if with_key else None
        taken = self._take(order, key)
        if taken is None:
            return
        if state == "cleared":
            self.cleared[place.id] += minor
        if key:
            self.sent.append((order, key, taken))

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 50))
    def send_again(self, which: int) -> None:
        order, key, taken = self.sent[which % len(self.sent)]
        assert self._take(order, key) == Taken(taken.answer)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 50))
    def send_another_with_an_old_key(self, which: int) -> None:
        order, key, _ = self.sent[which % len(self.sent)]
        other = replace(order, amount=order.amount * 2)
        with pytest.raises(KeyReused):
            self._send(other, key)

    @precondition(lambda self: len(self.cleared) > 1)
    @rule(place=bookings)
    def cancel(self, place: Place) -> None:
        with transaction() as connection:
            connection.execute(
                update(Booking).where(Booking.id == place.id).values(status="cancelled")
            )

    @invariant()
    def the_books_are_right(self) -> None:
        # Of these bookings only: what an example before this one broke is not this one's.
        assert wrong_books([place.id for place in self.places]) == []

    @invariant()
    def all_cleared_money_lies_on_lines_or_is_credit(self) -> None:
        for booking, minor in self.cleared.items():
            row = make.row_of(Booking, booking)
            assert row.paid + row.credit == minor

    def teardown(self) -> None:
        assert broken_chains() == []

    def _wishes(self, place: Place, wanted: Sequence[int]) -> tuple[int, ...]:
        """Stages as they are; other numbers name lines, the last of them one there is none of."""
        lines = [*place.lines, 999_999]
        if set(wanted) <= {1, 2}:
            return tuple(wanted)
        return tuple(lines[number] for number in wanted)

    def _take(self, order: TakePayment, key: str | None) -> Taken | None:
        """None when the ledger refuses; then nothing may have been written."""
        before = len(make.rows_of(Payment, booking_id=order.booking_id))
        try:
            return self._send(order, key)
        except (PaymentError, Refused):
            assert len(make.rows_of(Payment, booking_id=order.booking_id)) == before
            return None

    def _send(self, order: TakePayment, key: str | None) -> Taken:
        call = Call(SYSTEM, _render, key, digest(f"{order}"))
        return in_transaction(lambda connection: take_payment(connection, order, self.caller, call))


def test_the_books_are_right_after_any_payments_in_any_order(app: Flask) -> None:
    assert app
    for number, currency in enumerate(["EUR", "JPY", "KWD"], start=1):
        make.location(number, currency)
    for name, policy in METHODS.items():
        make.method(name, **policy)
    make.tag(FAILED, "Payment Failed", "payment_failed")
    make.tag(VIP, "VIP")
    partner = make.partner(locations=[1, 2, 3])

    run_state_machine_as_test(
        cast(Any, lambda: Ledger(partner)),
        settings=settings(max_examples=15, stateful_step_count=20, deadline=None),
    )
