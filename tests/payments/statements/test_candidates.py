"""Which bookings are looked at for a line: all that something of it fits, in few statements."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from bookings.models import Booking, Contact
from kit import clock
from kit.db import transaction
from payments.models import PaymentMethod
from payments.statements.clues import Reason
from tests import make
from tests.make import Client, Due
from tests.payments.moving import paid
from tests.payments.proofs import counted_queries
from tests.payments.statements import bank
from tests.payments.typing_in import record

STAGES = [Due("60.00"), Due("30.00"), Due("40.00", 2, 60)]
TODAY = clock.now().date()


@pytest.fixture
def account(app: Flask) -> int:
    assert app
    make.method("Cash", kind="cash")
    make.method("Cheque", kind="cheque", from_outside=False, code=None)
    return bank.account()


def called(booking: int, first: str, last: str) -> None:
    mine = Contact.id == make.row_of(Booking, booking).contact_id
    with transaction() as connection:
        names = {"first_name": first, "last_name": last}
        connection.execute(update(Contact).where(mine).values(names))


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("60.00", "amount_of_line"),
        ("90.00", "amount_of_stage"),
        ("40.00", "amount_of_stage"),
        ("130.00", "amount_outstanding"),
    ],
)
def test_open_lines_stages_and_wholes_are_found_by_their_amount(
    account: int, amount: str, code: str
) -> None:
    booking = make.booking(STAGES)
    make.booking(["777.00"])
    line = bank.line(account, amount)

    [proposal] = bank.proposals(account)[line]

    assert proposal.parts == (bank.part(booking, amount),)
    assert (proposal.kind, proposal.reasons[0].code) == ("recorded", code)


def test_what_is_paid_of_a_line_is_not_open(account: int) -> None:
    booking = make.booking(STAGES)
    record(booking, "70")
    line = bank.line(account, "20.00")

    assert bank.first(account, line).parts == (bank.part(booking, "20.00"),)
    assert bank.proposals(account, [bank.line(account, "60.00")])


@pytest.mark.parametrize("text", ["{identifier}", "AB 1.7/X", "ab17x", "your stay {id}"])
def test_bookings_are_found_by_what_the_text_names_whatever_the_amount(
    account: int, text: str
) -> None:
    for _ in range(3):
        make.booking(STAGES)
    booking = make.booking(STAGES, id=4711, external_reference="AB1-7.X")
    said = text.format(id=booking, identifier=make.row_of(Booking, booking).account_identifier)
    line = bank.line(account, "7.00", remittance=f"For {said}, thanks")

    proposal = bank.first(account, line)

    assert proposal.parts == (bank.part(booking, "7.00"),)
    assert "amount_less" in bank.said(proposal)


def test_a_booking_that_is_paid_is_found_by_its_reference_as_it_is_stored(account: int) -> None:
    booking = make.booking(["50.00"], account_identifier="A77.1")
    record(booking, "50", paid_on=TODAY - timedelta(days=90))
    line = bank.line(account, "7.00", remittance="a77.1 again")

    proposal = bank.first(account, line)

    assert proposal.reasons == (Reason("amount_more", 700), Reason("account_identifier", "A77.1"))


def test_a_promise_is_found_by_its_amount_with_charges_and_tip_and_by_its_reference(
    account: int,
) -> None:
    booking = make.booking(STAGES)
    promise = record(
        booking, "50", method="Cheque", state="uncleared", charges=Decimal(5), reference="CHQ 100/7"
    ).payment_id
    exact = bank.line(account, "55.00")
    other = bank.line(account, "1.00", remittance="chq-100-7")

    assert bank.first(account, exact).parts == (bank.part(booking, "55.00", promise),)
    assert "promise_stays" in bank.said(bank.first(account, other))


def test_a_promise_that_its_sender_completes_is_nobody_elses_to_clear(
    account: int, client: Client
) -> None:
    make.method("PayPal")
    booking = make.booking(STAGES)
    paid(client, booking, "55.00", Status=1, PaymentMethod="PayPal")
    with transaction() as connection:
        mine = PaymentMethod.name == "PayPal"
        connection.execute(update(PaymentMethod).where(mine).values(paying="external"))
    line = bank.line(account, "55.00")

    assert bank.proposals(account)[line] == []


def test_money_that_is_there_is_found_and_cash_is_not_at_the_bank(account: int) -> None:
    booking = make.booking(STAGES)
    record(booking, "20", method="Cash")
    cheque = record(booking, "21", method="Cheque").payment_id
    cash, line = bank.line(account, "20.00"), bank.line(account, "21.00")

    found = bank.proposals(account)

    assert found[cash] == []
    assert found[line][0].parts == (bank.part(booking, "21.00", cheque),)


def test_what_is_matched_is_not_proposed_again(account: int) -> None:
    booking = make.booking(STAGES)
    promise = record(booking, "50", method="Cheque", state="uncleared").payment_id
    one, other = (bank.line(account, "50.00") for _ in range(2))

    bank.match(one, bank.part(booking, "50.00", promise))

    assert bank.proposals(account) == {other: []}


def test_a_guest_is_found_by_name_and_by_the_account_earlier_money_came_from(account: int) -> None:
    booking, other = make.booking(STAGES), make.booking(["500.00"])
    called(booking, "Jürgen", "Müller")
    called(other, "Ana", "de Sousa")
    named = bank.line(account, "7.00", party="MUELLER JUERGEN", party_account="DE12")

    proposal = bank.first(account, named)
    assert (proposal.parts, bank.said(proposal)) == (
        (bank.part(booking, "7.00"),), {"amount_less", "name_alike"}
    )  # fmt: skip

    bank.match(named, *proposal.parts)
    again = bank.line(account, "9.00", party="somebody", party_account="DE12")
    sousa = bank.line(account, "9.00", party="DE SOUSA, ANA")
    assert "account_known" in bank.said(bank.first(account, again))
    assert bank.first(account, sousa).parts == (bank.part(other, "9.00"),)


def test_the_rest_of_a_line_is_proposed_for(account: int) -> None:
    booking, other = make.booking(["60.00"]), make.booking(["35.00"])
    line = bank.line(account, "95.00")

    bank.match(line, bank.part(booking, "60.00"))

    assert bank.first(account, line).parts == (bank.part(other, "35.00"),)


def test_lines_of_the_same_payer_are_looked_at_with_the_one_that_is_asked_for(account: int) -> None:
    booking = make.booking(STAGES)
    promise = record(booking, "50", method="Cheque", state="uncleared").payment_id
    said = {"party": "Maria Silva", "party_account": "PT1"}
    one, other = bank.line(account, "30.00", **said), bank.line(account, "20.00", **said)

    found = bank.proposals(account, [one])

    assert list(found) == [one]
    joined = found[one][0]
    assert (joined.line_ids, joined.parts) == (
        (one, other),
        (bank.part(booking, "50.00", promise),),
    )


# --- what is out of reach -----------------------------------------------------------------------


def test_an_account_of_one_location_finds_its_bookings_and_one_for_all_finds_all(
    account: int,
) -> None:
    make.location(2)
    here, there = make.booking(["60.00"]), make.booking(["60.00"], location_id=2)
    for_all = bank.account(None)

    of_one = bank.proposals(account, [bank.line(account, "60.00")])
    of_all = bank.proposals(for_all, [bank.line(for_all, "60.00")])

    assert [[x.parts[0].booking_id for x in listed] for listed in of_one.values()] == [[here]]
    assert [[x.parts[0].booking_id for x in listed] for listed in of_all.values()] == [
        [here, there]
    ]


def test_bookings_in_another_currency_are_none_of_the_accounts(account: int) -> None:
    booking = make.booking(["60.00"], currency="GBP", account_identifier="G60.1")
    line = bank.line(account, "60.00", remittance="G60.1")

    assert booking
    assert bank.proposals(account)[line] == []


@pytest.mark.long
def test_lines_that_are_settled_or_of_another_account_are_left_out(account: int) -> None:
    other = bank.account()
    line, elsewhere = bank.line(account, "60.00"), bank.line(other, "60.00")
    bank.aside(line)

    assert bank.proposals(account, [line, elsewhere]) == {}
    assert bank.proposals(account) == {}


@pytest.mark.parametrize("count", [1, 40])
def test_six_statements_read_all_there_is_for_any_number_of_lines(account: int, count: int) -> None:
    bookings = [make.booking(STAGES, account_identifier=f"Q{n}.1") for n in range(3)]
    rows: list[dict[str, Any]] = [
        {"amount": f"{n + 1}.00", "remittance": f"Q{n % 3}.1", "party": "Maria Silva"}
        for n in range(count)
    ]
    bank.lines(account, rows)

    with counted_queries() as seen:
        found = bank.proposals(account)

    assert bookings
    assert all(found.values())
    assert len([each for each in seen if each.startswith("SELECT")]) <= 7


def test_what_is_certain_does_not_depend_on_which_lines_are_asked_for(account: int) -> None:
    booking = make.booking(["500.00"], id=4711)
    record(booking, "60", method="Cheque", state="uncleared")
    said = f"Cheque for booking {booking}"
    mine = bank.line(account, "60.00", party="Maria Silva", remittance=said)
    assert bank.first(account, mine).score >= 90
    bank.line(account, "60.00", party="Maria Silva", party_account="PT9", remittance=said)

    alone = bank.first(account, mine)

    assert (alone.score, "wanted_by_others" in bank.said(alone)) == (85, True)
