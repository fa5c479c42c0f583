"""Accepted payments that cannot be applied just now: they come up again, and keep no others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit.db import transaction
from outbox.models import Message
from payments import inbox
from payments.errors import BookingBusy
from payments.inbox import AT_ONCE, Waiting, apply_accepted
from payments.models import Payment
from tags.models import Tag
from tests import make
from tests.outbox.make import Clock, log_lines
from tests.payments.accepting import (
    FORMAT,
    Send,
    Tiny,
    command,
    failing,
    nothing,
    paid,
    states,
    told,
    write_a_tag,
)

REST = timedelta(seconds=1)


# --- what comes up again -----------------------------------------------------------------------


def test_a_busy_booking_is_tried_again_a_second_later(send: Send, tiny: Tiny, time: Clock) -> None:
    booking = make.booking()
    sent = send(booking)
    tiny.before = failing(2, BookingBusy())

    ended = []
    for _ in range(3):
        due = command(sent).due_at
        ended += [
            apply_accepted(Clock(due - timedelta(microseconds=1))),
            apply_accepted(Clock(due)),
        ]

    assert ended == [0, 0, 0, 0, 0, 1]
    assert command(sent).due_at == time.at + 2 * REST
    assert paid(booking) == 1000


def test_a_booking_that_stays_busy_is_not_applied_late(send: Send, tiny: Tiny, time: Clock) -> None:
    booking = make.booking()
    sent = send(booking, lives=3 * REST)
    tiny.before = failing(100, BookingBusy())

    ended = []
    for _ in range(4):
        ended.append(apply_accepted(time))
        time.forward(seconds=1)

    assert ended == [0, 0, 0, 1]
    assert tiny.tried == [sent] * 3
    assert told() == [["not_applied_in_time"]]
    assert paid(booking) == 0


@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
def test_the_worker_waits_for_others_a_second_at_most(send: Send, tiny: Tiny, time: Clock) -> None:
    seen = []

    def look(connection: Connection, _: Waiting) -> None:
        seen.append(connection.scalar(text("SHOW lock_timeout")))

    send(make.booking())
    tiny.before = look

    apply_accepted(time)

    with transaction() as connection:
        assert (seen, connection.scalar(text("SHOW lock_timeout"))) == (["1s"], "5s")


def test_a_command_of_a_format_that_is_not_there_waits(app: Flask, send: Send, time: Clock) -> None:
    booking = make.booking()
    unknown, known = send(booking, format="later"), send(booking)

    first = apply_accepted(time)
    waiting = command(unknown)
    inbox.register(app, "later", Tiny())
    second = apply_accepted(Clock(waiting.due_at))

    assert (first, waiting.state, command(known).state) == (1, "waiting", "done")
    assert waiting.due_at == time.at + timedelta(minutes=1)
    assert (second, command(unknown).state) == (1, "done")


# --- what nobody foresaw -----------------------------------------------------------------------


def break_down(connection: Connection, waiting: Waiting) -> None:
    write_a_tag(connection, waiting)
    raise ZeroDivisionError("secret of a guest")


def test_what_nobody_foresaw_leaves_the_command_waiting_and_its_text_unsaid(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    sent = send(booking)
    tiny.after = break_down

    with log_lines() as lines:
        ended = apply_accepted(time)

    assert ended == 0
    assert states() == ["waiting"]
    assert make.rows_of(Tag) == make.rows_of(Payment) == make.rows_of(Message) == []
    [line] = lines
    assert (line["event"], line["log_level"]) == ("not_applied", "error")
    assert (line["command"], line["format"], line["error"]) == (sent, FORMAT, "ZeroDivisionError")
    assert "secret" not in repr(lines)
    assert paid(booking) == 0


def test_what_fails_once_is_applied_the_next_time(send: Send, tiny: Tiny, time: Clock) -> None:
    booking = make.booking()
    sent = send(booking)
    tiny.after = failing(1, ZeroDivisionError())
    apply_accepted(time)

    assert command(sent).due_at == time.at + REST
    assert apply_accepted(Clock(command(sent).due_at)) == 1
    assert paid(booking) == 1000


@pytest.mark.parametrize("statement", ["SELECT * FROM nothing", "INSERT INTO tags (id) VALUES (1)"])
def test_a_database_that_refuses_a_statement_is_no_other_matter(
    send: Send, tiny: Tiny, time: Clock, statement: str
) -> None:
    booking = make.booking()
    broken, good = send(booking), send(booking)

    def once(connection: Connection, waiting: Waiting) -> None:
        if waiting.id == broken:
            connection.execute(text(statement))

    tiny.after = once

    assert apply_accepted(time) == 1
    assert [command(each).state for each in (broken, good)] == ["waiting", "done"]
    assert paid(booking) == 1000


def test_what_stays_broken_is_tried_less_and_less_often_and_ends_as_expired(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    sent = send(booking)
    tiny.after = break_down

    tried = []
    for _ in range(12):
        time.at = command(sent).due_at
        tried.append((time.at - command(sent).accepted_at).seconds)
        apply_accepted(time)

    assert tried == [0, 1, 2, 4, 8, 16, 32, 64, 124, 184, 244, 300]
    assert told() == [["not_applied_in_time"]]
    assert paid(booking) == 0


def test_a_sender_that_cannot_be_told_is_told_when_it_can_be(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    """The end of a command and the word about it are one: neither is there without the other."""
    booking = make.booking()
    sent = send(booking)
    tiny.telling = failing(1, ZeroDivisionError())

    apply_accepted(time)
    between = states(), told(), make.rows_of(Payment), make.rows_of(Message)
    apply_accepted(Clock(command(sent).due_at))

    assert between == (["waiting"], [], [], [])
    assert (states(), told()) == (["done"], [[]])
    assert paid(booking) == 1000


def test_a_refusal_that_cannot_be_told_in_time_is_told_later_and_never_applied(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    sent = send(booking)
    tiny.telling = failing(1, ZeroDivisionError())

    time.forward(hours=1)
    apply_accepted(time)
    rest = command(sent).due_at - time.at
    apply_accepted(Clock(command(sent).due_at))

    assert rest == timedelta(minutes=1)
    assert told() == [["not_applied_in_time"]]
    assert tiny.tried == []
    assert paid(booking) == 0


def test_a_refusal_that_can_never_be_told_ends_all_the_same_and_its_reference_is_free(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    sent = send(booking, reference="order-1")
    tiny.telling = failing(100, ZeroDivisionError("secret of a guest"))

    time.forward(hours=1)
    with log_lines() as lines:
        ended = [apply_accepted(time), apply_accepted(Clock(command(sent).due_at))]
    row = command(sent)
    tiny.telling = nothing
    again = send(booking, reference="order-1", at=time.at)

    assert (ended, row.state, row.outcome) == ([0, 1], "failed", {})
    assert [line["event"] for line in lines] == ["not_applied", "ended_untold"]
    assert (lines[1]["command"], lines[1]["error"]) == (sent, "ZeroDivisionError")
    assert "secret" not in repr(lines)
    assert (told(), tiny.tried) == ([], [])
    assert apply_accepted(time) == 1
    assert (command(again).state, paid(booking)) == ("done", 1000)


def test_a_command_of_a_format_that_stays_away_ends_after_a_day(send: Send, time: Clock) -> None:
    sent = send(make.booking(), format="later", reference="order-1")

    before = apply_accepted(Clock(command(sent).apply_by + timedelta(hours=23)))
    ended = apply_accepted(Clock(command(sent).apply_by + timedelta(days=1)))

    assert (before, ended, states(), told()) == (0, 1, ["failed"], [])


@pytest.mark.parametrize("error", [ZeroDivisionError(), BookingBusy()], ids=["broken", "busy"])
def test_no_number_of_commands_that_fail_keeps_those_behind_them_waiting(
    send: Send, tiny: Tiny, time: Clock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    assert AT_ONCE == 50
    monkeypatch.setattr(inbox, "AT_ONCE", 3)
    booking = make.booking()
    for _ in range(8):
        send(booking)
    good = send(booking)
    tiny.after = failing(8, error)

    ended = apply_accepted(time)

    assert ended == 1
    assert states() == ["waiting"] * 8 + ["done"]
    assert command(good).ended_at == time.at
    assert paid(booking) == 1000


def test_the_worker_rests_after_looking_at_all_that_fail_just_now(
    send: Send, tiny: Tiny, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "AT_ONCE", 3)
    booking = make.booking()
    sent = [send(booking) for _ in range(7)]
    tiny.before = failing(100, BookingBusy())

    assert apply_accepted(time) == 0
    assert tiny.tried == sent
    assert apply_accepted(time) == 0
    assert tiny.tried == sent


def test_other_jobs_get_their_turn_when_much_has_been_applied(
    send: Send, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "AT_ONCE", 3)
    booking = make.booking()
    for _ in range(7):
        send(booking)

    assert [apply_accepted(time) for _ in range(4)] == [3, 3, 1, 0]


# --- the database ------------------------------------------------------------------------------


def test_a_database_that_is_too_busy_is_no_bug(send: Send, tiny: Tiny, time: Clock) -> None:
    """After ten seconds a bug would rest for ten more."""
    booking = make.booking()
    sent = send(booking, at=time.at - timedelta(seconds=10))
    tiny.after = failing(1, PoolTimeout())

    with log_lines() as lines:
        apply_accepted(time)

    assert (lines, command(sent).due_at) == ([], time.at + REST)
    assert apply_accepted(Clock(time.at + REST)) == 1
    assert paid(booking) == 1000


@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
def test_a_database_that_hangs_up_ends_the_run_and_all_is_applied_when_it_is_back(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    first, second = send(booking), send(booking)
    tiny.after = hang_up

    with pytest.raises(OperationalError):
        apply_accepted(time)
    between = tiny.tried, states(), make.rows_of(Payment)
    tiny.after = nothing

    assert between == ([first], ["waiting", "waiting"], [])
    assert apply_accepted(time) == 2
    assert tiny.tried == [first, first, second]
    assert paid(booking) == 2000


def hang_up(connection: Connection, _: Waiting) -> None:
    connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
