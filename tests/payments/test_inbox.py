"""Payments that were accepted and wait: applied by the worker, once, in time, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text, update

from audit.models import LogEntry
from kit.db import transaction
from kit.errors import Refused
from outbox.models import Message
from partners.models import Partner
from payments import errors
from payments.errors import CommandReferenceUsed
from payments.inbox import Waiting, apply_accepted
from payments.models import Payment
from tags.models import Tag
from tests import make
from tests.outbox.make import Clock
from tests.payments.accepting import (
    Send,
    Sender,
    Tiny,
    command,
    paid,
    states,
    told,
    write_a_tag,
)
from tests.payments.proofs import nothing_written

REST = timedelta(seconds=1)


# --- applying ----------------------------------------------------------------------------------


def test_what_was_accepted_is_applied_once(send: Send, tiny: Tiny, time: Clock) -> None:
    booking = make.booking()
    sent = send(booking, "20.06", reference="order-1")

    before = (states(), make.rows_of(Payment))
    applied = [apply_accepted(time), apply_accepted(time)]

    assert before == (["waiting"], [])
    assert applied == [1, 0]
    [payment] = make.rows_of(Payment)
    assert (payment.amount, payment.reference) == (2006, "order-1")
    row = command(sent)
    assert (row.state, row.ended_at) == ("done", time.at)
    assert row.outcome == {"payment": payment.id, "codes": []}
    assert told() == [[]]
    assert paid(booking) == 2006


def test_the_oldest_is_applied_first(send: Send, tiny: Tiny, time: Clock) -> None:
    booking = make.booking()
    young, old = send(booking, at=time.at), send(booking, at=time.at - REST)

    assert apply_accepted(time) == 2
    assert tiny.tried == [old, young]


def test_the_log_names_who_sent_it_and_from_where(send: Send, sender: Sender, time: Clock) -> None:
    send(make.booking())

    apply_accepted(time)

    [entry] = make.rows_of(LogEntry, action="payment.recorded")
    assert (entry.actor_kind, entry.actor_id) == ("partner", sender.partner_id)
    assert '"203.0.113.7"' in entry.body
    assert '"request-1"' in entry.body


def test_a_command_reaches_the_location_it_was_sent_to_and_no_other(
    sender: Sender, time: Clock
) -> None:
    elsewhere = make.booking(location_id=2)
    sender.send(elsewhere, at=time.at)

    apply_accepted(time)

    assert told() == [["booking_unknown"]]
    assert paid(elsewhere) == 0


# --- references --------------------------------------------------------------------------------


@pytest.mark.long
def test_a_reference_that_waits_cannot_be_used_again(send: Send) -> None:
    booking = make.booking()
    send(booking, reference="order-1")

    with nothing_written(), pytest.raises(CommandReferenceUsed, match="order-1"):
        send(booking, "1.00", reference="order-1")


def test_a_reference_that_was_applied_cannot_be_used_again(send: Send, time: Clock) -> None:
    booking = make.booking()
    send(booking, reference="order-1")
    apply_accepted(time)

    with nothing_written(), pytest.raises(CommandReferenceUsed):
        send(booking, reference="order-1")


def test_a_reference_is_free_again_after_a_failure(send: Send, time: Clock) -> None:
    booking = make.booking(["100.00"])
    for amount in ("100.01", "100.02", "100.00"):
        send(booking, amount, reference="order-1")
        apply_accepted(time)

    assert states() == ["failed", "failed", "done"]
    with pytest.raises(CommandReferenceUsed):
        send(booking, reference="order-1")


def test_partners_locations_and_formats_have_references_of_their_own(send: Send) -> None:
    booking, other = make.booking(), Sender.new()
    make.location(2)
    send(booking, reference="order-1")

    send(booking, reference="order-1", location_id=2)
    send(booking, reference="order-1", format="other")
    other.send(booking, reference="order-1")
    send(booking, reference="ORDER-1")

    assert states() == ["waiting"] * 5


def test_payments_without_a_reference_are_all_accepted(send: Send, time: Clock) -> None:
    booking = make.booking()
    send(booking)
    send(booking)

    assert apply_accepted(time) == 2
    assert paid(booking) == 2000


# --- refusals ----------------------------------------------------------------------------------


def refuse(_: Connection, __: Waiting) -> None:
    raise errors.TagUnknown("add_tags", [7])


def test_a_refusal_takes_back_all_that_was_written_for_it_and_is_kept(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    sent = send(booking)
    tiny.before, tiny.after = write_a_tag, refuse

    ended = apply_accepted(time)

    assert ended == 1
    assert make.rows_of(Tag) == make.rows_of(Payment) == make.rows_of(Message, kind="event") == []
    row = command(sent)
    assert (row.state, row.ended_at) == ("failed", time.at)
    assert row.outcome == {"codes": ["tag_unknown"]}
    assert told() == [["tag_unknown"]]
    assert paid(booking) == 0


def test_everything_that_was_wrong_is_told(send: Send, tiny: Tiny, time: Clock) -> None:
    def refuse_twice(_: Connection, __: Waiting) -> None:
        raise Refused([errors.TagUnknown("add_tags", [7]), errors.TipNotTaken("Cash")])

    send(make.booking())
    tiny.before = refuse_twice

    apply_accepted(time)

    assert told() == [["tag_unknown", "tip_not_taken"]]


def test_one_that_is_refused_keeps_no_other(send: Send, time: Clock) -> None:
    booking = make.booking(["15.00"])
    for _ in range(3):
        send(booking)

    assert apply_accepted(time) == 3
    assert told() == [[], ["overpaid"], ["overpaid"]]
    assert paid(booking) == 1000


def test_a_partner_that_was_revoked_since_is_refused(
    send: Send, sender: Sender, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    send(booking)
    with transaction() as connection:
        mine = update(Partner).where(Partner.id == sender.partner_id)
        connection.execute(mine.values(revoked_at=time.at))

    apply_accepted(time)

    assert told() == [["unauthenticated"]]
    assert tiny.tried == []
    assert paid(booking) == 0


# --- in time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "codes"),
    [(-timedelta(microseconds=1), []), (timedelta(), ["not_applied_in_time"])],
    ids=["just in time", "to the moment"],
)
def test_it_is_applied_before_its_time_is_over_or_not_at_all(
    send: Send, time: Clock, late: timedelta, codes: list[str]
) -> None:
    booking = make.booking()
    send(booking, lives=timedelta(minutes=1))
    time.at += timedelta(minutes=1) + late

    apply_accepted(time)

    assert told() == [codes]
    assert paid(booking) == (0 if codes else 1000)


def test_when_no_worker_ran_for_hours_nothing_is_applied_late(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    for number in range(3):
        send(booking, reference=f"order-{number}")
    time.forward(hours=7)

    assert apply_accepted(time) == 3
    assert states() == ["failed"] * 3
    assert told() == [["not_applied_in_time"]] * 3
    assert tiny.tried == []
    assert paid(booking) == 0


def test_a_wait_for_the_booking_that_crosses_the_deadline_is_too_long(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    """`before` stands for the wait: the clock is asked again when the booking is held."""
    booking = make.booking()
    send(booking)
    tiny.before = lambda *_: time.forward(minutes=5)

    apply_accepted(time)

    assert told() == [["not_applied_in_time"]]
    assert paid(booking) == 0


# --- one transaction ---------------------------------------------------------------------------


def test_the_payment_its_log_its_messages_and_the_outcome_are_written_together(
    app: Flask, send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking()
    sent = send(booking)
    seen: list[Any] = []

    def look_from_outside(connection: Connection, _: Waiting) -> None:
        inside = connection.execute(text("SELECT count(*) FROM payments")).scalar()
        seen.append((inside, *counts_from_outside(app)))

    tiny.telling = look_from_outside

    apply_accepted(time)

    assert seen == [(1, 0, 0, 0, "waiting")]
    assert counts_from_outside(app) == (1, 1, 2, "done")
    assert command(sent).state == "done"


def counts_from_outside(app: Flask) -> tuple[Any, ...]:
    """Payments, log entries, messages and the command's state, as another process sees them."""
    questions = (
        "SELECT count(*) FROM payments",
        "SELECT count(*) FROM event_log",
        "SELECT count(*) FROM outbox",
        "SELECT state FROM inbox",
    )
    with app.extensions["store"].glance.connect() as connection:
        return tuple(connection.execute(text(each)).scalar() for each in questions)
