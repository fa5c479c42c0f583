"""commands/status: how a command ended, in the vendor's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from bookings.models import Booking
from kit import clock
from kit.db import transaction
from partners.models import Partner
from payments.formats.iiko import ids
from payments.inbox import apply_accepted
from payments.models import AcceptedCommand, MethodPartner, MethodSwitchedOff, Payment
from tests import make
from tests.payments.formats.iiko.till import CARD, CASH, Till, failed, payment, refused
from tests.payments.proofs import broken_chains, wrong_books

UUID = "9fee8a2c-4da4-4b10-b2f4-0f2fb8d4f3b5"


def only_ended(booking: int) -> None:
    """No money of a refused command has come to the ledger."""
    assert make.rows_of(Payment) == []
    row = make.row_of(Booking, booking)
    assert (row.paid, row.credit, row.log_count) == (0, 0, 0)
    assert wrong_books() == broken_chains() == []


def test_more_than_is_open_is_refused_with_the_excess(till: Till) -> None:
    booking = make.booking(["100.00"])

    outcome = till.outcome(booking, payment("120.06"))

    assert failed(outcome) == ("Common", "The payment exceeds what is open by 20.06 EUR.")
    only_ended(booking)


def test_one_bad_payment_of_two_leaves_neither(till: Till) -> None:
    booking = make.booking(["100.00"])

    outcome = till.outcome(booking, payment("60.00"), payment("40.01", CASH))

    assert failed(outcome) == ("Common", "The payment exceeds what is open by 0.01 EUR.")
    only_ended(booking)


def test_a_cancelled_booking_takes_nothing(till: Till) -> None:
    booking = make.booking(["100.00"], status="cancelled")

    outcome = till.outcome(booking, payment())

    expected = f"Booking {booking} is cancelled; it takes no payment."
    assert failed(outcome) == ("Common", expected)
    only_ended(booking)


@pytest.mark.parametrize("named", ["nobody's uuid", "no such booking", "plain"])
def test_an_order_that_does_not_exist_is_not_found(till: Till, named: str) -> None:
    booking = make.booking(["100.00"])
    order = {"nobody's uuid": UUID, "no such booking": ids.order(99), "plain": "99"}[named]

    outcome = till.outcome(booking, payment(), orderId=order)

    expected = f"There is no order {order} at this organization."
    assert failed(outcome) == ("OrderNotFound", expected)
    only_ended(booking)


def test_an_order_of_another_organization_is_not_found_even_if_that_one_is_reached(
    app: Flask,
) -> None:
    till = Till(app, locations=(1, 2))
    make.method("Card", code=CARD)
    booking = make.booking(["100.00"], location_id=2)

    assert failed(till.outcome(booking, payment()))[0] == "OrderNotFound"
    only_ended(booking)


def test_payment_types_that_are_not_there_are_all_named(till: Till) -> None:
    booking = make.booking(["100.00"])

    outcome = till.outcome(
        booking,
        payment("1.00", UUID),
        payment("1.00", CARD),
        payment("1.00", CARD, paymentTypeKind="Cash"),
    )

    assert failed(outcome) == (
        "PaymentTypeNotFound",
        f"payments[0]: there is no payment type {UUID} at this organization. "
        f"payments[2]: there is no payment type {CARD} of the kind Cash at this organization.",
    )
    only_ended(booking)


def test_a_kind_alone_is_not_enough_where_there_are_two_of_it(till: Till) -> None:
    booking = make.booking(["100.00"])
    make.method("Another card")

    outcome = till.outcome(booking, payment("1.00", None, paymentTypeKind="Card"))

    reason, sentence = failed(outcome)
    assert reason == "PaymentTypeNotFound"
    assert sentence.startswith("payments[0]: not exactly one payment type of the kind Card")


@pytest.mark.parametrize(
    ("policy", "word"),
    [({"active": False}, "no payment type"), ({"is_refund": True}, "pays money")],
)
def test_what_is_not_listed_is_no_payment_type(
    till: Till, policy: dict[str, Any], word: str
) -> None:
    booking = make.booking(["100.00"])
    make.method("Other", code="OTHER", **policy)

    reason, sentence = failed(till.outcome(booking, payment("1.00", "OTHER")))

    assert reason == "PaymentTypeNotFound"
    assert word in sentence


def test_a_payment_type_that_is_switched_off_here_is_not_found(till: Till) -> None:
    booking, method = make.booking(["100.00"]), make.method("Other", code="OTHER")
    with transaction() as connection:
        row = {"method_id": method, "location_id": 1}
        connection.execute(insert(MethodSwitchedOff), [row])

    expected = "payments[0]: there is no payment type OTHER at this organization."
    outcome = till.outcome(booking, payment("1.00", "OTHER"))
    assert failed(outcome) == ("PaymentTypeNotFound", expected)


def test_a_payment_type_of_other_partners_is_not_found(till: Till, app: Flask) -> None:
    booking, method, friend = make.booking(), make.method("Kept", code="KEPT"), Till(app)
    with transaction() as connection:
        row = {"method_id": method, "partner_id": friend.partner_id}
        connection.execute(insert(MethodPartner), [row])

    reason, sentence = failed(till.outcome(booking, payment("1.00", "KEPT")))

    assert reason == "PaymentTypeNotFound"
    assert sentence == "Kept is kept for other partners; this one may not use it."


def test_a_tip_by_a_payment_type_that_takes_none_is_refused(till: Till) -> None:
    booking = make.booking(["100.00"])

    outcome = till.outcome(booking, payment("10.00"), tips=[payment("1.00")])

    assert failed(outcome) == ("Common", "Card takes no tips; send the payment without one.")
    only_ended(booking)


@pytest.mark.parametrize("sum", ["0.30000000000000004", "20.061", "0.123456789012345"])
def test_sums_are_never_rounded(till: Till, sum: str) -> None:
    """0.1 + 0.2 is 0.30000000000000004 where numbers are floats."""
    booking = make.booking(["100.00"])

    reason, sentence = failed(till.outcome(booking, payment(sum)))

    assert reason == "Common"
    assert sentence == f"{sum} has more decimals than EUR has; it has 2."
    only_ended(booking)


def test_an_organization_without_decimals_takes_whole_sums_only(app: Flask) -> None:
    make.location(4, currency="JPY")
    make.method("Card", code=CARD)
    till = Till(app, locations=(4,))
    booking = make.booking(["10000"], currency="JPY", location_id=4)

    assert failed(till.outcome(booking, payment("20.06")))[0] == "Common"
    for sum in ("2006", "1000.0"):  # the second is how a double of Java writes 1000
        assert till.outcome(booking, payment(sum)) == {"state": "Success"}


def test_a_command_that_is_not_applied_within_five_minutes_never_is(till: Till) -> None:
    booking = make.booking(["100.00"])
    ticket = till.add(booking, payment())
    [kept] = make.rows_of(AcceptedCommand)
    assert kept.apply_by - kept.accepted_at == timedelta(minutes=5)

    assert apply_accepted(lambda: kept.apply_by) == 1

    assert failed(till.status(ticket)) == ("Common", "Not processed before validity ended")
    assert apply_accepted() == 0
    only_ended(booking)


def test_a_command_is_applied_until_its_last_moment(till: Till) -> None:
    booking = make.booking(["100.00"])
    ticket = till.add(booking, payment())
    [kept] = make.rows_of(AcceptedCommand)

    apply_accepted(lambda: kept.apply_by - timedelta(microseconds=1))

    assert till.status(ticket) == {"state": "Success"}


def test_commands_of_a_partner_that_was_revoked_meanwhile_are_not_applied(till: Till) -> None:
    booking = make.booking(["100.00"])
    till.add(booking, payment())
    with transaction() as connection:
        connection.execute(update(Partner).values(revoked_at=clock.now()))

    apply_accepted()

    [kept] = make.rows_of(AcceptedCommand)
    assert kept.state == "failed"
    only_ended(booking)


@pytest.mark.parametrize("whose", ["nobody", "another partner", "another organization"])
def test_commands_of_others_are_unknown(app: Flask, whose: str) -> None:
    till = Till(app, locations=(1, 2))
    make.method("Card", code=CARD)
    ticket = till.add(make.booking(["100.00"]), payment())
    asking = Till(app) if whose == "another partner" else till
    place = 2 if whose == "another organization" else 1
    asked = {"organizationId": ids.organization(place),
             "correlationId": UUID if whose == "nobody" else ticket}  # fmt: skip

    answer = asking.ask("commands/status", asked)

    expected = f"correlationId is {asked['correlationId']}; this organization has no such command."
    assert refused(answer) == (400, "CommandNotFound", expected)
    assert till.status(ticket) == {"state": "InProgress"}


def test_a_correlation_id_in_capitals_is_the_same(till: Till) -> None:
    ticket = till.add(make.booking(["100.00"]), payment())

    assert till.status(ticket.upper()) == {"state": "InProgress"}


def test_a_status_is_asked_for_with_both_ids(till: Till) -> None:
    answer = till.ask("commands/status", {"correlationId": "x"})

    assert refused(answer) == (
        400,
        "several_problems",
        "organizationId is missing; it must be a UUID, or our own number. "
        "correlationId is 'x'; it must be a UUID.",
    )
