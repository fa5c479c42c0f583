"""A reference that is sent again after a failure: of the earlier try nothing is told any more, or
its sender would pay the guest back for a payment that was applied."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.models import LogEntry
from kit import clock
from kit.db import transaction
from outbox.counting import backlog
from outbox.delivering import resend
from outbox.models import Message
from payments.models import AcceptedCommand, Payment
from tests import make
from tests.partners.receiver import Answer, Receiver
from tests.partners.telling import payload
from tests.payments.formats.kseries.given import Raw, Till, Worker


def later() -> datetime:
    """When all that waits is due again."""
    return clock.now() + timedelta(hours=5)


def statuses(told: Any) -> list[tuple[str, str]]:
    return [(each["thirdPartyReference"], each["status"]) for each in told]


@pytest.fixture
def refused(till: Till, booking: int, worker: Worker, receiver: Receiver) -> int:
    """The booking, too much for which was sent; its endpoint could not take the failure."""
    receiver.answers(Answer(500), Answer(200))
    till.accepted(paymentAmount=Raw("300.01"))
    assert statuses(worker.run()) == [("order-1", "FAILURE")]
    return booking


def failures() -> list[tuple[str, str | None]]:
    rows = make.rows_of(Message, kind="kseries")
    return [
        (row.state, row.last_error) for row in rows if payload(row.context)["status"] == "FAILURE"
    ]


def test_a_failure_that_has_not_arrived_is_withdrawn(
    till: Till, refused: int, worker: Worker
) -> None:
    till.accepted(paymentAmount=Raw("300"))
    told = [*worker.run(), *worker.run(later)]

    assert statuses(told) == [("order-1", "SUCCESS")]
    assert failures() == [("given_up", "replaced by a new try")]
    assert len(make.rows_of(Payment, booking_id=refused)) == 1
    [entry] = make.rows_of(LogEntry, action="message.withdrawn")
    assert (entry.actor_kind, entry.actor_id) == ("partner", till.partner_id)


def test_of_several_tries_the_last_one_is_told(till: Till, refused: int, worker: Worker) -> None:
    assert refused
    worker.receiver.answers(Answer(500), Answer(200))
    till.accepted(paymentAmount=Raw("300.02"))
    assert statuses(worker.run()) == [("order-1", "FAILURE")]
    till.accepted(paymentAmount=Raw("300.03"))

    told = [*worker.run(), *worker.run(later)]

    [only] = told
    assert only["errors"]["account"]["message"] == "The payment exceeds what is open by 0.03 EUR."


def test_a_new_try_that_is_refused_withdraws_nothing(
    till: Till, refused: int, worker: Worker
) -> None:
    assert refused
    assert till.pay(endpointId="nowhere").status_code == 404

    assert statuses(worker.run(later)) == [("order-1", "FAILURE")]


def test_what_others_wait_for_is_still_told(till: Till, refused: int, worker: Worker) -> None:
    assert refused
    other = Till(till.app, make.partner())
    make.endpoint(other.partner_id, worker.receiver.url(), kind="kseries", name="till", secret=None)

    till.accepted(thirdPartyPaymentReference="order-2")
    other.accepted(paymentAmount=Raw("1"))
    told = [*worker.run(), *worker.run(later)]

    expected = [("order-1", "FAILURE"), ("order-1", "SUCCESS"), ("order-2", "SUCCESS")]
    assert sorted(statuses(told)) == expected


def test_a_failure_on_its_way_at_this_moment_is_not_sent_a_second_time(
    till: Till, booking: int, worker: Worker, receiver: Receiver
) -> None:
    assert booking
    again = Answer(500, meanwhile=lambda: till.accepted(paymentAmount=Raw("300")))
    receiver.answers(again, Answer(200))
    till.accepted(paymentAmount=Raw("300.01"))

    told = [*worker.run(), *worker.run(), *worker.run(later)]

    assert statuses(told) == [("order-1", "FAILURE"), ("order-1", "SUCCESS")]
    assert failures() == [("given_up", "replaced by a new try")]


def test_a_failure_that_a_worker_holds_but_has_not_sent_is_not_sent(
    till: Till, booking: int, worker: Worker, receiver: Receiver
) -> None:
    assert booking
    till.accepted(paymentAmount=Raw("300.01"), thirdPartyPaymentReference="order-0")
    till.accepted(paymentAmount=Raw("300.01"))
    receiver.answers(Answer(200, meanwhile=till.accepted), Answer(200))

    told = [*worker.run(), *worker.run(), *worker.run(later)]

    assert statuses(told) == [("order-0", "FAILURE"), ("order-1", "SUCCESS")]


def test_what_was_withdrawn_wakes_nobody_and_is_not_sent_by_hand_either(
    till: Till, refused: int, worker: Worker
) -> None:
    assert refused
    till.accepted()
    worker.run()
    ids = [row.id for row in make.rows_of(Message)]

    with transaction() as connection:
        put_back = resend(connection, ids, clock.now())

    assert (put_back, backlog()["outbox_given_up"]) == (0, 0)
    assert worker.run(later) == []


def test_a_failure_that_has_arrived_stays_told(till: Till, booking: int, worker: Worker) -> None:
    assert booking
    till.accepted(paymentAmount=Raw("300.01"))
    first = worker.run()
    till.accepted()

    assert statuses([*first, *worker.run()]) == [("order-1", "FAILURE"), ("order-1", "SUCCESS")]
    assert failures() == [("sent", None)]
    assert [row.state for row in make.rows_of(AcceptedCommand)] == ["failed", "done"]
