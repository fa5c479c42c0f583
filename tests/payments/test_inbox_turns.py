"""Partners take turns: one that sends very much lets nobody else's payments expire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from kit.db import WORKER_THREADS
from payments import inbox
from payments.errors import BookingBusy
from payments.inbox import FROM_EACH, apply_accepted
from tests import make
from tests.outbox.make import Clock
from tests.payments.accepting import Send, Sender, Tiny, failing, states, told
from wsgi import jobs

SECOND = timedelta(seconds=1)


def test_the_oldest_of_each_partner_come_first(send: Send, tiny: Tiny, time: Clock) -> None:
    booking, other = make.booking(), Sender.new()
    many = [send(booking, "1.00") for _ in range(FROM_EACH + 5)]
    time.at += SECOND
    few = [other.send(booking, "1.00", at=time.at) for _ in range(2)]

    ended = apply_accepted(time)

    assert ended == FROM_EACH + 2
    assert tiny.tried == [many[0], few[0], many[1], few[1], *many[2:FROM_EACH]]


def test_all_of_a_partner_that_is_alone_have_their_turn(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    sent = [send(booking, "1.00") for _ in range(2 * FROM_EACH + 1)]

    assert [apply_accepted(time) for _ in range(4)] == [FROM_EACH, FROM_EACH, 1, 0]
    assert tiny.tried == sent


def test_one_whose_commands_all_fail_keeps_nobody(
    send: Send, tiny: Tiny, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "FROM_EACH", 2)
    booking, other = make.booking(), Sender.new()
    broken = [send(booking) for _ in range(6)]
    good = other.send(booking, at=time.at)
    tiny.before = lambda _, waiting: _refuse_to_go_on(waiting.id in broken)

    assert apply_accepted(time) == 1
    assert tiny.tried == [broken[0], good, broken[1]]


def _refuse_to_go_on(busy: bool) -> None:
    if busy:
        raise BookingBusy


def test_what_cannot_be_applied_is_passed_over_until_something_can(
    send: Send, tiny: Tiny, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "FROM_EACH", 2)
    booking = make.booking()
    for _ in range(7):
        send(booking)
    tiny.before = failing(6, BookingBusy())

    assert apply_accepted(time) == 1
    assert states() == ["waiting"] * 6 + ["done"]
    assert told() == [[]]


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_payments_are_applied_in_a_lane_of_their_own(app: Flask) -> None:
    lanes: dict[str, list[Any]] = {}
    for job in jobs(app):
        lanes.setdefault(job.lane, []).append(job.run)

    assert lanes["payments"] == [apply_accepted]
    assert len(lanes) < WORKER_THREADS
