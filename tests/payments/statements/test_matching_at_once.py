"""People who match, undo and change the same money at once: each waits for the other, and money is
there once. Between what a call has looked at and what it writes it is kept at a gate."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from kit.db import transaction
from payments import clearing, ledger, refunding, voiding
from payments.clearing import ClearPayment, clear_payment
from payments.models import Payment
from payments.refunding import RefundPayment, refund_payment
from payments.statements import matching, undoing
from payments.statements.matching import ConfirmMatch, PutAside, confirm_match, put_aside
from payments.statements.models import BankMatch
from payments.statements.undoing import UndoMatch, undo_match
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.meeting import Gate, at_once, before, overtaking, pause
from tests.payments.moving import figures
from tests.payments.proofs import broken_chains, wrong_books
from tests.payments.statements import bank
from tests.payments.statements.bank import PERSON, part
from tests.payments.typing_in import record

pytestmark = pytest.mark.long

Act = Callable[[Any], Any]  # in a transaction; what it answers
Call = Callable[[], Any]


@pytest.fixture
def booking(account: int) -> int:
    assert account
    return make.booking(["100.00"])


@pytest.fixture
def promise(booking: int) -> int:
    return record(booking, "70", method="Cheque", state="uncleared").payment_id


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def do(app: Flask) -> Callable[[Act], Call]:
    """Makes of an act a call for a thread of its own, in one transaction that is never run again,
    so that a deadlock shows; the call gives back what was refused."""

    def doing(act: Act) -> Call:
        def call() -> Any:
            with app.app_context():
                try:
                    with transaction() as connection:
                        return act(connection)
                except Exception as error:
                    return error

        return call

    return doing


def cheque(booking: int) -> int:
    """One of 50.00 that is under way."""
    return record(booking, "50", method="Cheque", state="uncleared").payment_id


def confirming(order: ConfirmMatch) -> Act:
    return lambda connection: confirm_match(connection, order, PERSON)


def clears(payment: int) -> Act:
    return lambda connection: clear_payment(connection, ClearPayment(payment_id=payment), PERSON)


def voids(payment: int) -> Act:
    order = VoidPayment(payment_id=payment, reason="Typed in twice")
    return lambda connection: void_payment(connection, order, PERSON)


def refunds(payment: int) -> Act:
    order = RefundPayment(payment_id=payment, source="desk", amount=Decimal(30))
    return lambda connection: refund_payment(connection, order, PERSON)


def undoes(match: int) -> Act:
    order = UndoMatch(match_id=match, reason="Wrong", may_delete_external=True, locations=None)
    return lambda connection: undo_match(connection, order, PERSON)


def code(answer: Any) -> str:
    """What was refused; what else went wrong shows."""
    return getattr(answer, "code", repr(answer))


def all_is_right() -> None:
    assert wrong_books() == []
    assert broken_chains() == []


def test_two_people_match_one_line_and_the_second_is_told(
    account: int, booking: int, do: Any, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make.booking(["100.00"])
    line = bank.line(account, "100.00")
    one, two = (bank.order(line, part(each, "100.00")) for each in (booking, other))
    before(monkeypatch, matching, "divided", gate.pass_through)

    first, second = overtaking(gate, do(confirming(one)), do(confirming(two)))

    assert (len(first.match_ids), gate.passed) == (1, 1)
    assert {each.code for each in second.problems} == {"bank_line_changed", "bank_line_settled"}
    assert (figures(booking)[0], figures(other)[0]) == (10000, 0)
    assert bank.taken(line) == 10000
    all_is_right()


def test_a_line_is_not_put_aside_while_it_is_matched(
    account: int, booking: int, do: Any, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = bank.line(account, "100.00")
    aside = PutAside(line_id=line, reason="Interest", seen=0, locations=None)
    before(monkeypatch, matching, "divided", gate.pass_through)

    first, second = overtaking(
        gate,
        do(confirming(bank.order(line, part(booking, "60.00")))),
        do(lambda connection: put_aside(connection, aside, PERSON)),
    )

    assert (len(first.match_ids), code(second)) == (1, "bank_line_changed")
    assert bank.waits(line)


def test_two_lines_are_matched_with_one_promise_and_one_is_told(
    account: int, booking: int, promise: int, do: Any, gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    some = [bank.line(account, "70.00") for _ in range(2)]
    orders = [bank.order(line, part(booking, "70.00", promise)) for line in some]
    before(monkeypatch, matching, "divided", gate.pass_through)

    first, second = overtaking(gate, *(do(confirming(order)) for order in orders))

    assert (len(first.match_ids), code(second)) == (1, "match_payment_taken")
    assert figures(booking) == (7000, 0, 0)
    assert [bank.waits(line) for line in some] == [False, True]


@pytest.mark.parametrize(
    ("act", "refusal"), [(clears, "payment_not_coming"), (voids, "payment_matched_with_bank")]
)
def test_what_is_being_matched_is_not_changed_meanwhile(
    account: int, booking: int, promise: int, do: Any, gate: Gate,
    monkeypatch: pytest.MonkeyPatch, act: Callable[[int], Act], refusal: str,
) -> None:  # fmt: skip
    line = bank.line(account, "70.00")
    wanted = confirming(bank.order(line, part(booking, "70.00", promise)))
    before(monkeypatch, matching, "divided", gate.pass_through)

    first, second = overtaking(gate, do(wanted), do(act(promise)))

    assert (len(first.match_ids), code(second)) == (1, refusal)
    assert (figures(booking), bank.taken(line)) == ((7000, 0, 0), 7000)
    all_is_right()


def test_a_promise_that_is_being_cleared_is_then_found(
    account: int, booking: int, promise: int, do: Any, gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    line = bank.line(account, "70.00")
    wanted = confirming(bank.order(line, part(booking, "70.00", promise)))
    before(monkeypatch, clearing, "category_of", gate.pass_through)

    overtaking(gate, do(clears(promise)), do(wanted))

    assert [match.kind for match in make.rows_of(BankMatch)] == ["found"]
    assert figures(booking) == (7000, 0, 0)
    all_is_right()


def test_a_promise_that_is_being_voided_is_no_money(
    account: int, booking: int, promise: int, do: Any, gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    line = bank.line(account, "70.00")
    wanted = confirming(bank.order(line, part(booking, "70.00", promise)))
    before(monkeypatch, voiding, "save", gate.pass_through)

    first, second = overtaking(gate, do(voids(promise)), do(wanted))

    assert (first.payment_id, code(second)) == (promise, "match_payment_ended")
    assert bank.waits(line)


def test_what_is_being_undone_is_not_refunded(
    account: int, booking: int, do: Any, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = bank.match(bank.line(account, "70.00"), part(booking, "70.00"))
    before(monkeypatch, undoing, "void_payment", gate.pass_through)

    first, second = overtaking(gate, do(undoes(match.id)), do(refunds(match.payment_id)))

    assert (first.payment_id, code(second)) == (match.payment_id, "payment_not_cleared")
    assert figures(booking) == (0, 0, 0)
    all_is_right()


def test_what_is_being_refunded_is_not_undone(
    account: int, booking: int, do: Any, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = bank.line(account, "70.00")
    match = bank.match(line, part(booking, "70.00"))
    before(monkeypatch, refunding, "save", gate.pass_through)

    _, second = overtaking(gate, do(refunds(match.payment_id)), do(undoes(match.id)))

    assert code(second) == "payment_refunded"
    assert (figures(booking), bank.waits(line)) == ((4000, 0, 0), False)
    all_is_right()


def test_a_match_is_undone_once_by_two(
    account: int, booking: int, promise: int, do: Any, gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    match = bank.match(bank.line(account, "70.00"), part(booking, "70.00", promise))
    before(monkeypatch, undoing, "void_payment", gate.pass_through)

    first, second = overtaking(gate, do(undoes(match.id)), do(undoes(match.id)))

    assert (first.payment_id, code(second)) == (promise, "bank_match_undone")
    assert [row.state for row in make.rows_of(Payment)] == ["void", "uncleared"]


def test_people_who_name_lines_and_bookings_in_opposite_orders_do_not_block_each_other(
    account: int, booking: int, do: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make.booking(["100.00"])
    lines = [bank.line(account, "50.00") for _ in range(4)]
    some, more = (
        [part(each, "50.00", cheque(each)) for each in (booking, other)] for _ in range(2)
    )
    orders = [bank.order(lines[:2], *some), bank.order(lines[2:], *more[::-1]),
              bank.order(lines[1::-1], *some[::-1]), bank.order(lines[:1:-1], *more)]  # fmt: skip
    before(monkeypatch, ledger, "hold", pause)

    told = at_once([do(confirming(order)) for order in orders])

    assert sum(isinstance(each, matching.Confirmed) for each in told) == 2
    refused = [each for each in told if not isinstance(each, matching.Confirmed)]
    assert {problem.code for each in refused for problem in each.problems} == {
        "bank_line_changed", "bank_line_settled", "match_payment_taken"
    }  # fmt: skip
    assert (figures(booking)[0], figures(other)[0]) == (10000, 10000)
    all_is_right()
