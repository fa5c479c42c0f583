"""POST /apis/booking/amend: what it makes of the schedule and its days, refusals, the log."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import (
    Booking,
    Property,
    ScheduleLine,
    Stay,
)
from kit.db import transaction
from payments.models import Payment
from tests import make
from tests.bookings.given import (
    AMEND,
    ARRIVES,
    BALANCE_DAYS,
    CANCEL,
    NIGHTS,
    PARTY,
    Sums,
    amend,
    amended,
    asks,
    book,
    day,
    extras,
    home,
    lines,
    log,
    moved,
    nights,
    ordered,
    party,
    span,
    stay,
    stays_of,
    sums,
    told,
)
from tests.make import Client, Due
from tests.payments.proofs import nothing_written, refusal

LATER = ARRIVES - BALANCE_DAYS
SCHEDULE = [
    ("10% tax", 1, 7000, 0, 0),
    ("Booking Fee", 1, 2500, 0, 0),
    ("Rental Deposit", 1, 17500, 0, 0),
    ("Rental Balance", 2, 52500, 0, LATER),
]


def change(model: Any, id: int, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(model).where(model.id == id).values(values))


def paid(client: Client, booking: int, amount: str) -> None:
    make.method()
    answer = client.pay(booking, amount)
    assert answer.status_code == 200, answer.text


# --- a lower total ----------------------------------------------------------------------------


def test_a_shorter_stay_shrinks_the_balance_first(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))

    amended(agency, booking, stay(place, nights=5))

    assert lines(booking) == [*SCHEDULE[:3], ("Rental Balance", 2, 30500, 0, LATER)]
    assert nights(booking) == span(place, count=5)
    row = make.row_of(Booking, booking)
    assert (row.arrives_on, row.leaves_on) == (day(ARRIVES), day(ARRIVES + 5))


def test_money_that_is_released_is_credit_and_nothing_more_is_due(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    paid(agency, booking, "270.00")
    [before] = make.rows_of(Payment)

    amended(agency, booking, stay(place, nights=1))

    assert asks(booking) == [("10% tax", 7000), ("Booking Fee", 2500), ("Rental Deposit", 4000)]
    assert sums(booking) == Sums("booking", 13500, 13500, 13500)
    deposit = make.lines_of(booking)[2].id
    assert moved(booking)[-2:] == [(deposit, -13500, "amendment"), (None, 13500, "amendment")]
    assert make.rows_of(Payment) == [before]  # an external payment is not touched


def test_a_security_deposit_is_never_shrunk(agency: Client) -> None:
    place = home(breakages_deposit="200.00")
    booking = book(agency, stay(place, InsuranceBreakages="BreakageDeposit"))

    amended(agency, booking, stay(place, nights=1))

    assert asks(booking)[-1] == ("Security Deposit", 20000)
    assert sums(booking).total == 13500 + 20000


def test_it_is_a_booking_when_what_is_left_of_stage_1_is_paid(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    paid(agency, booking, "200.00")
    assert sums(booking).status == "provisional"

    amended(agency, booking, stay(place, nights=1))

    assert sums(booking) == Sums("booking", 13500, 13500, 6500)


# --- a higher total ---------------------------------------------------------------------------


def test_a_longer_stay_is_one_new_line_due_with_the_balance(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))

    amended(agency, booking, stay(place, nights=9))

    assert lines(booking) == [*SCHEDULE, ("Amendment", 2, 22000, 0, LATER)]
    assert sums(booking) == Sums("provisional", 101500, 0, 0)


def test_it_is_paid_in_the_ordinary_way(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    paid(agency, booking, "795.00")
    amended(agency, booking, stay(place, nights=9))

    answer = agency.pay(booking, "220.00")

    assert answer.status_code == 200
    assert sums(booking) == Sums("booking", 101500, 101500, 0)


def test_credit_flows_into_the_new_line(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    paid(agency, booking, "900.00")

    amended(agency, booking, stay(place, nights=9))

    assert lines(booking)[-1] == ("Amendment", 2, 22000, 10500, LATER)
    assert sums(booking) == Sums("booking", 101500, 90000, 0)


def test_it_is_due_at_once_when_the_day_of_the_balance_has_passed(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place, 20))

    amended(agency, booking, stay(place, 20, 9))

    assert lines(booking)[-1] == ("Amendment", 2, 22000, 0, 0)


def test_amending_over_and_over_ends_where_booking_it_so_would_have(agency: Client) -> None:
    place = home()
    cot = make.extra(place)
    booking = book(agency, stay(place))

    for count in (9, 4, 12, 3):
        amended(agency, booking, stay(place, nights=count, **extras((cot, count))))
    amended(agency, booking, stay(place, **extras((cot, 0))))

    assert sums(booking).total == 79500
    assert stays_of(booking) == [(place, 70000, False)]


# --- days -------------------------------------------------------------------------------------


def due_days(booking: int) -> list[int]:
    return [due for _, _, amount, _, due in lines(booking) if amount]


def test_the_balance_moves_with_the_arrival(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))

    amended(agency, booking, stay(place, ARRIVES + 30))
    assert due_days(booking) == [0, 0, 0, LATER + 30]

    amended(agency, booking, stay(place, 10))
    assert due_days(booking) == [0, 0, 0, 0]

    amended(agency, booking, stay(place, ARRIVES))
    assert due_days(booking) == [0, 0, 0, LATER]


def test_a_day_that_was_agreed_on_with_a_payment_stays(agency: Client) -> None:
    make.method()
    place = home()
    booking = book(agency, stay(place))
    agency.pay(booking, "300.00", BalanceDueDate=day(20))

    amended(agency, booking, stay(place, ARRIVES + 30))

    assert due_days(booking)[-1] == 20


def test_a_balance_that_is_paid_stays_where_it_was(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    paid(agency, booking, "795.00")

    amended(agency, booking, stay(place, ARRIVES + 30, 8))

    assert due_days(booking) == [0, 0, 0, LATER, LATER + 30]


# --- bookings that came from elsewhere --------------------------------------------------------


def from_elsewhere(accommodation: int) -> tuple[int, int]:
    """A booking with lines that no rule made (the vendor's own example), and its property."""
    booking = make.booking(["90.00", "25.00", "248.00", Due("652.00", 2, 30)])
    [row] = make.rows_of(Stay, booking_id=booking)
    rule = make.rule(tax_rate=1000, deposit_rate=2500, booking_fee="25.00", balance_days=60)
    change(Property, row.property_id, night_price=10000, payment_rule_id=rule)
    change(Stay, row.id, accommodation=accommodation)
    return booking, row.property_id


def test_a_booking_from_elsewhere_shrinks_and_grows_by_what_its_items_differ(
    agency: Client,
) -> None:
    booking, place = from_elsewhere(90000)
    assert [amount for _, amount in asks(booking)] == [9000, 2500, 24800, 65200]

    amended(agency, booking, stay(place, 90, Adults=3))
    assert [amount for _, amount in asks(booking)] == [9000, 2500, 24800, 65200]

    amended(agency, booking, stay(place, 90, 6))  # six sevenths of 900.00, and the tax of it
    assert [amount for _, amount in asks(booking)] == [9000, 2500, 24800, 65200 - 14143]

    amended(agency, booking, stay(place, 90, 7))
    assert asks(booking)[-1] == ("Amendment", 11000)
    assert due_days(booking) == [0, 0, 0, 30, 30]


def test_a_booking_whose_accommodation_nobody_knows_asks_for_further_nights_alone(
    agency: Client,
) -> None:
    booking, place = from_elsewhere(0)

    amended(agency, booking, stay(place, 90, 9))

    assert asks(booking)[-1] == ("Amendment", 22000)


def test_an_owners_booking_moves_and_costs_nothing(agency: Client) -> None:
    place = home()
    answer = agency.post("/apis/booking", f"OwnerBooking=1&{stay(place)}")
    booking = answer.json["BookingId"]
    cot = make.extra(place)

    amended(agency, booking, stay(place, ARRIVES + 1, 9, **extras((cot, 1))))

    assert sums(booking) == Sums("blockout", 0, 0, 0)
    assert (lines(booking), nights(booking)) == ([], span(place, ARRIVES + 1, 9))
    assert stays_of(booking) == [(place, 0, False)]
    assert ordered(booking) == [("Cot", 1, 0)]


# --- refusals ---------------------------------------------------------------------------------


def test_a_cancelled_booking_is_not_amended(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    agency.post(CANCEL, f"BookingId={booking}")

    with nothing_written():
        answer = amend(agency, booking, stay(place), GuestNotes="allergic")

    assert refusal(answer) == (409, [("BookingId", "amend_of_cancelled")])
    assert answer.json["Message"] == (
        f"Booking {booking} is cancelled; reactivate it before amending it."
    )
    assert make.row_of(Booking, booking).guest_notes == ""


def test_an_amendment_that_is_refused_leaves_everything_as_it_was(agency: Client) -> None:
    place, elsewhere = home(), home(2)
    booking = book(agency, stay(place, **PARTY))
    before = (make.row_of(Booking, booking), party(booking), nights(booking))

    answer = amend(agency, booking, stay(elsewhere), stay(999, at=1), GuestNotes="allergic")

    assert refusal(answer) == (
        400,
        [("Properties[0].Id", "property_unknown"), ("Properties[1].Id", "property_unknown")],
    )
    assert (make.row_of(Booking, booking), party(booking), nights(booking)) == before


def test_a_booking_of_another_location_does_not_exist(app: Any) -> None:
    there = Client.of_new_partner(app, locations=(2,))
    booking = book(there, stay(home(2)))
    here = Client.of_new_partner(app)

    for wanted in (booking, 999):
        answer = amend(here, wanted, GuestNotes="x")

        assert refusal(answer) == (404, [("BookingId", "booking_unknown")])


def test_only_who_may_write_bookings_amends_them(app: Any) -> None:
    client = Client.of_new_partner(app, scopes="bookings:read payments:write payments:refund")

    assert amend(client, make.booking()).status_code == 403


def test_every_field_that_cannot_be_read_is_named(agency: Client) -> None:
    body = (
        "BookingId=x&Reason=" + "r" * 501 + "&Contact.Email=nobody&Properties[1].Checkin=never"
        "&Properties[1].Checkout=2030-01-01&Properties[1].Extras[0].Qty=-1"
    )

    status, wrong = refusal(agency.post(AMEND, body))

    assert status == 400
    assert set(wrong) == {
        ("BookingId", "invalid"),
        ("Reason", "too_long"),
        ("Contact.Email", "invalid"),
        ("Properties[1].Id", "required"),
        ("Properties[1].Checkin", "invalid"),
        ("Properties[1].Extras[0].Id", "required"),
        ("Properties[1].Extras[0].Qty", "invalid"),
    }


# --- what is told of it -----------------------------------------------------------------------


def test_the_log_says_what_was_amended_and_why(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place, **PARTY))

    amended(
        agency,
        booking,
        stay(place, nights=9),
        Reason="stays longer",
        GuestNotes="allergic",
        Contact__Mobile="912",
    )

    entry = log(booking)[-1]
    assert (entry.action, entry.severity, entry.actor_id) == (
        "booking.amended",
        "low",
        agency.partner_id,
    )
    body = told(entry)["entry"]
    assert body["reason"] == "stays longer"
    assert body["before"]["total"] == 79500
    assert body["before"]["stays"] == [[place, str(day(ARRIVES)), 70000]]
    assert body["after"]["total"] == 101500
    assert body["after"]["stays"] == [[place, str(day(ARRIVES)), 90000]]
    assert body["after"]["difference"] == 22000
    assert body["after"]["fields"] == ["guest_notes", "mobile"]


def test_a_dry_run_shows_what_would_be_due_and_changes_nothing(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))

    with nothing_written():
        answer = agency.post(
            AMEND, f"BookingId={booking}&{stay(place, nights=9)}", Prefer="dry-run"
        )

    assert answer.json["Bookings"][0]["RenterTotal"] == 1015.00
    assert answer.json["Events"] == ["booking.amended"]
    assert lines(booking) == SCHEDULE


@pytest.mark.parametrize("count", [1, NIGHTS, 9])
def test_no_line_is_ever_removed(agency: Client, count: int) -> None:
    place = home()
    booking = book(agency, stay(place))
    before = [line.id for line in make.rows_of(ScheduleLine)]

    amended(agency, booking, stay(place, nights=count))

    assert [line.id for line in make.rows_of(ScheduleLine)][:4] == before
