"""What was agreed on stays, whatever is amended and whatever the agency asks for by then."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import (
    Booking,
    BookingExtra,
    Contact,
    PaymentRule,
    Property,
    ScheduleLine,
    Stay,
)
from kit.db import transaction
from tests import make
from tests.bookings.given import (
    AMEND,
    ARRIVES,
    CANCEL,
    CREATE,
    REACTIVATE,
    Sums,
    amend,
    amended,
    asked,
    asks,
    book,
    day,
    extras,
    home,
    lines,
    log,
    nights,
    span,
    stay,
    sums,
    told,
)
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal


def change(model: Any, **values: Any) -> None:
    """All rows of it."""
    with transaction() as connection:
        connection.execute(update(model).values(values))


def strict(**terms: Any) -> int:
    """A house that keeps all of its rent when it is cancelled, and asks for nothing else."""
    return home(rule=make.rule(keeps="percentage", kept_rate=10000, **terms))


def whose(booking: int) -> set[int | None]:
    """The properties that lines which ask for something are of."""
    rows = make.rows_of(ScheduleLine, booking_id=booking)
    return {row.property_id for row in rows if row.amount}


# --- tax, insurance, fee ----------------------------------------------------------------------


def test_the_tax_that_was_agreed_on_stays(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    change(PaymentRule, tax_rate=3000)

    amended(agency, booking, stay(place, nights=1))
    assert sums(booking).total == 2500 + 11000

    amended(agency, booking, stay(place))
    assert sums(booking).total == 79500


def test_the_insurance_that_was_agreed_on_keeps_its_price(agency: Client) -> None:
    place = home(insurance="35.00")
    booking = book(agency, stay(place, InsuranceBreakages="Insurance"))
    change(Property, insurance=9900)

    amended(agency, booking, stay(place, Adults=3))
    assert sums(booking).total == 83000

    amended(agency, booking, stay(place, InsuranceBreakages="None"))
    assert sums(booking).total == 79500

    amended(agency, booking, stay(place, InsuranceBreakages="Insurance"))
    assert sums(booking).total == 79500 + 9900


def test_a_property_that_is_new_has_the_tax_of_today(agency: Client) -> None:
    house, flat = home(), home()
    booking = book(agency, stay(house))
    change(PaymentRule, tax_rate=3000)

    amended(agency, booking, stay(house), stay(flat, at=1))
    assert asks(booking)[-1] == ("Amendment", 91000)

    change(PaymentRule, tax_rate=0)
    amended(agency, booking, stay(house))
    assert sums(booking).total == 79500


def test_a_tax_that_nobody_knows_is_that_of_today_and_agreed_on_from_then_on(
    agency: Client,
) -> None:
    place = home()
    booking = book(agency, stay(place))
    change(Stay, tax_rate=None)
    change(PaymentRule, tax_rate=2000)

    amended(agency, booking, stay(place, nights=8))
    assert asks(booking)[-1] == ("Amendment", 12000)

    change(PaymentRule, tax_rate=5000)
    amended(agency, booking, stay(place))
    assert sums(booking).total == 79500


def test_the_booking_fee_never_changes(agency: Client) -> None:
    house = home()
    dear = home(rule=make.rule(tax_rate=1000, booking_fee="90.00"))
    booking = book(agency, stay(house))

    amended(agency, booking, stay(house), stay(dear, at=1))
    assert sums(booking).total == 2500 + 2 * 77000

    change(PaymentRule, booking_fee=0)
    amended(agency, booking, stay(dear))
    assert sums(booking).total == 79500


# --- properties that are dropped --------------------------------------------------------------


def test_the_lines_of_a_property_that_is_dropped_shrink_first(agency: Client) -> None:
    house, flat = home(), home()
    booking = book(agency, stay(flat), stay(house, at=1))
    before = dict(asks(book(agency, stay(house, 200))))

    amended(agency, booking, stay(house))

    left = [(name, amount) for name, amount in asks(booking) if name != "Booking Fee"]
    assert dict(left) == {name: before[name] for name, _ in left}
    assert len(left) == 3
    assert sum(amount for name, amount in asks(booking) if name == "Booking Fee") == 2500
    assert whose(booking) == {house}


def test_a_swap_at_the_same_price_takes_the_lines_along_and_their_money(agency: Client) -> None:
    house, flat = home(), home()
    booking = book(agency, stay(house))
    make.method()
    agency.pay(booking, "300.00")
    before = lines(booking)

    amended(agency, booking, stay(flat))

    assert lines(booking) == before
    assert whose(booking) == {flat}
    assert sums(booking) == Sums("booking", 79500, 30000, 0)
    agency.pay(booking, "10.00", PropertyId=flat)
    assert [paid for *_, paid, _ in lines(booking)] == [7000, 2500, 17500, 4000]


def test_what_is_kept_of_a_cancelled_booking_is_by_the_rules_of_what_is_booked(
    agency: Client,
) -> None:
    mild, hard = home(rule=make.rule()), strict()
    swapped, back = book(agency, stay(hard)), book(agency, stay(mild, 200))

    amended(agency, swapped, stay(mild))
    amended(agency, back, stay(hard, 200))
    for booking in (swapped, back):
        agency.post(CANCEL, f"BookingId={booking}")

    assert [sums(each).total for each in (swapped, back)] == [0, 70000]


def test_lines_of_no_property_do_not_go_by_the_rule_of_one_that_is_gone(agency: Client) -> None:
    house, flat, hard = home(rule=make.rule()), home(rule=make.rule()), strict()
    booking = book(agency, stay(house), stay(hard, at=1, nights=1))
    amended(agency, booking, stay(house), stay(hard, at=1, nights=1), stay(flat, at=2))
    amended(agency, booking, stay(house), stay(flat, at=1))
    assert whose(booking) == {house, None}

    agency.post(CANCEL, f"BookingId={booking}")

    assert sums(booking).total == 0


def test_a_property_that_comes_back_keeps_nothing_of_before(agency: Client) -> None:
    house, flat = home(), home(breakages_deposit="200.00")
    cot = make.extra(flat)
    ordered = extras((cot, 2)) | {"InsuranceBreakages": "BreakageDeposit", "Adults": 4}
    ordered |= {"OwnerAmount": "500", "CommissionType": 2}
    booking = book(agency, stay(house), stay(flat, at=1, **ordered))
    amended(agency, booking, stay(house))

    amended(agency, booking, stay(house), stay(flat, at=1))

    [_, row] = make.rows_of(Stay)
    assert (row.breakages, row.adults, row.owner_amount, row.commission_type) == (
        "none", 0, None, None,
    )  # fmt: skip
    assert make.rows_of(BookingExtra) == []
    assert sums(booking).total == 2500 + 2 * 77000


# --- lines that ask for less than the prices --------------------------------------------------


def test_down_and_up_again_asks_for_what_it_did_before(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place))
    change(Stay, accommodation=200000)  # as an import may have it

    amended(agency, booking, stay(place, nights=1))
    assert sums(booking).total == 0

    amended(agency, booking, stay(place, Adults=3, nights=1))
    assert sums(booking).total == 0

    amended(agency, booking, stay(place, AccommodationCost="2000"))
    assert sums(booking).total == 79500


# --- extras -----------------------------------------------------------------------------------


def ordered(booking: int) -> list[tuple[str, int]]:
    rows = make.rows_of(BookingExtra, booking_id=booking)
    return [(row.name, row.quantity) for row in rows]


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("Extras[0].Id={cot}&Extras[0].Qty=0", [("Basket", 3)]),
        ("Extras[0].Id={cot}&Extras[0].Qty=5", [("Cot", 5), ("Basket", 3)]),
        ("Extras[0].Id={basket}", [("Cot", 2), ("Basket", 3)]),
        ("Extras[0].Id={boat}", [("Cot", 2), ("Basket", 3), ("Boat", 1)]),
        ("Extras[0].Id={boat}&Extras[0].Qty=0", [("Cot", 2), ("Basket", 3)]),
        ("Extras[0].Id={boat}&Extras[0].Qty=4&Extras[1].Id={cot}&Extras[1].Qty=0",
         [("Basket", 3), ("Boat", 4)]),
    ],
)  # fmt: skip
def test_extras_that_are_named_change_and_the_others_stay(
    agency: Client, wanted: str, there: list[tuple[str, int]]
) -> None:
    place = home()
    ids = {name: make.extra(place, "10.00", name.title()) for name in ("cot", "basket", "boat")}
    booking = book(agency, stay(place, **extras((ids["cot"], 2), (ids["basket"], 3))))
    fields = [f"Properties[0].{each}" for each in wanted.format(**ids).split("&")]

    amended(agency, booking, stay(place), *fields)

    assert ordered(booking) == there
    assert sums(booking).total == 79500 + 1100 * sum(quantity for _, quantity in there)


def test_an_extra_that_is_not_offered_is_named_by_its_number(agency: Client) -> None:
    place = home()
    booking = book(agency, stay(place, **extras((make.extra(place), 2))))

    answer = amend(agency, booking, stay(place, **{"Extras[3].Id": 999}))

    assert refusal(answer) == (400, [("Properties[0].Extras[3].Id", "extra_unknown")])


# --- the guest --------------------------------------------------------------------------------


def test_a_guest_of_other_bookings_too_changes_for_this_one_alone(app: Any) -> None:
    here = Client.of_new_partner(app)
    booking, other = book(here, stay(home())), book(here, stay(home(), 200))
    contact = make.row_of(Booking, booking).contact_id
    change(Booking, contact_id=contact)

    amended(here, booking, Contact__Email="new@example.com", Contact__Country="Germany")

    mine = make.row_of(Contact, make.row_of(Booking, booking).contact_id)
    theirs = make.row_of(Contact, make.row_of(Booking, other).contact_id)
    assert (mine.first_name, mine.email, mine.locale) == ("Filomena", "new@example.com", "de_DE")
    assert (theirs.id, theirs.email, theirs.country) == (contact, "filomena@example.com", "")
    assert told(log(booking)[-1])["entry"]["after"]["fields"] == ["country", "email"]


def test_a_guest_of_this_booking_alone_is_changed_in_place(agency: Client) -> None:
    booking = book(agency, stay(home()))
    before = make.rows_of(Contact)

    amended(agency, booking, Contact__Email="new@example.com")

    assert [row.id for row in make.rows_of(Contact)] == [row.id for row in before]


# --- owners -----------------------------------------------------------------------------------


def test_a_booking_that_cost_nothing_is_no_owners_after_being_cancelled(agency: Client) -> None:
    place = home(rule=make.rule())
    booking = book(agency, stay(place, AccommodationCost=0))
    assert sums(booking).status == "booking"
    agency.post(CANCEL, f"BookingId={booking}")

    agency.post(REACTIVATE, f"BookingId={booking}")
    assert sums(booking) == Sums("booking", 0, 0, 0)

    amended(agency, booking, stay(place, AccommodationCost="500"))
    assert asks(booking) == [("Amendment", 50000)]


def test_an_owners_booking_stays_one(agency: Client) -> None:
    place = home()
    booking = agency.post(CREATE, f"OwnerBooking=1&{stay(place)}").json["BookingId"]
    agency.post(CANCEL, f"BookingId={booking}")
    agency.post(REACTIVATE, f"BookingId={booking}")

    amended(agency, booking, stay(place, AccommodationCost="500"))

    assert sums(booking) == Sums("blockout", 0, 0, 0)


# --- nothing to change ------------------------------------------------------------------------


@pytest.mark.parametrize("path", [AMEND, "/apis/booking/update"])
def test_nothing_to_change_writes_nothing(agency: Client, path: str) -> None:
    booking = book(agency, stay(home()))
    before = make.row_of(Booking, booking)

    with nothing_written():
        answer = agency.post(path, f"BookingId={booking}")

    assert (answer.status_code, answer.json["BookingId"]) == (200, booking)
    assert make.row_of(Booking, booking) == before
    assert agency.post(path, "BookingId=999").status_code == 404


def test_a_reason_alone_is_nothing_to_change_and_a_cancelled_booking_is_refused(
    agency: Client,
) -> None:
    booking = book(agency, stay(home()))

    with nothing_written():
        assert amend(agency, booking, Reason="no reason").status_code == 200

    agency.post(CANCEL, f"BookingId={booking}")
    assert refusal(amend(agency, booking)) == (409, [("BookingId", "amend_of_cancelled")])


# --- arrivals in the past ---------------------------------------------------------------------


@pytest.mark.parametrize("first", ["0001-01-01", "yesterday"])
@pytest.mark.parametrize("who", ["", "OwnerBooking=1&"])
def test_nothing_is_booked_for_a_day_that_has_passed(agency: Client, first: str, who: str) -> None:
    first = str(day(-1)) if first == "yesterday" else first
    wanted = stay(home(), Checkin=first, Checkout=first[:-2] + "28" if first[0] == "0" else day(1))

    with nothing_written():
        answer = agency.post(CREATE, who + asked(wanted))

    assert refusal(answer) == (400, [("Properties[0].Checkin", "arrival_in_past")])
    assert answer.json["Message"] == f"The arrival is {first}; today, {day(0)}, is the earliest."


def test_a_stay_that_has_begun_is_amended_but_not_moved_to_another_past_day(
    agency: Client,
) -> None:
    place, flat = home(), home()
    booking = book(agency, stay(place, 0))
    change(Stay, arrives_on=day(-2))

    amended(agency, booking, stay(place, -2, 12))
    assert nights(booking) == span(place, -2, 12)

    amended(agency, booking, stay(flat, -2, 12))
    assert nights(booking) == span(flat, -2, 12)

    answer = amend(agency, booking, stay(flat, -3, 12))
    assert refusal(answer) == (400, [("Properties[0].Checkin", "arrival_in_past")])
    amended(agency, booking, stay(flat, ARRIVES))
    assert amend(agency, booking, stay(flat, -2, 12)).status_code == 400
