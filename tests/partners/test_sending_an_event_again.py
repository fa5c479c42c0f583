"""One event goes out again from the desk: with the same webhook-id, whatever became of it."""

from __future__ import annotations

import orjson
import pytest
from flask import Flask
from sqlalchemy import update

from audit.chain import SYSTEM
from kit.db import in_transaction, transaction
from outbox.again import MessageUnknown
from outbox.models import Message
from partners.models import Endpoint
from partners.resending import EndpointOff, send_event_again
from tests import make
from tests.outbox.make import Clock, add
from tests.partners.receiver import Answer, Receiver
from tests.partners.telling import endpoint, ids, logged, message, tell, work


def again(webhook_id: str, now: Clock) -> None:
    message_id = message(webhook_id).id
    in_transaction(lambda c: send_event_again(c, message_id, SYSTEM, now()))


def test_an_event_that_has_left_goes_out_again_with_the_same_id(
    app: Flask, receiver: Receiver
) -> None:
    now = Clock()
    [told] = tell(endpoint(receiver))
    work(now)

    again(told, now)
    work(now)

    assert ids(receiver) == [told, told]
    [entry] = logged("message.sent_again")
    assert orjson.loads(entry.body)["entry"]["about"] == {"message": message(told).id, "booking": 7}


def test_an_event_that_waits_is_tried_now_though_its_endpoint_rests(
    app: Flask, receiver: Receiver
) -> None:
    now = Clock()
    [told] = tell(endpoint(receiver))
    receiver.answers(Answer(503), Answer(200))
    work(now)
    assert message(told).state == "waiting"

    again(told, now)
    work(now)

    assert ids(receiver) == [told, told]
    assert message(told).state == "sent"


def test_an_event_for_an_endpoint_that_is_off_is_refused(app: Flask, receiver: Receiver) -> None:
    now = Clock()
    mine = endpoint(receiver)
    [told] = tell(mine)
    work(now)
    with transaction() as connection:
        connection.execute(update(Endpoint).values(live=False))

    with pytest.raises(EndpointOff, match="switched off or was removed"):
        again(told, now)

    assert message(told).state == "sent"
    assert logged("message.sent_again") == []


def test_a_mail_is_no_event(app: Flask) -> None:
    add()
    [mail] = make.rows_of(Message)

    with pytest.raises(MessageUnknown):
        in_transaction(lambda c: send_event_again(c, mail.id, SYSTEM, Clock()()))
