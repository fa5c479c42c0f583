"""Two people who close at once, and money that comes while a day is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask

from kit import clock
from kit.db import in_transaction
from kit.errors import DomainError
from office.closing import closing, errors, queries
from office.closing.closing import Closed, CloseDay, close_day
from office.models import DayClose, DayCloseEntry, DayCloseFigure
from payments import saving
from payments.models import Payment
from payments.recording import RecordPayment, record_payment
from tests import make
from tests.meeting import Gate, after, at_once, before, meanwhile, overtaking
from tests.office.closing.given import ANA, DAY, as_expected, at, close, entries, pay, planned, sums

YESTERDAY = DAY - timedelta(days=1)


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    with time_machine.travel(at("20 18:00")):
        yield


@pytest.fixture
def booking(app: Flask) -> int:
    """A booking at location 1, where cash and cards are taken."""
    assert app
    make.location(1)
    make.method("Cash", kind="cash")
    make.method("Card")
    return make.booking(["500.00"])


def closing_of(app: Flask, day: date) -> Callable[[], Any]:
    """Closes a day as a page shows it now, in a thread of its own; what came of it."""
    shown = planned(day, now())
    order = CloseDay(location_id=1, day=day, counts=as_expected(shown), seen=shown.seal)

    def run() -> Closed | DomainError:
        with app.app_context():
            try:
                return in_transaction(lambda c: close_day(c, order, ANA))
            except DomainError as refused:
                return refused

    return run


def now() -> str:
    return f"{clock.now():%Y-%m-%d %H:%M:%S.%f}"


def paying(app: Flask, booking: int, method: str = "Card") -> Callable[[], int]:
    order = RecordPayment(
        booking_id=booking, amount=Decimal("10.00"), state="cleared", method=method,
        paid_on=DAY,
    )  # fmt: skip

    def run() -> int:
        with app.app_context():
            return in_transaction(lambda c: record_payment(c, order, ANA)).payment_id

    return run


@pytest.mark.long
def test_of_two_who_close_different_days_at_once_one_is_shown_what_the_other_did(
    app: Flask, booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without money nothing but the lock keeps their periods apart. The pause is after the second
    has seen which day was closed last."""
    close(DAY - timedelta(days=3), now())
    gate = Gate()
    first = closing_of(app, YESTERDAY)
    second = closing_of(app, DAY)
    after(monkeypatch, queries, "last_close", gate.pass_through)

    one, two = overtaking(gate, first, second)

    assert isinstance(one, Closed)
    assert isinstance(two, errors.FiguresChanged)
    assert [row.day for row in make.rows_of(DayClose)] == [DAY - timedelta(days=3), YESTERDAY]


def test_of_many_who_close_a_day_at_once_one_does(app: Flask, booking: int) -> None:
    paid = pay(booking, "50.00", now())
    found = at_once([closing_of(app, DAY) for _ in range(4)])

    assert sum(isinstance(each, Closed) for each in found) == 1
    assert sum(isinstance(each, errors.DayClosed) for each in found) == 3
    assert entries() == [(paid, "cleared")]


@pytest.mark.long
def test_a_payment_that_is_written_while_the_day_is_closed_is_in_one_close(
    app: Flask, booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its moment lies before the end of the closed day, and it is stored after that. SQLite lets
    the close wait for it, PostgreSQL leaves it to the next day."""
    closing_first = closing_of(app, DAY)
    is_sqlite = "sqlite" in app.config["SQLALCHEMY_DATABASE_URI"]
    gate = Gate()
    before(monkeypatch, saving, "_write_lines", gate.pass_through)

    meet = overtaking if is_sqlite else meanwhile
    paid, first = meet(gate, paying(app, booking), closing_first)
    monkeypatch.undo()
    if is_sqlite:
        assert isinstance(first, errors.FiguresChanged)
        first = closing_of(app, DAY)()
    second = close(DAY + timedelta(days=1), "21 20:00")

    assert isinstance(first, Closed)
    moment = make.rows_of(Payment)[0].cleared_at
    assert moment < make.rows_of(DayClose)[0].until
    assert entries(first.close_id if is_sqlite else second.close_id) == [(paid, "cleared")]
    assert len(make.rows_of(DayCloseEntry)) == 1


@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
def test_money_that_comes_between_taking_and_adding_up_is_in_both_or_in_neither(
    app: Flask, booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payment with an earlier moment is stored in the middle of a close: its figures are still
    those of its entries. (SQLite has one writer at a time: nobody comes in between.)"""
    earlier, gate = now(), Gate()
    pay(booking, "50.00", earlier)
    run = closing_of(app, DAY)
    after(monkeypatch, closing, "_take", gate.pass_through)

    def late() -> int:
        with app.app_context():
            return pay(booking, "7.00", earlier)

    closed, paid = meanwhile(gate, run, late)

    assert isinstance(closed, Closed)
    assert entries(closed.close_id) == [(paid - 1, "cleared")]
    [figure] = make.rows_of(DayCloseFigure, close_id=closed.close_id)
    assert figure.cleared == 5000


def test_money_that_comes_while_days_are_closed_is_in_one_close_or_waits(
    app: Flask, booking: int
) -> None:
    """Many payments, and closes of the days before at the same moment: none twice, none lost."""
    close(DAY - timedelta(days=3), now())
    days = [closing_of(app, DAY - timedelta(days=back)) for back in (2, 1)]
    found = at_once([*[paying(app, booking) for _ in range(4)], *days])

    last = close(DAY, "20 23:59:59")

    paid = [each for each in found if isinstance(each, int)]
    assert len(paid) == 4
    assert sorted(each for each, _ in entries()) == sorted(paid)
    assert len(make.rows_of(DayCloseEntry)) == 4
    assert sums() == {(1, "EUR"): 4000}
    assert last.close_id
