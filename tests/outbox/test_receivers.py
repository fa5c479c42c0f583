"""Messages to programs beside those to people: whose turn it is, and who is left alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert

from kit import clock
from kit.db import in_transaction, transaction
from outbox.counting import backlog
from outbox.delivering import _rest, deliver, resend, wake
from outbox.leasing import BATCH, Leased
from outbox.mail import DeliveryFailed
from outbox.models import Message, Receiver
from tests import make
from tests.outbox.make import NOON, Clock, Postbox, add, run

REST = timedelta(minutes=10)


@dataclass
class Programs:
    """A way to programs that keeps what it sends; `fault` says what is wrong with some."""

    fault: Callable[[Leased], DeliveryFailed | None] = lambda _: None
    sent: list[tuple[str, str]] = field(default_factory=list)

    @property
    def programs(self) -> bool:
        return True

    def send(self, message: Leased, at: datetime) -> None:
        assert message.receiver is not None
        self.sent.append((message.receiver, message.message_id))
        if fault := self.fault(message):
            raise fault

    @property
    def receivers(self) -> list[str]:
        return [receiver for receiver, _ in self.sent]


def tell(receiver: str, count: int = 1, at: datetime = NOON) -> list[str]:
    """Messages to a program; their ids."""
    rows: list[dict[str, Any]] = [
        {
            "kind": "event",
            "message_id": f"{receiver} {next(make.numbers)}",
            "booking_id": None,
            "receiver": receiver,
            "context": {},
            "created_at": at,
            "due_at": at,
        }
        for _ in range(count)
    ]
    with transaction() as connection:
        connection.execute(insert(Message), rows)
    return [str(row["message_id"]) for row in rows]


def work(programs: Programs, now: Clock | None = None, name: str = "one") -> None:
    while deliver(programs, name, now or Clock()):
        pass


def cannot(message: Leased) -> DeliveryFailed:
    return DeliveryFailed("HTTP 503", permanent=False, rests=REST)


def in_threads(app: Flask, works: Sequence[Callable[[], Any]]) -> None:
    failed: list[BaseException] = []

    def carry(work: Callable[[], Any]) -> None:
        try:
            with app.app_context():
                work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=carry, args=(each,)) for each in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_mails_and_messages_to_programs_go_their_own_ways(app: Flask) -> None:
    told, mailed = tell("a"), add()
    postbox, programs = Postbox(), Programs()

    run(postbox, Clock())
    assert (postbox.ids, programs.sent) == (mailed, [])
    work(programs)

    assert [webhook_id for _, webhook_id in programs.sent] == told
    assert postbox.ids == mailed


def test_each_receiver_is_told_in_the_order_of_things(app: Flask) -> None:
    told = tell("a", 30)
    programs = Programs()

    work(programs)

    assert [webhook_id for _, webhook_id in programs.sent] == told


def test_many_workers_tell_everything_once(app: Flask) -> None:
    told = [webhook_id for receiver in "abc" for webhook_id in tell(receiver, 2 * BATCH)]
    programs = Programs()

    in_threads(app, [lambda: work(programs)] * 4)

    assert sorted(webhook_id for _, webhook_id in programs.sent) == sorted(told)


def test_a_receiver_that_rests_is_told_nothing_and_nobody_else_rests(app: Flask) -> None:
    tell("a", 5)
    tell("b", 5)
    mailed, postbox = add(), Postbox()
    programs = Programs(lambda message: cannot(message) if message.receiver == "a" else None)

    work(programs)
    tell("a")
    work(programs, Clock(NOON + REST - timedelta(seconds=1)))
    run(postbox, Clock())

    assert programs.receivers.count("a") == 1
    assert programs.receivers.count("b") == 5
    assert postbox.ids == mailed
    assert {each.attempts for each in make.rows_of(Message, receiver="a")} == {0, 1}


def test_a_mail_never_makes_others_rest(app: Flask) -> None:
    add(2)

    def refuse(_: Any) -> None:
        raise DeliveryFailed("no server", permanent=False, rests=REST)

    run(Postbox(refuse), Clock())

    assert make.rows_of(Receiver) == []


def test_a_rest_goes_as_far_as_the_longest_that_was_asked_for(app: Flask) -> None:
    for minutes in (5, 9, 1):
        with transaction() as connection:
            _rest(connection, "a", NOON + timedelta(minutes=minutes))

    [rest] = make.rows_of(Receiver)
    assert (rest.name, rest.rests_until) == ("a", NOON + timedelta(minutes=9))


def test_two_workers_that_let_one_receiver_rest_do_not_mind_each_other(app: Flask) -> None:
    together = threading.Barrier(4)

    def let_rest() -> None:
        together.wait()
        in_transaction(lambda connection: _rest(connection, "a", NOON))

    in_threads(app, [let_rest] * 4)

    assert [rest.rests_until for rest in make.rows_of(Receiver)] == [NOON]


def test_a_receiver_that_is_well_again_is_told_at_once(app: Flask) -> None:
    told, others = tell("a", 3), tell("b")
    work(Programs(cannot))

    with transaction() as connection:
        wake(connection, "a", NOON)
    programs = Programs()
    work(programs)

    assert [webhook_id for _, webhook_id in programs.sent] == told
    assert [each.state for each in make.rows_of(Message, receiver="b")] == ["waiting"] * len(others)


def test_what_waits_for_a_receiver_that_rests_is_not_overdue(app: Flask) -> None:
    long_ago = clock.now() - timedelta(hours=1)
    tell("a", at=long_ago)
    before = backlog()
    with transaction() as connection:
        _rest(connection, "a", clock.now() + REST)

    after = backlog()
    tell("b", at=long_ago)

    assert before["outbox_programs_oldest_due_seconds"] >= 3600
    assert after["outbox_programs_oldest_due_seconds"] == 0
    assert (after["outbox_programs_waiting"], after["outbox_mails_waiting"]) == (1, 0)
    assert backlog()["outbox_programs_oldest_due_seconds"] >= 3600
    assert backlog()["outbox_mails_oldest_due_seconds"] == 0


def test_what_rested_is_due_since_its_rest_was_over(app: Flask) -> None:
    """Or a program that is dead, and tried every few minutes, would drown the alarm."""
    tell("a", at=clock.now() - timedelta(days=2))
    with transaction() as connection:
        _rest(connection, "a", clock.now() - timedelta(seconds=1))

    assert backlog()["outbox_programs_oldest_due_seconds"] < 3600


def test_mails_are_counted_apart(app: Flask) -> None:
    add(2, at=clock.now() - timedelta(hours=1))

    told = backlog()

    assert (told["outbox_mails_waiting"], told["outbox_programs_waiting"]) == (2, 0)
    assert told["outbox_mails_oldest_due_seconds"] >= 3600
    assert told["outbox_programs_oldest_due_seconds"] == 0


def test_any_number_of_messages_is_sent_again(app: Flask) -> None:
    told = tell("a", 12)
    work(Programs(lambda _: DeliveryFailed("HTTP 410", permanent=True)))
    ids = [each.id for each in make.rows_of(Message)]
    beyond = list(range(ids[-1] + 1, ids[-1] + 40_000))

    with transaction() as connection:
        assert resend(connection, [*beyond, *ids], NOON) == 12
    programs = Programs()
    work(programs)

    assert [webhook_id for _, webhook_id in programs.sent] == told
