"""Organizations and payment types: what a sender may name, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from kit.db import transaction
from payments.formats.iiko import ids
from payments.models import MethodPartner, MethodSwitchedOff
from tests import make
from tests.payments.formats.iiko.till import Till, refused


@pytest.fixture
def two(app: Flask) -> Till:
    """A sender at locations 1 and 2; there is a third."""
    make.location(3)
    return Till(app, locations=(2, 1))


def listed(till: Till, *locations: int) -> list[dict[str, Any]]:
    asked = {"organizationIds": [ids.organization(each) for each in locations or (1,)]}
    answer = till.ask("payment_types", asked)
    assert answer.status_code == 200, answer.text
    assert list(answer.json or ()) == ["correlationId", "paymentTypes"]
    return list(answer.json["paymentTypes"])


def names(till: Till, *locations: int) -> list[str]:
    return [each["name"] for each in listed(till, *locations)]


def test_organizations_are_the_locations_of_the_partner_in_the_order_of_our_ids(two: Till) -> None:
    answer = two.ask("organizations", {})

    assert answer.json["organizations"] == [
        {"responseType": "Simple", "id": ids.organization(1), "name": "Location 1"},
        {"responseType": "Simple", "id": ids.organization(2), "name": "Location 2"},
    ]


@pytest.mark.parametrize("named", [ids.organization(2), ids.organization(2).upper(), "2", 2])
def test_one_organization_is_asked_for_by_its_uuid_or_our_id(two: Till, named: object) -> None:
    answer = two.ask("organizations", {"organizationIds": [named], "includeDisabled": True})

    assert [each["name"] for each in answer.json["organizations"]] == ["Location 2"]


@pytest.mark.parametrize("call", ["organizations", "payment_types"])
def test_organizations_of_others_are_unknown_and_each_is_named(two: Till, call: str) -> None:
    third, nowhere = ids.organization(3), ids.organization(99)

    answer = two.ask(call, {"organizationIds": [ids.organization(1), third, nowhere]})

    assert refused(answer) == (
        400,
        "OrganizationNotFound",
        f"There is no organization {third}. There is no organization {nowhere}.",
    )


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "organizationIds is missing; it must be a list of 1 to 100."),
        ({"organizationIds": []}, "organizationIds has 0 entries; it must be a list of 1 to 100."),
        ({"organizationIds": "x"}, "organizationIds is a text; it must be a list of 1 to 100."),
        ({"organizationIds": [None]},
         "organizationIds[0] is null; it must be a UUID, or our own number."),
        ({"organizationIds": ["x"]},
         "organizationIds[0] is 'x'; it must be a UUID, or our own number."),
        ([], "The body is a list; it must be an object."),
    ],
)  # fmt: skip
def test_a_wrong_list_of_organizations_is_told(till: Till, asked: Any, sentence: str) -> None:
    assert refused(till.ask("payment_types", asked))[2] == sentence


def test_a_payment_type_is_told_with_all_that_clients_need(app: Flask) -> None:
    till = Till(app)
    public_id = "K" * 33
    make.method("Visa", code="VISA", comment="Card payment through Robokassa", public_id=public_id)

    [found] = listed(till)

    organization = ids.organization(1)
    assert found == {
        "id": ids.payment_type(public_id),
        "code": "VISA",
        "name": "Visa",
        "comment": "Card payment through Robokassa",
        "combinable": True,
        "applicableMarketingCampaigns": [],
        "isDeleted": False,
        "printCheque": False,
        "paymentProcessingType": "Both",
        "paymentTypeKind": "Card",
        "terminalGroups": [
            {"id": organization, "organizationId": organization, "name": "Location 1",
             "address": "", "timeZone": "Europe/Lisbon"}
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("paying", "told"), [("external", "External"), ("on_site", "Internal"), ("both", "Both")]
)
def test_where_a_payment_type_is_completed_is_told_in_the_vendors_words(
    app: Flask, paying: str, told: str
) -> None:
    till = Till(app)
    make.method("Visa", paying=paying)

    assert [each["paymentProcessingType"] for each in listed(till)] == [told]


def test_kinds_are_cash_and_card(till: Till) -> None:
    assert [each["paymentTypeKind"] for each in listed(till)] == ["Card", "Cash"]


@pytest.mark.parametrize(
    "policy",
    [
        {"from_outside": False},
        {"from_outside": False, "kind": "cheque"},
        {"active": False},
        {"is_refund": True},
    ],
)
def test_what_no_payment_from_outside_may_use_is_not_listed(
    till: Till, policy: dict[str, Any]
) -> None:
    make.method("Other", **policy)

    assert names(till) == ["Card", "Cash"]


def test_a_method_that_must_not_be_typed_in_is_listed_all_the_same(till: Till) -> None:
    make.method("Online", manual_prohibited=True)

    assert names(till) == ["Card", "Cash", "Online"]


def test_a_method_kept_for_other_partners_is_listed_for_those_only(till: Till, app: Flask) -> None:
    method, friend = make.method("Kept"), Till(app)
    with transaction() as connection:
        row = {"method_id": method, "partner_id": friend.partner_id}
        connection.execute(insert(MethodPartner), [row])

    assert names(till) == ["Card", "Cash"]
    assert names(friend) == ["Card", "Cash", "Kept"]


def test_a_method_is_listed_where_it_is_not_switched_off(two: Till) -> None:
    everywhere, only_two = make.method("Everywhere"), make.method("Only at 2")
    with transaction() as connection:
        row = {"method_id": only_two, "location_id": 1}
        connection.execute(insert(MethodSwitchedOff), [row])

    both = {each["name"]: each["terminalGroups"] for each in listed(two, 1, 2)}

    assert everywhere
    assert names(two, 1) == ["Everywhere"]
    assert [group["name"] for group in both["Everywhere"]] == ["Location 1", "Location 2"]
    assert [group["name"] for group in both["Only at 2"]] == ["Location 2"]
