"""Baskets: what is shown of a booking, waiving the commission, and confirming."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from audit.models import LogEntry
from bookings.models import Booking, ScheduleLine
from kit.db import transaction
from partners.models import Partner
from tests import make
from tests.make import Client, Due
from tests.payments.formats.spektrix.given import (
    REFUND,
    Till,
    details,
    new_till,
    nothing_recorded,
    told,
)
from tests.payments.proofs import broken_chains, unchanged, wrong_books

STAGES = [Due("60.00"), Due("15.00"), Due("40.00", 2, 30)]
WAIVE = '{"WaiveTransactionCommission":true}'


@pytest.fixture
def basket(till: Till) -> int:
    """Provisional: 60.00 and a fee of 15.00 at once, 40.00 later; its client may waive the fee."""
    found = make.booking(STAGES, status="provisional")
    fee = make.lines_of(found)[1].id
    with transaction() as connection:
        connection.execute(update(ScheduleLine).where(ScheduleLine.id == fee).values(kind="fee"))
        mine = update(Partner).where(Partner.id == till.partner_id)
        connection.execute(mine.values(may_waive_commission=True))
    return found


# --- reading ------------------------------------------------------------------------------------


def test_a_basket_shows_its_figures_and_all_money_that_is_there(till: Till, basket: int) -> None:
    make.method("PayPal")
    house = Client.of_new_partner(till.app)
    till.pay(basket, "60.00", more=details(Reference="r"))
    house.pay(basket, "20.00")
    house.pay(basket, "5.00", Status=1)
    till.pay(basket, "10.40", REFUND)

    answer = till.get(f"baskets/{basket}")

    assert answer.status_code == 200
    assert answer.text == (
        f'{{"id":"{basket}","total":115.00,"paid":69.60,"outstanding":45.40,"customPayments":['
        '{"name":"EPOS System","amount":60.00,"attributes":[{"name":"Reference","value":"r"}]},'
        '{"name":"PayPal","amount":20.00,"attributes":[]},'
        '{"name":"EPOS Refund","amount":-10.40,"attributes":[]}],'
        '"waiveTransactionCommission":false}'
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_basket_shows_the_details_of_the_callers_own_payments_alone(
    till: Till, basket: int
) -> None:
    other = new_till(till.app, login="other")
    till.pay(basket, "10.00", more=details(Reference="mine"))
    other.pay(basket, "20.00", more=details(Reference="of another"))

    seen = [each.get(f"baskets/{basket}").json["customPayments"] for each in (till, other)]

    assert [[each["amount"] for each in payments] for payments in seen] == [[10, 20], [10, 20]]
    assert [[each["attributes"] for each in payments] for payments in seen] == [
        [[{"name": "Reference", "value": "mine"}], []],
        [[], [{"name": "Reference", "value": "of another"}]],
    ]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_basket_out_of_reach_is_not_found(till: Till, method: str) -> None:
    with transaction() as connection:
        connection.execute(update(Partner).values(may_waive_commission=True))

    for wanted in (make.booking(location_id=2), 999):
        answer = till.send(method, till.path(f"baskets/{wanted}"), WAIVE)

        assert told(answer) == (404, [("id", "booking_unknown")])


def test_a_till_that_may_pay_confirms_what_is_paid(app: Flask) -> None:
    payer = new_till(app, "payments:write bookings:read", login="payer")
    basket = make.booking([], status="provisional")

    answer = payer.post(f"baskets/{basket}/confirm")

    assert answer.status_code == 200
    assert make.row_of(Booking, basket).status == "booking"


def test_each_call_needs_its_scope(app: Flask) -> None:
    payer, reader = (
        new_till(app, "payments:write", login="payer"),
        new_till(app, "bookings:read", login="reader"),
    )
    basket = make.booking()

    answers = [
        payer.get(f"baskets/{basket}"),
        reader.send("PATCH", reader.path(f"baskets/{basket}"), WAIVE),
        reader.post(f"baskets/{basket}/confirm"),
    ]

    assert [told(answer) for answer in answers] == [(403, [(None, "scope_missing")])] * 3
    assert reader.get(f"baskets/{basket}").status_code == 200


# --- waiving ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("body", [WAIVE, '[{"waivetransactioncommission":true,"Other":1}]'])
def test_the_commission_is_taken_off_the_total(
    till: Till, basket: int, method: str, body: str
) -> None:
    answer = till.send(method, till.path(f"baskets/{basket}"), body)

    assert answer.status_code == 200
    assert answer.json == {
        "id": str(basket), "total": 100, "paid": 0, "outstanding": 100, "customPayments": [],
        "waiveTransactionCommission": True,
    }  # fmt: skip
    entry = make.rows_of(LogEntry, chain=basket)[-1]
    assert (entry.action, entry.severity, entry.actor_id) == (
        "booking.amended", "high", till.partner_id,
    )  # fmt: skip
    assert wrong_books() == broken_chains() == []


def test_money_that_lay_on_it_flows_on(till: Till, basket: int) -> None:
    till.pay(basket, "70.00")

    answer = till.send("PATCH", till.path(f"baskets/{basket}"), WAIVE)

    assert (answer.json["total"], answer.json["paid"]) == (100, 70)
    assert [line.paid for line in make.lines_of(basket)] == [6000, 0, 1000]
    assert make.row_of(Booking, basket).status == "booking"


def test_only_who_may_waives_it(till: Till, basket: int) -> None:
    with transaction() as connection:
        connection.execute(update(Partner).values(may_waive_commission=False))

    with nothing_recorded():
        answer = till.send("PATCH", till.path(f"baskets/{basket}"), WAIVE)

    assert told(answer) == (403, [(None, "commission_not_waivable")])


def test_once_it_is_a_booking_it_is_too_late(till: Till, basket: int) -> None:
    till.pay(basket, "75.00")

    with nothing_recorded():
        answer = till.send("PATCH", till.path(f"baskets/{basket}"), WAIVE)

    assert told(answer) == (409, [("id", "too_late_to_waive")])


def test_not_waiving_changes_nothing_unless_it_was_waived(till: Till, basket: int) -> None:
    path, keep = till.path(f"baskets/{basket}"), '{"WaiveTransactionCommission":false}'

    with nothing_recorded():
        before = till.send("PATCH", path, keep)
    till.send("PATCH", path, WAIVE)
    with nothing_recorded():
        after = till.send("PATCH", path, keep)

    assert (before.status_code, before.json["waiveTransactionCommission"]) == (200, False)
    assert told(after) == (400, [("WaiveTransactionCommission", "invalid")])


def test_what_is_wrong_with_the_body_is_named(till: Till, basket: int) -> None:
    faults = {
        "": (None, "malformed_json"),
        "true": (None, "invalid"),
        "[]": (None, "invalid"),
        "{}": ("WaiveTransactionCommission", "required"),
        '{"WaiveTransactionCommission":"true"}': ("WaiveTransactionCommission", "invalid"),
        '{"WaiveTransactionCommission":1}': ("WaiveTransactionCommission", "invalid"),
    }

    for body, fault in faults.items():
        answer = till.post(f"baskets/{basket}", body)

        assert told(answer) == (400, [fault]), body


# --- confirming ---------------------------------------------------------------------------------


def test_a_basket_that_is_paid_in_several_parts_is_confirmed(till: Till, basket: int) -> None:
    for amount in ("60.00", "15.00", "40.00"):
        till.pay(basket, amount)

    answer = till.post(f"baskets/{basket}/confirm")

    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["outstanding"]) == (str(basket), 0)
    assert make.row_of(Booking, basket).status == "booking"


def test_a_provisional_basket_with_nothing_to_pay_becomes_a_booking(till: Till) -> None:
    basket = make.booking([], status="provisional")

    answer = till.post(f"baskets/{basket}/confirm", '{"sendConfirmationEmail":true}')

    assert answer.status_code == 200
    assert make.row_of(Booking, basket).status == "booking"
    assert broken_chains() == []


def test_what_is_still_open_is_in_the_way_and_named(till: Till, basket: int) -> None:
    till.pay(basket, "114.99")

    with nothing_recorded():
        answer = till.post(f"baskets/{basket}/confirm")

    assert told(answer) == (409, [("id", "still_open")])
    assert answer.json["message"] == (
        f"0.01 EUR of booking {basket} is still open; it is confirmed when nothing is."
    )


def test_a_cancelled_basket_is_not_confirmed(till: Till) -> None:
    basket = make.booking([], status="cancelled")

    assert told(till.post(f"baskets/{basket}/confirm")) == (409, [("id", "not_confirmable")])


def test_looking_changes_nothing(till: Till, basket: int) -> None:
    with unchanged():
        till.get(f"baskets/{basket}")
        head = till.send("HEAD", till.path(f"baskets/{basket}"))

    assert head.status_code == 200
