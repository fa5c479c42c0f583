"""What partners answered, for people who want to know whether the other side has heard of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from audit.chain import SYSTEM
from kit import clock
from kit.db import in_transaction, reading, transaction
from outbox.models import Message
from partners.answers import PartnerAnswer, answers_to
from partners.models import WebhookCall
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Client
from tests.payments.listening import listen
from tests.payments.moving import paid
from tests.payments.proofs import counted_queries

DELETED = "payment.deleted"


@pytest.fixture(autouse=True)
def _method(client: Client) -> None:
    assert client
    make.method("PayPal")


def delete(payment: int) -> None:
    order = VoidPayment(payment_id=payment, reason="Paid twice")
    in_transaction(lambda connection: void_payment(connection, order, SYSTEM))


def answers(*payments: int, event: str | None = DELETED) -> dict[int, list[PartnerAnswer]]:
    with reading() as session:
        return dict(answers_to(session, event, payments))


def called(message_id: int, status: int | None, problem: str | None = None) -> None:
    """A call for a message, as the worker notes it."""
    row = {
        "endpoint_id": make.rows_of(Message, id=message_id)[0].context["endpoint"],
        "message_id": message_id,
        "at": clock.now(),
        "url": "https://example.com/hooks",
        "request": "{}",
        "status": status,
        "took_ms": 3,
        "problem": problem,
    }
    with transaction() as connection:
        connection.execute(insert(WebhookCall), [row])
        if status == 204:
            sent = update(Message).where(Message.id == message_id)
            connection.execute(sent.values(state="sent", sent_at=clock.now()))


def test_an_event_that_waits_has_no_answer_yet(client: Client) -> None:
    listen()
    payment = paid(client, make.booking(["100.00"]), "50")
    delete(payment)

    [answer] = answers(payment)[payment]

    assert (answer.event, answer.status, answer.at) == (DELETED, None, None)
    assert (answer.waits, answer.delivered) == (True, False)


def test_the_last_call_is_the_answer(client: Client) -> None:
    listen()
    payment = paid(client, make.booking(["100.00"]), "50")
    delete(payment)
    [waiting] = answers(payment)[payment]

    called(waiting.message_id, 503)
    [refused] = answers(payment)[payment]
    called(waiting.message_id, 204)
    [taken] = answers(payment)[payment]

    assert (refused.status, refused.delivered) == (503, False)
    assert (taken.status, taken.delivered) == (204, True)
    assert taken.at is not None
    assert clock.now() - taken.at < timedelta(minutes=1)


def test_a_call_without_an_answer_says_why(client: Client) -> None:
    listen()
    payment = paid(client, make.booking(["100.00"]), "50")
    delete(payment)
    called(answers(payment)[payment][0].message_id, None, "no connection")

    [answer] = answers(payment)[payment]

    assert (answer.status, answer.problem) == (None, "no connection")


def test_only_the_payments_and_the_event_asked_for_are_told_of(client: Client) -> None:
    listen()
    booking = make.booking(["100.00"])
    deleted, other = paid(client, booking, "10"), paid(client, booking, "20")
    delete(deleted)

    assert list(answers(deleted, other)) == [deleted]
    assert [each.event for each in answers(deleted, event=None)[deleted]] == [
        "payment.recorded",
        DELETED,
    ]


def test_nobody_who_listens_is_no_answer(client: Client) -> None:
    payment = paid(client, make.booking(["100.00"]), "50")
    delete(payment)

    assert answers(payment) == {}


def test_every_partner_that_listens_answers_for_itself(client: Client) -> None:
    listen()
    listen()
    payment = paid(client, make.booking(["100.00"]), "50")
    delete(payment)

    found = answers(payment)[payment]

    assert len({each.partner for each in found}) == 2


def test_many_payments_are_one_query(client: Client) -> None:
    listen()
    payments = [paid(client, make.booking(["100.00"]), "50") for _ in range(3)]
    for each in payments:
        delete(each)

    with counted_queries() as seen:
        found = answers(*payments)

    assert sorted(found) == sorted(payments)
    assert len(seen) == 1
