"""Lines are matched, divided, put together, undone and put aside while their payments are refunded,
cleared and voided, in any order: after every step all adds up, and no money is there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
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
    rule,
    run_state_machine_as_test,
)

from bookings.models import Booking
from kit import clock
from kit.db import in_transaction
from kit.errors import DomainError, Refused
from payments.clearing import ClearPayment, clear_payment
from payments.models import Payment
from payments.recording import RecordPayment, record_payment
from payments.refunding import RefundPayment, refund_payment
from payments.statements.matching import (
    ConfirmMatch,
    PutAside,
    TakeUp,
    confirm_match,
    put_aside,
    take_up,
)
from payments.statements.models import BankLine, BankMatch, BankMatchLine
from payments.statements.proposing import Part
from payments.statements.undoing import UndoMatch, undo_match
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Due
from tests.payments.proofs import broken_chains, wrong_books
from tests.payments.statements import bank
from tests.payments.statements.bank import PERSON

pytestmark = pytest.mark.long

AMOUNTS = ("10.00", "20.00", "30.00", "50.00")
minors = st.sampled_from([1000, 2000, 3000, 5000])
PLACES = count(1)
anything = st.integers(0, 30)


class Statements(RuleBasedStateMachine):
    """An account of a location of its own, three bookings, and staff who try everything."""

    lines = Bundle("lines")

    def __init__(self) -> None:
        super().__init__()
        self.place = next(PLACES)
        self.account = bank.account(self.place)
        self.bookings: list[int] = []
        self.mine: set[int] = set()

    @initialize()
    def make_bookings(self) -> None:
        dues = [Due("30.00"), Due("50.00", 2, 30)]
        kinds = ("booking", "provisional", "cancelled")
        self.bookings = [
            make.booking(dues, location_id=self.place, status=status) for status in kinds
        ]

    # --- what comes -----------------------------------------------------------------------------

    @rule(target=lines, amounts=st.lists(st.sampled_from(AMOUNTS), min_size=1, max_size=3))
    def import_lines(self, amounts: list[str]) -> Any:
        return self._import(amounts)

    @rule(target=lines, amount=st.sampled_from(AMOUNTS))
    def import_what_left(self, amount: str) -> Any:
        return self._import([f"-{amount}"])

    def _import(self, amounts: list[str]) -> Any:
        found = bank.lines(self.account, [{"amount": amount} for amount in amounts])
        self.mine |= set(found)
        return multiple(*found)

    @rule(which=anything, minor=minors, state=st.sampled_from(["uncleared", "deferred", "cleared"]))
    def record_by_hand(self, which: int, minor: int, state: Any) -> None:
        days = 5 if state == "deferred" else 0
        order = RecordPayment(
            booking_id=self.bookings[which % 3], amount=Decimal(minor) / 100, state=state,
            method="Cheque", paid_on=clock.now().date() + timedelta(days=days), send_email=False,
        )  # fmt: skip
        self._try(lambda each: record_payment(each, order, PERSON))

    # --- matching -------------------------------------------------------------------------------

    @rule(line=lines, which=anything)
    def match_as_proposed(self, line: int, which: int) -> None:
        found = bank.proposals(self.account, [line]).get(line)
        if found:
            proposal = found[which % len(found)]
            self._confirm(proposal.line_ids, *proposal.parts)

    @rule(line=lines, which=anything, minor=minors)
    def match_with_new_money(self, line: int, which: int, minor: int) -> None:
        self._confirm((line,), Part(self.bookings[which % 3], minor))

    @rule(line=lines, which=anything)
    def match_with_a_payment(self, line: int, which: int) -> None:
        payment = self._payment(which)
        if payment is not None:
            moves = payment.amount + payment.charges + payment.tip
            self._confirm((line,), Part(payment.booking_id, moves, payment.id))

    @rule(line=lines, which=anything, minor=minors, other=minors)
    def divide(self, line: int, which: int, minor: int, other: int) -> None:
        one, two = self.bookings[which % 3], self.bookings[(which + 1) % 3]
        self._confirm((line,), Part(one, minor), Part(two, other))

    @rule(line=lines, other=lines, which=anything)
    def put_together(self, line: int, other: int, which: int) -> None:
        left = sum(make.row_of(BankLine, each).amount - bank.taken(each) for each in (line, other))
        if left:
            self._confirm((line, other), Part(self.bookings[which % 3], left))

    @rule(which=anything)
    def undo(self, which: int) -> None:
        matches = [row.id for row in make.rows_of(BankMatch) if row.booking_id in self.bookings]
        if matches:
            order = UndoMatch(
                match_id=matches[which % len(matches)], reason="Wrong", may_delete_external=True,
                locations=None,
            )  # fmt: skip
            self._try(lambda each: undo_match(each, order, PERSON))

    @rule(line=lines)
    def put_aside_or_take_up(self, line: int) -> None:
        row = make.row_of(BankLine, line)
        if row.aside_at is None:
            order = PutAside(line_id=line, reason="Fee", seen=row.revision, locations=None)
            self._try(lambda each: put_aside(each, order, PERSON))
        else:
            again = TakeUp(line_id=line, seen=row.revision, locations=None)
            self._try(lambda each: take_up(each, again, PERSON))

    # --- what becomes of payments beside it -----------------------------------------------------

    @rule(which=anything)
    def clear(self, which: int) -> None:
        if payment := self._payment(which):
            order = ClearPayment(payment_id=payment.id)
            self._try(lambda each: clear_payment(each, order, PERSON))

    @rule(which=anything, minor=minors)
    def refund(self, which: int, minor: int) -> None:
        if payment := self._payment(which):
            order = RefundPayment(
                payment_id=payment.id, source="desk", amount=Decimal(minor) / 100, send_email=False
            )
            self._try(lambda each: refund_payment(each, order, PERSON))

    @rule(which=anything)
    def void(self, which: int) -> None:
        payment = self._payment(which)
        if payment is None:
            return
        order = VoidPayment(payment_id=payment.id, reason="Typed in twice")
        done = self._try(lambda each: void_payment(each, order, PERSON))
        assert not (done and self._is_matched(payment.id))

    # --- what is always so ----------------------------------------------------------------------

    @invariant()
    def all_adds_up(self) -> None:
        payments = {row.id: row for row in make.rows_of(Payment)}
        matches = [row for row in make.rows_of(BankMatch) if row.booking_id in self.bookings]
        parts = make.rows_of(BankMatchLine)
        standing = {row.id: row for row in matches if row.undone_at is None}
        self._lines_are_settled_by_what_stands(parts, standing)
        self._matched_payments_are_there_once(parts, standing, payments)
        self._no_more_is_booked_than_came(matches, payments)
        self._books_are_right(payments)

    def _lines_are_settled_by_what_stands(self, parts: Any, standing: Any) -> None:
        taken: dict[int, int] = defaultdict(int)
        for part in parts:
            taken[part.line_id] += part.amount if part.match_id in standing else 0
        for row in self._lines():
            assert 0 <= taken[row.id] / row.amount <= 1
            is_settled = taken[row.id] == row.amount or row.aside_at is not None
            assert (row.settled_at is not None) == is_settled

    def _matched_payments_are_there_once(self, parts: Any, standing: Any, payments: Any) -> None:
        assert len({row.payment_id for row in standing.values()}) == len(standing)
        for row in standing.values():
            payment = payments[row.payment_id]
            matched = sum(part.amount for part in parts if part.match_id == row.id)
            moves = payment.amount + payment.charges + payment.tip
            assert (payment.state, moves) == ("cleared", matched)

    def _no_more_is_booked_than_came(self, matches: Any, payments: Any) -> None:
        booked = {row.payment_id for row in matches if row.kind != "found"}
        there = [payments[each].amount for each in booked if payments[each].state == "cleared"]
        assert sum(there) <= sum(max(0, row.amount) for row in self._lines())

    def _books_are_right(self, payments: Any) -> None:
        assert wrong_books(self.bookings) == []
        there: dict[int, int] = defaultdict(int)
        for row in payments.values():
            there[row.booking_id] += row.amount if row.state == "cleared" else 0
        rows = {row.id: row for row in make.rows_of(Booking)}
        for each in self.bookings:
            assert rows[each].paid + rows[each].credit == there[each]

    def teardown(self) -> None:
        assert broken_chains() == []

    # --- help -----------------------------------------------------------------------------------

    def _lines(self) -> list[Any]:
        return [row for row in make.rows_of(BankLine) if row.id in self.mine]

    def _is_matched(self, payment: int) -> bool:
        rows = make.rows_of(BankMatch, payment_id=payment)
        return any(row.undone_at is None for row in rows)

    def _payment(self, which: int) -> Any:
        rows = [row for row in make.rows_of(Payment) if row.booking_id in self.bookings]
        return rows[which % len(rows)] if rows else None

    def _confirm(self, line_ids: tuple[int, ...], *parts: Part) -> None:
        seen = {each: make.row_of(BankLine, each).revision for each in line_ids}
        bookings = {each.booking_id: bank.count(each.booking_id) for each in parts}
        order = ConfirmMatch(
            line_ids=line_ids, parts=parts, seen=seen, seen_bookings=bookings, locations=None
        )
        self._try(lambda each: confirm_match(each, order, PERSON))

    def _try(self, work: Callable[[Any], Any]) -> bool:
        """Whether it was done; what is refused leaves everything as it is, by the transaction."""
        try:
            in_transaction(work)
        except (DomainError, Refused):
            return False
        return True


def test_all_adds_up_after_anything_in_any_order(app: Flask) -> None:
    assert app
    make.method("Cheque", kind="cheque", from_outside=False, code=None)

    run_state_machine_as_test(
        cast(Any, Statements),
        settings=settings(max_examples=8, stateful_step_count=20, deadline=None),
    )
