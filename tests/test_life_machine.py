"""Whatever becomes of bookings and their money, in any order: every step ends as the rules say.

Each step is foretold by the model of tests/life.py: whether it is refused, and for what; what the
booking then asks for, what of it is paid, and who holds which night.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audit.chain import SYSTEM
from bookings import errors as refused
from bookings.abandoning import abandon
from bookings.amending import amend_booking
from bookings.cancelling import cancel_booking, reactivate_booking
from bookings.commands import (
    AmendBooking,
    CancelBooking,
    CreateBooking,
)
from bookings.creating import create_booking
from bookings.models import Booking
from kit.db import in_transaction
from payments import errors
from payments.clearing import ClearPayment, FailPayment, clear_payment, fail_payment
from payments.commands import TakePayment
from payments.refunding import RefundPayment, refund_payment
from payments.taking import Call, take_payment
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.life import (
    FAILED,
    HOLD,
    WEBSITE,
    Life,
    Paid,
    Why,
    agreed_cost,
    currency_of,
    decimal,
    no_refund,
    not_coming,
    paying,
    policy,
    wish,
    world,
)
from tests.life_keeping import Keeping

pytestmark = pytest.mark.long

STEPS = (
    "create", "pay", "clear", "fail", "refund", "void", "amend", "cancel", "reactivate", "abandon",
)  # fmt: skip

some = st.integers(0, 1000)  # which of those there are
percents = st.sampled_from([1, 20, 50, 100, 100, 140])
days = st.sampled_from([2, 3, 5, 33, 35, 70])  # some so near that everything is due at once
methods = st.sampled_from(["Any", "Any", "Any", "At the desk"])
breakages = st.sampled_from(["none", "none", "insurance", "deposit"])
money = st.tuples(percents, st.booleans(), st.just("Any"))
visits = st.lists(
    st.tuples(st.integers(0, 1), days, st.integers(1, 4), st.integers(0, 2), breakages),
    min_size=1,
    max_size=2,
    unique_by=lambda visit: visit[0],
)
wishes = st.sampled_from([(1, 2), (1,), (2,), (2, 1)])


class Agency(Keeping):
    """The steps; `partner_id` is a partner that reaches every location."""

    @initialize(
        pays=st.tuples(money, money, st.none()),
        asked=visits,
    )
    def begin(self, pays: Any, asked: Any) -> None:
        """Something at every location, so that there is something to do with: two bookings with
        money, and one that somebody has begun on a website."""
        for location, each in enumerate(pays, start=1):
            self.create(location, asked, None, "website" if location == 3 else "desk", each)
            if each:
                self.pay(location - 1, 30, 2, "Any", (2, 1), "cleared", False, False)

    @precondition(lambda self: len(self.lives) < 5)
    @rule(
        location=st.integers(1, 3),
        asked=visits,
        cost=st.sampled_from([None, None, 1, 500]),
        kind=st.sampled_from(["website", "website", "desk", "desk", "owner"]),
        pays=st.one_of(st.none(), st.tuples(percents, st.booleans(), methods)),
    )
    def create(self, location: int, asked: Any, cost: int | None, kind: str, pays: Any) -> None:
        agreed = [self._visit(location, *each) for each in asked]
        if cost is not None:
            agreed = [replace(visit, cost=cost) for visit in agreed]
        life = Life(0, location, agreed, kind == "owner", kind == "website", self.now)
        paid = self._paid(life, *pays) if pays and kind != "owner" else None
        order = CreateBooking(
            stays=tuple(wish(visit, cost is not None) for visit in agreed),
            contact={"last_name": "Silva", "email": "ana@example.com"},
            tags=(WEBSITE,) if life.is_website else (),
            is_owners=life.is_owners,
            paying=paying(paid, location) if paid else None,
        )
        why = self._arrived(agreed) or self._nights_taken(life, agreed)
        why = why or (policy(paid) if paid else None)

        made = self._do(
            "create", why, lambda c: create_booking(c, order, self.partner, SYSTEM, self._clock)
        )

        if made:
            life.id, life.ever = made.booking_id, {visit.house for visit in agreed}
            life.booking_fee = max(visit.house.terms.booking_fee for visit in agreed)
            life.payments = [replace(paid, id=made.receipt.payment.id)] if paid else []
            self.lives.append(life)

    @precondition(lambda self: self.lives)
    @rule(
        which=some,
        percent=percents,
        charges=st.integers(0, 3),
        method=methods,
        wanted=wishes,
        state=st.sampled_from(["cleared", "cleared", "uncleared", "deferred", "failed"]),
        for_last=st.booleans(),
        moves_date=st.booleans(),
    )
    def pay(
        self, which: int, percent: int, charges: int, method: str, wanted: Any, state: str,
        for_last: bool, moves_date: bool,
    ) -> None:  # fmt: skip
        life = self._life(which)
        paid = Paid(0, method, max(life.total * percent // 100, 1), charges, state)
        order = TakePayment(
            source="ipro",
            booking_id=life.id,
            amount=decimal(paid.amount, life.location),
            charges=decimal(charges, life.location),
            currency=currency_of(life.location),
            state=cast(Any, "uncleared" if state == "failed" else state),
            method=method,
            paid_on=self.now.date(),
            wishes=wanted,
            property_id=life.visits[-1].house.id if for_last else None,
            balance_due_on=self.now.date() + timedelta(days=9) if moves_date else None,
            add_tags=(FAILED,) if state == "failed" else (),
        )
        closed = life.is_cancelled and paid.is_coming
        why: Why = errors.BookingCancelled if closed else policy(paid)
        call = Call(SYSTEM, lambda _: b"")

        taken = self._do(
            "pay", why, lambda c: take_payment(c, order, self.partner, call, self._clock)
        )

        if taken:
            life.payments.append(replace(paid, id=taken.receipt.payment.id))
            life.held_from = self.now if state == "failed" else life.held_from

    @precondition(lambda self: self._payments())
    @rule(which=some, at_desk=st.booleans())
    def clear(self, which: int, at_desk: bool) -> None:
        _, paid = self._payment(which, lambda each: each.is_coming)
        why = not_coming(paid, at_desk)
        if why is None and not at_desk and paid.method == "At the desk":
            why = errors.OnlyNotCompleted
        order, partner = ClearPayment(payment_id=paid.id), None if at_desk else self.partner

        done = self._do(
            "clear", why, lambda c: clear_payment(c, order, SYSTEM, partner, self._clock)
        )

        paid.state = "cleared" if done else paid.state

    @precondition(lambda self: self._payments())
    @rule(which=some)
    def fail(self, which: int) -> None:
        life, paid = self._payment(which, lambda each: each.is_coming)
        why = not_coming(paid)
        order = FailPayment(payment_id=paid.id, reason="Declined")

        done = self._do(
            "fail", why, lambda c: fail_payment(c, order, SYSTEM, self.partner, self._clock)
        )

        if done:
            paid.state, life.held_from = "failed", self.now

    @precondition(lambda self: self._payments())
    @rule(
        which=some,
        percent=st.sampled_from([None, 1, 30, 100, 101]),
        with_charges=st.booleans(),
        at_desk=st.booleans(),
    )
    def refund(self, which: int, percent: int | None, with_charges: bool, at_desk: bool) -> None:
        life, paid = self._payment(which, lambda each: each.state == "cleared" and each.left > 0)
        asked = None if percent is None else -(-paid.left * percent // 100) or None
        charges = paid.charges_left if with_charges and paid.refund_of is None else 0
        back = paid.left if asked is None and not charges else asked or 0
        order = RefundPayment(
            payment_id=paid.id,
            source="ipro",
            amount=decimal(asked, life.location) if asked else None,
            charges=decimal(charges, life.location) if charges else None,
            method="Any" if at_desk else None,
        )
        why = no_refund(paid, back, charges, at_desk)
        partner = None if at_desk else self.partner

        done = self._do(
            "refund", why, lambda c: refund_payment(c, order, SYSTEM, partner, self._clock)
        )

        if done:
            refund = Paid(done.payment_id, "Any", back, charges, "cleared", paid, by_desk=at_desk)
            paid.refunds.append(refund)
            life.payments.append(refund)

    @precondition(lambda self: len(self._payments()) > 4)
    @rule(which=some)
    def void(self, which: int) -> None:
        life, paid = self._payment(which, lambda each: each.state not in ("failed", "void"))
        why: Why = errors.AlreadyRefunded if paid.given_back else None
        if paid.state in ("failed", "void"):
            why = errors.AlreadyUndone
        order = VoidPayment(payment_id=paid.id, reason="Typed twice")

        done = self._do("void", why, lambda c: void_payment(c, order, SYSTEM, self._clock))

        if done:
            paid.state, life.held_from = "void", self.now

    @precondition(lambda self: self.lives)
    @rule(which=some, asked=visits)
    def amend(self, which: int, asked: Any) -> None:
        life = self._life(which)
        before = {visit.house: visit for visit in life.visits}
        agreed = [self._visit(life.location, *each) for each in asked]
        agreed = [
            replace(x, cost=agreed_cost(x.house, before.get(x.house), len(x.nights)))
            for x in agreed
        ]
        order = AmendBooking(booking_id=life.id, stays=tuple(wish(x) for x in agreed))
        why: Why = refused.AmendOfCancelled if life.is_cancelled else None
        why = why or self._arrived(agreed, life.visits) or self._nights_taken(life, agreed)

        done = self._do(
            "amend", why, lambda c: amend_booking(c, order, SYSTEM, self.partner, self._clock)
        )

        if done:
            life.visits = agreed
            life.ever |= {visit.house for visit in agreed}

    @precondition(lambda self: self.lives)
    @rule(which=some, at_desk=st.booleans(), fee=st.sampled_from([None, None, 0, 30]))
    def cancel(self, which: int, at_desk: bool, fee: int | None) -> None:
        life = self._life(which)
        fee = fee if at_desk else None
        order = CancelBooking(booking_id=life.id, fee=fee)
        why: Why = refused.FeeTooHigh if fee is not None and fee > life.total else None
        why = why if at_desk or not life.holds_external else refused.ExternalPaymentPresent
        why = refused.AlreadyCancelled if life.is_cancelled else why
        partner = None if at_desk else self.partner

        done = self._do(
            "cancel", why, lambda c: cancel_booking(c, order, SYSTEM, partner, self._clock)
        )

        if done:
            least, most = life.fee() if fee is None else (fee, fee)
            assert least <= done.total <= most
            assert done.paid == min(done.total, life.money)
            life.is_cancelled = True

    @precondition(lambda self: self.lives)
    @rule(which=some)
    def reactivate(self, which: int) -> None:
        life = self._life(which, lambda each: each.is_cancelled)
        why: Why = None if life.is_cancelled else refused.NotCancelled
        why = why or self._nights_taken(life, life.visits)

        done = self._do(
            "reactivate",
            why,
            lambda c: reactivate_booking(c, life.id, SYSTEM, self.partner, self._clock),
        )

        if done:
            life.is_cancelled, life.held_from = False, self.now

    @precondition(lambda self: self.lives)
    @rule(which=some, minutes=st.sampled_from([29, 30, 3000]))
    def abandon(self, which: int, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        life = self._life(which, lambda each: each.is_website and not each.is_held)
        due = life.held_from + HOLD <= self.now and life.is_website and not life.is_held
        expected = due and make.row_of(Booking, life.id).status == "provisional"

        done = in_transaction(lambda c: abandon(c, life.id, self._clock))

        assert done == expected
        self.done["abandon"] += done
        life.is_cancelled = life.is_cancelled or done


def test_a_booking_and_its_money_are_right_whatever_becomes_of_them(app: Flask) -> None:
    assert app
    partner = world()

    run_state_machine_as_test(
        cast(Any, lambda: Agency(partner)),
        # Without shrinking, which takes minutes with a database: the steps are few.
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
        ),
    )


def test_what_the_desk_completed_goes_back_the_way_it_came(app: Flask) -> None:
    """A case that random steps rarely come to: the method takes nothing completed from a partner,
    who may all the same give back by it what it has recorded."""
    assert app
    agency = Agency(world())
    agency.create(3, [(1, 2, 3, 1, "none")], None, "desk", None)
    agency.pay(0, 50, 2, "At the desk", (1, 2), "deferred", False, False)
    agency.clear(0, True)

    agency.refund(0, 100, False, False)

    assert agency.done["refund"] == 1
    agency.the_books_are_right()
    agency.figures_are_those_of_the_model()


def test_every_step_can_be_done(app: Flask) -> None:
    """Otherwise the machine could be content with refusals."""
    assert app
    agency = Agency(world())
    visit = (0, 70, 3, 1, "deposit")

    agency.create(2, [visit], None, "website", None)
    agency.abandon(0, 30)
    agency.reactivate(0)
    agency.create(1, [visit], None, "desk", None)
    agency.pay(1, 50, 2, "Any", (1, 2), "deferred", False, True)
    agency.clear(1, False)
    agency.pay(1, 20, 0, "Any", (2, 1), "uncleared", True, False)
    agency.fail(1)
    agency.amend(1, [(0, 70, 4, 0, "none"), (1, 71, 1, 2, "insurance")])
    agency.refund(1, 30, True, False)
    agency.cancel(1, True, None)
    agency.create(3, [visit], 500, "desk", (100, False, "Any"))
    agency.void(5)

    assert set(+agency.done) == set(STEPS)
    agency.the_books_are_right()
    agency.figures_are_those_of_the_model()
