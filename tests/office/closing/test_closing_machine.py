"""Whatever is paid, cleared, paid back, reversed and closed, in any order: every posting is in one
close or waits for one, and closes never change."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any, cast

import pytest
from flask import Flask
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from bookings.models import Booking
from kit import clock
from kit.db import in_transaction, reading
from kit.errors import DomainError, Refused
from office.closing.errors import ClosingError
from office.models import DayClose, DayCloseEntry, DayCloseFigure
from payments.clearing import ClearPayment, clear_payment
from payments.models import Payment
from tests import make
from tests.office.closing.given import ANA, at, close, entries, pay, record, refund, void

pytestmark = pytest.mark.long

PLACES = count(100)
some = st.integers(0, 10_000)
Postings = dict[tuple[int, str], tuple[Any, int]]


class Office(RuleBasedStateMachine):
    """Two locations whose days begin at different hours; each example has its own."""

    def __init__(self) -> None:
        super().__init__()
        self.now = at("2026-10-23 07:00")  # the clocks change in two days
        self.places = [
            make.location(next(PLACES), time_zone=zone, currency=currency)
            for zone, currency in (("Europe/Berlin", "EUR"), ("Asia/Tokyo", "JPY"))
        ]
        self.bookings = [
            make.booking(["60", "900"], location_id=place, currency=currency)
            for place, currency in zip(self.places, ("EUR", "JPY"), strict=True)
        ]
        self.payments: list[int] = []
        self.closed: dict[int, Any] = {}
        self.done: Counter[str] = Counter()

    @initialize()
    def begin(self) -> None:
        """Days are closed from the begin on, so that all that follows has to be in a close."""
        for which in (0, 1):
            self.close(which, 1)
        self.pay(0, 50, 0, "Cash", "cleared")
        self.pay(1, 50, 1, "Card", "uncleared")

    def _when(self) -> str:
        self.now += timedelta(seconds=1)
        return f"{self.now:%Y-%m-%d %H:%M:%S.%f}"

    def _do(self, what: str, work: Any) -> Any:
        """What came of it; None when the ledger refused it, which is no matter here."""
        try:
            found = work()
        except (DomainError, Refused):
            return None
        self.done[what] += 1
        return found

    @rule(hours=st.sampled_from([1, 7, 20, 49]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(
        which=st.integers(0, 1), amount=st.integers(1, 99), extra=st.integers(0, 3),
        method=st.sampled_from(["Cash", "Card"]),
        state=st.sampled_from(["cleared", "cleared", "uncleared"]),
    )  # fmt: skip
    def pay(self, which: int, amount: int, extra: int, method: str, state: str) -> None:
        booking, extras = self.bookings[which], {"charges": extra, "tip": 2 * extra}
        day = clock.day_at(self.now, "Europe/Berlin")
        paid = self._do(
            "pay",
            lambda: pay(booking, str(amount), self._when(), method, state=state, paid_on=day,
                        **{name: Decimal(value) for name, value in extras.items()}),
        )  # fmt: skip
        self.payments += [paid] if paid else []

    @precondition(lambda self: self.payments)
    @rule(which=some)
    def clear(self, which: int) -> None:
        order, when = ClearPayment(payment_id=self._one(which)), at(self._when())
        self._do(
            "clear",
            lambda: in_transaction(lambda c: clear_payment(c, order, ANA, None, lambda: when)),
        )

    @precondition(lambda self: self.payments)
    @rule(which=some, amount=st.integers(1, 20))
    def refund(self, which: int, amount: int) -> None:
        back = self._do("refund", lambda: refund(self._one(which), str(amount), self._when()))
        self.payments += [back] if back else []

    @precondition(lambda self: self.payments)
    @rule(which=some)
    def void(self, which: int) -> None:
        self._do("void", lambda: void(self._one(which), self._when()))

    @rule(which=st.integers(0, 1), back=st.integers(0, 2))
    def close(self, which: int, back: int) -> None:
        place, when = self.places[which], self._when()
        zone = ("Europe/Berlin", "Asia/Tokyo")[which]
        day = clock.day_at(self.now, zone) - timedelta(days=back)
        try:
            closed = close(day, when, place)
        except ClosingError:
            return
        self.done["close"] += 1
        self.closed[closed.close_id] = self._as_it_is(closed.close_id)
        self._nothing_is_left_behind(place)

    def teardown(self) -> None:
        self.wait(49)
        for which in (0, 1):
            self.close(which, 0)
        for close_id, was in self.closed.items():
            assert self._as_it_is(close_id) == was
        for place in self.places:
            self._it_all_adds_up(place)

    # --- what is held against it ----------------------------------------------------------------

    def _one(self, which: int) -> int:
        return self.payments[which % len(self.payments)]

    def _as_it_is(self, close_id: int) -> Any:
        rows = make.rows_of(DayCloseEntry, close_id=close_id)
        return record(close_id), sorted(map(tuple, rows))

    def _postings(self, place: int) -> Postings:
        """Every posting of a location with its moment and what it counts, worked out by hand."""
        query = select(Payment).join(Booking, Booking.id == Payment.booking_id)
        found: Postings = {}
        with reading() as session:
            for row in session.scalars(query.where(Booking.location_id == place)):
                whole = row.amount + row.charges + row.tip
                if row.cleared_at:
                    found[row.id, "cleared"] = (row.cleared_at, whole)
                if row.voided_at:
                    found[row.id, "void"] = (row.voided_at, -whole)
        return found

    def _nothing_is_left_behind(self, place: int) -> None:
        """After a close everything from the begin of the first one until its end is in a close."""
        rows = make.rows_of(DayClose, location_id=place)
        since, until = min(row.since for row in rows), max(row.until for row in rows)
        inside = {
            key for key, (moment, _) in self._postings(place).items() if since <= moment < until
        }
        taken = {key for row in rows for key in entries(row.id)}
        assert taken == inside
        assert sum(len(entries(row.id)) for row in rows) == len(taken)

    def _it_all_adds_up(self, place: int) -> None:
        """Closes and what waits are the ledger's money, charges and tips."""
        postings = self._postings(place)
        ids = [row.id for row in make.rows_of(DayClose, location_id=place)]
        figures = [row for each in ids for row in make.rows_of(DayCloseFigure, close_id=each)]
        in_closes = sum(
            row.cleared + row.refunded + row.voided + row.charges + row.tips for row in figures
        )
        taken = {key for each in ids for key in entries(each)}
        waiting = sum(minor for key, (_, minor) in postings.items() if key not in taken)
        with reading() as session:
            query = select(Payment).join(Booking, Booking.id == Payment.booking_id)
            rows = session.scalars(
                query.where(Booking.location_id == place, Payment.state == "cleared")
            ).all()
        assert in_closes + waiting == sum(row.amount + row.charges + row.tip for row in rows)


def agency() -> None:
    make.method("Cash", kind="cash", takes_tips=True)
    make.method("Card", takes_tips=True)


def test_every_posting_is_in_one_close_or_waits_and_closes_never_change(app: Flask) -> None:
    assert app
    agency()

    run_state_machine_as_test(
        cast(Any, Office),
        settings=settings(
            max_examples=5,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
        ),
    )


def test_every_step_can_be_done(app: Flask) -> None:
    """Otherwise the machine could be content with refusals."""
    assert app
    agency()
    office = Office()

    office.begin()
    office.clear(1)
    office.pay(0, 20, 1, "Card", "uncleared")
    office.clear(2)
    office.close(0, 0)
    office.wait(20)
    office.refund(0, 5)
    office.void(2)
    office.teardown()

    assert set(office.done) == {"pay", "clear", "refund", "void", "close"}
    assert len(office.closed) == 5
