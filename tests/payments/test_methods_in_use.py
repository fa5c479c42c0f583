"""What a location makes of a method, and what the next payment sees of a change."""

from __future__ import annotations

from typing import Any

import pytest

from kit.db import transaction
from kit.errors import DomainError
from payments.formats.kseries.methods import default_of
from payments.models import (
    DefaultMethod,
)
from tests import make
from tests.make import Client
from tests.payments.test_methods import (
    add,
    change,
    code_of,
    entries,
    set_default,
    setup,
    stored,
    switch,
)

pytestmark = pytest.mark.usefixtures("app")


def test_a_location_switches_a_method_off_and_on_by_itself() -> None:
    make.location(1), make.location(2)
    method_id = add()

    switch(method_id, 1, on=False)
    off = stored(method_id).off_at
    switch(method_id, 1, on=True)

    about = {"method": method_id, "location": 1}
    no, yes = {"active_here": False}, {"active_here": True}
    assert off == {1}
    assert stored(method_id).off_at == frozenset()
    assert entries()[1:] == [
        ("method.policy_changed", "high", about, yes, no),
        ("method.policy_changed", "high", about, no, yes),
    ]


def test_switching_off_what_is_off_changes_nothing() -> None:
    make.location(1)
    method_id = add()

    for _ in range(2):
        switch(method_id, on=False)

    assert len(entries()) == 2


def test_a_method_cannot_be_switched_off_nowhere() -> None:
    method_id = add()

    with pytest.raises(DomainError) as refused:
        switch(method_id, 77, on=False)

    assert refused.value.code == "method_location_unknown"


def test_the_next_payment_sees_a_method_switched_off_everywhere(client: Client) -> None:
    method_id, booking = add(setup("PayPal", "PAYPAL")), make.booking(["100.00"])
    before = client.pay(booking, "10.00")
    change(method_id, active=False)
    off = client.pay(booking, "10.00")
    change(method_id, active=True)
    after = client.pay(booking, "10.00")

    assert [each.status_code for each in (before, off, after)] == [200, 400, 200]
    assert off.json["Errors"][0]["Code"] == "payment_method_unknown"


def test_the_next_payment_sees_a_method_switched_off_at_its_location_only(client: Client) -> None:
    method_id = add(setup("PayPal", "PAYPAL"))
    here, there = make.booking(), make.booking(location_id=2)
    elsewhere = Client.of_new_partner(client.app, locations=[2])

    switch(method_id, 1, on=False)

    assert client.pay(here).status_code == 400
    assert elsewhere.pay(there).status_code == 200


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"paying": "on_site"}, "method_on_site_only"),
        ({"from_outside": False, "paying": "on_site"}, "method_not_from_outside"),
        ({"partners": "others"}, "method_not_for_partner"),
        ({"is_refund": True}, "method_is_refund"),
    ],
)
def test_the_next_payment_sees_every_change_of_policy(
    client: Client, other: dict[str, Any], code: str
) -> None:
    method_id, booking = add(setup("PayPal", "PAYPAL")), make.booking()
    if "partners" in other:
        other = {"partners": frozenset({make.partner()})}

    change(method_id, **other)

    told = client.pay(booking)
    assert (told.status_code, told.json["Code"]) == (422, code)


def test_the_next_payment_is_refused_when_its_method_takes_no_overpayment_any_more(
    client: Client,
) -> None:
    method_id, booking = add(setup("PayPal", "PAYPAL")), make.booking(["10.00"])

    change(method_id, overpayment="refuse")

    assert client.pay(booking, "10.01").json["Code"] == "overpaid"


def test_the_default_is_what_tills_mean_when_they_name_none() -> None:
    make.location(1)
    first, second = add(), add(setup("PayPal", "PAYPAL"))
    set_default(1, first)
    set_default(1, second)
    set_default(1, second)

    with transaction() as connection:
        assert default_of(connection, 1) == "PayPal"
    assert stored(second).default_of == {1}
    about, medium = {"location": 1, "method": first}, "medium"
    assert entries()[2:] == [
        ("method.default_changed", medium, about, {"default_method": None},
         {"default_method": first}),
        ("method.default_changed", medium, about | {"method": second}, {"default_method": first},
         {"default_method": second}),
    ]  # fmt: skip


def test_a_location_may_have_no_default() -> None:
    make.location(1)
    set_default(1, add())
    set_default(1, None)

    assert make.rows_of(DefaultMethod) == []


def test_a_method_that_cannot_be_the_default_is_refused_and_the_old_one_stays() -> None:
    make.location(1)
    good, bad = add(), add(setup("Desk", "DESK", paying="on_site"))
    set_default(1, good)

    with pytest.raises(DomainError) as refused:
        set_default(1, bad)

    assert code_of(refused) == ("default_method", "default_not_usable")
    assert stored(good).default_of == {1}
