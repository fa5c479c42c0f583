"""Nights that several want at the same moment, from several processes.

Between looking which nights are free and taking them everybody pauses: without that pause these
tests would pass with the locks taken out.
"""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from bookings import availability
from bookings.models import Booking, Contact, Guest, Night, ScheduleLine, Stay
from tests import make
from tests.bookings.villas import book, booked, call, day, stays, villa
from tests.make import Client
from tests.meeting import Call, Gate, after, at_once, codes, meanwhile, overtaking, pause, statuses
from tests.payments.conftest import Processes
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

MANY = 50
TABLES = (Booking, Contact, Stay, Guest, Night, ScheduleLine)


@pytest.fixture
def clients(client: Client, processes: Processes) -> list[Client]:
    """One partner at three processes."""
    return [client.at(each) for each in processes(3, WEB_THREADS=8)]


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody waits between having seen which nights are free and taking them."""
    after(monkeypatch, availability, "taken", pause)


def book_at_once(
    clients: list[Client], wishes: list[tuple[list[int], int]], key: str | None = None
) -> list[TestResponse]:
    """Book properties for five nights from a day on, each of the wishes from the next process."""

    def wish(number: int) -> Call:
        properties, first = wishes[number]
        return lambda: book(clients[number % len(clients)], properties, first, key=key)

    return at_once([wish(number) for number in range(len(wishes))])


def rows() -> list[int]:
    return [len(make.rows_of(table)) for table in TABLES]


def assert_one_booking(answers: list[TestResponse], properties: int = 1) -> None:
    """One has it all, the others were told which nights are gone and left nothing behind."""
    [winner] = [answer.json["BookingId"] for answer in answers if answer.status_code == 200]
    assert statuses(answers) == [200] + [409] * (len(answers) - 1)
    assert codes([each for each in answers if each.status_code == 409]) <= TOLD
    nights = make.rows_of(Night)
    assert {night.booking_id for night in nights} == {winner}
    lines = len(make.rows_of(ScheduleLine, booking_id=winner))
    assert lines == 4 * properties
    assert rows() == [1, 1, properties, properties, 5 * properties, lines]
    assert wrong_books() == broken_chains() == []


TOLD = {"nights_taken", "several_problems"}  # several: one for each property


@pytest.mark.usefixtures("paused")
@pytest.mark.parametrize("step", [0, 1], ids=["the same nights", "nights that overlap"])
def test_of_fifty_who_book_at_once_one_gets_the_nights_and_the_others_are_told_which_are_gone(
    clients: list[Client], step: int
) -> None:
    house = villa()
    firsts = [step * (n % 5) for n in range(MANY)]

    answers = book_at_once(clients, [([house], first) for first in firsts])

    assert_one_booking(answers)
    taken = {night.night for night in make.rows_of(Night)}
    for answer, first in zip(answers, firsts, strict=True):
        if answer.status_code == 409:
            gone = sorted({day(first + n) for n in range(5)} & taken)
            named = f"{gone[0]} to {gone[-1]}" if len(gone) > 1 else str(gone[0])
            assert answer.json is not None
            assert answer.json["Code"] == "nights_taken"
            assert answer.json["Message"].endswith(f" of {named}.")
            assert answer.json["Errors"][0]["Field"] == "Properties[0].Checkin"


@pytest.mark.usefixtures("paused")
def test_without_the_hold_on_properties_the_table_of_nights_still_lets_only_one_in(
    clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(availability, "hold_properties", lambda *_: None)
    house = villa()

    answers = book_at_once(clients, [([house], n % 5) for n in range(MANY)])

    assert_one_booking(answers)


@pytest.mark.usefixtures("paused")
def test_two_properties_asked_in_opposite_order_go_to_one_whole_booking(
    clients: list[Client],
) -> None:
    one, other = villa(), villa()

    answers = book_at_once(clients, [([one, other], 0), ([other, one], 2)] * 10)

    assert_one_booking(answers, properties=2)


@pytest.mark.usefixtures("paused")
def test_bookings_of_the_same_properties_for_other_nights_are_all_made(
    clients: list[Client],
) -> None:
    one, other = villa(), villa()
    wishes = [([one, other] if n % 2 else [other, one], 5 * n) for n in range(10)]

    answers = book_at_once(clients, wishes)

    assert statuses(answers) == [200] * 10
    assert len(make.rows_of(Night)) == 100
    assert wrong_books() == broken_chains() == []


@pytest.mark.usefixtures("paused")
def test_one_booking_sent_ten_times_with_a_key_is_made_once(clients: list[Client]) -> None:
    house = villa()

    answers = book_at_once(clients, [([house], 0)] * 10, key="the same for all")

    assert statuses(answers) == [200] * 10
    assert len({answer.data for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 9
    assert rows() == [1, 1, 1, 1, 5, 4]


@pytest.mark.usefixtures("paused")
def test_who_is_refused_does_not_burn_the_key_for_whom_it_was_sent_again(
    clients: list[Client],
) -> None:
    house = villa()
    booked(clients[0], [house])

    refused = book_at_once(clients, [([house], 0)] * 6, key="refused")
    free = book(clients[0], [house], 10, key="refused")

    assert statuses(refused) == [409] * 6
    assert codes(refused) == {"nights_taken"}
    assert free.status_code == 200


def test_reactivating_and_booking_the_same_nights_at_once_gives_them_to_whoever_was_first(
    clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = villa()
    old = booked(clients[0], [house])
    cancelled = call(clients[0], "/apis/booking/cancel", {"BookingId": old})
    gate = Gate()
    after(monkeypatch, availability, "taken", gate.pass_through)

    back, new = overtaking(
        gate,
        lambda: call(clients[1], "/apis/booking/reactivate", {"BookingId": old}),
        lambda: book(clients[2], [house], 3),
    )

    assert cancelled.status_code == back.status_code == 200
    assert (new.status_code, codes([new])) == (409, {"nights_taken"})
    assert {night.booking_id for night in make.rows_of(Night)} == {old}
    assert wrong_books() == broken_chains() == []


def test_who_reactivates_too_late_is_told_which_booking_has_the_nights(
    clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = villa()
    old = booked(clients[0], [house])
    call(clients[0], "/apis/booking/cancel", {"BookingId": old})
    gate = Gate()
    after(monkeypatch, availability, "taken", gate.pass_through)

    new, back = overtaking(
        gate,
        lambda: book(clients[2], [house], 3),
        lambda: call(clients[1], "/apis/booking/reactivate", {"BookingId": old}),
    )

    assert new.status_code == 200
    assert (back.status_code, codes([back])) == (409, {"nights_taken"})
    assert new.json is not None
    assert f"(booking {new.json['BookingId']})" in back.text
    assert make.row_of(Booking, old).status == "cancelled"
    assert wrong_books() == broken_chains() == []


@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
@pytest.mark.parametrize("what", ["create", "amend", "reactivate"])
def test_a_property_held_for_too_long_is_told_as_still_running(
    client: Client, processes: Processes, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("kit.db.LOCK_TIMEOUT_S", 0.25)
    house = villa()
    mine = booked(client, [house])
    if what == "reactivate":
        call(client, "/apis/booking/cancel", {"BookingId": mine})
    first, second = (client.at(each) for each in processes(2))
    fields = {
        "create": {"Contact.LastName": "Silva", **stays([house], 20)},
        "amend": {"BookingId": mine, **stays([house], 0, 6)},
        "reactivate": {"BookingId": mine},
    }[what]
    path = "/apis/booking" if what == "create" else f"/apis/booking/{what}"
    gate = Gate()
    after(monkeypatch, availability, "taken", gate.pass_through)

    made, refused = meanwhile(
        gate, lambda: book(first, [house], 10), lambda: call(second, path, fields)
    )

    assert (refused.status_code, codes([refused])) == (409, {"still_running"})
    assert int(refused.headers["Retry-After"]) > 0
    assert made.status_code == 200
