"""Endpoints that do not answer well: what is tried again and when, who rests, and where it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import insert

from kit.db import transaction
from outbox import models
from outbox.delivering import deliver
from outbox.leasing import BATCH
from partners import calling
from partners.hooks import LONGEST_REST, SHORTEST_REST, Hooks, _rest, _wait
from tests import make
from tests.outbox.make import NOON, Clock
from tests.partners.receiver import Answer, Received, Receiver
from tests.partners.telling import calls, endpoint, ids, message, row, tell, work

HOUR = timedelta(hours=1)
SILENT = Answer(drops=True)  # what stands for every answer that never came
# Of what no database has a say in.
ONCE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


def rests_until(endpoint_id: int) -> datetime | None:
    found = make.rows_of(models.Receiver, name=f"endpoint {endpoint_id}")
    return found[0].rests_until if found else None


# -------------------------------------------------------------------------- one message, one fault


@ONCE
@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 409, 422, 500, 501, 599])
def test_any_answer_but_success_is_a_failure_that_is_tried_again(
    receiver: Receiver, status: int
) -> None:
    [webhook_id] = tell(endpoint(receiver))
    receiver.answers(Answer(status, {"Location": receiver.url("/elsewhere")}))

    assert work(Clock()) == 1

    waiting = message(webhook_id)
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert timedelta(seconds=11) < waiting.due_at - NOON < timedelta(seconds=19)
    redirect = ": redirects are not followed" if status < 400 else ""
    assert waiting.last_error == f"HTTP {status}{redirect}"
    assert receiver.at("/elsewhere") == []


@pytest.mark.long
def test_after_an_hour_of_errors_a_message_is_delivered_once(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    [webhook_id] = tell(mine)
    now = Clock()
    while now() - NOON < HOUR:
        receiver.answers(Answer(500))
        work(now)
        now.at = message(webhook_id).due_at
    receiver.answers(Answer(200))

    work(now)
    now.forward(days=1)
    work(now)

    noted = calls(endpoint_id=mine)
    statuses, moments = [call.status for call in noted], [call.at for call in noted]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert statuses == [500] * (len(noted) - 1) + [200]
    assert len(noted) > 5
    assert gaps == sorted(gaps)
    assert ids(receiver) == [webhook_id] * len(noted)
    assert message(webhook_id).state == "sent"


def test_one_message_that_always_fails_keeps_no_other_of_its_endpoint(receiver: Receiver) -> None:
    bad, *others = tell(endpoint(receiver), 12)
    receiver.rule = refusing(bad, Answer(500))

    work(Clock())

    assert ids(receiver) == [bad, *others]
    assert {message(each).state for each in others} == {"sent"}


@pytest.mark.long
def test_a_message_that_its_endpoint_breaks_down_over_comes_after_the_others(
    receiver: Receiver,
) -> None:
    bad, *others = tell(endpoint(receiver), 12)
    receiver.rule = refusing(bad, SILENT)
    now = Clock()

    work(now)
    assert ids(receiver) == [bad]
    now.forward(seconds=20)
    work(now)

    assert ids(receiver) == [bad, *others, bad]
    assert {message(each).state for each in others} == {"sent"}


def refusing(webhook_id: str, answer: Answer) -> Any:
    def rule(received: Received) -> Answer | None:
        return answer if received.headers["webhook-id"] == webhook_id else None

    return rule


# -------------------------------------------------------------------------------- Retry-After


@ONCE
@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize("asked", ["7200", format_datetime(NOON + 2 * HOUR, usegmt=True)])
def test_a_message_waits_for_as_long_as_it_is_asked_to(
    receiver: Receiver, status: int, asked: str
) -> None:
    [webhook_id] = tell(endpoint(receiver))
    receiver.answers(Answer(status, {"Retry-After": asked}), Answer(200))
    now = Clock()

    work(now)
    assert message(webhook_id).due_at == NOON + 2 * HOUR
    now.at = NOON + 2 * HOUR - timedelta(seconds=1)
    assert work(now) == 0
    now.at = NOON + 2 * HOUR
    assert work(now) == 1

    assert message(webhook_id).state == "sent"


def test_nobody_is_left_alone_for_more_than_a_day(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    [webhook_id] = tell(mine)
    receiver.answers(Answer(429, {"Retry-After": "31536000"}))

    work(Clock())

    assert message(webhook_id).due_at == NOON + timedelta(days=1)
    assert rests_until(mine) == NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (None, None),
        ("0", timedelta()),
        ("120", timedelta(minutes=2)),
        ("9" * 5000, timedelta(seconds=999_999_999)),
        ("Fri, 20 Nov 2026 13:00:00 GMT", HOUR),
        ("Fri, 20 Nov 2026 15:00:00 +0200", HOUR),
        ("Friday, 20-Nov-26 13:00:00 GMT", HOUR),
        ("Fri, 20 Nov 2026 11:00:00 GMT", timedelta()),
        ("Fri, 20 Nov 2026 13:00:00 -0000", None),
        ("Fri, 20 Nov 99999 13:00:00 GMT", None),
        ("Fri, 31 Feb 2026 13:00:00 GMT", None),
        ("", None),
        ("soon", None),
        ("1.5", None),
        ("-1", None),
        ("１２０", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_and_nothing_else(
    asked: str | None, wait: timedelta | None
) -> None:
    assert _wait(asked, NOON) == wait


@ONCE
@pytest.mark.parametrize("asked", ["soon", "1", "Fri, 20 Nov 2026 11:00:00 GMT"])
def test_no_try_comes_sooner_than_the_usual_delay(receiver: Receiver, asked: str) -> None:
    [webhook_id] = tell(endpoint(receiver))
    receiver.answers(Answer(500, {"Retry-After": asked}))

    work(Clock())

    assert message(webhook_id).due_at - NOON > timedelta(seconds=11)


# -------------------------------------------------------------------------------- resting


@ONCE
@pytest.mark.parametrize("answer", [*map(Answer, (429, 502, 503, 504)), SILENT])
def test_an_endpoint_that_can_take_nothing_is_left_alone_as_a_whole(
    receiver: Receiver, answer: Answer
) -> None:
    mine = endpoint(receiver)
    first, *_ = tell(mine, 5)
    receiver.answers(answer)
    now = Clock()

    work(now)
    now.forward(seconds=5)
    tell(mine, 5, at=now())
    work(now)

    assert ids(receiver) == [first]
    assert rests_until(mine) == NOON + SHORTEST_REST


def test_when_it_is_well_again_all_of_it_is_told_in_order(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    told = tell(mine, 5)
    receiver.answers(Answer(503), Answer(200))
    now = Clock()
    work(now)
    now.forward(seconds=5)
    told += tell(mine, 5, at=now())
    now.forward(seconds=15)

    work(now)

    assert ids(receiver) == [told[0], *told[1:], told[0]]
    assert row(mine).failing_since is None


@pytest.mark.long
def test_others_are_told_meanwhile(receiver: Receiver) -> None:
    resting, well = endpoint(receiver, "/resting"), endpoint(receiver, "/well")
    tell(resting, 30)
    told = tell(well, 30)
    receiver.answers(SILENT, path="/resting")

    work(Clock())

    assert len(receiver.at("/resting")) == 1
    assert ids(receiver, "/well") == told


@pytest.mark.long
def test_each_endpoint_has_its_turn_though_another_has_much_to_be_told(receiver: Receiver) -> None:
    long, short = endpoint(receiver, "/long"), endpoint(receiver, "/short")
    tell(long, 30)
    tell(short, 2)

    deliver(Hooks.of(current_app), "one", Clock(), calls=1)

    assert [each.path for each in receiver.got[:12]] == ["/long"] * BATCH + ["/short"] * 2
    assert len(receiver.got) == 32


def test_a_retry_after_holds_for_everything_still_to_come(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    tell(mine, 3)
    receiver.answers(Answer(429, {"Retry-After": "3600"}), Answer(200))
    now = Clock()
    work(now)

    now.forward(minutes=59)
    tell(mine, 3, at=now())
    assert work(now) == 0
    now.forward(minutes=1)
    assert work(now) == 6


def test_a_rest_is_never_cut_short_by_a_second_worker(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    with transaction() as connection:
        until = NOON - timedelta(seconds=1)
        resting = {"name": f"endpoint {mine}", "rests_until": until}
        connection.execute(insert(models.Receiver), [resting])
    tell(mine)
    receiver.answers(Answer(503, {"Retry-After": "600"}))
    work(Clock())

    tell(mine, at=NOON + timedelta(minutes=9))
    assert work(Clock(NOON + timedelta(minutes=9))) == 0

    assert rests_until(mine) == NOON + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("failing", "rest"),
    [
        (timedelta(), SHORTEST_REST),
        (timedelta(minutes=1), timedelta(seconds=30)),
        (timedelta(minutes=4), timedelta(minutes=2)),
        (timedelta(days=2), LONGEST_REST),
    ],
)
def test_the_longer_an_endpoint_fails_the_longer_it_rests(
    failing: timedelta, rest: timedelta
) -> None:
    assert _rest(failing) == rest


@pytest.mark.long
def test_a_dead_endpoint_is_tried_every_few_minutes_whatever_waits_for_it(
    receiver: Receiver,
) -> None:
    mine = endpoint(receiver)
    tell(mine, 100)
    receiver.answers(SILENT)
    now = Clock()

    while now() - NOON < HOUR:
        work(now)
        now.at = rests_until(mine) or now()

    # 15 s, 15 s, and then half as long again each time, up to five minutes.
    assert 15 < len(receiver.got) < 30


def test_an_endpoint_fails_since_its_first_failure_and_until_it_answers_well(
    receiver: Receiver,
) -> None:
    mine = endpoint(receiver)
    [webhook_id] = tell(mine)
    receiver.answers(Answer(500), Answer(404), Answer(200))
    now, since = Clock(), []

    for _ in range(3):
        work(now)
        since.append(row(mine).failing_since)
        now.at = message(webhook_id).due_at

    assert since == [NOON, NOON, None]


@pytest.mark.long
@ONCE
def test_a_call_that_takes_too_long_is_a_failure_like_any_other(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "CALL_S", 0.3)
    mine = endpoint(receiver)
    [webhook_id] = tell(mine)
    receiver.answers(Answer(200, headers={"Padding": "x" * 2000}, drips="head"))

    work(Clock())

    assert message(webhook_id).last_error == "no answer within 0.3 s"
    assert rests_until(mine) == NOON + SHORTEST_REST
