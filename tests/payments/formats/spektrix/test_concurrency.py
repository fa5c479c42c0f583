"""One signature at the same moment from several processes; payments that exceed only together.

Every call waits between what it has read and what it writes: without that pause no two would meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from bookings.models import Booking
from kit.db import transaction
from payments import ledger, replies
from payments.formats.spektrix import baskets, replaying
from payments.models import Payment, StoredAnswer
from tests import make
from tests.meeting import at_once, before, pause, statuses
from tests.payments.conftest import Processes
from tests.payments.formats.spektrix.given import REFUND, TILL, Till, payment
from tests.payments.moving import figures
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long


@pytest.fixture
def tills(till: Till, processes: Processes) -> list[Till]:
    """One client at three processes."""
    return [till.at(each) for each in processes(3, WEB_THREADS=8)]


def same_call(
    tills: list[Till], times: int, method: str, call: str, body: str | None = None
) -> list[Callable[[], TestResponse]]:
    """The very same request, signature and all, to one process after the other."""
    path = tills[0].path(call)
    headers = tills[0].headers(method, path, (body or "").encode())

    def to(number: int) -> Callable[[], TestResponse]:
        return lambda: tills[number % len(tills)].send(method, path, body, headers)

    return [to(number) for number in range(times)]


def one_answer(answers: list[TestResponse], status: int) -> None:
    """All of them have the same, one of them as the first."""
    assert statuses(answers) == [status] * len(answers)
    assert len({answer.data for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * (len(answers) - 1)


def test_one_signature_sent_twenty_times_is_one_payment(
    tills: list[Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    basket = make.booking(["100.00"])
    before(monkeypatch, ledger, "write", pause)

    answers = at_once(
        same_call(tills, 20, "POST", f"baskets/{basket}/custom-payments", payment("10.40"))
    )

    one_answer(answers, 200)
    assert len(make.rows_of(Payment, booking_id=basket)) == 1
    assert figures(basket) == (1040, 0, 0)
    assert wrong_books() == broken_chains() == []


def test_one_signature_sent_twenty_times_is_one_refund(
    tills: list[Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    basket = make.booking(["100.00"])
    tills[0].pay(basket, "100.00")
    before(monkeypatch, replies, "keep", pause)

    answers = at_once(
        same_call(tills, 20, "POST", f"baskets/{basket}/custom-payments", payment("5.00", REFUND))
    )

    one_answer(answers, 200)
    assert figures(basket) == (9500, 0, 0)
    assert wrong_books() == broken_chains() == []


def test_one_refusal_is_kept_once_and_given_to_all(
    tills: list[Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    basket = make.booking(["100.00"])
    before(monkeypatch, replies, "keep", pause)

    answers = at_once(
        same_call(tills, 20, "POST", f"baskets/{basket}/custom-payments", payment("100.01"))
    )

    one_answer(answers, 400)
    assert len(make.rows_of(StoredAnswer)) == 1


def test_one_waiver_sent_twenty_times_is_logged_once(
    tills: list[Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    basket = make.booking(["100.00", "25.00"], status="provisional")
    with transaction() as connection:
        connection.exec_driver_sql("UPDATE partners SET may_waive_commission = true")
        connection.exec_driver_sql("UPDATE schedule_lines SET kind = 'fee' WHERE amount = 2500")
    before(monkeypatch, baskets, "waive_commission", pause)
    body = '{"WaiveTransactionCommission":true}'

    answers = at_once(same_call(tills, 20, "PATCH", f"baskets/{basket}", body))

    one_answer(answers, 200)
    row = make.row_of(Booking, basket)
    assert (row.total, row.log_count) == (10000, 1)
    assert wrong_books() == broken_chains() == []


def test_of_payments_that_exceed_only_together_some_are_refused(
    tills: list[Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    basket = make.booking(["60.00", "40.00"])
    before(monkeypatch, ledger, "write", pause)

    def one(number: int) -> Callable[[], TestResponse]:
        return lambda: tills[number % 3].pay(basket, "30.00", TILL)

    answers = at_once([one(number) for number in range(8)])

    assert statuses(answers) == [200] * 3 + [400] * 5
    assert figures(basket) == (9000, 0, 0)
    assert wrong_books() == broken_chains() == []


def test_a_refusal_never_takes_the_place_of_a_twins_payment(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is refused; before that is kept, its twin finds the basket with room and pays."""
    basket = make.booking(["100.00"])
    till.pay(basket, "100.00")
    [send] = same_call([till], 1, "POST", f"baskets/{basket}/custom-payments", payment("10.00"))
    twins: list[TestResponse] = []
    keep = replaying.keep

    def overtaken(*args: Any) -> Any:
        if not twins:
            assert till.pay(basket, "10.00", REFUND).status_code == 200
            monkeypatch.setattr(replaying, "keep", keep)
            twins.append(send())
        return keep(*args)

    monkeypatch.setattr(replaying, "keep", overtaken)

    first = send()

    assert (twins[0].status_code, first.status_code) == (200, 200)
    assert first.data == twins[0].data
    assert figures(basket) == (10000, 0, 0)
    assert wrong_books() == []
