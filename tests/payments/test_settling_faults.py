"""Providers, databases and keys that fail in the middle of a card payment."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError, OperationalError

from bookings.models import Booking
from kit import clock
from kit.db import in_transaction, transaction
from kit.money import Money
from kit.vault import Vault, VaultLocked
from payments import card_errors, settling
from payments.concluding import ASKED_FOR, CALLED_WITHIN, NEVER_CALLED_AFTER, conclude
from payments.errors import BookingBusy
from payments.gateways.gateway import LONGEST_S, Order, Outcome, Page, Visit
from payments.gateways.models import CardIntent
from payments.gateways.registry import GATEWAYS
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import WORKS
from payments.gateways.sandbox.gateway import NAME
from payments.ordering import order_act
from payments.vouching import Vouch, vouch
from tests import make
from tests.make import Client
from tests.payments import cards
from tests.payments.proofs import counted_queries

LATER = {"minutes": NEVER_CALLED_AFTER.seconds // 60 + 1}
STRANGER = Vault(["c3RyYW5nZXIgc3RyYW5nZXIgc3RyYW5nZXIgc3RyYW4="])


@pytest.fixture(autouse=True)
def _no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "TRIED_AGAIN_AFTER_S", (0.0, 0.0))


@pytest.fixture
def method(app: Flask, own_gateways: None) -> int:
    cards.hurry(app)
    return cards.method()


@pytest.fixture
def card(client: Client, method: int) -> int:
    """A payment of 1.00 with a stored card, on a booking of 500.00."""
    assert method
    make.method("PayPal")
    return cards.card_of(client, make.booking(["500.00"]))


def test_a_provider_that_breaks_down_is_asked_and_its_error_tells_no_secret(
    app: Flask, card: int, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(order: Order) -> Outcome:
        engine.do("charge", order.code, order.amount, WORKS)
        raise ValueError(f"cannot read {order.secrets}")

    cards.fickle(app, perform_=breaks)
    with caplog.at_level(logging.INFO):
        seen = cards.use("charge", card, "100.00")
    cards.work(**LATER)

    assert (seen.state, cards.state(seen.code)) == ("open", "succeeded")
    assert "tok_of_a_test" not in caplog.text + capsys.readouterr().out + repr(seen)
    assert cards.wrong() == []


def test_nothing_about_a_guest_or_a_card_is_in_the_text_of_what_is_passed_around() -> None:
    order = Order("charge", "BP1", Money(100, "EUR"), "Booking 1", {"PaymentToken": "tok_secret"})
    page = Page("https://provider.example/secret", {"key": "secret"})
    outcome = Outcome("succeeded", secrets={"PaymentToken": "tok_secret"})
    shown = repr([order, page, outcome, cards.visit(None)])  # type: ignore[arg-type]

    for secret in ("tok_secret", "secret", "Maria", "Silva", "guest@", "/back"):
        assert secret not in shown


def test_without_a_page_nothing_was_paid_and_the_next_try_opens_one(
    app: Flask, method: int
) -> None:
    booking = make.booking()
    flaky = cards.fickle(app, start_=cards.raising(TimeoutError()))
    first = cards.open_page(booking, method, 10000, app=app)

    flaky.start_ = None
    second = cards.open_page(booking, method, 10000, app=app)

    assert (first.url, first.intent.state) == (None, "cancelled")
    assert second.url is not None


def test_a_call_that_was_held_up_for_too_long_is_not_made_any_more(
    app: Flask, card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = order_act

    def old(*args: Any) -> Any:
        made = real(*args)
        return replace(made, created_at=made.created_at - CALLED_WITHIN)

    monkeypatch.setattr(settling, "order_act", old)

    seen = cards.use("charge", card, "100.00")

    assert seen.state == "cancelled"
    assert engine.taken("EUR").minor == 0


def test_what_a_provider_has_not_heard_of_may_still_come_for_a_while(card: int) -> None:
    seen = cards.use("charge", card, "100.10")

    assert cards.work(seconds=NEVER_CALLED_AFTER.seconds - 1) == 0
    assert cards.state(seen.code) == "open"
    assert cards.work(seconds=NEVER_CALLED_AFTER.seconds + 10) == 1
    assert cards.state(seen.code) == "cancelled"


def test_whoever_may_still_call_is_not_given_up_for_dead() -> None:
    assert timedelta(seconds=LONGEST_S) + CALLED_WITHIN < NEVER_CALLED_AFTER


def test_what_nobody_can_find_out_is_shown_to_staff_and_asked_for_no_more(
    app: Flask, card: int
) -> None:
    mute = cards.fickle(
        app, perform_=lambda _: Outcome("unknown"), ask_=lambda _: Outcome("unknown")
    )
    seen = cards.use("charge", card, "100.00")

    cards.work(minutes=2)
    assert cards.state(seen.code) == "open"
    cards.work(minutes=ASKED_FOR.seconds // 60 + 1)
    times = len(mute.asked)
    cards.work(hours=9)

    assert cards.state(seen.code) == "unknown"
    assert len(mute.asked) == times
    assert cards.wrong() == []


def test_a_provider_that_is_gone_is_no_reason_to_stop(app: Flask, method: int) -> None:
    opened = cards.open_page(make.booking(), method, 10000, app=app)
    other = cards.open_page(make.booking(), method, 10000, app=app)
    cards.pay(other)
    own = app.extensions[GATEWAYS]

    app.extensions[GATEWAYS] = {}
    cards.hasten()
    assert settling.settle_pending() == 0
    app.extensions[GATEWAYS] = own
    cards.hasten()
    assert settling.settle_pending() == 1

    assert [cards.state(each.intent.code) for each in (opened, other)] == ["open", "succeeded"]
    assert cards.wrong() == []


@pytest.mark.parametrize("error", [BookingBusy(), RuntimeError("a bug")])
def test_one_that_cannot_be_settled_keeps_no_other_from_it(
    app: Flask, method: int, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    opened = [cards.open_page(make.booking(), method, 10000, app=app) for _ in range(3)]
    for each in opened:
        cards.pay(each)
    cards.hasten()
    real = conclude

    def concluding(connection: Any, code: str, *args: Any, **options: Any) -> Any:
        if code == opened[0].intent.code:
            raise error
        return real(connection, code, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(settling, "conclude", concluding)
        patch.setattr(settling, "AT_ONCE", 1)
        done = sum(_settled_or_failed() for _ in range(4))
    waits = cards.intent(opened[0].intent.code)

    assert done == 2
    assert (waits.state, waits.due_at > clock.now()) == ("open", True)
    assert cards.work(minutes=20) == 1
    assert cards.wrong() == []


def _settled_or_failed() -> int:
    try:
        return settling.settle_pending()
    except RuntimeError:
        return 0


def test_while_the_database_is_away_after_the_call_nothing_is_lost(
    card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = OperationalError("", {}, Exception())
    with monkeypatch.context() as patch:
        patch.setattr(settling, "conclude", cards.raising(away))
        with pytest.raises(OperationalError):
            cards.use("charge", card, "100.00")
    with pytest.raises(card_errors.CardPaymentUnderWay):
        cards.use("charge", card, "100.00")

    assert cards.work(minutes=2) == 1
    assert engine.taken("EUR").minor == 10000
    assert cards.wrong() == []


def test_a_booking_that_is_busy_after_the_call_is_no_refusal(
    card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(settling, "conclude", cards.raising(BookingBusy()))
        seen = cards.use("charge", card, "100.00")

    assert seen.state == "open"
    assert cards.work(minutes=2) == 1
    assert cards.wrong() == []


def test_without_the_key_of_the_vault_no_card_is_used_and_nothing_stays_behind(
    app: Flask, card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(app.extensions, "vault", STRANGER)
        with pytest.raises(VaultLocked):
            cards.use("charge", card, "100.00")

    assert make.rows_of(CardIntent) == []
    assert engine.taken("EUR").minor == 0


def test_without_the_key_of_the_vault_what_was_paid_is_settled_all_the_same(
    app: Flask, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = cards.open_page(make.booking(), method, 10000, app=app)
    cards.pay(opened)
    code = opened.intent.code
    form = {"code": code, "signature": cards.sandbox(app).signature(code)}
    monkeypatch.setitem(app.extensions, "vault", STRANGER)

    with pytest.raises(VaultLocked):
        settling.believe(NAME, form)
    cards.work(minutes=31)

    assert cards.state(code) == "succeeded"


def test_the_worker_reads_little_when_nothing_is_due(method: int) -> None:
    assert method
    with counted_queries() as seen:
        assert settling.settle_pending() == 0

    assert len(seen) == 1


def test_an_intent_that_went_missing_cannot_be_settled(app: Flask) -> None:
    assert app
    with pytest.raises(card_errors.IntentUnknown):
        settling.settle("BPnobody")


def test_an_open_intent_that_nobody_would_ask_about_is_refused_by_the_database(
    app: Flask, method: int
) -> None:
    opened = cards.open_page(make.booking(), method, 10000, app=app)
    forgotten = update(CardIntent).where(CardIntent.id == opened.intent.id).values(due_at=None)

    with pytest.raises(IntegrityError), transaction() as connection:
        connection.execute(forgotten)


def test_a_page_that_came_when_its_process_was_dead_is_closed_long_before_its_time(
    app: Flask, method: int
) -> None:
    class Killed(BaseException): ...

    def opens_and_dies(order: Order, visit: Visit) -> Page:
        engine.open_page(order.code, order.amount, "", visit.back_url, None)
        raise Killed

    cards.fickle(app, start_=opens_and_dies)
    with pytest.raises(Killed):
        cards.open_page(make.booking(), method, 10000, app=app)
    [intent] = make.rows_of(CardIntent)

    assert cards.work(**LATER) == 1

    closed = engine.look(intent.code)
    assert closed is not None
    assert (cards.state(intent.code), closed.state) == ("cancelled", "closed")


def test_a_guest_who_came_back_unpaid_has_the_page_until_its_end_and_not_longer(
    app: Flask, method: int
) -> None:
    opened = cards.open_page(make.booking(), method, 10000, app=app)
    closes_at = opened.intent.expires_at
    for minutes in (27, 28, 29, 29.5):
        with cards.later(minutes=minutes):
            for _ in range(3):
                settling.settle(opened.intent.code)

    assert cards.intent(opened.intent.code).due_at == closes_at
    assert cards.work(minutes=30, seconds=1) == 1


def test_money_that_a_person_vouches_for_is_not_recorded_twice(app: Flask, method: int) -> None:
    booking = make.booking()
    payment = cards.paid(booking, method, 10000, app)
    [intent] = make.rows_of(CardIntent)
    cards.use("refund", payment, "10.00")
    form = {"code": intent.code, "signature": "any"}
    cards.fickle(app, waits_for_us=True, believe_=lambda _: Outcome("failed"))
    settling.believe(NAME, form)
    assert cards.state(intent.code) == "unknown"

    said = Vouch(intent_id=intent.id, is_done=True, reason="Seen at the provider")
    in_transaction(lambda connection: vouch(connection, said, cards.STAFF))

    assert make.row_of(Booking, booking).paid == 9000
    assert cards.wrong() == []


@pytest.mark.parametrize("error", [BookingBusy(), OperationalError("", {}, Exception("gone"))])
def test_what_a_provider_that_cannot_be_asked_has_answered_is_not_lost(
    app: Flask, card: int, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    cards.fickle(app, ask_=lambda _: Outcome("unknown"))
    fails = [error, error]

    def written(*args: Any, **options: Any) -> Any:
        if fails:
            raise fails.pop()
        return conclude(*args, **options)

    monkeypatch.setattr(settling, "conclude", written)

    assert cards.use("charge", card, "10.00").state == "succeeded"
    assert cards.wrong() == []
