"""A match is undone: the lines wait again, and the payment is as if they had never been matched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from audit.models import LogEntry
from kit import clock
from kit.db import transaction
from payments.models import Allocation, CardOnFile, Payment
from payments.statements.models import BankAccount, BankLine, BankMatch
from payments.statements.undoing import Undone
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Client
from tests.payments.listening import told
from tests.payments.moving import figures, last_entry, on_lines, paid
from tests.payments.proofs import broken_chains, wrong_books
from tests.payments.statements import bank
from tests.payments.statements.bank import part
from tests.payments.statements.conftest import STAGES
from tests.payments.typing_in import record

TODAY = clock.now().date()
# What becomes of a payment, as against what came with it.
SAGEPAY = {
    f"Sagepay{name}": name for name in ("SecurityKey", "VendorTxCode", "VPSTxId", "TxAuthNo")
}
BECAME = {"id", "state", "category", "settled_on", "cleared_at", "voided_at", "failure_reason",
          "created_at"}  # fmt: skip


def came_with(payment: int) -> dict[str, Any]:
    """What a payment came with."""
    row = make.row_of(Payment, payment)._mapping
    return {name: row[name] for name in row if name not in BECAME}


def test_new_money_is_voided_and_its_line_waits(account: int, booking: int) -> None:
    line = bank.line(account, "70.00")
    match = bank.match(line, part(booking, "70.00"))

    undone = bank.undo(match.id, reason="Another guest's")

    assert undone == Undone(match.payment_id, None)
    row = make.row_of(Payment, match.payment_id)
    assert (row.state, row.failure_reason) == ("void", "Another guest's")
    assert row.voided_at is not None
    assert (figures(booking), on_lines(booking)) == ((0, 0, 0), [0, 0])
    assert (bank.waits(line), bank.taken(line)) == (True, 0)
    assert make.row_of(BankLine, line).revision == 2
    ended = make.row_of(BankMatch, match.id)
    assert (ended.undone_by, ended.undone_why, ended.reopened_id) == (5, "Another guest's", None)
    assert wrong_books() == []


@pytest.mark.long
@pytest.mark.parametrize("state", ["uncleared", "deferred"])
def test_a_promise_that_was_cleared_waits_again_as_it_was(
    account: int, booking: int, state: str
) -> None:
    wishes = (make.lines_of(booking)[1].id,)
    promise = bank.promised(booking, state=state, charges=Decimal(5), wishes=wishes, reference="C1",
                       comments="Cheque of the guest")  # fmt: skip
    before = make.row_of(Payment, promise)
    line = bank.line(account, "75.00")
    match = bank.match(line, part(booking, "75.00", promise))
    assert on_lines(booking) == [3000, 4000]

    undone = bank.undo(match.id)

    anew = undone.reopened_id
    assert anew is not None
    assert came_with(anew) == came_with(promise)
    row = make.row_of(Payment, anew)
    assert (row.state, row.category, row.paid_on) == (state, before.category, before.paid_on)
    assert (row.settled_on, row.cleared_at, row.voided_at) == (None, None, None)
    assert make.row_of(Payment, promise).state == "void"
    assert (figures(booking), make.row_of(BankMatch, match.id).reopened_id) == ((0, 0, 0), anew)
    assert {each.payment_id for each in make.rows_of(Allocation)} == {promise}
    assert (wrong_books(), broken_chains()) == ([], [])


def test_what_waits_again_can_be_matched_again(account: int, booking: int) -> None:
    line = bank.line(account, "70.00")
    promise = bank.promised(booking)

    for _ in range(2):
        match = bank.match(line, part(booking, "70.00", promise))
        promise = bank.undo(match.id).reopened_id or 0
    bank.match(line, part(booking, "70.00", promise))

    assert (figures(booking), bank.taken(line)) == ((7000, 0, 0), 7000)
    assert [row.state for row in make.rows_of(Payment)] == ["void", "void", "cleared"]
    assert wrong_books() == []


def test_a_partners_promise_keeps_its_card_and_its_keys_and_the_partner_is_told(
    account: int, booking: int, client: Client
) -> None:
    make.method("PayPal")
    endpoint = make.endpoint(client.partner_id)
    stay = make.lines_of(booking)[0].property_id
    promise = paid(
        client, booking, "70.00", Status=1, Reference="order-1", PropertyId=stay,
        PaymentToken="tok_1234567890", CardPartialNumbers="1234", **SAGEPAY,
        BalanceDueDate="2030-01-02", SendEmail="true",
    )  # fmt: skip
    match = bank.match(bank.line(account, "70.00"), part(booking, "70.00", promise))

    anew = bank.undo(match.id).reopened_id

    assert anew is not None
    assert came_with(anew) == came_with(promise)
    row = make.row_of(Payment, anew)
    assert (row.reference, row.source, row.partner_id) == ("order-1", "ipro", client.partner_id)
    assert row.vps_hash is not None
    cards = [tuple(card)[1:] for card in make.rows_of(CardOnFile)]
    assert len(cards) == 2
    assert cards[0] == cards[1]
    events = told(endpoint, booking)[-2:]
    payments = [event["data"]["payment"] for event in events]
    assert [event["type"] for event in events] == ["payment.deleted", "payment.recorded"]
    assert [(x["id"], x["state"]) for x in payments] == [(promise, "void"), (anew, "uncleared")]
    assert payments[1]["reference"] == "order-1"


def test_a_payment_that_was_found_stays_as_it_is(account: int, booking: int) -> None:
    there = record(booking, "70", method="Cheque").payment_id
    line = bank.line(account, "70.00")
    match = bank.match(line, part(booking, "70.00", there))

    assert bank.undo(match.id, may_delete_external=False) == Undone(there, None)

    assert (make.row_of(Payment, there).state, figures(booking)) == ("cleared", (7000, 0, 0))
    assert bank.waits(line)
    bank.match(line, part(booking, "70.00", there))


def test_one_of_several_matches_of_a_line_is_undone_alone(account: int, booking: int) -> None:
    other = make.booking(["80.00"])
    line = bank.line(account, "140.00")
    first, second = bank.confirm(line, part(booking, "60.00"), part(other, "80.00")).match_ids

    bank.undo(second)

    assert (figures(booking)[0], figures(other)[0]) == (6000, 0)
    assert (bank.waits(line), bank.taken(line)) == (True, 6000)
    bank.undo(first)
    assert bank.taken(line) == 0


def test_all_lines_of_a_match_wait_again(account: int, booking: int) -> None:
    some = [bank.line(account, "30.00"), bank.line(account, "40.00")]
    match = bank.match(some, part(booking, "70.00"))

    bank.undo(match.id)

    assert [bank.waits(line) for line in some] == [True, True]


def test_a_line_whose_rest_is_put_aside_is_taken_up_again(account: int, booking: int) -> None:
    line = bank.line(account, "70.00")
    match = bank.match(line, part(booking, "60.00"))
    bank.aside(line, "Fees")

    bank.undo(match.id)

    row = make.row_of(BankLine, line)
    assert (row.aside_at, row.aside_why, row.settled_at, row.revision) == (None, None, None, 3)
    assert bank.taken(line) == 0
    assert len(make.rows_of(LogEntry, action="statement.taken_up")) == 1
    bank.confirm(line, part(booking, "70.00"))
    assert figures(booking) == (7000, 0, 0)


# --- what is refused ----------------------------------------------------------------------------


def test_what_was_paid_back_is_not_undone(account: int, booking: int) -> None:
    line = bank.line(account, "70.00")
    match = bank.match(line, part(booking, "70.00"))
    back = bank.refunded(match.payment_id, "30")

    assert bank.refused(lambda: bank.undo(match.id)) == ["payment_refunded"]

    order = VoidPayment(payment_id=back, reason="Never paid out")
    bank.do(lambda connection: void_payment(connection, order, bank.PERSON))
    assert bank.undo(match.id).payment_id == match.payment_id


def test_a_match_is_undone_once(account: int, booking: int) -> None:
    match = bank.match(bank.line(account, "70.00"), part(booking, "70.00"))
    bank.undo(match.id)

    assert bank.refused(lambda: bank.undo(match.id)) == ["bank_match_undone"]


def test_undoing_what_a_partner_sent_needs_that_permission(
    account: int, booking: int, client: Client
) -> None:
    make.method("PayPal")
    promise = paid(client, booking, "70.00", Status=1)
    match = bank.match(bank.line(account, "70.00"), part(booking, "70.00", promise))

    assert bank.refused(lambda: bank.undo(match.id, may_delete_external=False)) == [
        "undo_deletes_external"
    ]
    assert bank.undo(match.id).reopened_id


def test_a_match_out_of_reach_is_not_there(account: int, booking: int) -> None:
    match = bank.match(bank.line(account, "70.00"), part(booking, "70.00"))

    assert bank.refused(lambda: bank.undo(match.id, locations=frozenset({2}))) == [
        "bank_match_unknown"
    ]
    assert bank.refused(lambda: bank.undo(match.id + 1)) == ["bank_match_unknown"]


def test_a_match_of_a_booking_out_of_reach_is_not_there(account: int) -> None:
    make.location(2)
    elsewhere = make.booking(STAGES, location_id=2)
    there = bank.account(location_id=None)
    match = bank.match(bank.line(there, "70.00"), part(elsewhere, "70.00"))
    with transaction() as connection:  # as accounts were once changed
        connection.execute(update(BankAccount).where(BankAccount.id == there).values(location_id=1))

    assert bank.refused(lambda: bank.undo(match.id, locations=frozenset({1}))) == [
        "bank_match_unknown"
    ]
    assert bank.undo(match.id, locations=frozenset({1, 2})).payment_id == match.payment_id


def test_what_its_card_provider_has_voided_is_only_let_go_of(account: int, booking: int) -> None:
    match = bank.match(bank.line(account, "70.00"), part(booking, "70.00"))
    order = VoidPayment(payment_id=match.payment_id, reason="Not taken", at_provider=True)
    bank.do(lambda connection: void_payment(connection, order, bank.PERSON))

    assert bank.undo(match.id) == Undone(match.payment_id, None)

    assert make.row_of(Payment, match.payment_id).failure_reason == "Not taken"


# --- what is written down -----------------------------------------------------------------------


def test_what_was_undone_stands_in_the_log_with_the_reason(account: int, booking: int) -> None:
    line, promise = bank.line(account, "70.00"), bank.promised(booking)
    match = bank.match(line, part(booking, "70.00", promise))

    anew = bank.undo(match.id, reason="Another guest's").reopened_id

    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("statement.unmatched", "medium")
    assert entry["about"] == {
        "booking": booking, "location": 1, "match": match.id, "payment": promise
    }  # fmt: skip
    assert entry["before"]["lines"] == [[line, 7000]]
    assert (entry["after"], entry["reason"]) == ({"reopened": anew}, "Another guest's")
    assert broken_chains() == []
