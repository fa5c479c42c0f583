"""What may be asked of a card provider, and what is refused before it hears of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from kit import clock
from kit.db import in_transaction, transaction
from locations.models import Location
from payments import card_errors as errors
from payments import settling
from payments.errors import Overpaid, WrongDecimals
from payments.gateways.models import CardIntent
from payments.gateways.registry import GATEWAYS
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import BY_LAST_DIGITS
from payments.models import Payment, PaymentMethod
from payments.ordering import UseCard
from tests import make
from tests.make import Client
from tests.payments import cards

DEPOSIT, BALANCE = "100.00", make.Due("300.00", 2, 30)


@pytest.fixture
def method(app: Flask, own_gateways: None) -> int:
    cards.hurry(app)
    return cards.method()


@pytest.fixture
def booking(method: int) -> int:
    assert method
    return make.booking([DEPOSIT, BALANCE])


@pytest.fixture
def card(client: Client, method: int) -> int:
    """A cleared payment of 1.00 with a stored card, on a booking of 400.00."""
    assert method
    make.method("PayPal")
    return cards.card_of(client, make.booking([DEPOSIT, BALANCE]))


def test_a_guest_pays_what_is_due_next_or_all(app: Flask, booking: int, method: int) -> None:
    part = cards.open_page(booking, method, 10000, app=app)
    whole = cards.open_page(booking, method, 40000, whole=True, app=app)

    assert [part.intent.amount, whole.intent.amount] == [10000, 40000]


def test_the_same_again_is_the_same_page(app: Flask, booking: int, method: int) -> None:
    first, second = (cards.open_page(booking, method, 10000, app=app) for _ in range(2))

    assert first == second


def test_a_page_that_staff_must_look_at_is_shown_to_nobody_again(
    app: Flask, booking: int, method: int
) -> None:
    first = cards.open_page(booking, method, 10000, app=app)
    with transaction() as connection:
        connection.execute(update(CardIntent).values(state="unknown", due_at=None))

    second = cards.open_page(booking, method, 10000, app=app)

    assert (second.intent.id, second.intent.state, second.url) == (first.intent.id, "unknown", None)


@pytest.mark.parametrize("whole", [True, False])
def test_another_amount_or_another_method_closes_the_page_before(
    app: Flask, booking: int, method: int, whole: bool
) -> None:
    first = cards.open_page(booking, method, 10000, app=app)
    other = method if whole else cards.method("Another Card")
    second = cards.open_page(booking, other, 40000 if whole else 10000, whole=whole, app=app)

    after = engine.pay(first.intent.code, BY_LAST_DIGITS[4], "0006")

    assert after is not None
    assert after.state == "closed"
    assert cards.state(first.intent.code) == "cancelled"
    assert (second.url is not None, second.intent.state) == (True, "open")


def test_a_page_that_was_paid_on_meanwhile_is_the_answer(
    app: Flask, booking: int, method: int
) -> None:
    first = cards.open_page(booking, method, 10000, app=app)
    cards.pay(first)

    second = cards.open_page(booking, method, 40000, whole=True, app=app)

    assert (second.intent.id, second.intent.state, second.url) == (
        first.intent.id, "succeeded", None,
    )  # fmt: skip
    assert cards.wrong() == []


def test_while_a_page_is_being_paid_on_no_other_is_opened(
    app: Flask, booking: int, method: int
) -> None:
    first = cards.open_page(booking, method, 10000, app=app)
    cards.pay(first, BY_LAST_DIGITS[6])

    second = cards.open_page(booking, method, 40000, whole=True, app=app)

    assert (second.intent.id, second.intent.state, second.url) == (first.intent.id, "open", None)


def test_a_page_of_a_provider_that_is_gone_is_waited_for(
    app: Flask, booking: int, method: int
) -> None:
    first = cards.open_page(booking, method, 10000, app=app)
    app.extensions[GATEWAYS] = {"another": cards.sandbox(app)}

    second = cards.open_page(booking, method, 40000, whole=True, app=app)

    assert (second.intent.id, second.intent.state, second.url) == (first.intent.id, "open", None)


def test_a_page_whose_time_is_over_is_closed_for_a_new_one(
    app: Flask, booking: int, method: int
) -> None:
    first = cards.open_page(booking, method, 10000, app=app)
    with cards.later(minutes=31):
        second = cards.open_page(booking, method, 10000, app=app)

    assert first.intent.code != second.intent.code
    assert cards.state(first.intent.code) == "cancelled"


@pytest.mark.long
def test_a_try_whose_process_died_before_there_was_a_page_blocks_nobody(
    app: Flask, booking: int, method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException): ...

    monkeypatch.setattr(settling, "PAGE_COMES_WITHIN_S", 0.2)
    flaky = cards.fickle(app, start_=cards.raising(Killed()))
    with pytest.raises(Killed):
        cards.open_page(booking, method, 10000, app=app)
    flaky.start_ = None

    second = cards.open_page(booking, method, 10000, app=app)

    assert second.url is not None
    assert [row.state for row in make.rows_of(CardIntent)] == ["cancelled", "open"]


def test_what_the_page_had_shown_must_still_be_what_is_open(
    app: Flask, booking: int, method: int
) -> None:
    with pytest.raises(errors.AmountChanged) as refusal:
        cards.open_page(booking, method, 9999, app=app)

    assert str(refusal.value.now) == "100.00 EUR"
    assert make.rows_of(CardIntent) == []


def test_who_owes_nothing_pays_nothing(app: Flask, method: int) -> None:
    with pytest.raises(errors.NothingToPay):
        cards.open_page(make.booking([]), method, 0, app=app)


def test_what_is_promised_is_not_asked_for_again(
    app: Flask, booking: int, method: int, client: Client
) -> None:
    make.method("PayPal")
    assert client.pay(booking, "100.00", Status=1).status_code == 200

    with pytest.raises(errors.AmountChanged):
        cards.open_page(booking, method, 40000, whole=True, app=app)
    assert cards.open_page(booking, method, 30000, whole=True, app=app).url


def test_nobody_pays_for_a_cancelled_booking(app: Flask, method: int) -> None:
    with pytest.raises(errors.BookingOver):
        cards.open_page(make.booking(status="cancelled"), method, 10000, app=app)


@pytest.mark.parametrize("gone", ["method", "gateway"])
def test_only_what_is_offered_can_be_chosen(
    app: Flask, booking: int, method: int, gone: str
) -> None:
    if gone == "gateway":
        app.extensions[GATEWAYS] = {}
    else:
        with transaction() as connection:
            connection.execute(update(PaymentMethod).values(for_guests=False))

    with pytest.raises(errors.NotOffered):
        cards.open_page(booking, method, 10000, app=app)


def test_a_card_is_not_charged_while_the_guest_is_paying(
    app: Flask, card: int, method: int
) -> None:
    booking = make.row_of(Payment, card).booking_id
    cards.open_page(booking, method, 9900, app=app)

    with pytest.raises(errors.CardPaymentUnderWay, match=r"The guest is paying 99\.00 EUR"):
        cards.use("charge", card, "10.00")


def test_while_it_is_not_known_whether_a_card_was_charged_nobody_pays(
    app: Flask, card: int, method: int
) -> None:
    seen = cards.use("charge", card, "10.05")

    with pytest.raises(errors.CardPaymentUnderWay, match="A card is being charged"):
        cards.use("charge", card, "10.00")
    opened = cards.open_page(make.row_of(Payment, card).booking_id, method, 9900, app=app)

    assert (opened.intent.code, opened.url) == (seen.code, None)


def test_one_act_on_a_payment_at_a_time(card: int) -> None:
    cards.use("refund", card, "0.05")

    for act in ("refund", "void"):
        with pytest.raises(errors.ActUnderWay):
            cards.use(act, card)


def test_more_than_is_open_is_charged_only_when_it_is_meant(card: int) -> None:
    with pytest.raises(errors.MoreThanOpen, match=r"399\.00 EUR is open"):
        cards.use("charge", card, "399.01")
    assert cards.use("charge", card, "399.00").state == "succeeded"
    assert cards.use("charge", card, "5.00", confirmed=True).state == "succeeded"
    assert cards.wrong() == []


@pytest.mark.parametrize("table", [PaymentMethod, Location])
def test_where_no_more_than_is_open_is_taken_none_is_charged(card: int, table: Any) -> None:
    with transaction() as connection:
        connection.execute(update(table).values(overpayment="refuse"))

    with pytest.raises(Overpaid, match=r"exceeds what is open by 0\.01 EUR"):
        cards.use("charge", card, "399.01", confirmed=True)

    assert make.rows_of(CardIntent) == []
    assert cards.use("charge", card, "399.00", confirmed=True).state == "succeeded"


@pytest.mark.parametrize(
    ("act", "amount", "refusal"),
    [
        ("charge", None, errors.NoAmount),
        ("charge", "0", errors.NoAmount),
        ("charge", "-1.00", errors.NoAmount),
        ("charge", "1.005", WrongDecimals),
        ("refund", "0", errors.NoAmount),
        ("refund", "-0.50", errors.NoAmount),
        ("refund", "1.01", errors.MoreThanPaid),
        ("refund", "0.005", WrongDecimals),
    ],
)
def test_an_amount_must_be_one(card: int, act: Any, amount: str | None, refusal: Any) -> None:
    with pytest.raises(refusal):
        cards.use(act, card, amount)
    assert make.rows_of(CardIntent) == []


def test_no_more_than_is_left_is_paid_back(card: int) -> None:
    assert cards.use("refund", card, "0.40").state == "succeeded"
    with pytest.raises(errors.MoreThanPaid, match=r"0\.60 EUR"):
        cards.use("refund", card, "0.61")
    assert cards.use("refund", card).amount == 60
    with pytest.raises(errors.MoreThanPaid):
        cards.use("refund", card)
    assert cards.wrong() == []


# What may be done with a payment in a state; the others are refused.
@pytest.mark.long
@pytest.mark.parametrize(
    ("status", "may"),
    [(0, {"charge", "refund", "void"}), (1, {"charge", "release", "abort"}),
     (2, {"charge", "release", "abort"})],
)  # fmt: skip
@pytest.mark.parametrize("act", ["charge", "refund", "release", "abort", "void"])
def test_only_what_its_state_allows_is_done_with_a_payment(
    client: Client, method: int, status: int, may: set[str], act: Any
) -> None:
    assert method
    make.method("PayPal")
    payment = cards.card_of(client, make.booking(["50.00"]), "20.00", Status=status)
    amount = "10.00" if act == "charge" else None

    if act in may:
        assert cards.use(act, payment, amount).state == "succeeded"
    else:
        with pytest.raises(errors.NotThisState):
            cards.use(act, payment, amount)
    assert cards.wrong() == []


def test_a_payment_paid_back_in_part_is_not_voided_nor_is_a_refund(card: int) -> None:
    refund = cards.use("refund", card, "0.50").payment_id
    assert refund is not None
    cards.keep_card(refund)

    with pytest.raises(errors.PartlyPaidBack):
        cards.use("void", card)
    with pytest.raises(errors.NotThisState):
        cards.use("void", refund)


def test_without_a_stored_card_there_is_nothing_to_use(client: Client, method: int) -> None:
    assert method
    make.method("PayPal")
    answer = client.pay(make.booking(), "10.00").json
    assert answer is not None

    with pytest.raises(errors.NoStoredCard):
        cards.use("charge", answer["PaymentId"], "10.00")


def test_only_the_provider_that_took_the_money_gives_it_back(
    app: Flask, booking: int, method: int
) -> None:
    payment = cards.paid(booking, method, 10000, app)
    own = app.extensions[GATEWAYS]
    app.extensions[GATEWAYS] = {"another": cards.Fickle(cards.sandbox(app))}

    with pytest.raises(errors.NoStoredCard):
        cards.use("refund", payment)
    app.extensions[GATEWAYS] = own
    assert cards.use("refund", payment).state == "succeeded"
    assert cards.wrong() == []


def test_a_cancelled_booking_s_card_can_be_charged_on_purpose(card: int) -> None:
    booking = make.row_of(Payment, card).booking_id
    order = CancelBooking(booking_id=booking, fee=0)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))

    with pytest.raises(errors.MoreThanOpen):
        cards.use("charge", card, "5.00")
    assert cards.use("charge", card, "5.00", confirmed=True).state == "succeeded"
    assert cards.wrong() == []


def test_who_ordered_it_and_why_is_kept(card: int) -> None:
    cards.use("charge", card, "10.00")

    [intent] = make.rows_of(CardIntent)
    assert (intent.person_id, intent.reason, intent.of_payment_id) == (7, "By phone", card)
    assert intent.created_at <= clock.now() < intent.created_at + timedelta(minutes=1)


def test_the_worker_and_partners_are_nobody_of_the_staff(card: int) -> None:
    order = UseCard(act="charge", payment_id=card, reason="x", amount=Decimal("10.00"))
    settling.use_card(order, SYSTEM)

    assert [row.person_id for row in make.rows_of(CardIntent)] == [None]
