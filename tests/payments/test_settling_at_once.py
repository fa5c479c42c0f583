"""Card payments that meet, with a pause in the middle: money moves once, and is recorded once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from bookings import abandoning
from bookings.abandoning import cancel_abandoned
from bookings.models import Booking
from kit import clock
from payments import concluding, intents, ordering, settling
from payments.card_errors import BookingOver
from payments.gateways.models import CardIntent
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.gateway import NAME
from payments.models import Payment
from tests import make
from tests.make import Client
from tests.meeting import Gate, after, at_once, before, meanwhile, overtaking, pause
from tests.payments import cards
from tests.payments.conftest import Processes

pytestmark = pytest.mark.long

IN_PROGRESS = 12
Do = Callable[[Callable[[], Any]], Callable[[], Any]]


@pytest.fixture
def elsewhere(app: Flask, processes: Processes, own_gateways: None) -> list[Do]:
    """Two processes: each makes of something to do a call in its own context, whose result is what
    was given back or raised."""
    found = processes(2, WEB_THREADS=8)
    for each in (app, *found):
        cards.hurry(each)

    def doing(each: Flask) -> Do:
        def of(act: Callable[[], Any]) -> Callable[[], Any]:
            def call() -> Any:
                with each.test_request_context():
                    try:
                        return act()
                    except Exception as error:
                        return error

            return call

        return of

    return [doing(each) for each in found]


@pytest.fixture
def method(elsewhere: list[Do]) -> int:
    assert elsewhere
    return cards.method()


@pytest.fixture
def booking(method: int) -> int:
    assert method
    return make.booking(["100.00", make.Due("300.00", 2, 30)], status="provisional")


@pytest.fixture
def card(client: Client, method: int) -> int:
    assert method
    make.method("PayPal")
    return cards.card_of(client, make.booking(["500.00"]))


def part(booking: int, method: int) -> Callable[[], Any]:
    return lambda: cards.open_page(booking, method, 10000)


def whole(booking: int, method: int) -> Callable[[], Any]:
    return lambda: cards.open_page(booking, method, 40000, whole=True)


def test_a_double_click_leads_to_one_page(
    elsewhere: list[Do], booking: int, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    before(monkeypatch, engine, "open_page", gate.pass_through)

    one, two = overtaking(
        gate, elsewhere[0](part(booking, method)), elsewhere[1](part(booking, method))
    )

    assert (one.url, one.intent) == (two.url, two.intent)
    assert gate.passed == 1
    assert len(make.rows_of(CardIntent)) == 1


def test_two_tabs_with_other_amounts_leave_one_page_that_can_be_paid_on(
    elsewhere: list[Do], booking: int, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, ordering, "_store", pause)

    told = at_once([elsewhere[0](part(booking, method)), elsewhere[1](whole(booking, method))])

    assert all(each.url for each in told)
    states = sorted(row.state for row in make.rows_of(CardIntent))
    assert states == ["cancelled", "open"]
    for each in told:
        cards.pay(each)
    cards.work(minutes=31)
    assert len(make.rows_of(Payment)) == 1
    assert cards.wrong() == []


def test_a_page_that_nobody_waited_for_is_shown_to_nobody_when_it_comes(
    elsewhere: list[Do], booking: int, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "PAGE_COMES_WITHIN_S", 0.2)
    gate = Gate()
    after(monkeypatch, engine, "open_page", gate.pass_through)

    slow, quick = meanwhile(
        gate, elsewhere[0](part(booking, method)), elsewhere[1](whole(booking, method))
    )

    assert (slow.url, slow.intent.state) == (None, "cancelled")
    assert (quick.url is not None, quick.intent.state) == (True, "open")
    closed = engine.look(slow.intent.code)
    assert closed is not None
    assert closed.state == "closed"


def test_return_notice_and_worker_at_once_record_one_payment(
    app: Flask, elsewhere: list[Do], booking: int, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = cards.open_page(booking, method, 10000, app=app)
    cards.pay(opened)
    cards.hasten()
    code = opened.intent.code
    form = {"code": code, "signature": cards.sandbox(app).signature(code)}
    before(monkeypatch, concluding, "land", pause)

    told = at_once(
        [
            elsewhere[0](lambda: settling.settle(code)),
            elsewhere[1](lambda: settling.believe(NAME, form)),
            elsewhere[0](settling.settle_pending),
            elsewhere[1](lambda: settling.settle(code)),
        ]
    )

    assert not [each for each in told if isinstance(each, Exception)]
    assert [row.state for row in make.rows_of(Payment)] == ["cleared"]
    assert cards.wrong() == []


def test_two_people_who_charge_a_card_at_once_charge_it_once(
    elsewhere: list[Do], card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, ordering, "_store", pause)
    before(monkeypatch, engine, "do", pause)
    charge = [each(lambda: cards.use("charge", card, "100.00")) for each in elsewhere]

    told = at_once(charge)

    assert sorted(type(each).__name__ for each in told) == ["CardPaymentUnderWay", "Intent"]
    assert engine.taken("EUR").minor == 10000
    assert cards.wrong() == []


def test_two_people_who_refund_at_once_pay_back_once(
    elsewhere: list[Do], card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, ordering, "_store", pause)
    before(monkeypatch, engine, "do", pause)

    told = at_once([each(lambda: cards.use("refund", card)) for each in elsewhere])

    assert sorted(type(each).__name__ for each in told) == ["ActUnderWay", "Intent"]
    assert cards.wrong() == []


def test_a_guest_and_staff_at_once_take_the_money_once(
    elsewhere: list[Do], card: int, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = make.row_of(Payment, card).booking_id
    gate = Gate()
    before(monkeypatch, engine, "do", gate.pass_through)

    charged, opened = meanwhile(
        gate,
        elsewhere[0](lambda: cards.use("charge", card, "499.00")),
        elsewhere[1](lambda: cards.open_page(booking, method, 49900)),
    )

    assert (opened.url, opened.intent.code) == (None, charged.code)
    assert charged.state == "succeeded"
    assert cards.wrong() == []


def test_the_second_index_stands_in_where_nobody_looks(
    elsewhere: list[Do], card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should a lock be forgotten one day: the database refuses a second intent."""
    gate = Gate()
    before(monkeypatch, engine, "do", gate.pass_through)
    blind: list[Any] = []

    def blindly() -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(intents, "pending_money", lambda *_: blind.append(1))
            return cards.use("charge", card, "100.00")

    _, refused = meanwhile(
        gate, elsewhere[0](lambda: cards.use("charge", card, "100.00")), elsewhere[1](blindly)
    )

    assert type(refused).__name__ == "IntegrityError"
    assert len(blind) == 3
    assert engine.taken("EUR").minor == 10000


@pytest.mark.parametrize("first", ["worker", "guest"])
def test_a_guest_who_begins_to_pay_as_the_worker_comes_is_in_time_or_too_late(
    elsewhere: list[Do], method: int, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    long_ago = clock.now() - timedelta(hours=1)
    booking = make.booking(status="provisional", tags=[IN_PROGRESS], created_at=long_ago)
    gate = Gate()
    if first == "worker":
        before(monkeypatch, abandoning, "close", gate.pass_through)
    else:
        before(monkeypatch, ordering, "_store", gate.pass_through)
    worker = elsewhere[0](cancel_abandoned)
    guest = elsewhere[1](lambda: cards.open_page(booking, method, 10000))

    told = overtaking(gate, *((worker, guest) if first == "worker" else (guest, worker)))

    if first == "worker":
        assert told[0] == 1
        assert isinstance(told[1], BookingOver)
    else:
        assert told[0].url is not None
        assert told[1] == 0
    status = make.row_of(Booking, booking).status
    assert status == ("cancelled" if first == "worker" else "provisional")


def test_a_provider_s_call_keeps_nobody_from_the_booking(
    elsewhere: list[Do], booking: int, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No transaction is open, and nothing locked, while a provider is called."""
    gate = Gate()
    before(monkeypatch, engine, "open_page", gate.pass_through)

    _, told = meanwhile(
        gate,
        elsewhere[0](part(booking, method)),
        elsewhere[1](lambda: settling.settle(make.rows_of(CardIntent)[0].code)),
    )

    assert told.intent.state == "open"
