"""What holds of a small agency after every step of its life, and how a step is held against the
model (tests/life.py). The steps themselves: tests/test_life_machine.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import Connection, select

from bookings import errors as refused
from bookings.models import Booking, Night, ScheduleLine
from kit import clock
from kit.db import in_transaction, reading
from kit.errors import DomainError, Refused
from kit.money import Money
from partners.authentication import Caller
from tests import make
from tests.life import Life, Paid, Visit, Why, houses
from tests.payments.listening import told
from tests.payments.proofs import broken_chains, row_counts, wrong_books


class Keeping(RuleBasedStateMachine):
    """`partner_id` is a partner that reaches every location."""

    def __init__(self, partner_id: int) -> None:
        super().__init__()
        self.partner = Caller(partner_id, "Checkout", frozenset(), frozenset({1, 2, 3}))
        self.start = self.now = clock.now()
        self.houses = houses()
        self.done: Counter[str] = Counter()
        self.listener = make.endpoint(partner_id)
        self.lives: list[Life] = []

    # --- what is always so --------------------------------------------------------------------

    @invariant()
    def the_books_are_right(self) -> None:
        assert wrong_books([life.id for life in self.lives]) == []

    @invariant()
    def figures_are_those_of_the_model(self) -> None:
        rows = self._rows(Booking)
        for life in self.lives:
            row = rows[life.id]
            assert row.paid + row.credit == life.money
            assert row.charges == life.charges
            assert (row.status == "cancelled") == life.is_cancelled
            if not life.is_cancelled:
                assert row.total == life.total
                assert (row.status == "blockout") == life.is_owners

    @invariant()
    def what_is_provisional_waits_for_what_is_due_at_once(self) -> None:
        with reading() as session:
            waiting = session.scalars(
                select(ScheduleLine.booking_id).where(
                    ScheduleLine.stage == 1, ScheduleLine.paid < ScheduleLine.amount
                )
            ).all()
        rows = self._rows(Booking).values()
        assert {row.id for row in rows if row.status == "provisional"} <= set(waiting)

    @invariant()
    def nights_are_those_of_the_bookings_that_are_not_cancelled(self) -> None:
        mine = [house.id for house in self.houses]
        with reading() as session:
            rows = session.execute(select(Night).where(Night.property_id.in_(mine))).scalars()
            held = {(row.property_id, row.night): row.booking_id for row in rows}
        assert held == {night: life.id for life in self.lives for night in life.nights}

    @invariant()
    def who_listens_knows_every_booking_as_it_is(self) -> None:
        rows = self._rows(Booking)
        for life in self.lives:
            row, events = rows[life.id], [each["data"] for each in told(self.listener, life.id)]
            assert [each["number"] for each in events] == list(range(1, row.event_count + 1))
            last = events[-1]["booking"]
            figures = [
                Money(each, row.currency).plain for each in (row.total, row.paid, row.credit)
            ]
            assert last["status"] == row.status
            assert [last["total"], last["paid"], last["credit"]] == figures

    def teardown(self) -> None:
        assert broken_chains() == []

    def _rows(self, model: Any) -> dict[int, Any]:
        mine = [life.id for life in self.lives]
        with reading() as session:
            return {row.id: row for row in session.scalars(select(model).where(model.id.in_(mine)))}

    # --- how ----------------------------------------------------------------------------------

    def _clock(self) -> datetime:
        return self.now

    def _do(self, what: str, why: Why, work: Callable[[Connection], Any]) -> Any:
        """What came of it; None when it was refused as foretold, and then nothing was written."""
        before = row_counts() if why else {}
        try:
            found = in_transaction(work)
        except (DomainError, Refused) as refusal:
            told = refusal.problems if isinstance(refusal, Refused) else (refusal,)
            if why not in [type(each) for each in told]:
                raise
            assert row_counts() == before
            return None
        assert why is None, f"{what} should have been refused"
        self.done[what] += 1
        return found

    def _life(self, which: int, prefer: Callable[[Life], bool] = lambda _: True) -> Life:
        found = [life for life in self.lives if which % 4 and prefer(life)] or self.lives
        return found[which % len(found)]

    def _payments(self) -> list[tuple[Life, Paid]]:
        return [(life, each) for life in self.lives for each in life.payments]

    def _payment(self, which: int, prefer: Callable[[Paid], bool]) -> tuple[Life, Paid]:
        """Mostly one that something can be done with."""
        every = self._payments()
        found = [each for each in every if which % 4 and prefer(each[1])] or every
        return found[which % len(found)]

    def _visit(
        self, location: int, which: int, starts: int, count: int, extras: int, for_breakages: str
    ) -> Visit:
        house = [each for each in self.houses if each.location == location][which]
        first = self.start.date() + timedelta(days=starts)
        last = first + timedelta(days=count)
        return Visit(house, first, last, count * house.night, extras, for_breakages)

    def _paid(self, life: Life, percent: int, deferred: bool, method: str) -> Paid:
        amount = max(life.total * percent // 100, 1)
        return Paid(0, method, amount, 0, "deferred" if deferred else "cleared")

    def _arrived(self, wanted: Sequence[Visit], before: Sequence[Visit] = ()) -> Why:
        """Whether somebody would arrive on a day that has passed, and is not that of before."""
        today = clock.day_at(self.now, "Europe/Lisbon")
        kept = {visit.arrives_on for visit in before}
        past = [x for x in wanted if x.arrives_on < today and x.arrives_on not in kept]
        return refused.ArrivedAlready if past else None

    def _nights_taken(self, mine: Life, wanted: Sequence[Visit]) -> Why:
        theirs = {night for life in self.lives if life is not mine for night in life.nights}
        asked = {(visit.house.id, night) for visit in wanted for night in visit.nights}
        return refused.NightsTaken if asked & theirs else None
