"""What a provider says is applied once, whatever has become of the booking meanwhile."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from audit.chain import SYSTEM
from audit.models import LogEntry
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Booking, ScheduleLine
from kit.db import in_transaction, transaction
from kit.money import Money
from outbox.models import Message
from payments import refunding, settling
from payments.card_errors import AmountDiffers, PaidBackByGateway, TakenByGateway
from payments.clearing import ClearPayment, FailPayment, clear_payment, fail_payment
from payments.concluding import Concluded, conclude
from payments.gateways.gateway import Outcome
from payments.gateways.models import CardIntent
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import WORKS
from payments.gateways.sandbox.gateway import NAME
from payments.models import CardOnFile, Payment
from payments.refunding import RefundPayment, refund_payment
from payments.settling import Opened
from payments.voiding import VoidPayment, void_payment
from payments.vouching import Vouch, vouch
from tests import make
from tests.make import Client
from tests.payments import cards
from tests.payments.proofs import unchanged


@pytest.fixture
def method(app: Flask, own_gateways: None) -> int:
    cards.hurry(app)
    return cards.method()


@pytest.fixture
def booking(method: int) -> int:
    assert method
    return make.booking(["100.00", make.Due("300.00", 2, 30)])


@pytest.fixture
def opened(app: Flask, booking: int, method: int) -> Opened:
    """A page for 100.00 of the booking, nothing paid yet."""
    return cards.open_page(booking, method, 10000, app=app)


def told(opened: Opened, outcome: Outcome, **options: Any) -> Concluded:
    code = opened.intent.code
    return in_transaction(lambda connection: conclude(connection, code, outcome, **options))


def nobody_knows(opened: Opened) -> None:
    """The worker has asked for long enough."""
    asked = update(CardIntent).where(CardIntent.id == opened.intent.id)
    with transaction() as connection:
        connection.execute(asked.values(state="unknown", due_at=None))


def cancel(booking: int) -> None:
    order = CancelBooking(booking_id=booking, fee=0)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))


def notice(app: Flask, opened: Opened) -> str | None:
    code = opened.intent.code
    form = {"code": code, "signature": cards.sandbox(app).signature(code)}
    return settling.believe(NAME, form)


def test_money_that_comes_after_cancelling_is_kept_as_credit_to_refund(
    booking: int, opened: Opened
) -> None:
    cards.pay(opened)
    cancel(booking)

    after = settling.settle(opened.intent.code).intent

    row = make.row_of(Booking, booking)
    assert (after.state, row.status, row.credit, row.paid) == ("succeeded", "cancelled", 10000, 0)
    assert cards.wrong() == []


def test_money_that_comes_after_its_page_was_given_up_is_recorded(
    booking: int, opened: Opened
) -> None:
    told(opened, Outcome("cancelled"))
    assert cards.state(opened.intent.code) == "cancelled"
    cards.pay(opened)

    settling.settle(opened.intent.code)

    assert cards.state(opened.intent.code) == "succeeded"
    assert make.row_of(Booking, booking).paid == 10000
    assert cards.wrong() == []


def test_money_that_comes_after_a_decline_is_recorded_beside_the_failed_attempt(
    opened: Opened,
) -> None:
    told(opened, Outcome("failed", decline="no_funds"))
    cards.pay(opened)
    settling.settle(opened.intent.code)

    assert [row.state for row in make.rows_of(Payment)] == ["failed", "cleared"]
    assert cards.intent(opened.intent.code).decline is None
    assert cards.wrong() == []


@pytest.mark.parametrize(
    "status", ["succeeded", "failed", "cancelled", "missing", "pending", "unknown"]
)
def test_what_has_succeeded_nothing_takes_back(opened: Opened, status: Any) -> None:
    cards.pay(opened)
    settling.settle(opened.intent.code)

    after = told(opened, Outcome(status))

    assert (after.is_news, after.intent.state) == (False, "succeeded")
    assert cards.wrong() == []


@pytest.mark.parametrize("amount", [Money(9999, "EUR"), Money(10000, "USD")])
def test_another_amount_or_currency_than_ordered_is_for_a_person_to_see(
    booking: int, opened: Opened, amount: Money
) -> None:
    paid = Outcome("succeeded", amount)

    news = [told(opened, paid).is_news for _ in range(2)]
    for status in ("failed", "missing", "pending"):
        told(opened, Outcome(status))

    row = cards.intent(opened.intent.code)
    assert news == [True, False]
    assert (row.state, row.due_at) == ("unknown", None)
    assert row.trouble == f"sandbox says {amount}, 100.00 EUR was ordered."
    assert make.rows_of(Payment) == []
    assert make.row_of(Booking, booking).paid == 0


def test_trouble_with_an_old_page_is_stored_beside_the_page_that_is_open(
    app: Flask, booking: int, method: int, opened: Opened
) -> None:
    told(opened, Outcome("cancelled"))
    other = cards.open_page(booking, method, 10000, app=app)

    told(opened, Outcome("succeeded", Money(1, "EUR")))

    assert cards.state(opened.intent.code) == "unknown"
    assert cards.state(other.intent.code) == "open"
    blocked = cards.open_page(booking, method, 40000, whole=True, app=app)
    assert (blocked.intent.code, blocked.url) == (opened.intent.code, None)


def test_a_person_says_what_has_become_of_what_nobody_could_find_out(opened: Opened) -> None:
    engine.pay(opened.intent.code, WORKS, "0006")
    told(opened, Outcome("unknown"))
    nobody_knows(opened)
    said = Vouch(intent_id=opened.intent.id, is_done=True, reason="Seen at the provider")

    after = in_transaction(lambda connection: vouch(connection, said, cards.STAFF))

    assert (after.state, after.trouble) == ("succeeded", None)
    assert cards.wrong() == []


def test_nobody_says_that_an_amount_came_which_the_provider_denies(opened: Opened) -> None:
    engine.pay(opened.intent.code, WORKS, "0006")
    told(opened, Outcome("succeeded", Money(1, "EUR")))
    said = Vouch(intent_id=opened.intent.id, is_done=True, reason="Seen at the provider")

    with unchanged(), pytest.raises(AmountDiffers, match=r"says 0\.01 EUR, 100\.00 EUR was"):
        in_transaction(lambda connection: vouch(connection, said, cards.STAFF))

    nothing = replace(said, is_done=False)
    after = in_transaction(lambda connection: vouch(connection, nothing, cards.STAFF))
    assert (after.state, make.rows_of(Payment)) == ("cancelled", [])


class TestAProviderThatWaitsForOurYes:
    """It takes no money before we have said so."""

    def test_is_told_no_to_what_was_given_up(self, opened: Opened) -> None:
        told(opened, Outcome("cancelled"))

        after = told(opened, Outcome("succeeded"), may_refuse=True)

        assert (after.is_news, after.intent.state) == (False, "cancelled")
        assert make.rows_of(Payment) == []

    def test_is_told_no_to_another_amount(self, opened: Opened) -> None:
        after = told(opened, Outcome("succeeded", Money(1, "EUR")), may_refuse=True)

        assert (after.intent.state, after.intent.decline) == ("failed", "provider_fault")
        assert [row.state for row in make.rows_of(Payment)] == ["failed"]

    @pytest.mark.parametrize("waits", [True, False])
    def test_hears_no_only_when_nothing_was_recorded(
        self, app: Flask, opened: Opened, waits: bool
    ) -> None:
        form = {"code": opened.intent.code, "signature": "any"}
        paid = Outcome("succeeded", Money(10000, "EUR"))
        cards.fickle(app, waits_for_us=waits, believe_=lambda _: paid)
        told(opened, Outcome("cancelled"))

        said = settling.believe(NAME, form)

        assert said == ("LATER" if waits else "OK")
        assert len(make.rows_of(Payment)) == (0 if waits else 1)


def test_a_notice_may_come_often_and_before_or_after_the_guest(app: Flask, opened: Opened) -> None:
    assert notice(app, opened) == "LATER"
    cards.pay(opened)

    assert [notice(app, opened), notice(app, opened)] == ["OK", "OK"]
    settling.settle(opened.intent.code)
    assert notice(app, opened) == "OK"

    assert len(make.rows_of(Payment)) == 1
    assert cards.wrong() == []


@pytest.mark.parametrize(
    "form",
    [{}, {"code": ""}, {"code": "BPnobody", "signature": "x"}, {"signature": "x"}],
)
def test_a_stranger_s_notice_is_nobody_s(app: Flask, form: dict[str, str]) -> None:
    assert app
    assert settling.believe(NAME, form) is None
    assert settling.believe("nobody", form) is None


def test_a_forged_notice_changes_nothing(app: Flask, opened: Opened) -> None:
    cards.pay(opened)
    for forged in ("", "0" * 64, cards.sandbox(app).signature("BPother")):
        form = {"code": opened.intent.code, "signature": forged}
        assert settling.believe(NAME, form) is None

    assert cards.state(opened.intent.code) == "open"


def test_a_line_that_was_closed_meanwhile_leaves_its_money_to_the_others(
    booking: int, opened: Opened
) -> None:
    cards.pay(opened)
    first, second = make.lines_of(booking)
    with transaction() as connection:
        shrunk = update(ScheduleLine).where(ScheduleLine.id == first.id)
        connection.execute(shrunk.values(amount=4000))
        connection.execute(update(Booking).where(Booking.id == booking).values(total=34000))

    settling.settle(opened.intent.code)

    assert [line.paid for line in make.lines_of(booking)] == [4000, 6000]
    assert second.amount == 30000
    assert cards.wrong() == []


class TestWhatTheLedgerSaysOtherwiseMeanwhile:
    """The provider has done it, and the ledger cannot follow: a person must look. (Nobody can do
    this by hand meanwhile: something else has gone wrong.)"""

    @pytest.fixture
    def promise(self, client: Client, method: int) -> int:
        assert method
        make.method("PayPal")
        return cards.card_of(client, make.booking(["500.00"]), "20.06", Status=1)

    def test_a_release_of_what_staff_have_cleared(self, app: Flask, promise: int) -> None:
        seen = cards.use("release", promise)
        with transaction() as connection:  # by the partner, whose money it is
            connection.execute(update(Payment).where(Payment.id == promise).values(source="desk"))
        clear = ClearPayment(payment_id=promise, at_provider=True)
        in_transaction(lambda connection: clear_payment(connection, clear, SYSTEM))

        self._looked_at(seen.code)

        assert make.row_of(Payment, promise).state == "cleared"

    @pytest.mark.parametrize("act", ["release", "abort"])
    def test_an_act_on_what_has_failed(self, promise: int, act: Any) -> None:
        seen = cards.use(act, promise)
        fail = FailPayment(payment_id=promise, at_provider=True)
        in_transaction(lambda connection: fail_payment(connection, fail, SYSTEM))

        self._looked_at(seen.code)

    def test_a_void_of_what_was_refunded_in_part(
        self, app: Flask, method: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        booking = make.booking(["20.06"])
        payment = cards.paid(booking, method, 2006, app)
        seen = cards.use("void", payment)
        monkeypatch.setattr(refunding, "check_unchanging", lambda *_: None)
        back = RefundPayment(payment_id=payment, source="desk", amount=Decimal("1.00"))
        in_transaction(lambda connection: refund_payment(connection, back, SYSTEM))

        self._looked_at(seen.code)

        assert make.row_of(Booking, booking).paid == 1906

    def _looked_at(self, code: str) -> None:
        cards.work(minutes=3)
        row = cards.intent(code)
        assert (row.state, row.due_at, bool(row.trouble)) == ("unknown", None, True)
        # The books of the house are true; they differ from the provider's until somebody looks.
        assert [each for each in cards.wrong() if not each.startswith("the ledger says")] == []


def test_what_a_provider_holds_cannot_be_undone_by_hand(
    app: Flask, booking: int, method: int
) -> None:
    payment = cards.paid(booking, method, 10000, app)
    refund = cards.use("refund", payment, "40.00").payment_id
    assert refund is not None

    refusals: list[tuple[int, Any]] = [(payment, TakenByGateway), (refund, PaidBackByGateway)]
    for each, refusal in refusals:
        order = VoidPayment(payment_id=each, reason="Typed twice")
        with pytest.raises(refusal):
            in_transaction(partial(void_payment, order=order, origin=SYSTEM))
    assert cards.wrong() == []


def test_the_new_transaction_is_kept_sealed_and_can_be_used_again(
    app: Flask, booking: int, method: int
) -> None:
    payment = cards.paid(booking, method, 10000, app)

    [card] = [row for row in make.rows_of(CardOnFile) if row.payment_id == payment]
    again = cards.use("charge", payment, "30.00")

    assert (card.last_digits, card.card_type) == ("0006", "Sandbox")
    assert "SBX-" not in f"{card.sealed}{card.masks}"
    assert again.state == "succeeded"
    assert cards.wrong() == []


def test_a_provider_s_long_words_are_cut_and_no_reason_to_lose_money(opened: Opened) -> None:
    paid = Outcome("succeeded", secrets={"t": "s"}, last_digits="123456", card_type="x" * 80)
    engine.pay(opened.intent.code, WORKS, "0006")
    told(opened, paid)

    [card] = make.rows_of(CardOnFile)
    assert (card.last_digits, card.card_type) == ("3456", "x" * 50)
    assert cards.wrong() == []


def test_the_log_says_who_paid_and_nothing_of_cards_or_guests(
    app: Flask, booking: int, method: int
) -> None:
    payment = cards.paid(booking, method, 10000, app)
    cards.use("charge", payment, "30.00")

    entries = make.rows_of(LogEntry, chain=booking)
    said = [(row.action, row.actor_kind, row.severity) for row in entries]
    assert said == [
        ("payment.recorded", "system", "low"),
        ("card.ordered", "person", "medium"),
        ("card.charged", "person", "high"),
    ]
    for secret in ("SBX-", "0006", "Maria", "guest@example.com", "NOTAUTHED"):
        assert secret not in repr(entries)
    assert len(make.rows_of(Message)) == 2
