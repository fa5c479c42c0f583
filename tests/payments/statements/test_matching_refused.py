"""What does not add up, is there already, has changed or is out of reach is not matched."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from kit import clock
from payments.errors import BookingUnknown
from payments.models import Payment, PaymentMethod
from payments.statements.errors import LineChangedMeanwhile
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Client
from tests.payments.moving import figures, paid
from tests.payments.statements import bank
from tests.payments.statements.bank import part
from tests.payments.typing_in import record

TODAY = clock.now().date()


# --- what is refused ----------------------------------------------------------------------------


def test_parts_that_do_not_add_up_are_refused(account: int, booking: int) -> None:
    line, other = bank.line(account, "70.00"), bank.line(account, "10.00")

    [problem] = bank.problems(lambda: bank.confirm(line, part(booking, "70.01")))
    assert str(problem).startswith("The parts add up to 70.01 EUR, but 70.00 EUR of the lines is")
    assert bank.refused(lambda: bank.confirm([line, other], part(booking, "70.00"))) == [
        "match_amounts_differ"
    ]
    assert bank.refused(lambda: bank.confirm(line, part(booking, "-1.00"))) == [
        "match_wrong_direction", "match_refund_first"
    ]  # fmt: skip
    assert bank.refused(lambda: bank.confirm(line)) == ["nothing_to_match"]


def test_everything_that_is_wrong_is_told_at_once(account: int, booking: int) -> None:
    make.location(2)
    elsewhere = make.booking(["10.00"], location_id=2)
    pounds = make.booking(["10.00"], currency="GBP")
    promise = bank.promised(booking, "20")
    line = bank.line(account, "70.00")
    parts = [part(elsewhere, "10.00"), part(pounds, "10.00"), part(booking, "10.00", promise),
             part(999_999, "10.00"), part(booking, "10.00", 888_888)]  # fmt: skip

    codes = bank.refused(lambda: bank.confirm(line, *parts, seen={line: 7}))

    assert codes == [
        "bank_line_changed",
        "match_other_location",
        "match_currency",
        "booking_unknown",
        "match_payment_amount",
        "match_payment_of_another_booking",
    ]


def test_a_line_that_somebody_else_matched_meanwhile_is_left_alone(
    account: int, booking: int
) -> None:
    line = bank.line(account, "70.00")
    mine = bank.order(line, part(booking, "60.00"))
    bank.match(line, part(booking, "10.00"))

    [problem] = bank.problems(lambda: bank.confirm(line, *mine.parts, seen=mine.seen))

    assert isinstance(problem, LineChangedMeanwhile)
    assert bank.refused(lambda: bank.confirm(line, *mine.parts, seen={})) == ["bank_line_changed"]


def test_a_line_that_is_settled_is_matched_no_more(account: int, booking: int) -> None:
    line, aside = bank.line(account, "70.00"), bank.line(account, "5.00")
    bank.match(line, part(booking, "70.00"))
    bank.aside(aside)

    told = [
        str(each)
        for each in bank.problems(lambda: bank.confirm([line, aside], part(booking, "75.00")))
    ]

    assert told == [
        f"Bank line {line} is matched; undo that first.",
        f"Bank line {aside} is put aside; take it up first.",
    ]


def test_one_payment_is_matched_once(account: int, booking: int) -> None:
    there = record(booking, "70", method="Cheque").payment_id
    one, other = bank.line(account, "70.00"), bank.line(account, "140.00")
    twice = [part(booking, "70.00", there)] * 2
    assert bank.refused(lambda: bank.confirm(other, *twice)) == ["match_payment_named_twice"]

    bank.match(one, part(booking, "70.00", there))

    assert bank.refused(lambda: bank.confirm(other, part(booking, "70.00", there))) == [
        "match_payment_taken"
    ]


@pytest.mark.parametrize("state", ["failed", "void"])
def test_what_failed_or_is_void_is_no_money_that_came(
    account: int, booking: int, state: str, client: Client
) -> None:
    make.method("PayPal")
    make.tag(20, "Payment Failed", "payment_failed")
    if state == "failed":
        ended = paid(client, booking, "70.00", Status=1, AddBookingTag=20)
    else:
        ended = record(booking, "70", method="Cheque").payment_id
        order = VoidPayment(payment_id=ended, reason="Typed in twice")
        bank.do(lambda connection: void_payment(connection, order, bank.PERSON))
    line = bank.line(account, "70.00")

    assert make.row_of(Payment, ended).state == state
    assert bank.refused(lambda: bank.confirm(line, part(booking, "70.00", ended))) == [
        "match_payment_ended"
    ]


def test_a_promise_that_its_sender_completes_is_refused(
    account: int, booking: int, client: Client
) -> None:
    method = make.method("PayPal")
    promise = paid(client, booking, "70.00", Status=1)
    _change_method(method, paying="external")
    line = bank.line(account, "70.00")

    assert bank.refused(lambda: bank.confirm(line, part(booking, "70.00", promise))) == [
        "payment_completed_outside"
    ]


def test_money_that_left_is_never_recorded(account: int, booking: int) -> None:
    line = bank.line(account, "-30.00")

    assert bank.refused(lambda: bank.confirm(line, part(booking, "-30.00"))) == [
        "match_refund_first"
    ]


def test_what_recording_refuses_is_refused_and_nothing_of_the_match_stays(account: int) -> None:
    make.location(3, overpayment="refuse")
    first, full = make.booking(["60.00"], location_id=3), make.booking(["5.00"], location_id=3)
    mine = bank.account(3)
    line = bank.line(mine, "70.00")

    assert bank.refused(lambda: bank.confirm(line, part(first, "60.00"), part(full, "10.00"))) == [
        "overpaid"
    ]


# --- who reaches what ---------------------------------------------------------------------------


def test_lines_of_an_account_out_of_reach_are_not_there(account: int, booking: int) -> None:
    for_all = bank.account(None)
    line, shared = bank.line(account, "70.00"), bank.line(for_all, "70.00")

    def confirm(line: int, locations: frozenset[int]) -> Any:
        return bank.confirm(line, part(booking, "70.00"), locations=locations, seen={line: 0})

    assert bank.refused(lambda: confirm(line, frozenset({2}))) == ["bank_line_unknown"]
    assert bank.refused(lambda: confirm(shared, frozenset({1, 2}))) == ["bank_line_unknown"]
    assert bank.refused(lambda: confirm(line + 900, frozenset({1}))) == ["bank_line_unknown"]
    assert confirm(line, frozenset({1})).match_ids
    refused = bank.refused(lambda: bank.aside(shared, locations=frozenset({1})))
    assert refused == ["bank_line_unknown"]


def test_bookings_out_of_reach_are_not_there(account: int) -> None:
    make.location(2)
    elsewhere = make.booking(["70.00"], location_id=2)
    line = bank.line(account, "70.00")

    [problem] = bank.problems(
        lambda: bank.confirm(line, part(elsewhere, "70.00"), locations=frozenset({1}))
    )

    assert isinstance(problem, BookingUnknown)


def test_lines_of_two_accounts_are_not_one_payment(account: int, booking: int) -> None:
    other = bank.account()
    both = [bank.line(account, "30.00"), bank.line(other, "40.00")]

    assert bank.refused(lambda: bank.confirm(both, part(booking, "70.00"))) == [
        "bank_lines_of_two_accounts"
    ]


# --- bookings that changed meanwhile ------------------------------------------------------------


def test_new_money_is_not_recorded_on_a_booking_that_changed_meanwhile(
    account: int, booking: int
) -> None:
    line = bank.line(account, "70.00")
    seen = {booking: bank.count(booking)}
    record(booking, "70", method=bank.METHOD)

    wanted = part(booking, "70.00")
    later = bank.refused(lambda: bank.confirm(line, wanted, seen_bookings=seen))
    unsaid = bank.refused(lambda: bank.confirm(line, wanted, seen_bookings={}))

    assert (later, unsaid) == (["match_booking_changed"], ["match_booking_changed"])

    assert (figures(booking), bank.waits(line)) == ((7000, 0, 0), True)
    bank.confirm(line, wanted)


def test_a_payment_is_known_by_itself_unless_its_booking_was_looked_at(
    account: int, booking: int
) -> None:
    line, promise = bank.line(account, "70.00"), bank.promised(booking)
    seen = {booking: bank.count(booking)}
    record(booking, "10", method="Cheque")
    wanted = part(booking, "70.00", promise)

    assert bank.refused(lambda: bank.confirm(line, wanted, seen_bookings=seen)) == [
        "match_booking_changed"
    ]
    bank.confirm(line, wanted, seen_bookings={})


def _change_method(method: int, **values: Any) -> None:
    mine = PaymentMethod.id == method
    bank.do(lambda connection: connection.execute(update(PaymentMethod).where(mine).values(values)))
