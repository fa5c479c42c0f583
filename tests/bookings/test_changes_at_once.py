"""Changes of one booking that meet: paying, amending, cancelling, clearing and refunding.

Between what a change has read and what it writes it pauses, or is kept at a gate until the other
one has come as far as it can.
"""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import LogEntry
from bookings.models import Booking, ScheduleLine
from outbox.models import Message
from payments import ledger
from payments.models import Payment
from payments.standing import Standing
from tests import make
from tests.bookings.villas import booked, call, stays, villa
from tests.make import Client
from tests.meeting import (
    Call,
    Gate,
    after,
    at_once,
    before,
    codes,
    meanwhile,
    overtaking,
    pause,
    statuses,
)
from tests.payments.conftest import Processes
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

TOTAL = 500_00 + 50_00 + 25_00  # five nights, tax and fee


@pytest.fixture
def clients(client: Client, processes: Processes) -> list[Client]:
    """One partner at three processes."""
    make.method("PayPal")
    return [client.at(each) for each in processes(3, WEB_THREADS=8)]


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody waits between having read the booking's account and changing it."""
    before(monkeypatch, ledger, "write", pause)
    after(monkeypatch, Standing, "of", pause)


@pytest.fixture
def house() -> int:
    return villa()


@pytest.fixture
def booking(clients: list[Client], house: int) -> int:
    """Five nights for 575.00, of which 225.00 are due now."""
    return booked(clients[0], [house])


def pay(client: Client, booking: int, amount: str, **fields: Any) -> Call:
    return lambda: client.at(client.app).pay(booking, amount, **fields)


def change(client: Client, path: str, fields: dict[str, Any], **headers: str) -> Call:
    return lambda: call(client, f"/apis/{path}", fields, **headers)


def cancel(client: Client, booking: int, **headers: str) -> Call:
    return change(client, "booking/cancel", {"BookingId": booking}, **headers)


def amend(client: Client, booking: int, house: int, nights: int) -> Call:
    fields = {"BookingId": booking, **stays([house], 0, nights)}
    return change(client, "booking/amend", fields)


def paid(client: Client, booking: int, amount: str, **fields: Any) -> int:
    """The id of a payment that is there already."""
    answer = pay(client, booking, amount, **fields)()
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    found: int = answer.json["PaymentId"]
    return found


def entries(booking: int, action: str) -> int:
    return len(make.rows_of(LogEntry, chain=booking, action=action))


def assert_right() -> None:
    assert wrong_books() == broken_chains() == []


@pytest.mark.usefixtures("paused")
def test_amendments_and_payments_at_once_leave_right_books(
    clients: list[Client], booking: int, house: int
) -> None:
    one, two, three = clients
    calls = [amend(one, booking, house, 3 + n % 5) for n in range(8)]
    calls += [pay((two, three)[n % 2], booking, "45.00") for n in range(10)]

    answers = at_once(calls)

    assert statuses(answers) == [200] * 18
    row = make.row_of(Booking, booking)
    assert row.paid + row.credit == 450_00
    assert row.log_count == 1 + 18
    assert_right()


@pytest.mark.usefixtures("paused")
def test_a_payment_refunded_twice_at_once_is_refunded_once(
    clients: list[Client], booking: int
) -> None:
    payment = paid(clients[0], booking, "225.00")

    answers = at_once([change(each, f"payments/{payment}/refund", {}) for each in clients])

    assert statuses(answers) == [200, 422, 422]
    assert codes(answers) == {"refund_too_large"}
    assert make.row_of(Booking, booking).paid == 0
    assert_right()


@pytest.mark.usefixtures("paused")
def test_parts_refunded_at_once_are_never_more_than_was_paid(
    clients: list[Client], booking: int
) -> None:
    payment = paid(clients[0], booking, "100.00")
    part = {"Amount": "30.00"}

    answers = at_once(
        [change(clients[n % 3], f"payments/{payment}/refund", part) for n in range(7)]
    )

    assert statuses(answers) == [200] * 3 + [422] * 4
    refunds = make.rows_of(Payment, refund_of=payment)
    assert [refund.amount for refund in refunds] == [-30_00] * 3
    assert make.row_of(Booking, booking).paid == 10_00
    assert_right()


@pytest.mark.usefixtures("paused")
def test_a_refund_sent_ten_times_with_a_key_is_made_once(
    clients: list[Client], booking: int
) -> None:
    payment = paid(clients[0], booking, "100.00")
    path, part, key = f"payments/{payment}/refund", {"Amount": "30.00"}, "the same for all"

    answers = at_once([change(clients[n % 3], path, part, Idempotency_Key=key) for n in range(10)])

    assert statuses(answers) == [200] * 10
    assert len({answer.data for answer in answers}) == 1
    assert len(make.rows_of(Payment, refund_of=payment)) == 1
    assert make.row_of(Booking, booking).paid == 70_00
    assert_right()


@pytest.mark.usefixtures("paused")
def test_cancelling_sent_ten_times_with_a_key_happens_once_and_is_told_once(
    clients: list[Client], booking: int
) -> None:
    answers = at_once([cancel(clients[n % 3], booking, Idempotency_Key="same") for n in range(10)])

    assert statuses(answers) == [200] * 10
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 9
    assert entries(booking, "booking.cancelled") == 1
    assert len(make.rows_of(Message, booking_id=booking)) == 1
    assert_right()


@pytest.mark.usefixtures("paused")
def test_cancelling_without_a_key_at_once_happens_once(clients: list[Client], booking: int) -> None:
    answers = at_once([cancel(clients[n % 3], booking) for n in range(6)])

    assert statuses(answers) == [200] + [409] * 5
    assert codes(answers) == {"already_cancelled"}
    assert entries(booking, "booking.cancelled") == 1
    assert len(make.rows_of(Message, booking_id=booking)) == 1
    assert_right()


@pytest.mark.usefixtures("paused")
def test_one_key_for_paying_and_for_cancelling_at_once_is_good_for_one_of_them(
    clients: list[Client], booking: int
) -> None:
    """The payment holds the booking and wants the key, cancelling has the key and wants the
    booking: the database ends one of them, which then finds the key used."""
    key = {"Idempotency_Key": "the same for two things"}

    answers = at_once(
        [pay(clients[0], booking, "10.00", headers=key), cancel(clients[1], booking, **key)]
    )

    assert statuses(answers) == [200, 422]
    assert codes(answers) == {"idempotency_key_reused"}
    assert_right()


@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
def test_a_key_whose_first_request_does_not_end_is_told_as_still_running(
    client: Client, processes: Processes, house: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.db.LOCK_TIMEOUT_S", 0.25)
    booking = booked(client, [house])
    first, second = (client.at(each) for each in processes(2))
    key, gate = {"Idempotency_Key": "sent again because nobody answered"}, Gate()
    after(monkeypatch, Standing, "of", gate.pass_through)

    done, refused = meanwhile(gate, cancel(first, booking, **key), cancel(second, booking, **key))
    again = cancel(second, booking, **key)()

    assert (refused.status_code, codes([refused])) == (409, {"still_running"})
    assert int(refused.headers["Retry-After"]) > 0
    assert (done.status_code, again.data) == (200, done.data)
    assert entries(booking, "booking.cancelled") == 1


def test_a_partner_who_cancels_while_a_payment_is_being_taken_is_told_of_the_payment(
    clients: list[Client], booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    before(monkeypatch, ledger, "write", gate.pass_through)

    taken, refused = overtaking(
        gate, pay(clients[0], booking, "10.00"), cancel(clients[1], booking)
    )

    assert taken.status_code == 200
    assert (refused.status_code, codes([refused])) == (403, {"external_payment_present"})
    assert make.row_of(Booking, booking).status == "provisional"
    assert_right()


def test_a_payment_that_waited_for_the_cancelling_is_kept_whole_as_credit(
    clients: list[Client], booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    after(monkeypatch, Standing, "of", gate.pass_through)
    told = {"Prefer": "return=representation"}

    cancelled, taken = overtaking(
        gate, cancel(clients[0], booking), pay(clients[1], booking, "10.00", headers=told)
    )

    assert cancelled.status_code == taken.status_code == 200
    assert taken.json is not None
    assert [each["Code"] for each in taken.json["Payment"]["Booking"]["Warnings"]] == [
        "booking_cancelled"
    ]
    row = make.row_of(Booking, booking)
    assert (row.status, row.paid, row.credit) == ("cancelled", 0, 10_00)
    assert_right()


def test_a_deferred_payment_that_waited_for_the_cancelling_is_refused(
    clients: list[Client], booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    after(monkeypatch, Standing, "of", gate.pass_through)

    cancelled, refused = overtaking(
        gate, cancel(clients[0], booking), pay(clients[1], booking, "10.00", Status=2)
    )

    assert cancelled.status_code == 200
    assert (refused.status_code, codes([refused])) == (409, {"booking_cancelled"})
    assert make.rows_of(Payment, booking_id=booking) == []
    assert_right()


@pytest.mark.usefixtures("paused")
def test_a_promised_payment_that_is_cleared_and_failed_at_once_is_one_of_them(
    clients: list[Client], booking: int
) -> None:
    payment = paid(clients[0], booking, "225.00", Status=1)
    calls = [change(clients[n % 3], f"payments/{payment}/{what}", {})
             for n, what in enumerate(["clear", "fail"] * 3)]  # fmt: skip

    answers = at_once(calls)

    assert statuses(answers) == [200] + [409] * 5
    state = make.row_of(Payment, payment).state
    assert make.row_of(Booking, booking).paid == {"cleared": 225_00, "failed": 0}[state]
    assert entries(booking, "payment.cleared") + entries(booking, "payment.failed") == 1
    assert_right()


@pytest.mark.usefixtures("paused")
def test_payments_shared_by_bookings_named_in_either_order_wait_for_each_other_and_are_all_taken(
    clients: list[Client], booking: int
) -> None:
    other = booked(clients[0], [villa()])
    shared = {
        "PaymentScheduleIds": "1,2",
        "Status": 0,
        "Currency": "EUR",
        "PaymentDate": "2026-01-02",
        "PaymentMethod": "PayPal",
    }
    ways = [f"{booking},{other}", f"{other},{booking}"]

    answers = at_once(
        [
            change(
                clients[n % 3],
                "payments",
                {**shared, "BookingIds": ways[n % 2], "Amounts": "10.00,20.00"},
            )
            for n in range(12)
        ]
    )

    assert statuses(answers) == [200] * 12
    assert len(make.rows_of(Payment)) == 24
    both = [make.row_of(Booking, each).paid for each in (booking, other)]
    assert both == [6 * 30_00, 6 * 30_00]
    assert_right()


@pytest.mark.usefixtures("paused")
def test_everything_at_once_on_one_booking_leaves_right_books(
    clients: list[Client], booking: int, house: int
) -> None:
    first = paid(clients[0], booking, "300.00")
    promised = paid(clients[0], booking, "50.00", Status=1)
    one, two, three = clients
    calls = [
        *[amend(one, booking, house, nights) for nights in (3, 7, 4)],
        *[pay(two, booking, "60.00") for _ in range(4)],
        *[change(three, f"payments/{first}/refund", {"Amount": "80.00"}) for _ in range(3)],
        change(one, f"payments/{promised}/clear", {}),
        change(two, f"payments/{promised}/fail", {}),
        cancel(three, booking),
    ]

    answers = at_once(calls)

    assert max(statuses(answers)) <= 422
    assert statuses(answers[:10]) == [200] * 10
    lines = make.rows_of(ScheduleLine, booking_id=booking)
    assert make.row_of(Booking, booking).total == sum(line.amount for line in lines)
    assert_right()
