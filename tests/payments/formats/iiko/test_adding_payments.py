"""Payments that are added and applied: what the ledger then holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bookings.models import Booking
from kit import clock
from kit.clock import day_at
from outbox.models import Message
from payments.formats.iiko import ids
from payments.inbox import apply_accepted
from payments.models import AcceptedCommand, Payment
from tests import make
from tests.payments.formats.iiko.till import CARD, CASH, Till, failed, payment, refused
from tests.payments.proofs import broken_chains, wrong_books

SUCCESS = {"state": "Success"}


def test_a_completed_payment_is_cleared_and_fills_the_schedule(till: Till) -> None:
    booking = make.booking(["20.00", "80.06"])

    assert till.outcome(booking, payment("20.06")) == SUCCESS

    [row] = make.rows_of(Payment, booking_id=booking)
    assert (row.state, row.amount, row.source) == ("cleared", 2006, "iiko")
    assert row.partner_id == till.partner_id
    assert row.paid_on == day_at(clock.now(), "Europe/Lisbon")
    assert [line.paid for line in make.lines_of(booking)] == [2000, 6]
    assert wrong_books() == broken_chains() == []


@pytest.mark.parametrize(
    "flag", [{"isProcessedExternally": False}, {"isProcessedExternally": None}]
)
def test_a_payment_that_is_not_completed_waits_to_be_completed_here(
    till: Till, flag: dict[str, Any]
) -> None:
    booking = make.booking(["100.00"])

    assert till.outcome(booking, payment("20.06", **flag)) == SUCCESS

    [row] = make.rows_of(Payment, booking_id=booking)
    assert (row.state, make.row_of(Booking, booking).paid) == ("uncleared", 0)


@pytest.mark.parametrize("path", ["order/add_payments", "deliveries/add_payments"])
def test_orders_and_deliveries_are_the_same_bookings(till: Till, path: str) -> None:
    booking = make.booking(["100.00"])

    ticket = till.ask(path, till.order(booking, payment())).json["correlationId"]
    apply_accepted()

    assert till.status(ticket) == SUCCESS
    assert make.row_of(Booking, booking).paid == 2006


def test_several_payments_of_one_command_are_taken_together(till: Till) -> None:
    booking = make.booking(["100.00"])

    outcome = till.outcome(booking, payment("60.00"), payment("40.00", CASH))

    assert outcome == SUCCESS
    rows = make.rows_of(Payment, booking_id=booking)
    assert [row.amount for row in rows] == [6000, 4000]
    assert make.row_of(Booking, booking).paid == 10000
    [kept] = make.rows_of(AcceptedCommand)
    assert kept.outcome == {"payments": [row.id for row in rows]}
    assert wrong_books() == []


# Sums of the payments of a command, and whether each is completed; 355.00 are open.
TOO_MUCH = [
    ([("300.00", False), ("300.00", True)], "245.00"),
    ([("300.00", True), ("300.00", False)], "245.00"),
    ([("342.00", False), ("342.00", False)], "329.00"),
    ([("200.00", True), ("200.00", True), ("200.00", True)], "245.00"),
    ([("355.00", True), ("0.01", False)], "0.01"),
]


@pytest.mark.parametrize(("sent", "excess"), TOO_MUCH)
def test_payments_of_one_command_that_come_to_more_than_is_open_are_refused_in_any_order(
    till: Till, sent: list[tuple[str, bool]], excess: str
) -> None:
    booking = make.booking(["155.00", "200.00"])
    payments = [payment(amount, isProcessedExternally=completed) for amount, completed in sent]

    outcome = till.outcome(booking, *payments)

    assert failed(outcome) == ("Common", f"The payment exceeds what is open by {excess} EUR.")
    assert make.rows_of(Payment) == []
    assert wrong_books() == []


@pytest.mark.parametrize("completed", [(True, False), (False, True), (False, False)])
def test_payments_of_one_command_that_come_to_what_is_open_are_taken(
    till: Till, completed: tuple[bool, bool]
) -> None:
    booking = make.booking(["155.00", "200.00"])
    first, second = (payment("177.50", isProcessedExternally=each) for each in completed)

    assert till.outcome(booking, first, second) == SUCCESS
    assert len(make.rows_of(Payment)) == 2


def test_nothing_is_applied_before_the_workers_turn(till: Till) -> None:
    booking = make.booking(["100.00"])

    ticket = till.add(booking, payment())

    assert till.status(ticket) == {"state": "InProgress"}
    assert make.rows_of(Payment) == []


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [False, True])
def test_our_own_ids_are_taken_as_numbers_and_as_texts(till: Till, number: bool) -> None:
    booking = make.booking(["100.00"])
    ours = {"organizationId": 1, "orderId": booking}
    named = ours if number else {name: str(id) for name, id in ours.items()}

    assert till.outcome(booking, payment(), **named) == SUCCESS


def test_a_payment_type_is_named_by_its_uuid_its_code_or_its_own_id(till: Till) -> None:
    booking, public_id = make.booking(["100.00"]), "PUBLIC" + "X" * 27
    make.method("Visa", code="VISA", public_id=public_id)
    uuid = ids.payment_type(public_id)

    named = [payment("1.00", each) for each in (uuid, uuid.upper(), "VISA", public_id)]

    assert till.outcome(booking, *named) == SUCCESS
    methods = {row.method_id for row in make.rows_of(Payment)}
    assert [len(methods), len(make.rows_of(Payment))] == [1, 4]


def test_a_kind_is_enough_where_there_is_one_payment_type_of_it(till: Till) -> None:
    booking = make.booking(["100.00"])
    make.method("Safe", kind="cash", from_outside=False)  # cannot be meant

    outcome = till.outcome(booking, payment("5.00", None, paymentTypeKind="Cash"))

    assert outcome == SUCCESS


def test_kind_and_id_may_both_be_given(till: Till) -> None:
    booking = make.booking(["100.00"])

    assert till.outcome(booking, payment("5.00", CARD, paymentTypeKind="Card")) == SUCCESS


@pytest.mark.parametrize("type_id", [CARD, CASH])
def test_the_kind_external_says_nothing_where_the_type_is_named(till: Till, type_id: str) -> None:
    """A public client sends it with every payment."""
    booking = make.booking(["100.00"])

    assert till.outcome(booking, payment("5.00", type_id, paymentTypeKind="External")) == SUCCESS


# --- what comes with a payment ----------------------------------------------------------------


def test_the_details_of_a_card_are_kept_as_attributes(till: Till) -> None:
    booking = make.booking(["100.00"])
    details = {"type": "Card", "number": "411111******1111", "cardType": "VISA",
               "customData": "order 7"}  # fmt: skip

    till.outcome(booking, payment(paymentAdditionalData=details, number="ignored"))

    [row] = make.rows_of(Payment)
    assert row.attributes == [
        ["number", "411111******1111"],
        ["cardType", "VISA"],
        ["customData", "order 7"],
    ]


def test_the_older_place_of_the_cards_number_counts_where_there_is_no_other(till: Till) -> None:
    booking = make.booking(["100.00"])

    till.outcome(booking, payment(number="**** 1111"))

    [row] = make.rows_of(Payment)
    assert row.attributes == [["number", "**** 1111"]]


def test_a_cleared_payment_writes_to_the_guest_and_to_listeners(till: Till) -> None:
    booking = make.booking(["100.00"])
    make.endpoint(till.partner_id)

    till.outcome(booking, payment())

    kinds = {row.kind for row in make.rows_of(Message)}
    assert kinds == {"event", "email.payment_received"}


# --- tips -------------------------------------------------------------------------------------


def test_a_tip_goes_with_the_payment_of_its_type(till: Till) -> None:
    booking = make.booking(["100.00"])
    make.method("Tipped", code="TIPPED", takes_tips=True)
    tip = payment("2.50", "TIPPED", tipsTypeId="0abba8a1-1758-5bb7-8334-5a79492c4199")

    outcome = till.outcome(booking, payment("10.00"), payment("20.00", "TIPPED"), tips=[tip])

    assert outcome == SUCCESS
    assert [(row.amount, row.tip) for row in make.rows_of(Payment)] == [(1000, 0), (2000, 250)]
    assert make.row_of(Booking, booking).paid == 3000
    assert wrong_books() == []


def test_each_payment_has_at_most_one_tip(till: Till) -> None:
    booking = make.booking(["100.00"])
    make.method("Tipped", code="TIPPED", takes_tips=True)
    payments = [payment("20.00", "TIPPED"), payment("30.00", "TIPPED")]
    tips = [payment("1.00", "TIPPED"), payment("2.00", "TIPPED")]

    assert till.outcome(booking, *payments, tips=tips) == SUCCESS
    assert [row.tip for row in make.rows_of(Payment)] == [100, 200]
    three = till.order(booking, *payments, tips=[*tips, payment("3.00", "TIPPED")])
    status, error, sentence = refused(till.ask("order/add_payments", three))
    assert (status, error) == (400, "tip_alone")
    assert sentence.startswith("tips[2]: ")


@pytest.mark.parametrize(
    "tip",
    [
        payment("1.00", CASH),
        payment("1.00", CARD, isProcessedExternally=False),
        payment("1.00", CARD, paymentTypeKind="Cash"),
    ],
)
def test_a_tip_without_a_payment_of_its_type_is_refused_at_once(till: Till, tip: object) -> None:
    booking = make.booking(["100.00"])

    answer = till.ask("order/add_payments", till.order(booking, payment(), tips=[tip]))

    assert refused(answer)[:2] == (400, "tip_alone")
    assert make.rows_of(AcceptedCommand) == []


# --- the same request twice -------------------------------------------------------------------


def test_the_same_request_twice_is_two_payments(till: Till) -> None:
    """The wire has nothing that would tell a repetition from a second payment."""
    booking = make.booking(["100.00"])
    body = till.order(booking, payment("20.06"))

    tickets = {till.ask("order/add_payments", body).json["correlationId"] for _ in range(2)}
    apply_accepted()

    assert len(tickets) == 2
    assert make.row_of(Booking, booking).paid == 4012


def test_the_same_request_under_one_key_is_one_payment_and_has_one_correlation_id(
    till: Till,
) -> None:
    booking = make.booking(["100.00"])
    body = till.order(booking, payment("20.06"))

    first = till.ask("order/add_payments", body, Idempotency_Key="till 7, receipt 12")
    again = till.ask("order/add_payments", body, Idempotency_Key="till 7, receipt 12")
    apply_accepted()
    later = till.ask("order/add_payments", body, Idempotency_Key="till 7, receipt 12")

    assert first.json == again.json == later.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert apply_accepted() == 0
    assert make.row_of(Booking, booking).paid == 2006


def test_a_key_of_another_request_is_refused(till: Till) -> None:
    booking = make.booking(["100.00"])
    till.ask("order/add_payments", till.order(booking, payment("20.06")), Idempotency_Key="a")

    other = till.order(booking, payment("20.07"))
    answer = till.ask("order/add_payments", other, Idempotency_Key="a")

    assert refused(answer)[:2] == (400, "idempotency_key_reused")


def test_a_key_is_free_again_when_its_command_has_failed(till: Till) -> None:
    booking = make.booking(["100.00"])
    too_much = till.order(booking, payment("100.01"))
    till.ask("order/add_payments", too_much, Idempotency_Key="a")
    apply_accepted()

    right = till.order(booking, payment("100.00"))
    ticket = till.ask("order/add_payments", right, Idempotency_Key="a").json["correlationId"]
    apply_accepted()

    assert till.status(ticket) == SUCCESS


# --- sums as they are written -----------------------------------------------------------------


@pytest.mark.parametrize("text", ["20.06", '"20.06"', "0.29", "1", "9999999999.99"])
def test_sums_are_read_digit_by_digit(till: Till, text: str) -> None:
    booking = make.booking(["9999999999.99"])

    assert till.outcome(booking, payment(text)) == SUCCESS

    [row] = make.rows_of(Payment)
    assert Decimal(row.amount) / 100 == Decimal(text.strip('"'))
