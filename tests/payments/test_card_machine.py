"""Guests, staff, partners, the provider and the worker, in any order: money is in the books as it
lies at the provider, and nothing is forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
import time_machine
from flask import Flask
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audit.chain import SYSTEM
from bookings.abandoning import cancel_abandoned
from bookings.amending import amend_booking
from bookings.cancelling import cancel_booking, reactivate_booking
from bookings.commands import AmendBooking, CancelBooking, CreateBooking, StayWish
from bookings.creating import create_booking
from bookings.models import Booking, Stay
from kit import clock
from kit.db import in_transaction, reading
from kit.errors import DomainError, Refused
from partners.authentication import Caller
from payments import account, ordering, settling
from payments.commands import Card, TakePayment
from payments.gateways.gateway import Outcome
from payments.gateways.models import CardIntent
from payments.gateways.registry import GATEWAYS
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import BY_LAST_DIGITS, WORKS, behaviour
from payments.gateways.sandbox.gateway import NAME
from payments.gateways.sandbox.models import SandboxTransaction
from payments.models import Payment
from payments.ordering import Act
from payments.refunding import RefundPayment, refund_payment
from payments.settling import Opened
from payments.taking import Call, take_payment
from tests import make
from tests.payments import cards
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

IN_PROGRESS = 12
STEPS = (
    "open", "pay", "leave", "come_back", "tell", "charge", "act", "promise", "refund_by_hand",
    "cancel", "reactivate", "amend",
)  # fmt: skip
SIGN = {"pay": 1, "charge": 1, "release": 1, "refund": -1, "void": -1}

some = st.integers(0, 99)
digits = st.sampled_from([0, 0, 0, *BY_LAST_DIGITS])


class Cards(RuleBasedStateMachine):
    """Three bookings whose guests and staff pay by card. Every step may be refused; none may leave
    anything wrong behind."""

    def __init__(self, app: Flask, partner_id: int, method: int) -> None:
        super().__init__()
        self.app, self.method = app, method
        self.partner = Caller(partner_id, "Checkout", frozenset(), frozenset({1}))
        self.own = app.extensions[GATEWAYS]
        self.done: Counter[str] = Counter()
        self.opened: list[Opened] = []
        self.bookings: list[int] = []
        self.time = time_machine.travel(datetime.now(UTC), tick=True)
        self.moves = self.time.start()

    @initialize(prices=st.lists(digits, min_size=3, max_size=3), closes=st.booleans())
    def begin(self, prices: list[int], closes: bool) -> None:
        """`closes`: the provider can close a page that nobody is paying on."""
        give_up = None if closes else lambda _: Outcome("pending")
        cards.instead(self.app, cards.Fickle(cards.sandbox(self.app), give_up_=give_up))
        rule = make.rule(deposit_rate=2500, balance_days=30)
        for place, cents in enumerate(prices):
            house = make.place(1, night_price=f"40.{cents:02}", rule=rule)
            tags = (IN_PROGRESS,) if place == 2 else ()
            self.bookings.append(self._book(house, tags))
        self.open(0, False, False, "works")
        if self.opened:
            self.come_back(0)

    def _book(self, house: int, tags: tuple[int, ...]) -> int:
        order = CreateBooking(
            stays=(self._stay(house, 4),), contact={"last_name": "Silva"}, tags=tags
        )
        return in_transaction(lambda c: create_booking(c, order, None, SYSTEM)).booking_id

    def _stay(self, house: int, nights: int) -> StayWish:
        first = clock.now().date() + timedelta(days=90)
        return StayWish(property=house, arrives_on=first, leaves_on=first + timedelta(days=nights))

    # --- guests -------------------------------------------------------------------------------

    @rule(
        which=some,
        whole=st.booleans(),
        is_stale=st.sampled_from([False, False, False, True]),
        then=st.sampled_from(["looks", "works", "works", "declined", "later", "amount"]),
    )
    def open(self, which: int, whole: bool, is_stale: bool, then: str) -> None:
        booking = self._booking(which)
        with reading() as session:
            found = account.read_account(session.connection(), booking, None, clock.now())
        shown = ordering.owed_now(found, whole=whole).amount + is_stale
        opened = self._try(
            "open",
            lambda: cards.open_page(booking, self.method, shown, whole=whole, app=self.app),
        )
        if opened and opened.url:
            self.opened.append(opened)
            if then != "looks":
                self.pay(0, then)

    @precondition(lambda self: self.opened)
    @rule(which=some, how=st.sampled_from(["works", "works", "declined", "later", "amount"]))
    def pay(self, which: int, how: str) -> None:
        intent = self._page(which).intent
        goes = {"works": WORKS, "declined": BY_LAST_DIGITS[1], "later": BY_LAST_DIGITS[6]}
        self._try(
            "pay",
            lambda: engine.pay(intent.code, goes.get(how, behaviour(intent.amount)), "0006"),
        )

    @precondition(lambda self: self.opened)
    @rule(which=some)
    def leave(self, which: int) -> None:
        self._try("leave", lambda: engine.close(self._page(which).intent.code))

    @precondition(lambda self: self.opened)
    @rule(which=some)
    def come_back(self, which: int) -> None:
        self._try("come_back", lambda: settling.settle(self._page(which).intent.code))

    @precondition(lambda self: self.opened)
    @rule(which=some, times=st.integers(1, 3), is_forged=st.booleans())
    def tell(self, which: int, times: int, is_forged: bool) -> None:
        code = self._page(which).intent.code
        signature = "0" * 64 if is_forged else cards.sandbox(self.app).signature(code)
        before = cards.state(code)
        for _ in range(times):
            form = {"code": code, "signature": signature}
            told = self._try("tell", lambda: settling.believe(NAME, form))  # noqa: B023
            assert (told is None) == is_forged
        assert not is_forged or cards.state(code) == before

    # --- staff and partners -------------------------------------------------------------------

    @precondition(lambda self: self._payments())
    @rule(which=some, units=st.integers(1, 90), cents=digits, confirmed=st.booleans())
    def charge(self, which: int, units: int, cents: int, confirmed: bool) -> None:
        amount = f"{units}.{cents:02}"
        payment = self._payment(which)
        self._try("charge", lambda: cards.use("charge", payment, amount, confirmed=confirmed))

    @precondition(lambda self: self._payments())
    @rule(which=some, act=st.sampled_from(["refund", "refund", "void", "release", "abort"]),
          units=st.one_of(st.none(), st.integers(1, 40)), cents=digits)  # fmt: skip
    def act(self, which: int, act: Act, units: int | None, cents: int) -> None:
        amount = f"{units}.{cents:02}" if act == "refund" and units else None
        self._try("act", lambda: cards.use(act, self._payment(which), amount))

    @rule(which=some, units=st.integers(1, 60), cents=digits, state=st.sampled_from(
        ["cleared", "uncleared", "deferred"]))  # fmt: skip
    def promise(self, which: int, units: int, cents: int, state: Any) -> None:
        """A partner sends a payment, or a promise of one, with a stored card."""
        order = TakePayment(
            source="ipro",
            booking_id=self._booking(which),
            amount=Decimal(f"{units}.{cents:02}"),
            currency="EUR",
            state=state,
            method="PayPal",
            paid_on=clock.now().date(),
            card=Card({"PaymentToken": "tok_of_a_test_1"}),
        )
        call = Call(SYSTEM, lambda _: b"")
        self._try(
            "promise", lambda: in_transaction(lambda c: take_payment(c, order, self.partner, call))
        )

    @precondition(lambda self: self._payments())
    @rule(which=some, units=st.integers(1, 40))
    def refund_by_hand(self, which: int, units: int) -> None:
        order = RefundPayment(payment_id=self._payment(which), source="desk", amount=Decimal(units))
        self._try(
            "refund_by_hand", lambda: in_transaction(lambda c: refund_payment(c, order, SYSTEM))
        )

    @rule(which=some)
    def cancel(self, which: int) -> None:
        order = CancelBooking(booking_id=self._booking(which))
        self._try("cancel", lambda: in_transaction(lambda c: cancel_booking(c, order, SYSTEM)))

    @rule(which=some)
    def reactivate(self, which: int) -> None:
        booking = self._booking(which)
        self._try(
            "reactivate", lambda: in_transaction(lambda c: reactivate_booking(c, booking, SYSTEM))
        )

    @rule(which=some, nights=st.integers(1, 7))
    def amend(self, which: int, nights: int) -> None:
        booking = self._booking(which)
        [stay, *_] = make.rows_of(Stay, booking_id=booking, dropped_at=None)
        order = AmendBooking(booking_id=booking, stays=(self._stay(stay.property_id, nights),))
        self._try("amend", lambda: in_transaction(lambda c: amend_booking(c, order, SYSTEM)))

    # --- time and the worker ------------------------------------------------------------------

    @rule(minutes=st.sampled_from([0.2, 3, 31, 100]))
    def wait(self, minutes: float) -> None:
        self.moves.shift(timedelta(minutes=minutes))

    @rule()
    def work(self) -> None:
        while settling.settle_pending():
            pass

    @rule()
    def abandon(self) -> None:
        mine = [x for x in make.rows_of(CardIntent) if x.state in ("open", "unknown")]
        paying = {x.booking_id for x in mine if x.kind in ("pay", "charge")}
        before = {x: self._status(x) for x in self.bookings}
        cancel_abandoned()
        for booking, status in before.items():
            assert booking not in paying or self._status(booking) == status

    # --- what is always so --------------------------------------------------------------------

    @invariant()
    def the_books_are_right(self) -> None:
        assert wrong_books(self.bookings) == []

    @invariant()
    def what_was_settled_is_in_the_ledger_as_at_the_provider(self) -> None:
        settled = {x.code for x in make.rows_of(CardIntent, state="succeeded")}
        rows = [x for x in make.rows_of(SandboxTransaction, state="paid") if x.code in settled]
        held = sum(SIGN.get(x.kind, 0) * x.amount for x in rows)
        assert len(rows) == len(settled)
        assert cards.ledger_money() == held

    @invariant()
    def the_provider_was_told_once_of_each_order(self) -> None:
        assert {x.told for x in make.rows_of(SandboxTransaction)} <= {1}

    @invariant()
    def somebody_will_look_at_everything_that_is_under_way(self) -> None:
        for each in make.rows_of(CardIntent):
            assert (each.state == "open") == (each.due_at is not None)

    def teardown(self) -> None:
        try:
            self._wait_for_all_ends()
        finally:
            self.app.extensions[GATEWAYS] = self.own
            self.time.stop()

    def _wait_for_all_ends(self) -> None:
        """However it went: hours later nothing is under way, and what the provider has taken is
        in the ledger or shown to staff."""
        for _ in range(20):
            self.moves.shift(timedelta(minutes=11))
            self.work()
        assert make.rows_of(CardIntent, state="open") == []
        states = {x.code: (x.state, bool(x.trouble)) for x in make.rows_of(CardIntent)}
        for each in make.rows_of(SandboxTransaction, state="paid"):
            assert states[each.code] in (("succeeded", False), ("unknown", True))
        assert broken_chains() == []

    # --- how ----------------------------------------------------------------------------------

    def _try(self, what: str, do: Callable[[], Any]) -> Any:
        """What came of it; None when it was refused."""
        with suppress(DomainError, Refused):
            found = do()
            self.done[what] += 1
            return found
        return None

    def _booking(self, which: int) -> int:
        return self.bookings[which % len(self.bookings)]

    def _status(self, booking: int) -> str:
        return str(make.row_of(Booking, booking).status)

    def _page(self, which: int) -> Opened:
        return self.opened[-1 - which % min(len(self.opened), 4)]

    def _payments(self) -> list[int]:
        return [x.id for x in make.rows_of(Payment) if x.booking_id in self.bookings]

    def _payment(self, which: int) -> int:
        found = self._payments()
        return found[which % len(found)]


@pytest.fixture
def machine(app: Flask, own_gateways: None) -> Callable[[], Cards]:
    cards.hurry(app)
    method = cards.method()
    make.method("PayPal")
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    make.tag(20, "Payment Failed", "payment_failed")
    partner = make.partner()
    return lambda: Cards(app, partner, method)


def test_the_books_are_those_of_the_provider_whatever_happens(
    machine: Callable[[], Cards],
) -> None:
    run_state_machine_as_test(
        cast(Any, machine),
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
        ),
    )


def test_every_step_can_be_done(machine: Callable[[], Cards]) -> None:
    """Otherwise the machine could be content with refusals."""
    life = machine()
    life.begin([0, 0, 0], closes=True)
    life.done.clear()
    life.open(0, False, False, "looks")
    life.leave(0)
    life.come_back(0)
    life.open(0, False, False, "works")
    life.tell(0, 2, False)
    life.promise(1, 10, 0, "uncleared")
    life.act(1, "release", None, 0)
    life.charge(0, 20, 0, True)
    life.act(0, "refund", 5, 0)
    life.refund_by_hand(0, 1)
    life.amend(0, 5)
    life.cancel(0)
    life.reactivate(0)
    life.teardown()

    assert set(+life.done) == set(STEPS)
    assert cards.wrong() == []
