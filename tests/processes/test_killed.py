"""Servers and workers that are killed in the middle of their work."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from kit import clock
from outbox.leasing import LEASE_S
from outbox.models import Message
from tests import make
from tests.processes.conftest import House
from tests.processes.paying import orders

OF_THE_DEMO = [3707, 4354, 5001, 12345]
COUNT = 240
KILLS_OF_THE_WORKER = 2


def test_every_answered_payment_is_stored_once_though_the_server_is_killed(house: House) -> None:
    own = [make.booking(["500.00", "700.00"], email=f"guest{n}@example.com") for n in range(4)]
    wanted = orders("killed", [*OF_THE_DEMO, *own], COUNT)
    payments_before, messages_before = house.payments(), house.messages()
    house.server.start()
    house.worker.start()
    till = house.till()

    with till.paying(wanted):
        till.wait_for(COUNT // 4)
        house.server.kill()
        taken_before_the_kill = len(till.taken)
        house.server.start()
        for kill in range(1, KILLS_OF_THE_WORKER + 1):
            house.mailbox.wait_for(kill * COUNT // 4)
            house.worker.kill()
            house.end_leases()
            house.worker.start()
    house.wait_until_sent()

    assert taken_before_the_kill < COUNT
    assert till.lost > 0
    assert set(till.answers) == {200}
    expected = sorted((each.reference, till.taken[each.reference], each.minor) for each in wanted)
    assert sorted(house.stored("killed-")) == expected
    assert house.payments() == payments_before + COUNT
    _assert_each_mail_came(house, messages_before)
    assert "The books are right" in house.flask("ledger", "check")
    assert "The event log is whole" in house.flask("audit", "verify")


def _assert_each_mail_came(house: House, messages_before: list[str]) -> None:
    new = set(house.messages()) - set(messages_before)
    came = Counter(house.mailbox.received)
    assert len(new) == COUNT
    assert set(came) == new
    assert set(house.messages("sent")) >= new
    # A worker sends one mail at a time: what comes twice is the one it was killed over.
    assert came.total() - len(came) <= KILLS_OF_THE_WORKER


def test_a_mail_comes_again_with_the_same_id_when_the_worker_dies_before_it_is_recorded(
    house: House,
) -> None:
    booking = make.booking()
    house.server.start()
    house.till().pay(orders("twice", [booking], 1)[0])
    [message] = make.rows_of(Message, booking_id=booking)

    house.mailbox.hush()
    house.worker.start()
    house.mailbox.wait_for(1)
    house.worker.kill()
    house.mailbox.speak()
    held = make.row_of(Message, message.id)
    house.end_leases()
    house.worker.start()
    house.wait_until_sent()

    assert held.state == "waiting"
    assert held.leased_until - clock.now() < timedelta(seconds=LEASE_S)
    assert house.mailbox.received == [message.message_id, message.message_id]
    assert make.row_of(Message, message.id).attempts == 2
