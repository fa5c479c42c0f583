"""Staff say which payments lines of the bank are: all adds up, and nothing is there twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from audit.models import LogEntry
from bookings.models import Booking
from kit import clock
from outbox.models import Message
from payments.models import Payment, PaymentMethod
from payments.statements.clues import Reason
from payments.statements.fitting import divided
from payments.statements.models import BankLine, BankMatch, BankMatchLine
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.payments.moving import figures, last_entry, on_lines
from tests.payments.proofs import broken_chains, wrong_books
from tests.payments.statements import bank
from tests.payments.statements.bank import part
from tests.payments.statements.conftest import STAGES
from tests.payments.typing_in import record

TODAY = clock.now().date()


# --- what becomes of the money ------------------------------------------------------------------


def test_a_promise_comes_true_on_the_day_the_money_was_there(account: int, booking: int) -> None:
    promise = bank.promised(booking)
    day = TODAY - timedelta(days=3)
    line = bank.line(account, "70.00", booked_on=TODAY, valued_on=day)

    reasons = (Reason("amount_of_promise"), Reason("day_near", 3))
    match = bank.match(line, part(booking, "70.00", promise), score=50, reasons=reasons)

    row = make.row_of(Payment, promise)
    assert (row.state, row.settled_on, figures(booking)) == ("cleared", day, (7000, 0, 0))
    assert (match.payment_id, match.kind, match.former) == (promise, "cleared", "uncleared")
    assert (match.score, match.reasons) == (50, ["amount_of_promise", "day_near"])
    assert (match.person_id, match.undone_at) == (5, None)
    assert not bank.waits(line)
    assert make.row_of(BankLine, line).revision == 1
    assert len(make.rows_of(Payment)) == 1


def test_charges_and_tip_are_part_of_what_came(account: int, booking: int) -> None:
    promise = bank.promised(booking, charges=Decimal(5))
    line = bank.line(account, "75.00")

    bank.match(line, part(booking, "75.00", promise))

    assert figures(booking) == (7000, 0, 500)


def test_new_money_is_recorded_by_the_accounts_method_with_the_banks_reference(
    account: int, booking: int
) -> None:
    reference = "NONREF-" + "9" * 60
    line = bank.line(account, "70.00", bank_reference=reference)

    match = bank.match(line, part(booking, "70.00"))

    row = make.row_of(Payment, match.payment_id)
    assert (row.state, row.source, row.amount, row.settled_on) == ("cleared", "desk", 7000, TODAY)
    assert make.row_of(PaymentMethod, row.method_id).name == bank.METHOD
    assert row.reference == reference[:50]
    assert row.comments.endswith(f": november.csv, bank line {line}")
    assert (match.kind, match.former, match.score) == ("recorded", None, None)
    assert on_lines(booking) == [6000, 1000]
    assert [each.kind for each in make.rows_of(Message)] == ["email.payment_received"]


def test_a_value_day_that_is_still_to_come_counts_as_today(account: int, booking: int) -> None:
    line = bank.line(account, "70.00", valued_on=TODAY + timedelta(days=4))

    match = bank.match(line, part(booking, "70.00"))

    assert make.row_of(Payment, match.payment_id).settled_on == TODAY


def test_a_payment_that_is_there_is_only_found(account: int, booking: int) -> None:
    there = record(booking, "70", method="Cheque").payment_id
    line = bank.line(account, "70.00")

    match = bank.match(line, part(booking, "70.00", there))

    assert (match.kind, match.former, match.payment_id) == ("found", None, there)
    assert (figures(booking), len(make.rows_of(Payment))) == ((7000, 0, 0), 1)
    assert not bank.waits(line)


@pytest.mark.long
def test_money_that_left_is_the_refund_that_was_recorded(account: int, booking: int) -> None:
    refund = bank.refunded(record(booking, "70", method="Cheque").payment_id, "30")
    line = bank.line(account, "-30.00")

    match = bank.match(line, part(booking, "-30.00", refund))

    assert (match.kind, match.payment_id, figures(booking)) == ("found", refund, (4000, 0, 0))
    assert bank.taken(line) == -3000


def test_money_for_a_cancelled_booking_is_kept_as_credit_with_a_warning(account: int) -> None:
    booking = make.booking(STAGES, status="cancelled")
    line = bank.line(account, "70.00")

    confirmed = bank.confirm(line, part(booking, "70.00"))

    assert [warning.code for warning in confirmed.warnings] == ["booking_cancelled"]
    assert figures(booking) == (0, 7000, 0)


def test_a_promise_of_another_amount_stays_beside_the_new_money(account: int, booking: int) -> None:
    promise = bank.promised(booking, "70")
    line = bank.line(account, "65.00")

    bank.match(line, part(booking, "65.00"))

    assert make.row_of(Payment, promise).state == "uncleared"
    assert figures(booking) == (6500, 0, 0)


# --- one line over several bookings, several lines for one payment ------------------------------


def test_one_line_is_divided_over_several_bookings(account: int, booking: int) -> None:
    other = make.booking(["80.00"])
    promise = bank.promised(other, "80")
    line = bank.line(account, "140.00")

    confirmed = bank.confirm(line, part(booking, "60.00"), part(other, "80.00", promise))

    matches = make.rows_of(BankMatch)
    assert tuple(match.id for match in matches) == confirmed.match_ids
    assert [match.kind for match in matches] == ["recorded", "cleared"]
    assert [row.amount for row in make.rows_of(BankMatchLine)] == [6000, 8000]
    assert (figures(booking)[0], figures(other)[0]) == (6000, 8000)
    assert not bank.waits(line)


def test_the_rest_of_a_line_waits_and_may_go_to_the_same_booking(
    account: int, booking: int
) -> None:
    line = bank.line(account, "100.00", bank_reference="B1")

    bank.match(line, part(booking, "60.00"))
    assert bank.waits(line)
    bank.match(line, part(booking, "40.00"))

    assert not bank.waits(line)
    assert [row.reference for row in make.rows_of(Payment)] == ["B1", "B1"]
    assert bank.taken(line) == 10000


def test_several_lines_are_one_payment_of_the_last_days_money(account: int, booking: int) -> None:
    promise = bank.promised(booking, "70")
    one = bank.line(account, "30.00", booked_on=TODAY - timedelta(days=2))
    two = bank.line(account, "40.00", booked_on=TODAY - timedelta(days=1))

    match = bank.match([two, one], part(booking, "70.00", promise))

    rows = make.rows_of(BankMatchLine, match_id=match.id)
    assert {row.line_id: row.amount for row in rows} == {one: 3000, two: 4000}
    assert make.row_of(Payment, promise).settled_on == TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("lefts", "amounts", "shares"),
    [
        ([100], [100], [{0: 100}]),
        ([100], [60, 30], [{0: 60}, {0: 30}]),
        ([30, 40], [70], [{0: 30, 1: 40}]),
        ([30, 40], [50, 20], [{0: 30, 1: 20}, {1: 20}]),
        ([30, 40], [30, 40], [{0: 30}, {1: 40}]),
        ([-30, -40], [-50], [{0: -30, 1: -20}]),
    ],
)
def test_lines_are_used_up_one_after_the_other(
    lefts: list[int], amounts: list[int], shares: list[dict[int, int]]
) -> None:
    assert divided(lefts, amounts) == shares


# --- lines that are no booking's money ----------------------------------------------------------


def test_a_line_is_put_aside_with_a_reason_and_taken_up_again(account: int, booking: int) -> None:
    line = bank.line(account, "70.00")
    bank.match(line, part(booking, "60.00"))

    bank.aside(line, "Interest")
    row = make.row_of(BankLine, line)
    assert (row.aside_why, row.revision, bank.waits(line)) == ("Interest", 2, False)
    assert bank.refused(lambda: bank.aside(line)) == ["bank_line_settled"]
    assert bank.refused(lambda: bank.take(line, seen=1)) == ["bank_line_changed"]

    bank.take(line)
    assert bank.waits(line)
    assert make.row_of(BankLine, line).aside_at is None
    assert bank.refused(lambda: bank.take(line)) == ["bank_line_not_aside"]
    assert bank.refused(lambda: bank.aside(line, seen=1)) == ["bank_line_changed"]


# --- what is written down -----------------------------------------------------------------------


def test_what_was_matched_stands_in_the_log_of_the_booking(account: int, booking: int) -> None:
    line = bank.line(account, "70.00", party="Maria Silva")

    match = bank.match(line, part(booking, "70.00"))

    entry = last_entry(booking)
    assert entry["action"] == "statement.matched"
    assert entry["about"] == {
        "booking": booking, "location": 1, "match": match.id, "payment": match.payment_id
    }  # fmt: skip
    assert entry["after"] == {
        "kind": "recorded", "amount": 7000, "currency": "EUR", "lines": [[line, 7000]]
    }  # fmt: skip
    assert "Silva" not in str(make.rows_of(LogEntry))
    assert broken_chains() == []


def test_what_was_put_aside_stands_in_the_log_of_the_house(account: int) -> None:
    line = bank.line(account, "70.00")

    bank.aside(line, "Interest")
    bank.take(line)

    entries = [orjson.loads(row.body)["entry"] for row in make.rows_of(LogEntry, chain=0)][-2:]
    assert [entry["action"] for entry in entries] == ["statement.put_aside", "statement.taken_up"]
    assert entries[0]["about"] == {"bank_line": line, "bank_account": account, "location": 1}
    assert (entries[0]["reason"], entries[0]["after"]["amount"]) == ("Interest", 7000)
    assert broken_chains() == []


def test_the_books_are_right_and_the_booking_is_confirmed(account: int) -> None:
    booking = make.booking(STAGES, status="provisional")
    line = bank.line(account, "100.00")

    bank.match(line, part(booking, "100.00"))

    assert make.row_of(Booking, booking).status == "booking"
    assert wrong_books() == []


# --- a matched payment --------------------------------------------------------------------------


def test_a_matched_payment_is_not_voided_by_itself(account: int, booking: int) -> None:
    line = bank.line(account, "70.00")
    payment = bank.match(line, part(booking, "70.00")).payment_id
    order = VoidPayment(payment_id=payment, reason="Typed in twice")

    refused = bank.refused(
        lambda: bank.do(lambda connection: void_payment(connection, order, bank.PERSON))
    )

    assert refused == ["payment_matched_with_bank"]


def test_a_matched_payment_is_refunded_as_any(account: int, booking: int) -> None:
    line = bank.line(account, "70.00")
    payment = bank.match(line, part(booking, "70.00")).payment_id

    bank.refunded(payment, "30")

    assert figures(booking) == (4000, 0, 0)
    assert not bank.waits(line)
