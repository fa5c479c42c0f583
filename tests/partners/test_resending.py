"""`flask events resend`: what an endpoint was told already goes out once more."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from flask import Flask

from kit import clock
from outbox import models
from outbox.models import Message
from tests import make
from tests.outbox.make import Clock, add, refusing, run
from tests.partners.commands import refused, said
from tests.partners.receiver import Answer, Receiver
from tests.partners.telling import endpoint, ids, logged, message, tell, work

# Of what no database has a say in.
ONCE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


def given_up(receiver: Receiver, count: int) -> tuple[int, list[str]]:
    """An endpoint that has answered 410, and what was given up of it."""
    mine = endpoint(receiver)
    told = tell(mine, count)
    receiver.answers(Answer(410), Answer(200))
    work(Clock())
    return mine, told


def test_a_message_is_sent_once_more_with_the_same_webhook_id(
    app: Flask, receiver: Receiver
) -> None:
    mine = endpoint(receiver)
    first, second = tell(mine, 2)
    work(Clock())

    told = said(app, "resend", message(first).id)
    work(Clock(clock.now()))
    work(Clock(clock.now() + timedelta(days=1)))

    assert told == "Sent again: 1.\n"
    assert ids(receiver) == [first, second, first]
    assert receiver.got[0].body == receiver.got[2].body
    [entry] = logged("events.resent")
    about = orjson.loads(entry.body)["entry"]["about"]
    assert about == {"endpoint": None, "booking": None, "messages": 1}


def test_all_messages_of_a_booking_are_sent_once_more(app: Flask, receiver: Receiver) -> None:
    mine, other = endpoint(receiver), endpoint(receiver, "/other")
    of_seven = tell(mine, 2, booking=7) + tell(other, 1, booking=7)
    tell(mine, booking=8)
    work(Clock())
    before = len(receiver.got)

    assert said(app, "resend", "--booking", 7) == "Sent again: 3.\n"
    work(Clock(clock.now()))

    again = [each.headers["webhook-id"] for each in receiver.got[before:]]
    assert sorted(again) == sorted(of_seven)


def test_all_that_was_given_up_is_sent_once_more(app: Flask, receiver: Receiver) -> None:
    mine, told = given_up(receiver, 3)
    said(app, "on", mine)

    assert said(app, "resend", "--given-up") == "Sent again: 3.\n"
    work(Clock(clock.now()))

    assert {message(each).state for each in told} == {"sent"}


def test_only_what_was_for_one_endpoint_is_sent_once_more(app: Flask, receiver: Receiver) -> None:
    mine, other = endpoint(receiver), endpoint(receiver, "/other")
    tell(mine, 2)
    tell(other, 3)
    work(Clock())

    told = said(app, "resend", "--booking", 7, "--endpoint", mine)

    assert told == "Sent again: 2.\n"


def test_what_is_for_nobody_any_more_is_left_out_and_told(app: Flask, receiver: Receiver) -> None:
    _, told = given_up(receiver, 3)

    answer = said(app, "resend", "--given-up")

    left_out = "Left out, since their endpoint is off or was removed: 3.\n"
    assert answer == f"Sent again: 0.\n{left_out}"
    assert {message(each).state for each in told} == {"given_up"}
    assert logged("events.resent") == []


def test_what_has_not_left_yet_is_told(app: Flask, receiver: Receiver) -> None:
    mine = endpoint(receiver)
    [sent] = tell(mine)
    work(Clock())
    [waiting] = tell(mine, at=clock.now() + timedelta(hours=1))

    answer = said(app, "resend", message(sent).id, message(waiting).id)

    assert answer == "Sent again: 1.\nStill on their way: 1.\n"


def test_an_endpoint_that_long_was_dead_has_its_three_days_again(
    app: Flask, receiver: Receiver
) -> None:
    long_ago = clock.now() - timedelta(days=10)
    mine = endpoint(receiver, failing_since=long_ago)
    [webhook_id] = tell(mine, at=long_ago)
    receiver.answers(Answer(503))
    work(Clock(clock.now()))
    assert message(webhook_id).state == "given_up"

    said(app, "resend", message(webhook_id).id)
    assert make.rows_of(models.Receiver) == []
    work(Clock(clock.now()))

    assert message(webhook_id).state == "waiting"


@ONCE
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["7", "--given-up"],
        ["--booking", "7", "--given-up"],
        ["--endpoint", "1"],
        ["1", "--booking", "7"],
    ],
)
def test_resend_wants_to_know_which(app: Flask, words: list[str]) -> None:
    assert "Say which: ids of messages, --booking ID, or --given-up." in refused(
        app, "resend", *words
    )


def test_ids_that_no_message_has_are_told_and_nothing_is_sent(
    app: Flask, receiver: Receiver
) -> None:
    [webhook_id] = tell(endpoint(receiver))
    work(Clock())

    told = refused(app, "resend", message(webhook_id).id, 998, 999)

    assert "No message to an endpoint has the id 998, 999." in told
    assert message(webhook_id).state == "sent"


def test_mails_are_not_sent_again_by_this_command(app: Flask) -> None:
    add()
    run(refusing(permanent=True), Clock())
    [mail] = make.rows_of(Message)

    assert f"has the id {mail.id}." in refused(app, "resend", mail.id)
    assert said(app, "resend", "--given-up") == "Sent again: 0.\n"


def test_an_endpoint_that_is_not_there_is_told(app: Flask) -> None:
    told = refused(app, "resend", "--given-up", "--endpoint", 999)

    assert "There is no endpoint 999." in told
