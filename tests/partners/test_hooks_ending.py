"""Where it ends with an endpoint that does not answer well: gone, or dead for three days."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from flask import Flask
from sqlalchemy import update

from kit.db import transaction
from outbox.delivering import AT_ONCE, KEPT_TRYING
from outbox.models import Message
from partners.models import Endpoint
from tests import make
from tests.outbox.make import NOON, Clock
from tests.partners.receiver import Answer, Receiver
from tests.partners.telling import calls, endpoint, ids, logged, message, row, tell, work

SILENT = Answer(drops=True)  # what stands for every answer that never came

# -------------------------------------------------------------------------------- 410


def test_an_endpoint_that_is_gone_is_switched_off(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    first, second = tell(mine, 2)
    receiver.answers(Answer(410))

    work(Clock())

    assert row(mine).live is False
    assert ids(receiver) == [first]
    assert [message(each).state for each in (first, second)] == ["given_up", "given_up"]
    assert message(first).last_error == "HTTP 410"
    [entry] = logged("endpoint.switched_off")
    told = orjson.loads(entry.body)["entry"]
    assert (told["about"], told["reason"]) == ({"endpoint": mine}, "it answered 410")
    assert (entry.severity, entry.actor_kind) == ("medium", "system")


def test_an_endpoint_that_was_switched_off_meanwhile_is_so_only_once(
    app: Flask, receiver: Receiver
) -> None:
    mine = endpoint(receiver)
    tell(mine)

    def switch_off() -> None:
        with app.app_context(), transaction() as connection:
            connection.execute(update(Endpoint).values(live=False))

    receiver.answers(Answer(410, meanwhile=switch_off))

    work(Clock())

    assert logged("endpoint.switched_off") == []
    assert row(mine).live is False


@pytest.mark.parametrize("status", [410, 503])
def test_what_a_former_address_answers_says_nothing_of_the_new_one(
    app: Flask, receiver: Receiver, status: int
) -> None:
    mine = endpoint(receiver)
    [webhook_id] = tell(mine)

    def move() -> None:
        with app.app_context(), transaction() as connection:
            connection.execute(update(Endpoint).values(url=receiver.url("/new")))

    receiver.answers(Answer(status, meanwhile=move), path="/hooks")
    now = Clock()

    work(now)
    waiting = message(webhook_id)
    now.forward(minutes=1)
    work(now)

    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert waiting.last_error == "the endpoint was given another address meanwhile"
    assert ids(receiver, "/new") == [webhook_id]
    assert (row(mine).live, row(mine).failing_since) == (True, None)
    assert message(webhook_id).state == "sent"
    assert [call.status for call in calls()] == [status, 200]
    assert logged("endpoint.switched_off") == []


# -------------------------------------------------------------------------------- given up


@pytest.mark.long
def test_a_message_is_given_up_after_three_days(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    [webhook_id] = tell(mine)
    receiver.answers(Answer(500))
    now = Clock()

    while message(webhook_id).state == "waiting":
        now.at = message(webhook_id).due_at
        work(now)

    assert KEPT_TRYING < now() - NOON < KEPT_TRYING + timedelta(hours=5)
    assert len(receiver.got) == message(webhook_id).attempts
    [entry] = logged("message.given_up")
    assert orjson.loads(entry.body)["entry"]["about"] == {
        "message": message(webhook_id).id,
        "booking": 7,
    }


def test_all_that_grew_too_old_with_a_dead_endpoint_is_given_up_with_it(
    receiver: Receiver,
) -> None:
    since = NOON - KEPT_TRYING - timedelta(minutes=1)
    mine, other = endpoint(receiver, failing_since=since), endpoint(receiver, "/well")
    old, young = tell(mine, 20, at=since), tell(mine, 5, at=NOON)
    elsewhere = tell(other, at=since)
    receiver.answers(SILENT, path="/hooks")

    work(Clock())

    assert len(receiver.at("/hooks")) == 1
    assert {message(each).state for each in old} == {"given_up"}
    assert {message(each).last_error for each in old} == {"no answer (RemoteDisconnected)"}
    assert {message(each).state for each in young} == {"waiting"}
    assert [message(each).state for each in elsewhere] == ["sent"]
    about = [orjson.loads(entry.body)["entry"]["about"] for entry in logged("message.given_up")]
    assert sorted(each["message"] for each in about) == [message(each).id for each in old]


@pytest.mark.long
def test_those_that_grew_too_old_are_given_up_a_hundred_at_a_time(receiver: Receiver) -> None:
    since = NOON - KEPT_TRYING - timedelta(minutes=1)
    tell(endpoint(receiver, failing_since=since), AT_ONCE + 10, at=since)
    receiver.answers(SILENT)

    work(Clock())

    assert len(make.rows_of(Message, state="given_up")) == AT_ONCE + 1


def test_what_an_endpoint_had_no_three_days_for_is_not_given_up(receiver: Receiver) -> None:
    """The worker was away, not the endpoint."""
    old = tell(endpoint(receiver), 5, at=NOON - timedelta(days=4))
    receiver.answers(SILENT)

    work(Clock())

    assert {message(each).state for each in old} == {"waiting"}
