"""Whatever becomes of bookings and their money, in any order: the journal balances, adds up to the
books, and what it said of the past it says for ever."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from audit.chain import SYSTEM
from bookings.models import Booking
from kit import clock
from kit.db import reading
from office.journal.accounts import CHARGES, CREDIT, METHOD, TIP
from office.journal.entries import Entry
from office.journal.queries import Sum, Wanted, sums
from office.reports.all import REPORTS
from office.reports.report import Filters, figures
from payments.commands import TakePayment
from payments.models import Payment, PaymentMethod
from payments.refunding import RefundPayment, refund_payment
from payments.taking import Call, take_payment
from tests import make
from tests.life import Paid, decimal, world
from tests.office.journal.given import journal
from tests.test_life_machine import Agency, some

TIPPED = "Tipped"


class Bookkeeping(Agency):
    """The steps of the agency, and tips. Every step has a moment of its own."""

    def __init__(self, partner_id: int) -> None:
        super().__init__(partner_id)
        self.written: list[Entry] = []

    @precondition(lambda self: self.lives)
    @rule(which=some, amount=st.integers(1, 90), tip=st.integers(1, 9))
    def pay_with_tip(self, which: int, amount: int, tip: int) -> None:
        life = self._life(which)
        order = TakePayment(
            source="kseries",
            booking_id=life.id,
            amount=decimal(amount, life.location),
            tip=decimal(tip, life.location),
            currency=None,
            state="cleared",
            method=TIPPED,
            paid_on=self.now.date() - timedelta(days=tip),
        )
        call = Call(SYSTEM, lambda _: b"")

        taken = self._do(
            "pay", None, lambda c: take_payment(c, order, self.partner, call, self._clock)
        )

        paid_id = taken.receipt.payment.id
        life.payments.append(Paid(paid_id, TIPPED, amount, 0, "cleared"))

    @precondition(lambda self: any(paid.method == TIPPED for _, paid in self._payments()))
    @rule(which=some)
    def refund_a_tip(self, which: int) -> None:
        """A unit of it, once: there is always one at least."""
        tipped = [each for each in self._payments() if each[1].method == TIPPED]
        life, paid = tipped[which % len(tipped)]
        if paid.state != "cleared" or paid.refund_of or paid.given_back:
            return
        one = decimal(1, life.location)
        order = RefundPayment(payment_id=paid.id, source="desk", tip=one, method="Any")

        done = self._do(
            "refund", None, lambda c: refund_payment(c, order, SYSTEM, None, self._clock)
        )

        refund = Paid(done.payment_id, "Any", 0, 0, "cleared", paid, by_desk=True)
        paid.refunds.append(refund)
        life.payments.append(refund)

    @invariant()
    def the_journal_is_right(self) -> None:
        mine = {life.id for life in self.lives}
        found = [entry for entry in journal() if entry.booking_id in mine]  # all of it balances
        numbers = Counter(entry.number for entry in found)

        assert found[: len(self.written)] == self.written
        assert all(count == 1 for count in numbers.values())
        for life in self.lives:
            self._adds_up(life.id, [entry for entry in found if entry.booking_id == life.id])
        self.written = found
        self.now += timedelta(seconds=1)

    def _adds_up(self, booking_id: int, found: list[Entry]) -> None:
        """To the figures of the booking, and for each method to what came and left by it."""
        row, balance = make.row_of(Booking, booking_id), _balance(found)
        assert balance.pop(CREDIT, 0) == -row.credit
        assert balance.pop(CHARGES, 0) == -row.charges
        for method, amount, tip in _by_method(booking_id):
            assert balance.pop(f"{METHOD} {method}", 0) == amount
            balance[TIP] += tip
        assert balance.pop(TIP, 0) == 0
        assert -sum(balance.values()) == row.paid

    def teardown(self) -> None:
        super().teardown()
        with reading() as session:
            summed = sums(session, Wanted())
        sides: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for entry in journal():
            for line in entry.lines:
                sides[entry.day, entry.currency, line.place][line.amount < 0] += abs(line.amount)
        totals: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for each in summed:
            totals[each.day, each.currency, each.place][0] += each.debit
            totals[each.day, each.currency, each.place][1] += each.credit
        assert totals == sides
        _methods_are_those_of_the_report(summed)


def _methods_are_those_of_the_report(summed: Sequence[Sum]) -> None:
    """Over all time a method's account is what the report of money says of it, in all."""
    with reading() as session:
        sections = figures(session, REPORTS["money"], Filters(now=clock.now()))
    reported: Counter[tuple[str, int]] = Counter()
    for section in sections:
        for group in section.groups:
            reported[section.currency, int(str(group.of["method"]))] += group.sums["total"]
    booked: Counter[tuple[str, int]] = Counter()
    for each in summed:
        if each.method_id is not None:
            booked[each.currency, each.method_id] += each.debit - each.credit
    assert {place: sum for place, sum in booked.items() if sum} == {
        place: sum for place, sum in reported.items() if sum
    }


def _balance(found: list[Entry]) -> dict[str, int]:
    """Of methods by their names, of the others by the kind of place."""
    balance: dict[str, int] = defaultdict(int)
    for entry in found:
        for line in entry.lines:
            name = f"{METHOD} {line.method}" if line.place == METHOD else line.place
            balance[name] += line.amount
    return balance


def _by_method(booking_id: int) -> list[Any]:
    """Cleared money with charges and tips, and tips alone, by method."""
    whole = func.sum(Payment.amount + Payment.charges + Payment.tip)
    query = select(PaymentMethod.name, whole, func.sum(Payment.tip))
    query = query.join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    query = query.where(Payment.booking_id == booking_id, Payment.state == "cleared")
    with reading() as session:
        rows = session.execute(query.group_by(PaymentMethod.name))
        return [(name, int(amount), int(tip)) for name, amount, tip in rows]


def keep_books(examples: int, steps: int) -> None:
    partner = world()
    make.method(TIPPED, takes_tips=True)
    run_state_machine_as_test(
        cast(Any, lambda: Bookkeeping(partner)),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
        ),
    )


@pytest.mark.long
def test_the_journal_is_right_whatever_is_done(app: Flask) -> None:
    assert app
    keep_books(examples=3, steps=16)


@pytest.mark.long
def test_the_journal_is_right_after_every_kind_of_step(app: Flask) -> None:
    """Those that random steps come to rarely."""
    assert app
    partner = world()
    make.method(TIPPED, takes_tips=True)
    agency = Bookkeeping(partner)
    visit = (0, 70, 3, 1, "deposit")
    steps: list[Callable[[], Any]] = [
        lambda: agency.create(1, [visit], None, "desk", None),
        lambda: agency.pay(0, 50, 2, "Any", (1, 2), "deferred", False, True),
        lambda: agency.clear(0, False),
        lambda: agency.pay_with_tip(0, 60, 4),
        lambda: agency.refund_a_tip(0),
        lambda: agency.refund(0, 30, True, False),
        lambda: agency.amend(0, [(0, 70, 2, 0, "none"), (1, 71, 1, 2, "insurance")]),
        lambda: agency.pay(0, 140, 1, "Any", (2, 1), "cleared", False, False),
        lambda: agency.cancel(0, True, 30),
        lambda: agency.refund(0, 1, False, True),
        lambda: agency.reactivate(0),
        lambda: agency.void(3),
    ]

    for step in steps:
        step()
        agency.the_journal_is_right()

    kinds = Counter(entry.number[0] for entry in agency.written)
    assert set(kinds) == {"P", "R", "V", "M"}
    agency.teardown()
