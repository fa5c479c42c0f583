"""Money is reported on the day it was there, by the way it came; what went back counts as less."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from audit.chain import SYSTEM
from kit import clock
from kit.db import in_transaction, transaction
from partners.models import Partner
from payments.models import Payment
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Client
from tests.office.reports.reading import lines, listed, report

TODAY = clock.now().date()
BEFORE = TODAY - timedelta(days=3)


@pytest.fixture(autouse=True)
def methods(client: Client) -> dict[str, int]:
    assert client
    make.tag(20, "Payment Failed", "payment_failed")
    return {name: make.method(name, takes_tips=True) for name in ("PayPal", "Cheque")}


def pay(client: Client, booking: int, amount: str, day: date = TODAY, **fields: object) -> int:
    answer = client.pay(booking, amount, PaymentDate=day.isoformat(), **fields)
    assert answer.status_code == 200, answer.text
    return int(answer.json["PaymentId"])


def test_money_stands_on_the_day_it_was_there_and_at_its_method(
    client: Client, methods: dict[str, int]
) -> None:
    booking = make.booking(["500.00"])
    pay(client, booking, "100", BEFORE, Charges="2.50")
    pay(client, booking, "50", BEFORE)
    pay(client, booking, "30", PaymentMethod="Cheque")

    found = lines("money", "count", "cleared", "charges", "total")

    assert found == [
        (BEFORE, methods["PayPal"], 2, 15000, 250, 15250),
        (TODAY, methods["Cheque"], 1, 3000, 0, 3000),
    ]


def test_a_promise_is_money_from_the_day_it_cleared(client: Client) -> None:
    payment = pay(client, make.booking(), "40", BEFORE, Status=2)
    before = lines("money", "cleared")

    client.post(f"/apis/payments/{payment}/clear", f"PaymentDate={TODAY}")

    assert before == []
    assert [line[0] for line in lines("money")] == [TODAY]


def test_an_attempt_and_a_promise_are_no_money(client: Client) -> None:
    booking = make.booking()
    pay(client, booking, "40", Status=1)
    pay(client, booking, "40", Status=2)
    pay(client, booking, "40", Status=1, AddBookingTag=20)

    assert report("money") == {}
    assert report("sources") == {}


def test_a_refund_counts_as_less_with_its_charges_and_tip(client: Client) -> None:
    payment = pay(client, make.booking(["500.00"]), "100", BEFORE, Charges="5")
    with transaction() as connection:
        connection.execute(update(Payment).where(Payment.id == payment).values(tip=300))
    client.post(f"/apis/payments/{payment}/refund", "Amount=40&Charges=2&Tip=1")

    sums = report("money")["EUR"].sums

    assert sums == {
        "count": 2, "cleared": 10000, "refunded": -4000, "charges": 300, "tips": 200,
        "total": 6500,
    }  # fmt: skip


def test_a_voided_payment_leaves_the_day_it_stood_on(client: Client) -> None:
    payment = pay(client, make.booking(), "40", BEFORE)
    order = VoidPayment(payment_id=payment, reason="Typed twice")
    assert lines("money", "count") != []

    in_transaction(lambda connection: void_payment(connection, order, SYSTEM))

    assert lines("money", "count") == []


def test_currencies_stand_side_by_side(client: Client) -> None:
    make.location(2, "JPY")
    both = Client.of_new_partner(client.app, locations=[1, 2])
    pay(both, make.booking(), "40")
    pay(both, make.booking(["9000"], currency="JPY", location_id=2), "900", Currency="JPY")

    found = report("money")

    assert {currency: each.sums["cleared"] for currency, each in found.items()} == {
        "EUR": 4000,
        "JPY": 900,
    }
    [line] = found["JPY"].groups
    assert line.of == found["EUR"].groups[0].of
    assert [row["cleared"] for row in listed("money", line.of, "JPY")] == [900]
    assert list(report("money", currency="JPY")) == ["JPY"]
    assert list(report("money", location=1)) == ["EUR"]
    assert list(report("money", locations=frozenset({2}))) == ["JPY"]
    assert report("money", locations=frozenset()) == {}
    assert report("money", locations=frozenset({2}), location=1) == {}


def test_both_days_of_a_period_are_in_it(client: Client) -> None:
    booking = make.booking(["500.00"])
    for ago in (4, 3, 2, 1, 0):
        pay(client, booking, "10", TODAY - timedelta(days=ago))

    days = [line[0] for line in lines("money", first=BEFORE, last=TODAY - timedelta(days=1))]

    assert days == [BEFORE, BEFORE + timedelta(days=1), BEFORE + timedelta(days=2)]


@pytest.mark.long
def test_money_is_told_apart_by_door_and_partner(client: Client) -> None:
    booking = make.booking(["500.00"])
    other = Client.of_new_partner(client.app)
    first, second = pay(client, booking, "10"), pay(other, booking, "20")
    desk = pay(client, booking, "40")
    with transaction() as connection:
        values = {"partner_id": None, "source": "desk"}
        connection.execute(update(Payment).where(Payment.id == desk).values(values))

    assert lines("sources", "cleared") == [
        ("ipro", client.partner_id, 1000),
        ("ipro", other.partner_id, 2000),
        ("desk", None, 4000),
    ]
    assert lines("sources", "cleared", partner=other.partner_id) == [
        ("ipro", other.partner_id, 2000)
    ]
    assert lines("sources", "cleared", no_partner=True) == [("desk", None, 4000)]
    assert lines("sources", "cleared", source="desk") == [("desk", None, 4000)]
    assert [row["payment_id"] for row in listed("sources", {"partner": None})] == [desk]
    assert [row["payment_id"] for row in listed("money")] == [desk, second, first]


def test_a_partner_learns_of_others_only_that_there_are_others(client: Client) -> None:
    booking = make.booking(["500.00"])
    others = [Client.of_new_partner(client.app) for _ in range(2)]
    for number, each in enumerate([client, *others], start=1):
        pay(each, booking, f"{number}0")

    found = report("sources", viewer=client.partner_id)["EUR"]
    rows = listed("sources", {"partner": 0}, viewer=client.partner_id)

    mine = make.row_of(Partner, client.partner_id).name
    assert [(each.of["partner"], each.labels["partner"]) for each in found.groups] == [
        (client.partner_id, mine),
        (0, "other"),
    ]
    assert [each.sums["cleared"] for each in found.groups] == [1000, 5000]
    assert {row["partner"] for row in rows} == {0}
    assert {row["partner_name"] for row in rows} == {"other"}
    assert lines("sources", "cleared", viewer=client.partner_id, partner=0) == [("ipro", 0, 5000)]
    hidden = {"viewer": client.partner_id, "partner": others[0].partner_id}
    assert lines("sources", "cleared", **hidden) == []


def test_a_row_says_what_it_is_about(client: Client, methods: dict[str, int]) -> None:
    booking = make.booking()
    payment = pay(client, booking, "40", BEFORE)
    refund = client.post(f"/apis/payments/{payment}/refund", "Amount=10").json["PaymentId"]

    last, first = listed("money")

    assert (last["payment_id"], last["refund_of"], last["refunded"]) == (refund, payment, -1000)
    assert (first["day"], first["method"], first["cleared"]) == (BEFORE, methods["PayPal"], 4000)
    assert (first["booking_id"], first["guest"], first["location"]) == (
        booking,
        "Maria Silva",
        "Location 1",
    )
