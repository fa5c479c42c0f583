"""Servers and workers that are killed while bookings are made, cancelled and abandoned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from sqlalchemy import update
from sqlalchemy.engine import make_url

from audit.models import LogEntry
from bookings.models import Booking, Contact, Night, ScheduleLine, Stay
from kit import clock
from kit.db import transaction
from outbox.models import Message
from tags.models import BookingTag
from tests import make
from tests.bookings.villas import booked, call, villa
from tests.make import Client
from tests.payments.proofs import broken_chains, wrong_books
from tests.processes.conftest import House
from tests.processes.running import wait_until
from tests.processes.slowing import slow_messages
from tests.processes.test_database_away import away
from tests.processes.website import Website, Wish, to_book, to_cancel

IN_PROGRESS = 12  # of the demonstration
MANY = 24


def website(house: House) -> Website:
    till = house.till()
    return Website(till.address, till.token)


def cancellings(booking: int, action: str = "booking.cancelled") -> int:
    return len(make.rows_of(LogEntry, chain=booking, action=action))


def mail_ids(bookings: list[int]) -> list[str]:
    return [row.message_id for each in bookings for row in make.rows_of(Message, booking_id=each)]


def assert_whole(booking: int, name: str) -> None:
    """All of the booking is there, and of nobody else."""
    row = make.row_of(Booking, booking)
    assert [each.id for each in make.rows_of(Contact, last_name=name)] == [row.contact_id]
    assert len(make.rows_of(Stay, booking_id=booking)) == 1
    assert len(make.rows_of(ScheduleLine, booking_id=booking)) == 4
    assert len(make.rows_of(LogEntry, chain=booking)) == row.log_count
    nights = len(make.rows_of(Night, booking_id=booking))
    assert nights == (0 if row.status == "cancelled" else 5)


def test_a_server_killed_before_the_commit_has_cancelled_nothing_and_told_nobody(
    house: House,
) -> None:
    house.server.start()
    site = website(house)
    booking = site.ask(to_book("to cancel", [villa()], 0))
    cancel = to_cancel("cancel it", booking)

    with (
        ThreadPoolExecutor(1) as pool,
        requests.Session() as session,
        slow_messages() as somebody_writes,
    ):
        pool.submit(site.try_once, cancel, session)
        wait_until(somebody_writes, "the server is about to commit")
        house.server.kill()
    status, told = make.row_of(Booking, booking).status, mail_ids([booking])
    nights, entries = len(make.rows_of(Night, booking_id=booking)), cancellings(booking)
    same = Client(house.app, 1, site.token)
    again = call(same, cancel.path, cancel.fields, Idempotency_Key=cancel.name)

    assert site.lost == 1
    assert (status, told, nights, entries) == ("provisional", [], 5, 0)
    assert again.status_code == 200
    assert "Idempotency-Replayed" not in again.headers
    assert (cancellings(booking), len(mail_ids([booking]))) == (1, 1)
    assert_whole(booking, "to cancel")


def test_a_worker_killed_after_abandoning_leaves_the_mails_to_the_next_one(house: House) -> None:
    client = Client.of_new_partner(house.app)
    bookings = [booked(client, [villa()], tags=str(IN_PROGRESS)) for _ in range(3)]
    long_ago = clock.now() - timedelta(hours=1)
    with transaction() as connection:
        mine = update(Booking).where(Booking.id.in_(bookings))
        connection.execute(mine.values(created_at=long_ago))
        tags = update(BookingTag).where(BookingTag.booking_id.in_(bookings))
        connection.execute(tags.values(added_at=long_ago))

    house.worker.start()
    wait_until(lambda: len(mail_ids(bookings)) > 0, "a booking is cancelled")
    house.worker.kill()
    came_before = [mail for mail in mail_ids(bookings) if mail in house.mailbox.received]
    house.end_leases()
    house.worker.start()
    wait_until(lambda: len(mail_ids(bookings)) == 3, "all of them are cancelled")
    house.wait_until_sent()

    assert came_before == []
    assert [cancellings(each, "booking.abandoned") for each in bookings] == [1, 1, 1]
    mails = mail_ids(bookings)
    assert [house.mailbox.received.count(mail) for mail in mails] == [1, 1, 1]
    assert all(make.rows_of(Night, booking_id=each) == [] for each in bookings)


def wishes(name: str, villas: list[int], old: list[int]) -> list[Wish]:
    """Bookings of which every third wants nights that another one wants, and cancellings."""
    books = [
        to_book(f"{name} {n}", [villas[n % 2]], 5 * (n - 2 if n % 3 == 2 else n))
        for n in range(MANY)
    ]
    cancels = [to_cancel(f"{name} cancel {each}", each) for each in old]
    found = [*books]
    for place, each in enumerate(cancels):
        found.insert(4 * place, each)
    return found


def assert_all_or_nothing(house: House, site: Website, asked: list[Wish], old: list[int]) -> None:
    """Every wish came true once or was refused; nothing is half there."""
    names = {wish.name for wish in asked}
    assert site.done.keys() | site.refused.keys() == names
    assert set(site.refused.values()) == {"nights_taken"}
    for wish in asked:
        if wish.path == "/apis/booking":
            there = len(make.rows_of(Contact, last_name=wish.name))
            assert there == (wish.name in site.done)
        if wish.path == "/apis/booking" and wish.name in site.done:
            assert_whole(site.done[wish.name], wish.name)
    for each in old:
        assert (make.row_of(Booking, each).status, cancellings(each)) == ("cancelled", 1)
        assert len(mail_ids([each])) == 1
    assert wrong_books() == broken_chains() == []


def test_a_server_killed_under_load_leaves_whole_bookings_only_and_the_mails_still_go(
    house: House,
) -> None:
    client, villas = Client.of_new_partner(house.app), [villa(), villa()]
    old = [booked(client, [villa()]) for _ in range(6)]
    asked = wishes("killed", villas, old)
    house.server.start()
    site = website(house)

    with site.asking(asked):
        site.wait_for(len(asked) // 3)
        house.server.kill()
        done_before_the_kill = len(site.done)
        house.server.start()
    house.server.kill()
    house.worker.start()
    house.wait_until_sent()

    assert done_before_the_kill < len(site.done)
    assert site.lost > 0
    assert set(site.answers) == {200, 409}
    mails = mail_ids(old)
    assert [house.mailbox.received.count(mail) for mail in mails] == [1] * len(old)
    assert_all_or_nothing(house, site, asked, old)


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
def test_while_the_database_is_away_nobody_books_or_cancels_and_then_all_do(
    house: House, postgres_server: str
) -> None:
    client, villas = Client.of_new_partner(house.app), [villa(), villa()]
    old = [booked(client, [villa()]) for _ in range(6)]
    asked = wishes("away", villas, old)
    database = str(make_url(house.app.config["SQLALCHEMY_DATABASE_URI"]).database)
    house.server.start()
    site = website(house)

    with site.asking(asked):
        site.wait_for(len(asked) // 3)
        with away(postgres_server, database):
            wait_until(lambda: 503 in site.answers, "somebody is told to try again")
        house.hang_up()

    assert set(site.answers) == {200, 409, 503}
    assert site.lost == site.unhelpful == 0
    assert_all_or_nothing(house, site, asked, old)
