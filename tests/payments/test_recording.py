"""Payments that somebody types in at the desk: the ledger's rules, and what methods allow there."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Booking, ScheduleLine
from kit import clock
from kit.db import in_transaction
from outbox.models import Message
from payments.clearing import ClearPayment, clear_payment
from payments.errors import BookingUnknown
from payments.models import Allocation, Payment
from tests import make
from tests.make import Client, Due
from tests.payments.listening import in_order, listen, told
from tests.payments.moving import figures, last_entry, on_lines, paid
from tests.payments.proofs import broken_chains, wrong_books
from tests.payments.typing_in import STAGES, record, refused

ONCE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("Cash", kind="cash", from_outside=False)
    make.method("PayPal")


# --- money --------------------------------------------------------------------------------------


def test_money_that_is_there_lies_on_the_lines_at_once() -> None:
    booking = make.booking(STAGES)

    done = record(booking, charges=Decimal("2.50"), comments="At the door", reference="R 7")

    row = make.row_of(Payment, done.payment_id)
    assert (row.source, row.state, row.person_id, row.partner_id) == ("desk", "cleared", 5, None)
    assert (row.amount, row.charges, row.tip, row.category) == (7000, 250, 0, 4)
    assert (row.comments, row.reference, row.settled_on) == ("At the door", "R 7", row.paid_on)
    assert (figures(booking), on_lines(booking)) == ((7000, 0, 250), [6000, 1000])
    assert {each.cause for each in make.rows_of(Allocation)} == {"payment"}
    assert wrong_books() == []
    assert broken_chains() == []


@pytest.mark.parametrize(("state", "days"), [("uncleared", 0), ("deferred", 9)])
def test_a_promise_moves_nothing_until_it_clears(state: str, days: int) -> None:
    booking = make.booking(STAGES)
    day = clock.now().date() + timedelta(days=days)

    done = record(booking, charges=Decimal(5), state=state, paid_on=day, wishes=(2,))

    row = make.row_of(Payment, done.payment_id)
    assert (row.state, row.settled_on, row.paid_on) == (state, None, day)
    assert figures(booking) == (0, 0, 0)
    assert make.rows_of(Allocation) == []
    cleared = ClearPayment(payment_id=done.payment_id)
    in_transaction(lambda connection: clear_payment(connection, cleared, SYSTEM))
    assert (figures(booking), on_lines(booking)) == ((7000, 0, 500), [3000, 4000])
    assert wrong_books() == []


amounts = st.integers(1, 15000)
dues = st.lists(st.tuples(st.integers(1, 6000), st.sampled_from([1, 2]), st.integers(-5, 40)),
                min_size=1, max_size=5)  # fmt: skip
wishes = st.lists(st.sampled_from(["1", "2", "line 0", "line 1", "line 4"]), max_size=3,
                  unique=True)  # fmt: skip


@pytest.mark.long
@ONCE
@given(amounts, amounts, dues, wishes, st.sampled_from(["booking", "provisional"]))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_the_desk_and_the_api_allocate_alike(
    client: Client,
    first: int,
    second: int,
    dues: list[tuple[int, int, int]],
    wishes: list[str],
    status: str,
) -> None:
    """Two payments of the same amounts on two equal bookings: by the API on one, here on other."""
    schedule = [Due(f"{amount / 100:.2f}", stage, days) for amount, stage, days in dues]
    outside, here = (make.booking(schedule, status=status) for _ in range(2))

    for minor in (first, second):
        ids = [named(outside, wishes), named(here, wishes)]
        asked = ",".join(map(str, ids[0])) or "1,2"
        paid(client, outside, f"{minor / 100:.2f}", PaymentScheduleIds=asked)
        record(here, f"{minor / 100:.2f}", method="PayPal", wishes=ids[1] or (1, 2))

    assert moved(outside) == moved(here)
    assert facts(outside) == facts(here)
    assert wrong_books([outside, here]) == []


def named(booking: int, wishes: list[str]) -> tuple[int, ...]:
    """Wishes with "line 0" as the id of the booking's first line; of lines there are."""
    ids = [line.id for line in make.lines_of(booking)]
    found = [wish.removeprefix("line ") for wish in wishes]
    return tuple(
        ids[int(found[n])] if wish.startswith("line") else int(wish)
        for n, wish in enumerate(wishes)
        if not wish.startswith("line") or int(found[n]) < len(ids)
    )


def moved(booking: int) -> list[tuple[int, int | None, int, str]]:
    """Every allocation row: which payment and line of the booking, the amount, the cause."""
    payments = [each.id for each in make.rows_of(Payment, booking_id=booking)]
    lines: list[Any] = [line.id for line in make.lines_of(booking)]
    return [
        (payments.index(row.payment_id), row.line_id and lines.index(row.line_id), row.amount,
         row.cause)
        for row in make.rows_of(Allocation, booking_id=booking)
    ]  # fmt: skip


def facts(booking: int) -> Any:
    row = make.row_of(Booking, booking)
    payments = make.rows_of(Payment, booking_id=booking)
    return row.status, row.paid, row.credit, [each.category for each in payments]


def test_a_provisional_booking_is_booked_when_stage_1_is_paid_or_promised() -> None:
    paid_one, promised_one, short = (make.booking(STAGES, status="provisional") for _ in range(3))

    record(paid_one, "60")
    record(promised_one, "60", state="uncleared")
    record(short, "59.99")

    found = [make.row_of(Booking, each).status for each in (paid_one, promised_one, short)]
    assert found == ["booking", "booking", "provisional"]


def test_everybody_who_listens_is_told_as_of_any_payment() -> None:
    listener = listen()
    booking = make.booking(STAGES, status="provisional")

    done = record(booking, reference="R 7")

    assert in_order(listener, booking) == ["payment.recorded", "booking.confirmed"]
    payment = told(listener, booking)[0]["data"]["payment"]
    assert (payment["id"], payment["method"], payment["source"]) == (
        done.payment_id,
        "Cash",
        "desk",
    )
    assert (payment["amount"], payment["reference"]) == ("70.00", None)


def test_the_log_names_the_person_and_no_words() -> None:
    booking = make.booking(STAGES)

    done = record(booking, comments="Ana at the door", reference="R 7")

    entry = last_entry(booking)
    assert entry["action"] == "payment.recorded"
    assert entry["about"]["payment"] == done.payment_id
    assert entry["after"]["amount"] == 7000
    assert "Ana" not in str(entry)
    assert "R 7" not in str(entry)


@pytest.mark.parametrize(("values", "mails"), [
    ({}, 1), ({"send_email": False}, 0), ({"state": "uncleared"}, 0),
])  # fmt: skip
def test_the_guest_gets_a_receipt_for_money_that_is_there(
    values: dict[str, Any], mails: int
) -> None:
    booking = make.booking(STAGES)

    record(booking, **values)

    found = make.rows_of(Message, kind="email.payment_received")
    assert len(found) == mails
    if mails:
        assert found[0].context["covered"] == [["Stage 1", 6000], ["Stage 2", 1000]]


def test_a_guest_without_an_address_is_not_written_to_and_staff_are_told() -> None:
    done = record(make.booking(STAGES, email=None))

    assert [each.code for each in done.warnings] == ["no_email"]
    assert make.rows_of(Message) == []


# --- more than is open --------------------------------------------------------------------------


def test_what_fits_no_line_is_credit_where_that_is_taken() -> None:
    booking = make.booking(STAGES)

    done = record(booking, "130")

    assert figures(booking) == (10000, 3000, 0)
    assert [each.code for each in done.warnings] == ["credit"]


def test_the_method_or_the_location_may_refuse_more_and_the_excess_is_named() -> None:
    make.method("Exact", overpayment="refuse")
    make.location(7, overpayment="refuse")
    strict, exact = make.booking(STAGES, location_id=7), make.booking(STAGES)

    assert refused(strict, "130") == [
        ("amount", "The payment exceeds what is open by 30.00 EUR, and Location 7 takes no more.")
    ]
    assert refused(exact, "130", method="Exact", state="uncleared") == [
        ("amount", "The payment exceeds what is open by 30.00 EUR, and Exact takes no more.")
    ]


@pytest.mark.parametrize("state", ["uncleared", "deferred"])
def test_a_promise_is_judged_by_what_is_open_and_not_promised_yet(state: str) -> None:
    make.method("Exact", overpayment="refuse")
    booking = make.booking(STAGES)
    record(booking, "80", method="Exact", state="uncleared", wishes=(2,))

    assert refused(booking, "50", method="Exact", state=state) == [
        ("amount", "The payment exceeds what is open by 30.00 EUR, and Exact takes no more.")
    ]
    assert record(booking, "20", method="Exact", state=state).warnings == ()
    assert [each.code for each in record(booking, "5", state=state).warnings] == ["credit"]


def test_money_that_is_there_is_judged_by_what_is_open_whatever_is_promised() -> None:
    make.method("Exact", overpayment="refuse")
    booking = make.booking(STAGES)
    record(booking, "80", method="Exact", state="uncleared")

    record(booking, "100", method="Exact")

    assert figures(booking) == (10000, 0, 0)


def cancelled() -> int:
    booking = make.booking(STAGES)
    wanted = CancelBooking(booking_id=booking)
    in_transaction(lambda connection: cancel_booking(connection, wanted, SYSTEM))
    return booking


def test_money_for_a_cancelled_booking_is_kept_as_credit_with_a_warning() -> None:
    booking = cancelled()

    done = record(booking)

    assert figures(booking) == (0, 7000, 0)
    assert [each.code for each in done.warnings] == ["booking_cancelled"]
    assert wrong_books() == []


@pytest.mark.parametrize("state", ["uncleared", "deferred"])
def test_nothing_is_promised_to_a_cancelled_booking(state: str) -> None:
    [(field, sentence)] = refused(cancelled(), state=state)

    assert field == "state"
    assert "only money that is there is recorded" in sentence


# --- what cannot be -----------------------------------------------------------------------------


def test_everything_that_is_wrong_is_told_at_once() -> None:
    tomorrow = clock.now().date() + timedelta(days=2)

    found = refused(make.booking(STAGES), "70.001", charges=Decimal("1.234"), method="?",
                    paid_on=tomorrow, wishes=(99,))  # fmt: skip

    assert [field for field, _ in found] == ["amount", "charges", "wishes", "method", "paid_on"]


@pytest.mark.parametrize("state", ["cleared", "uncleared"])
def test_money_did_not_come_on_a_day_still_to_come(state: str) -> None:
    tomorrow = clock.now().date() + timedelta(days=2)

    [(field, sentence)] = refused(make.booking(STAGES), state=state, paid_on=tomorrow)

    assert field == "paid_on"
    assert "is still to come" in sentence


def test_a_promise_is_for_today_or_later() -> None:
    yesterday = clock.now().date() - timedelta(days=2)

    [(field, sentence)] = refused(make.booking(STAGES), state="deferred", paid_on=yesterday)

    assert field == "paid_on"
    assert "has passed; a promise is for today" in sentence


@pytest.mark.parametrize(("state", "day"), [
    ("cleared", date(1, 1, 1)), ("uncleared", date(1999, 1, 1)), ("deferred", date(9999, 12, 31)),
])  # fmt: skip
def test_a_day_more_than_ten_years_from_today_is_a_slip(state: str, day: date) -> None:
    [(field, sentence)] = refused(make.booking(STAGES), state=state, paid_on=day)

    assert field == "paid_on"
    assert "more than ten years from today" in sentence


def test_there_is_no_such_booking() -> None:
    with pytest.raises(BookingUnknown):
        record(999)


def test_lines_of_other_bookings_are_none_of_this_one() -> None:
    other = make.booking(STAGES)
    booking = make.booking(STAGES)
    stranger = make.rows_of(ScheduleLine, booking_id=other)[0].id

    [(field, _)] = refused(booking, wishes=(stranger,))

    assert field == "wishes"
