"""Deliveries: what becomes of a message, and when it is tried again."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import orjson
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import clock
from kit.db import db, transaction
from outbox import delivering
from outbox.delivering import ROLLS, deliver, resend, retry_delay
from outbox.leasing import BATCH
from outbox.posting import Mails
from tests.outbox.make import (
    GUEST,
    NOON,
    RENDERERS,
    Clock,
    Postbox,
    add,
    log_entries,
    log_lines,
    refusing,
    row,
    rows,
    run,
)

# ------------------------------------------------------------------------------ when to try again


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(1, 10_000), st.integers(0, ROLLS - 1), st.integers(0, ROLLS - 1))
def test_delays_grow_until_the_longest(attempts: int, roll: int, other: int) -> None:
    assert retry_delay(attempts, roll) <= retry_delay(attempts + 1, roll)
    # Twice as long outweighs any two rolls of the dice.
    if attempts < 10:
        assert retry_delay(attempts, roll) < retry_delay(attempts + 1, other)


@settings(deadline=None)
@given(st.integers(1, 10_000), st.integers(0, ROLLS - 1))
def test_delays_stay_between_eleven_seconds_and_five_hours(attempts: int, roll: int) -> None:
    assert timedelta(seconds=11) < retry_delay(attempts, roll) <= timedelta(hours=5)


@settings(deadline=None)
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


@pytest.mark.long
def test_a_message_is_given_up_after_three_days(app: Flask) -> None:
    add()
    now = Clock()

    for _ in range(50):
        now.at = row().due_at
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
    assert (entry.action, entry.severity) == ("message.given_up", "medium")
    assert entry.actor_kind == "system"
    about = orjson.loads(entry.body)["entry"]["about"]
    assert about == {"message": row().id, "booking": 7}
    assert GUEST not in entry.body


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

    with log_lines() as lines:
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

    with log_lines() as lines:
        run(Postbox(stumble), Clock())

    assert (row().state, row().last_error) == ("waiting", "KeyError")
    assert GUEST not in repr(lines)


def test_a_long_reason_is_cut(app: Flask) -> None:
    add()

    run(refusing(permanent=False, reason="x" * 1000), Clock())

    assert row().last_error == "x" * 500


def test_the_present_is_the_time_unless_another_is_given(app: Flask) -> None:
    add(at=clock.now())
    postbox = Postbox()

    assert deliver(Mails(RENDERERS, postbox), "one") == 1


# ------------------------------------------------------------------------------- sent once more


def test_staff_can_have_given_up_messages_sent_again(app: Flask) -> None:
    ids = add(2)
    now = Clock()
    run(refusing(permanent=True), now)
    now.forward(days=30)
    first = rows()[0]

    with transaction() as connection:
        assert resend(connection, [first.id], now()) == 1

    postbox = Postbox()
    run(postbox, now)
    assert postbox.ids == ids[:1]
    assert [message.state for message in rows()] == ["sent", "given_up"]


@pytest.mark.long
def test_what_is_sent_again_after_long_is_not_given_up_at_the_first_trouble(app: Flask) -> None:
    add()
    now = Clock()
    for _ in range(50):
        now.at = row().due_at
        run(refusing(permanent=False), now)
    assert row().state == "given_up"
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
