"""One payment sent twice at the same moment, and two workers that look for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from payments import inbox, ledger
from payments.models import AcceptedCommand, Payment
from tests import make
from tests.meeting import after, at_once, before, pause, statuses
from tests.payments.conftest import Processes, processes
from tests.payments.formats.kseries.given import Till, Worker
from tests.payments.proofs import wrong_books

pytestmark = pytest.mark.long

__all__ = ["processes"]


@pytest.fixture
def apps(till: Till, processes: Processes) -> list[Flask]:
    assert till
    return processes(2, WEB_THREADS=4, ALLOW_LOOPBACK_TARGETS=True)


def test_of_identical_requests_at_once_one_is_accepted(
    till: Till, booking: int, worker: Worker, apps: list[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    after(monkeypatch, inbox, "_is_used", pause)
    tills = [Till(each, till.partner_id) for each in apps * 2]

    answers = at_once([each.pay for each in tills])

    assert statuses(answers) == [200, 400, 400, 400]
    refused = {answer.json["message"] for answer in answers if answer.status_code == 400}
    assert refused == {"reference has already been used order-1"}
    assert len(make.rows_of(AcceptedCommand)) == 1
    assert [told["status"] for told in worker.run()] == ["SUCCESS"]
    assert len(make.rows_of(Payment, booking_id=booking)) == 1


def test_two_workers_apply_a_payment_once_and_tell_it_once(
    till: Till, booking: int, worker: Worker, apps: list[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, ledger, "write", pause)
    for number in range(6):
        till.accepted(thirdPartyPaymentReference=f"order-{number}", paymentAmount="60")

    def work(app: Flask) -> int:
        done = 0
        with app.app_context():
            while some := inbox.apply_accepted():
                done += some
        return done

    with ThreadPoolExecutor(2) as pool:
        done = sum(pool.map(work, apps))

    assert done <= 6
    told = worker.run()
    assert sorted(each["status"] for each in told) == ["FAILURE"] + ["SUCCESS"] * 5
    assert len(make.rows_of(Payment, booking_id=booking)) == 5
    assert wrong_books() == []
