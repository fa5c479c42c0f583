"""The same payment at the same moment: between reading and writing every one of them pauses."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bookings.models import Booking
from payments import ledger
from payments.models import Payment, StoredAnswer
from tests import make
from tests.meeting import PAUSE_S, at_once
from tests.payments.conftest import Processes
from tests.payments.formats.brink.given import Till, code
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("pause")]


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> None:
    write = ledger.write

    def late(*args: Any) -> None:
        time.sleep(PAUSE_S)
        write(*args)

    monkeypatch.setattr(ledger, "write", late)


@pytest.fixture
def tills(till: Till, processes: Processes) -> list[Till]:
    """One till whose requests come to three processes."""
    return [till.at(each) for each in processes(3, WEB_THREADS=8)]


def test_one_payment_sent_twenty_times_at_once_is_taken_once(tills: list[Till], order: int) -> None:
    calls = [lambda each=tills[n % 3]: each.pay(order) for n in range(20)]

    answers = at_once(calls)

    assert [code(answer) for answer in answers] == [0] * 20
    assert len(make.rows_of(Payment)) == len(make.rows_of(StoredAnswer)) == 1
    assert make.row_of(Booking, order).paid == 1075
    assert wrong_books() == []
    assert broken_chains() == []


def test_of_two_payments_under_one_id_at_once_one_is_taken(tills: list[Till], order: int) -> None:
    amounts = ["1.00", "2.00"] * 5
    calls = [
        lambda each=tills[n % 3], amount=amount: each.pay(order, Amount=amount)
        for n, amount in enumerate(amounts)
    ]

    answers = at_once(calls)

    [payment] = make.rows_of(Payment)
    expected = [0 if amount == f"{payment.amount // 100}.00" else 2 for amount in amounts]
    assert [code(answer) for answer in answers] == expected
    assert wrong_books() == []


def test_payments_under_their_own_ids_overpay_together_only_as_far_as_fits(
    tills: list[Till], order: int
) -> None:
    calls = [
        lambda each=tills[n % 3], n=n: each.pay(order, Id=n + 1, Amount="30.00") for n in range(6)
    ]

    answers = at_once(calls)

    assert sorted(code(answer) for answer in answers) == [0, 0, 0, 101, 101, 101]
    assert make.row_of(Booking, order).paid == 9000
    assert wrong_books() == []
