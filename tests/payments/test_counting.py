"""What /metrics says of accepted payments that wait, of those that came too late, and of card
payments that are not settled."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kit import clock
from kit.db import in_transaction
from kit.money import Money
from payments import settling
from payments.concluding import conclude
from payments.counting import card_backlog, inbox_backlog
from payments.gateways.gateway import Outcome
from payments.inbox import apply_accepted
from tests import make
from tests.outbox.make import Clock
from tests.payments import cards
from tests.payments.accepting import Send, Tiny

WRONG = Outcome("succeeded", Money(1, "EUR"))


@pytest.fixture
def time() -> Clock:
    """The gauges look at the real time, so the sender does."""
    return Clock(clock.now())


def test_what_waits_is_counted_from_when_it_was_accepted(send: Send, time: Clock) -> None:
    booking = make.booking()
    nothing = inbox_backlog()
    send(booking, at=time.at - timedelta(seconds=100))
    send(booking)

    found = inbox_backlog()
    apply_accepted()

    assert nothing == {"inbox_waiting": 0, "inbox_oldest_seconds": 0, "inbox_expired": 0}
    assert (found["inbox_waiting"], found["inbox_expired"]) == (2, 0)
    assert 100 <= found["inbox_oldest_seconds"] < 200
    assert inbox_backlog() == nothing


def test_what_came_too_late_counts_for_a_day_and_other_failures_do_not(
    send: Send, tiny: Tiny, time: Clock
) -> None:
    booking = make.booking(["5.00"])
    send(booking, "6.00")
    send(booking, "5.00", at=time.at - timedelta(minutes=10))
    send(booking, "5.00", at=time.at - timedelta(days=2))
    apply_accepted(Clock(time.at - timedelta(days=1, hours=1)))  # the oldest came too late then
    apply_accepted()

    assert inbox_backlog()["inbox_expired"] == 1


def test_the_gauges_are_among_the_metrics(http: FlaskClient, send: Send) -> None:
    send(make.booking())

    lines = http.get("/metrics").text.splitlines()

    assert "inbox_waiting 1.0" in lines
    assert "inbox_expired 0.0" in lines
    assert any(line.startswith("inbox_oldest_seconds ") for line in lines)
    assert any(line.startswith("outbox_given_up ") for line in lines)


def test_card_payments_are_counted_until_they_are_settled(app: Flask) -> None:
    method = cards.method()
    nothing = card_backlog()
    opened = [cards.open_page(make.booking(), method, 10000, app=app) for _ in range(3)]
    fresh = card_backlog()
    with cards.later(minutes=32):
        late = card_backlog()
        settling.settle_pending()
        after = card_backlog()
    in_transaction(partial(conclude, code=opened[0].intent.code, outcome=WRONG))

    assert nothing == {"cards_under_way": 0, "cards_oldest_due_seconds": 0, "cards_unknown": 0}
    assert fresh == nothing | {"cards_under_way": 3}
    assert late["cards_under_way"] == 3
    assert 60 <= late["cards_oldest_due_seconds"] < 180
    assert after == nothing
    assert card_backlog() == nothing | {"cards_unknown": 1}


def test_the_gauges_of_cards_are_among_the_metrics(http: FlaskClient) -> None:
    lines = http.get("/metrics").text.splitlines()

    assert {"cards_under_way 0.0", "cards_oldest_due_seconds 0.0", "cards_unknown 0.0"} <= set(
        lines
    )
