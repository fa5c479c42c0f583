"""Single messages in the hands of staff: a mail goes out again, or is put aside."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import orjson
import pytest
from flask import Flask
from sqlalchemy import update

from audit.chain import SYSTEM
from kit.db import in_transaction, transaction
from outbox.again import (
    MessageUnknown,
    MessageWithdrawn,
    NotGivenUp,
    dismiss,
    send_mail_again,
    undismiss,
)
from outbox.models import REPLACED, Message
from tests.outbox.make import Clock, Postbox, add, log_entries, refusing, row, rows, run


@pytest.fixture(autouse=True)
def _database(app: Flask) -> None:
    assert app


def again(message_id: int, now: Clock) -> int:
    return in_transaction(lambda c: send_mail_again(c, message_id, SYSTEM, now()))


def last_entry() -> tuple[str, str, dict[str, object]]:
    entry = orjson.loads(log_entries()[-1].body)["entry"]
    return entry["action"], entry["severity"], entry["after"]


def given_up(now: Clock) -> int:
    add()
    run(refusing(permanent=True), now)
    assert row().state == "given_up"
    return row().id


def test_a_mail_that_never_left_keeps_its_message_id() -> None:
    now, postbox = Clock(), Postbox()
    message_id = given_up(now)
    known_as = row().message_id

    assert again(message_id, now) == message_id
    run(postbox, now)

    assert postbox.ids == [known_as]
    assert (row().state, row().attempts) == ("sent", 1)
    assert last_entry() == ("message.sent_again", "medium", {"sent_as": message_id})


def test_a_mail_that_left_is_another_one_the_second_time() -> None:
    now, postbox = Clock(), Postbox()
    [known_as] = add()
    run(postbox, now)
    now.forward(days=30)

    new_id = again(row().id, now)
    run(postbox, now)

    first, second = rows()
    assert (first.message_id, second.id) == (known_as, new_id)
    assert postbox.ids == [known_as, second.message_id]
    assert second.message_id != known_as
    assert (second.context, second.booking_id) == (first.context, first.booking_id)
    assert second.created_at == now()
    assert first.sent_at is not None
    assert last_entry()[2] == {"sent_as": new_id}


def test_a_mail_that_waits_for_its_next_try_is_tried_now() -> None:
    now, postbox = Clock(), Postbox()
    add()
    run(refusing(permanent=False), now)
    run(postbox, now)
    assert postbox.sent == []

    again(row().id, now)
    run(postbox, now)

    assert (len(postbox.sent), row().attempts) == (1, 2)


def test_what_was_put_aside_and_is_sent_again_shows_when_it_fails_again() -> None:
    now = Clock()
    message_id = given_up(now)
    in_transaction(lambda c: dismiss(c, message_id, SYSTEM, now()))

    again(message_id, now)
    run(refusing(permanent=True), now)

    assert (row().state, row().dismissed_at) == ("given_up", None)


def test_what_was_given_up_is_put_aside_and_taken_up_again() -> None:
    now = Clock()
    message_id = given_up(now)

    in_transaction(lambda c: dismiss(c, message_id, SYSTEM, now()))
    in_transaction(lambda c: dismiss(c, message_id, SYSTEM, now() + timedelta(hours=1)))
    assert (row().state, row().dismissed_at) == ("given_up", now())
    in_transaction(lambda c: undismiss(c, message_id, SYSTEM, now()))

    assert row().dismissed_at is None
    assert [entry.action for entry in log_entries()[-2:]] == [
        "message.dismissed",
        "message.undismissed",
    ]


def test_what_waits_or_has_left_is_not_put_aside() -> None:
    now = Clock()
    add()
    with pytest.raises(NotGivenUp):
        in_transaction(lambda c: dismiss(c, row().id, SYSTEM, now()))
    run(Postbox(), now)

    with pytest.raises(NotGivenUp):
        in_transaction(lambda c: dismiss(c, row().id, SYSTEM, now()))

    assert [row().dismissed_at, *log_entries()] == [None]


def test_what_was_replaced_is_neither_sent_again_nor_put_aside() -> None:
    now = Clock()
    message_id = given_up(now)
    with transaction() as connection:
        connection.execute(update(Message).values(last_error=REPLACED))

    for change in (send_mail_again, dismiss):
        with pytest.raises(MessageWithdrawn):
            in_transaction(partial(change, message_id=message_id, origin=SYSTEM, now=now()))

    assert row().state == "given_up"


def test_a_message_that_is_not_there_is_not_found() -> None:
    with pytest.raises(MessageUnknown):
        again(1, Clock())
