"""Deliveries: who may send, what becomes of a message, and when it is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert, select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from audit.models import LogEntry
from kit import clock
from kit.db import db, reading, transaction
from outbox import delivering
from outbox.adding import message_row
from outbox.delivering import BATCH, LEASE_S, ROLLS, deliver, resend, retry_delay
from outbox.mail import DeliveryFailed, Email, mail
from outbox.models import Message
from outbox.worker import STOP

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
GUEST = "jane@guests.example"


class Clock:
    """The time of a worker, moved by hand."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: int) -> None:
        self.at += timedelta(**span)


class Postbox:
    """A sender that keeps what it sends; `meanwhile` happens before each mail is out."""

    def __init__(self, meanwhile: Callable[[EmailMessage], None] = lambda _: None) -> None:
        self.sent: list[EmailMessage] = []
        self.meanwhile = meanwhile

    def send(self, message: EmailMessage) -> None:
        self.meanwhile(message)
        self.sent.append(message)

    @property
    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.sent]


class Died(BaseException):
    """The process ends here, without another word to the database."""


def refusing(*, permanent: bool, reason: str = "SMTP 451 Try later") -> Postbox:
    def refuse(_: EmailMessage) -> None:
        raise DeliveryFailed(reason, permanent=permanent)

    return Postbox(refuse)


def render(context: Mapping[str, Any]) -> Email:
    return mail(
        sender="stay@casa.example",
        sender_name="Casa",
        to=context["to"],
        subject=f"No. {context['no']}",
        text="Thank you.",
        html="<p>Thank you.</p>",
    )


def broken(_: Mapping[str, Any]) -> Email:
    raise ValueError(f"cannot write to {GUEST}")


RENDERERS = {"greeting": render, "broken": broken}


def run(sender: Any, now: Clock, worker_name: str = "one") -> int:
    return deliver(RENDERERS, sender, worker_name, now)


@pytest.fixture(autouse=True)
def _context(request: pytest.FixtureRequest) -> Any:
    """Tests of the database run in the context of their application, as the worker does."""
    if "app" not in request.fixturenames:
        yield
        return
    with request.getfixturevalue("app").app_context():
        yield


def add(count: int = 1, kind: str = "greeting", at: datetime = NOON) -> list[str]:
    """Put messages into the outbox; answers their Message-IDs."""
    rows = [
        message_row(kind, {"to": GUEST, "no": no}, sender="stay@casa.example", booking_id=7, at=at)
        for no in range(count)
    ]
    with transaction() as connection:
        connection.execute(insert(Message), rows)
    return [row["message_id"] for row in rows]


def rows() -> Sequence[Message]:
    with reading() as session:
        return session.scalars(select(Message).order_by(Message.id)).all()


def row() -> Message:
    (only,) = rows()
    return only


def log_entries() -> list[dict[str, Any]]:
    with reading() as session:
        return [orjson.loads(body) for body in session.scalars(select(LogEntry.body))]


# ------------------------------------------------------------------------------ when to try again


@given(st.integers(1, 10_000), st.integers(0, ROLLS - 1), st.integers(0, ROLLS - 1))
def test_delays_grow_until_the_longest(attempts: int, roll: int, other: int) -> None:
    assert retry_delay(attempts, roll) <= retry_delay(attempts + 1, roll)
    # Twice as long outweighs any two rolls of the dice.
    if attempts < 10:
        assert retry_delay(attempts, roll) < retry_delay(attempts + 1, other)


@given(st.integers(1, 10_000), st.integers(0, ROLLS - 1))
def test_delays_stay_between_eleven_seconds_and_five_hours(attempts: int, roll: int) -> None:
    assert timedelta(seconds=11) < retry_delay(attempts, roll) <= timedelta(hours=5)


@given(st.integers(1, 10_000))
def test_a_roll_of_the_dice_moves_a_delay_by_up_to_a_quarter(attempts: int) -> None:
    delays = [retry_delay(attempts, roll) for roll in range(ROLLS)]
    middle = delays[ROLLS // 2]

    assert len(set(delays)) == ROLLS
    assert delays[0] == middle * 3 / 4
    assert delays[-1] == middle * 5 / 4


def test_the_first_delay_is_about_a_quarter_of_a_minute() -> None:
    assert retry_delay(1, ROLLS // 2) == timedelta(seconds=15)


# ------------------------------------------------------------------------------------ the course


def test_a_message_that_is_due_is_sent_under_its_own_message_id(app: Flask) -> None:
    ids = add()
    postbox, now = Postbox(), Clock(NOON + timedelta(seconds=5))

    assert run(postbox, now) == 1

    assert postbox.ids == ids
    assert parsedate_to_datetime(postbox.sent[0]["Date"]) == now()
    sent = row()
    assert (sent.state, sent.sent_at, sent.attempts) == ("sent", now(), 1)
    assert (sent.leased_by, sent.leased_until, sent.last_error) == (None, None, None)


def test_what_is_sent_is_not_sent_again(app: Flask) -> None:
    add()
    postbox, now = Postbox(), Clock()
    run(postbox, now)
    now.forward(days=1)

    assert run(postbox, now) == 0

    assert len(postbox.sent) == 1


def test_a_message_that_is_not_due_waits(app: Flask) -> None:
    add(at=NOON + timedelta(seconds=1))

    assert run(Postbox(), Clock()) == 0
    assert run(Postbox(), Clock(NOON + timedelta(seconds=1))) == 1


def test_older_messages_go_first_and_a_few_at_a_time(app: Flask) -> None:
    late = add(BATCH)
    early = add(at=NOON - timedelta(minutes=1))
    postbox, now = Postbox(), Clock()

    assert run(postbox, now) == BATCH
    assert run(postbox, now) == 1

    assert postbox.ids == early + late


def test_nothing_is_sent_inside_a_transaction(app: Flask) -> None:
    add()
    free = []

    def write(_: EmailMessage) -> None:
        add(at=NOON + timedelta(days=1))  # would wait for ever on a transaction left open
        free.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]

    run(Postbox(write), Clock())

    assert free == [0]


def test_a_message_that_failed_for_now_is_tried_again_later_and_later(app: Flask) -> None:
    (message_id,) = add()
    now = Clock()
    waits = []

    for _ in range(4):
        assert run(refusing(permanent=False), now) == 1
        failed = row()
        assert (failed.state, failed.leased_by) == ("waiting", None)
        assert failed.last_error == "SMTP 451 Try later"
        waits.append(failed.due_at - now())
        now.at = failed.due_at - timedelta(microseconds=1)
        assert run(Postbox(), now) == 0
        now.at = failed.due_at

    assert waits == sorted(waits)
    postbox = Postbox()
    run(postbox, now)
    assert postbox.ids == [message_id]
    assert (row().attempts, row().last_error) == (5, None)


def test_messages_that_failed_together_come_back_apart(app: Flask) -> None:
    add(BATCH)

    run(refusing(permanent=False), Clock())

    assert len({message.due_at for message in rows()}) > BATCH // 2


def test_a_message_that_was_refused_for_good_is_given_up(app: Flask) -> None:
    add()
    now = Clock()

    run(refusing(permanent=True, reason="SMTP 550 No such mailbox"), now)

    assert (row().state, row().last_error) == ("given_up", "SMTP 550 No such mailbox")
    now.forward(days=1)
    assert run(Postbox(), now) == 0


def test_a_message_is_given_up_after_three_days(app: Flask) -> None:
    add()
    now = Clock()

    while row().state == "waiting" and now() < NOON + timedelta(days=10):
        now.at = max(row().due_at, now())
        run(refusing(permanent=False), now)

    assert row().state == "given_up"
    assert timedelta(days=3) < now() - NOON <= timedelta(days=3, hours=5)


def test_a_message_that_nobody_could_try_for_days_still_gets_its_tries(app: Flask) -> None:
    add()
    now = Clock(NOON + timedelta(days=4))

    run(refusing(permanent=False), now)
    assert row().state == "waiting"

    while row().state == "waiting":
        now.at = row().due_at
        run(refusing(permanent=False), now)
    assert row().attempts == delivering.LEAST_ATTEMPTS


def test_giving_up_leaves_an_entry_in_the_event_log_with_ids_only(app: Flask) -> None:
    add()

    run(refusing(permanent=True, reason="SMTP 550 No"), Clock())

    (entry,) = log_entries()
    assert entry["action"] == "message.given_up"
    assert entry["severity"] == "medium"
    assert entry["about"] == {"message": row().id, "booking": 7}
    assert entry["origin"]["actor"]["kind"] == "system"
    assert GUEST not in repr(entry)


def test_what_is_tried_again_or_sent_leaves_no_entry(app: Flask) -> None:
    add()
    now = Clock()

    run(refusing(permanent=False), now)
    now.at = row().due_at
    run(Postbox(), now)

    assert log_entries() == []


@pytest.mark.parametrize("kind", ["broken", "unknown"])
def test_a_message_that_cannot_be_made_does_not_keep_the_others(app: Flask, kind: str) -> None:
    add(kind=kind, at=NOON - timedelta(minutes=1))
    ids = add(2)
    postbox = Postbox()

    with capture_logs() as lines:
        assert run(postbox, Clock()) == 3

    assert postbox.ids == ids
    first = rows()[0]
    assert first.state == "waiting"
    assert first.due_at > NOON
    assert first.last_error
    assert GUEST not in repr(lines) + first.last_error


def test_a_senders_own_mistake_is_a_failure_that_may_pass(app: Flask) -> None:
    def stumble(_: EmailMessage) -> None:
        raise KeyError(GUEST)

    add()

    with capture_logs() as lines:
        run(Postbox(stumble), Clock())

    assert (row().state, row().last_error) == ("waiting", "KeyError")
    assert GUEST not in repr(lines)


def test_a_long_reason_is_cut(app: Flask) -> None:
    add()

    run(refusing(permanent=False, reason="x" * 1000), Clock())

    assert row().last_error == "x" * 500


# -------------------------------------------------------------------------------- who may send


def in_threads(app: Flask, *works: Callable[[], object]) -> None:
    """Run all at once, each in a context of its own; an error in one is an error here."""
    errors: list[BaseException] = []

    def run_one(work: Callable[[], object]) -> None:
        try:
            with app.app_context():
                work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run_one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    assert errors == []


@contextmanager
def slow_claims() -> Any:
    """A pause between reading which messages are free and claiming them."""

    def pause(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("UPDATE outbox"):
            time.sleep(0.2)

    event.listen(db.engine, "before_cursor_execute", pause)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", pause)


def test_two_workers_that_claim_at_the_same_moment_never_send_one_message_twice(app: Flask) -> None:
    ids = add(3)
    postbox, together = Postbox(), threading.Barrier(2)

    def work() -> None:
        together.wait()
        run(postbox, Clock())

    with slow_claims():
        in_threads(app, work, work)

    assert sorted(postbox.ids) == sorted(ids)


def test_while_one_worker_is_sending_another_leaves_its_message_alone(app: Flask) -> None:
    ids = add()
    sending, looked = threading.Event(), threading.Event()

    def pause(_: EmailMessage) -> None:
        sending.set()
        assert looked.wait(10)

    first, second = Postbox(pause), Postbox()

    def look() -> None:
        assert sending.wait(10)
        run(second, Clock(), "two")
        looked.set()

    in_threads(app, lambda: run(first, Clock()), look)

    assert (first.ids, second.ids) == (ids, [])


def test_many_workers_send_each_message_once(app: Flask) -> None:
    ids = add(4 * BATCH)
    postbox = Postbox(lambda _: time.sleep(0.005))

    def drain() -> None:
        while run(postbox, Clock()):
            pass

    in_threads(app, *[drain] * 4)

    assert sorted(postbox.ids) == sorted(ids)
    assert {message.attempts for message in rows()} == {1}


def test_workers_do_not_wait_for_one_anothers_claims(app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time; its claims are short")
    ids = add(2)
    first = select(Message.id).where(Message.message_id == ids[0]).with_for_update()
    postbox = Postbox()

    with transaction() as connection:
        connection.execute(first)
        in_threads(app, lambda: run(postbox, Clock()))

    assert postbox.ids == ids[1:]


def test_after_a_crash_between_acceptance_and_record_the_same_message_id_goes_again(
    app: Flask,
) -> None:
    ids = add()
    accepted: list[str] = []
    now = Clock()

    def die(message: EmailMessage) -> None:
        accepted.append(str(message["Message-ID"]))
        raise Died

    with pytest.raises(Died):
        run(Postbox(die), now)

    second = Postbox()
    now.forward(seconds=LEASE_S - 1)
    assert run(second, now, "two") == 0
    now.forward(seconds=1)
    assert run(second, now, "two") == 1
    assert accepted == second.ids == ids
    assert (row().state, row().attempts) == ("sent", 2)


def test_a_worker_that_lost_its_lease_does_not_overwrite_the_next_ones_record(app: Flask) -> None:
    add()
    slow, quick = Clock(), Clock(NOON + timedelta(seconds=LEASE_S))

    def stall(_: EmailMessage) -> None:
        run(Postbox(), quick)  # a worker of the same name, too
        raise DeliveryFailed("SMTP 550 No", permanent=True)

    with capture_logs() as lines:
        run(Postbox(stall), slow)

    assert (row().state, row().sent_at) == ("sent", quick())
    assert log_entries() == []
    assert "lease_lost" in [line["event"] for line in lines]


def test_a_mail_is_begun_only_while_enough_of_the_lease_is_left(app: Flask) -> None:
    ids = add(3)
    now = Clock()
    slow = Postbox(lambda _: now.forward(seconds=15))

    assert run(slow, now) == 2
    assert slow.ids == ids[:2]

    left = rows()[2]
    assert (left.attempts, left.leased_by, left.due_at) == (0, None, NOON)
    other = Postbox()
    assert run(other, now, "two") == 1
    assert other.ids == ids[2:]


def test_a_worker_that_is_asked_to_stop_ends_after_the_current_message(app: Flask) -> None:
    ids = add(3)
    asked = app.extensions[STOP] = threading.Event()

    postbox = Postbox(lambda _: asked.set())
    assert run(postbox, Clock()) == 1

    assert postbox.ids == ids[:1]
    assert [message.leased_by for message in rows()] == [None, None, None]


def lose(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """A database that is away for the next records; answers the pauses made meanwhile."""
    in_transaction, pauses = delivering.in_transaction, []

    def away_first(work: Any) -> Any:
        if len(pauses) < times:
            raise OperationalError("UPDATE", {}, OperationalError("", {}, Exception()))
        return in_transaction(work)

    monkeypatch.setattr(delivering, "in_transaction", away_first)
    monkeypatch.setattr(delivering.time, "sleep", pauses.append)
    return pauses


def test_what_was_sent_is_recorded_as_soon_as_the_database_is_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    pauses = lose(monkeypatch, times=3)
    postbox = Postbox()

    run(postbox, Clock())

    assert len(pauses) == 3
    assert row().state == "sent"
    assert len(postbox.sent) == 1


def test_a_database_that_stays_away_is_left_to_the_loop_when_the_lease_is_over(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    now = Clock()
    lose(monkeypatch, times=1000)
    monkeypatch.setattr(delivering.time, "sleep", lambda seconds: now.forward(seconds=seconds))

    with pytest.raises(OperationalError):
        run(Postbox(), now)

    assert now() == NOON + timedelta(seconds=LEASE_S)


def test_the_present_is_the_time_unless_another_is_given(app: Flask) -> None:
    add(at=clock.now())
    postbox = Postbox()

    assert deliver(RENDERERS, postbox, "one") == 1


# ------------------------------------------------------------------------------- sent once more


def test_staff_can_have_given_up_messages_sent_again(app: Flask) -> None:
    ids = add(2)
    now = Clock()
    run(refusing(permanent=True), now)
    now.forward(days=30)
    first, second = rows()

    with transaction() as connection:
        assert resend(connection, [first.id], now()) == 1

    postbox = Postbox()
    run(postbox, now)
    assert postbox.ids == ids[:1]
    assert [message.state for message in rows()] == ["sent", "given_up"]


def test_what_is_sent_again_after_long_is_not_given_up_at_the_first_trouble(app: Flask) -> None:
    add()
    now = Clock()
    run(refusing(permanent=True), now)
    now.forward(days=30)
    with transaction() as connection:
        resend(connection, [row().id], now())

    run(refusing(permanent=False), now)

    assert row().state == "waiting"


def test_only_given_up_messages_can_be_sent_again(app: Flask) -> None:
    add(2)
    now = Clock()
    run(Postbox(), now)
    add()

    with transaction() as connection:
        assert resend(connection, [message.id for message in rows()], now()) == 0

    assert [message.state for message in rows()] == ["sent", "sent", "waiting"]
