"""A real worker and a partner's program: killed, hung upon, asked to end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kit.db import transaction
from outbox.delivering import CALLS
from outbox.models import Message
from partners.events import receiver as receiver_of
from partners.models import WebhookCall
from tests import make
from tests.partners.receiver import Answer, Receiver, receiving
from tests.processes.conftest import House, run
from tests.processes.paying import orders
from tests.processes.running import PATIENCE_S, Worker, wait_until

ALLOWED = {"FLASK_ALLOW_LOOPBACK_TARGETS": "true"}
HANGING = 5 * CALLS  # programs: so many turns of hanging are most of a minute


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def worker(house: House, tmp_path: Path) -> Iterator[Worker]:
    """A worker that may call this machine."""
    made = Worker({**house.settings, **ALLOWED}, tmp_path / "telling.log")
    yield made
    made.kill()
    print(made.told[-3000:])


def listen(receiver: Receiver, path: str = "/hooks") -> int:
    return make.endpoint(make.partner(), receiver.url(path))


def told(endpoint_id: int) -> list[Any]:
    return make.rows_of(Message, receiver=receiver_of(endpoint_id))


def calls(endpoint_id: int) -> list[Any]:
    return make.rows_of(WebhookCall, endpoint_id=endpoint_id)


def pay(house: House, name: str) -> None:
    """Take one payment of a new booking, with a mail to its guest."""
    house.till().pay(orders(name, [make.booking(["500.00"])], 1)[0])


def test_an_event_comes_again_with_its_id_when_the_worker_dies_between_the_answer_and_the_record(
    house: House, worker: Worker, receiver: Receiver
) -> None:
    mine = listen(receiver)
    house.server.start()
    pay(house, "told-twice")
    [message] = told(mine)
    asked, go, answered = threading.Event(), threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        go.wait(PATIENCE_S)

    receiver.answers(Answer(200, meanwhile=wait, afterwards=answered.set), Answer(200))
    worker.start()
    assert asked.wait(PATIENCE_S)
    with transaction() as connection:
        # Nobody else can write down what became of it, and that goes for the worker, too.
        connection.execute(select(Message.id).where(Message.id == message.id).with_for_update())
        go.set()
        assert answered.wait(PATIENCE_S)
        worker.kill()
    left = make.row_of(Message, message.id)
    house.end_leases()
    worker.start()
    first, second = receiver.wait_for(2)
    wait_until(lambda: told(mine)[0].state == "sent", "the second answer is recorded")

    assert (left.state, left.attempts) == ("waiting", 1)
    ids = [each.headers["webhook-id"] for each in (first, second)]
    assert ids == [message.message_id, message.message_id]
    assert first.body == second.body
    assert len(calls(mine)) == 1
    assert told(mine)[0].attempts == 2


def test_programs_that_hang_keep_no_mail_waiting_and_no_worker_from_ending(
    house: House, worker: Worker, receiver: Receiver
) -> None:
    hanging = [listen(receiver, f"/hooks/{number}") for number in range(HANGING)]
    receiver.answers(Answer(hangs=True))
    house.server.start()
    worker.start()
    pay(house, "hanging-1")
    receiver.wait_for(1)

    pay(house, "hanging-2")
    house.mailbox.wait_for(2)
    over = sum(len(calls(each)) for each in hanging)
    code = worker.stop(within_s=PATIENCE_S)

    assert over < HANGING  # the mails did not wait for all of them
    assert code == 0
    assert "worker_stopped" in worker.told
    left = [message for each in hanging for message in told(each)]
    assert len(left) == 2 * HANGING
    assert {message.state for message in left} == {"waiting"}
    assert {message.leased_until for message in left} == {None}


def test_once_delivers_mails_and_events(house: House, worker: Worker, receiver: Receiver) -> None:
    mine = listen(receiver)
    house.server.start()
    pay(house, "once")

    run({**house.settings, **ALLOWED}, "worker", "--once")

    assert [message.state for message in told(mine)] == ["sent"]
    assert [each.json["type"] for each in receiver.got] == ["payment.recorded"]
    assert len(house.mailbox.received) == 1
