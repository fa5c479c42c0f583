"""GET custom-payment-types: what a client may send payments by."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import insert, update

from kit.db import transaction
from payments.models import MethodPartner, MethodSwitchedOff, PaymentMethod
from tests import make
from tests.payments.formats.spektrix.given import OTHER, REFUND, TILL, Till, new_till, told

TYPES = "custom-payment-types"


def names(till: Till) -> list[str]:
    answer = till.get(TYPES)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json or ()]


def test_every_type_is_shown_with_its_id_and_its_details_in_their_order(till: Till) -> None:
    answer = till.get(TYPES)

    def text(name: str, *, required: bool = False) -> dict[str, object]:
        return {"name": name, "isRequired": required, "type": "Text field"}

    assert answer.json == [
        {"name": "EPOS System", "id": TILL, "isRefund": False,
         "attributeDefinitions": [text("Payment ref"), text("Reference")]},
        {"name": "Quick Donation", "id": OTHER, "isRefund": False,
         "attributeDefinitions": [text("Appeal", required=True)]},
        {"name": "EPOS Refund", "id": REFUND, "isRefund": True, "attributeDefinitions": []},
    ]  # fmt: skip
    assert list(answer.json[0]) == ["name", "id", "isRefund", "attributeDefinitions"]
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_only_what_may_be_sent_from_outside_and_is_completed_there_is_shown(till: Till) -> None:
    make.method("Both")
    make.method("Desk", paying="on_site")
    make.method("Cash", kind="cash", from_outside=False)
    make.method("Old", active=False)

    assert names(till) == ["EPOS System", "Quick Donation", "EPOS Refund", "Both"]


def test_a_method_kept_for_other_partners_is_none_of_this_one(app: Flask, till: Till) -> None:
    other = new_till(app, login="other")
    for name, partners in (("Mine", [till]), ("Theirs", [other]), ("Ours", [till, other])):
        method_id = make.method(name)
        rows = [{"method_id": method_id, "partner_id": each.partner_id} for each in partners]
        with transaction() as connection:
            connection.execute(insert(MethodPartner), rows)

    assert names(till)[3:] == ["Mine", "Ours"]
    assert names(other)[3:] == ["Theirs", "Ours"]


def test_a_method_that_the_location_has_switched_off_is_not_shown_there(app: Flask) -> None:
    here, there = new_till(app, locations=(1, 2)), Till(app, 0, "client2")
    method_id = make.method("PayPal")
    with transaction() as connection:
        connection.execute(insert(MethodSwitchedOff), [{"method_id": method_id, "location_id": 2}])

    assert (names(here), names(there)) == (["PayPal"], [])


def test_an_id_stays_when_the_method_is_called_otherwise(till: Till) -> None:
    with transaction() as connection:
        mine = update(PaymentMethod).where(PaymentMethod.public_id == TILL)
        connection.execute(mine.values(name="Till", code="TILL"))

    assert [each["id"] for each in till.get(TYPES).json or () if each["name"] == "Till"] == [TILL]


def test_a_client_name_that_is_none_of_its_own_is_unknown(app: Flask, till: Till) -> None:
    make.location(2)

    for name in ("client2", "nowhere", "CLIENT1", "%00", "4111111111111111"):
        answer = Till(app, till.partner_id, name).get(TYPES)

        assert told(answer) == (404, [("clientname", "location_unknown")]), name
        assert answer.json["message"] == "There is no location of that client name."


def test_seeing_them_needs_the_scope_of_paying(app: Flask) -> None:
    reader = new_till(app, scopes="bookings:read payments:read")

    answer = reader.get(TYPES)

    assert told(answer) == (403, [(None, "scope_missing")])
    assert answer.json["message"] == (
        "This call needs the scope payments:write, which this client does not have."
    )
