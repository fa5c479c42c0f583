"""The journal of the ledger: what each act books where, on which day, and what never changes."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest
from sqlalchemy import insert, select, update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking, reactivate_booking
from bookings.commands import CancelBooking
from bookings.models import Booking, ScheduleLine
from kit.account_codes import LINE_KINDS
from kit.db import in_transaction, reading, transaction
from locations.models import Location
from office.journal.queries import (
    Sum,
    Wanted,
    count_postings,
    entry_keys,
    postings_of,
    sums,
)
from payments.models import Allocation, Payment
from tests import make
from tests.make import Due
from tests.office.journal.given import clear, journal, pay, refund, told, void

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


# --- what is booked where -------------------------------------------------------------------------


def test_money_is_credited_to_the_lines_it_fills_to_credit_charges_and_tips(partner: int) -> None:
    payment = pay(partner, make.booking(STAGES), "110.00", charges="2.50", tip="7.50")

    [(number, _, accounts)] = told(journal())

    assert number == f"P{payment}"
    assert accounts == {
        "method:CARD": "120.00",
        "deposit": "-60.00",
        "balance": "-40.00",
        "credit": "-10.00",
        "charges": "-2.50",
        "tips": "-7.50",
    }


def test_lines_of_one_kind_are_one_amount(partner: int) -> None:
    pay(partner, make.booking(["10.00", "20.00"], properties=2), "30.00")

    [(_, _, accounts)] = told(journal())

    assert accounts == {"method:CARD": "30.00", "deposit": "-30.00"}


def test_every_kind_of_line_has_an_account_of_its_own(partner: int) -> None:
    booking = make.booking(["10.00"] * len(LINE_KINDS))
    lines = make.lines_of(booking)
    with transaction() as connection:
        for line, kind in zip(lines, LINE_KINDS, strict=True):
            here = update(ScheduleLine).where(ScheduleLine.id == line.id)
            connection.execute(here.values(kind=kind))
    pay(partner, booking, "80.00")

    [(_, _, accounts)] = told(journal())

    assert accounts == {"method:CARD": "80.00", **dict.fromkeys(LINE_KINDS, "-10.00")}


@pytest.mark.parametrize("state", ["uncleared", "deferred"])
def test_a_promise_is_booked_when_it_comes_true(partner: int, state: str) -> None:
    payment = pay(partner, make.booking(STAGES), "50.00", "2026-03-01T12:00", state=state)
    assert journal() == []

    clear(payment, "2026-03-05T12:00")

    assert told(journal()) == [
        (f"P{payment}", "2026-03-05", {"method:CARD": "50.00", "deposit": "-50.00"})
    ]


def test_a_promise_that_is_void_was_never_booked(partner: int) -> None:
    payment = pay(partner, make.booking(STAGES), "50.00", state="uncleared")

    void(payment)

    assert journal() == []


def test_a_refund_is_credited_to_its_own_method_and_debited_where_it_was_taken(
    partner: int,
) -> None:
    payment = pay(partner, make.booking(STAGES), "110.00", charges="2.50", tip="7.50")

    back = refund(payment, amount="30.00", charges="1.00", tip="2.00", method="Cash")

    assert told(journal())[1:] == [
        (
            f"R{back}",
            told(journal())[0][1],
            {
                "method:CASH": "-33.00",
                "balance": "20.00",
                "credit": "10.00",
                "charges": "1.00",
                "tips": "2.00",
            },
        )
    ]


@pytest.mark.long
def test_a_refund_of_charges_alone_balances_too(partner: int) -> None:
    payment = pay(partner, make.booking(STAGES), "50.00", charges="2.50")

    refund(payment, charges="2.50")

    assert told(journal())[1][2] == {"method:CARD": "-2.50", "charges": "2.50"}


def test_other_credit_that_flows_into_what_a_refund_opened_is_an_entry_of_its_own(
    partner: int,
) -> None:
    booking = make.booking(["60.00"])
    first = pay(partner, booking, "60.00", "2026-03-01T10:00")
    second = pay(partner, booking, "25.00", "2026-03-01T11:00")

    back = refund(first, "2026-03-02T10:00", amount="20.00")

    *_, flowed = entries = told(journal())
    assert entries[2] == (f"R{back}", "2026-03-02", {"method:CARD": "-20.00", "deposit": "20.00"})
    assert flowed[0].startswith("M")
    assert flowed[1:] == ("2026-03-02", {"credit": "20.00", "deposit": "-20.00"})
    assert journal()[3].payment_id == second


def test_what_is_void_is_booked_back_on_the_day_it_is_void(partner: int) -> None:
    payment = pay(
        partner, make.booking(STAGES), "70.00", "2026-03-01T10:00", charges="1.00", tip="1.00"
    )

    void(payment, "2026-03-09T10:00")

    came, gone = told(journal())
    assert came[2] == {
        "method:CARD": "72.00", "deposit": "-60.00", "balance": "-10.00", "charges": "-1.00",
        "tips": "-1.00",
    }  # fmt: skip
    assert gone == (
        f"V{payment}",
        "2026-03-09",
        {"method:CARD": "-72.00", "deposit": "60.00", "balance": "10.00", "charges": "1.00",
         "tips": "1.00"},
    )  # fmt: skip


def test_a_refund_that_is_void_is_booked_back_by_the_refund_s_method(partner: int) -> None:
    payment = pay(partner, make.booking(STAGES), "70.00", "2026-03-01T10:00", charges="1.00")
    back = refund(payment, "2026-03-02T10:00", amount="15.00", charges="1.00", method="Cash")

    void(back, "2026-03-03T10:00")

    assert told(journal())[2] == (
        f"V{back}",
        "2026-03-03",
        {"method:CASH": "16.00", "deposit": "-5.00", "balance": "-10.00", "charges": "-1.00"},
    )


def test_cancelling_moves_money_from_lines_to_the_fee_and_to_credit(partner: int) -> None:
    booking = make.booking(STAGES)
    payment = pay(partner, booking, "80.00", "2026-03-01T10:00")
    order = CancelBooking(booking_id=booking, fee=25_00)
    in_transaction(lambda c: cancel_booking(c, order, SYSTEM))

    moved = journal()[1]

    assert (moved.payment_id, moved.text) == (payment, f"Money of payment {payment} moved")
    assert told([moved])[0][2] == {
        "balance": "20.00", "cancellation_fee": "-25.00", "credit": "-55.00", "deposit": "60.00",
    }  # fmt: skip


def test_taking_up_a_booking_again_moves_it_back(partner: int) -> None:
    booking = make.booking(STAGES)
    pay(partner, booking, "80.00", "2026-03-01T10:00")
    in_transaction(lambda c: cancel_booking(c, CancelBooking(booking_id=booking, fee=0), SYSTEM))
    in_transaction(lambda c: reactivate_booking(c, booking, SYSTEM))

    _, away, back = [accounts for _, _, accounts in told(journal())]

    assert {name: f"-{amount}".replace("--", "") for name, amount in away.items()} == back


def test_what_goes_from_a_line_to_another_of_its_kind_is_no_entry(partner: int) -> None:
    booking = make.booking(["30.00", "20.00"], properties=2)
    payment = pay(partner, booking, "30.00")
    first, second = make.lines_of(booking)
    with transaction() as connection:
        row = {"payment_id": payment, "booking_id": booking, "cause": "amendment"}
        now = connection.scalar(select(Allocation.created_at))
        for line, amount in ((first, -5_00), (second, 5_00)):
            values = {**row, "line_id": line.id, "amount": amount, "created_at": now}
            connection.execute(insert(Allocation), [values])

    assert len(journal()) == 1


# --- days -----------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Atlantic/Azores", "2026-07-01T23:59:59.999999", "2026-07-01"),
        ("Atlantic/Azores", "2026-07-02T00:00", "2026-07-02"),  # summer: no hour behind
        ("Atlantic/Azores", "2026-12-02T00:59:59.999999", "2026-12-01"),
        ("Atlantic/Azores", "2026-12-02T01:00", "2026-12-02"),
        ("Europe/Lisbon", "2026-03-28T23:59", "2026-03-28"),
        ("Europe/Lisbon", "2026-03-29T22:59", "2026-03-29"),  # 23 hours long
        ("Europe/Lisbon", "2026-03-29T23:00", "2026-03-30"),
        ("Europe/Lisbon", "2026-10-24T23:00", "2026-10-25"),  # 25 hours long
        ("Europe/Lisbon", "2026-10-25T23:59", "2026-10-25"),
        ("Europe/Lisbon", "2026-10-26T00:00", "2026-10-26"),
        ("Pacific/Kiritimati", "2026-05-01T10:00", "2026-05-02"),
        ("Pacific/Pago_Pago", "2026-05-01T10:59", "2026-04-30"),
    ],
)
def test_an_entry_stands_on_the_day_of_recording_at_its_location(
    partner: int, zone: str, moment: str, day: str
) -> None:
    with transaction() as connection:
        connection.execute(update(Location).where(Location.id == 1).values(time_zone=zone))
    pay(partner, make.booking(), "10.00", moment)
    asked = date.fromisoformat(day)

    assert [entry.day for entry in journal()] == [asked]
    assert len(journal(first=asked, last=asked)) == 1
    assert journal(first=asked.replace(day=asked.day + 1)) == [] if asked.day < 28 else True
    assert journal(last=asked.replace(day=asked.day - 1)) == [] if asked.day > 1 else True


def test_days_that_are_typed_in_are_value_days_alone(partner: int) -> None:
    payment = pay(partner, make.booking(), "10.00", "2026-03-10T10:00", paid_on=date(2026, 2, 20))
    refund(payment, "2026-03-20T10:00", amount="1.00", paid_on=date(2026, 3, 15))

    came, left = journal()

    assert (came.day, came.value_day) == (date(2026, 3, 10), date(2026, 2, 20))
    assert (left.day, left.value_day) == (date(2026, 3, 20), date(2026, 3, 15))


@pytest.mark.parametrize("day", [date.min, date(1969, 12, 31), date(9999, 1, 1), date.max])
def test_any_day_of_the_calendar_can_be_asked_for(partner: int, day: date) -> None:
    pay(partner, make.booking(), "10.00")

    assert len(journal(first=day)) == (day.year < 2000)
    assert len(journal(last=day)) == (day.year > 2000)


# --- filters, sums, pages -------------------------------------------------------------------------


@pytest.fixture
def three(partner: int) -> list[int]:
    """Bookings of three locations, two currencies; each has been paid 10 by card."""
    places = [(1, "EUR"), (2, "GBP"), (3, "EUR")]
    found = [make.booking(["10"], currency=money, location_id=id) for id, money in places]
    for booking in found:
        pay(partner, booking, "10", "2026-03-01T10:00")
    return found


@pytest.mark.long
@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({}, [0, 1, 2]),
        ({"location": 2}, [1]),
        ({"currency": "EUR"}, [0, 2]),
        ({"reach": frozenset({1, 2})}, [0, 1]),
        ({"reach": frozenset({1}), "location": 2}, []),
        ({"reach": frozenset()}, []),
    ],
)
def test_one_location_one_currency_and_what_is_in_reach(
    three: list[int], wanted: dict[str, object], places: list[int]
) -> None:
    found = {entry.booking_id for entry in journal(**wanted)}

    assert found == {three[place] for place in places}
    with reading() as session:
        assert count_postings(session, Wanted(**wanted)) == 2 * len(places)  # type: ignore[arg-type]


def test_sums_are_by_day_currency_and_place_and_never_mixed(partner: int, three: list[int]) -> None:
    refund(pay(partner, three[0], "5", "2026-03-02T10:00"), "2026-03-02T11:00", amount="1")
    card = make.rows_of(Payment)[0].method_id

    with reading() as session:
        found = sums(session, Wanted())

    first, second = date(2026, 3, 1), date(2026, 3, 2)
    assert {(each.day, each.currency, each.place): each for each in found} == {
        (each.day, each.currency, each.place): each
        for each in (
            Sum(first, "EUR", "method", card, 20_00, 0),
            Sum(first, "EUR", "deposit", None, 0, 20_00),
            Sum(first, "GBP", "method", card, 10_00, 0),
            Sum(first, "GBP", "deposit", None, 0, 10_00),
            Sum(second, "EUR", "method", card, 5_00, 1_00),
            Sum(second, "EUR", "credit", None, 1_00, 5_00),
        )
    }


def test_entries_are_found_by_their_keys(partner: int, three: list[int]) -> None:
    refund(make.rows_of(Payment)[0].id, "2026-03-02T10:00", amount="1")
    with reading() as session:
        query, order = entry_keys(Wanted(location=1))
        keys = [tuple(row) for row in session.execute(query.order_by(*order))]

        found = list(postings_of(session, Wanted(location=1), keys[1:]))

    assert [(each.place, each.amount) for each in found] == [("method", -1_00), ("deposit", 1_00)]
    assert len(keys) == 2


def test_the_balance_of_each_account_is_what_the_books_say(partner: int) -> None:
    booking = make.booking(STAGES)
    first = pay(partner, booking, "110.00", charges="2.00", tip="3.00")
    refund(first, amount="5.00", tip="1.00", method="Cash")
    void(pay(partner, booking, "20.00"))
    order = CancelBooking(booking_id=booking, fee=30_00)
    in_transaction(lambda c: cancel_booking(c, order, SYSTEM))

    balance: dict[str, int] = defaultdict(int)
    for entry in journal():
        for line in entry.lines:
            balance[line.account] += line.amount

    row = make.row_of(Booking, booking)
    assert {name: amount for name, amount in balance.items() if amount} == {
        "method:CARD": 115_00,
        "method:CASH": -6_00,
        "line:cancellation_fee": -row.paid,
        "credit": -row.credit,
        "charges": -row.charges,
        "tips": -2_00,
    }
    assert (row.paid, row.credit) == (30_00, 75_00)
