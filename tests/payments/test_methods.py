"""Setting up payment methods: what is kept, logged and refused; and what payments see of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from audit.chain import Actor, Origin
from audit.models import LogEntry
from kit import clock, ids
from kit.db import in_transaction, transaction
from kit.errors import DomainError, Refused
from partners.models import Partner
from payments import methods
from payments.facts import Detail
from payments.method_rules import MethodSetup
from payments.methods import StoredMethod, stored_method, stored_methods
from payments.models import (
    MethodAttribute,
    MethodPartner,
    MethodSwitchedOff,
    PaymentMethod,
)
from tests import make
from tests.make import Client

pytestmark = pytest.mark.usefixtures("app")

ORIGIN = Origin(Actor("person", 7, "manager@example.com"), "192.0.2.1", "request")


def setup(name: str = "Visa", code: str | None = "VISA", **other: Any) -> MethodSetup:
    given: dict[str, Any] = {"kind": "bank", "from_outside": True, "paying": "both"}
    return MethodSetup(name=name, code=code, **(given | other))


def add(wanted: MethodSetup | None = None) -> int:
    now = clock.now()
    return in_transaction(
        lambda connection: methods.add_method(connection, wanted or setup(), ORIGIN, now)
    )


def change(method_id: int, seen: str | None = None, **other: Any) -> bool:
    wanted = replace(stored(method_id).setup, **other)
    return in_transaction(
        lambda connection: methods.change_method(
            connection, method_id, wanted, ORIGIN, clock.now(), seen=seen
        )
    )


def remove(method_id: int) -> str:
    return in_transaction(
        lambda connection: methods.delete_method(connection, method_id, ORIGIN, clock.now())
    )


def switch(method_id: int, location_id: int = 1, *, on: bool) -> None:
    in_transaction(
        lambda connection: methods.switch(
            connection, method_id, location_id, ORIGIN, clock.now(), on=on
        )
    )


def set_default(location_id: int, method_id: int | None) -> None:
    in_transaction(
        lambda connection: methods.set_default(
            connection, location_id, method_id, ORIGIN, clock.now()
        )
    )


def stored(method_id: int) -> StoredMethod:
    with transaction() as connection:
        found = stored_method(connection, method_id)
    assert found is not None
    return found


def entries() -> list[tuple[str, str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """What was logged, the oldest first: action, severity, about, before, after."""
    found = []
    for row in make.rows_of(LogEntry):
        entry = orjson.loads(row.body)["entry"]
        found.append((row.action, row.severity, entry["about"], entry["before"], entry["after"]))
    return found


def code_of(refused: pytest.ExceptionInfo[DomainError]) -> tuple[str | None, str]:
    return refused.value.field, refused.value.code


def test_a_method_is_kept_as_it_was_set_up() -> None:
    partner = make.partner()
    wanted = setup(
        comment="Card payment through SagePay", number=4, takes_tips=True, overpayment="refuse",
        details=(Detail("Reference", True), Detail("Note", False), Detail("Also", True)),
        partners=frozenset({partner}), manual_prohibited=True, paying="external",
    )  # fmt: skip

    method_id = add(wanted)

    assert stored(method_id).setup == wanted
    with transaction() as connection:
        assert [each.setup for each in stored_methods(connection)] == [wanted]


def test_a_new_method_gets_an_opaque_id_that_no_change_changes() -> None:
    method_id = add()
    public_id = stored(method_id).public_id

    change(method_id, name="Card", code="CARD", paying="external")

    assert len(public_id) == 33
    assert set(public_id) <= set(ids.OPAQUE)
    assert stored(method_id).public_id == public_id


def test_adding_is_logged() -> None:
    method_id = add()

    [(action, severity, about, before, after)] = entries()

    assert (action, severity, about, before) == (
        "method.added",
        "medium",
        {"method": method_id},
        {},
    )
    assert (after["name"], after["paying"], after["partners"]) == ("Visa", "both", [])


@pytest.mark.parametrize(
    ("name", "value", "was", "then"),
    [
        ("active", False, True, False),
        ("paying", "external", "both", "external"),
        ("manual_prohibited", True, False, True),
        ("takes_tips", True, False, True),
        ("is_refund", True, False, True),
        ("overpayment", "refuse", "accept", "refuse"),
        ("kind", "cash", "bank", "cash"),
    ],
)
def test_every_change_of_policy_is_logged_as_high_with_before_and_after(
    name: str, value: Any, was: Any, then: Any
) -> None:
    method_id = add()

    assert change(method_id, **{name: value})

    assert entries()[1:] == [
        ("method.policy_changed", "high", {"method": method_id}, {name: was}, {name: then})
    ]


def test_who_may_use_it_is_policy_too() -> None:
    method_id, partner = add(), make.partner()

    change(method_id, partners=frozenset({partner}))

    assert [(row.method_id, row.partner_id) for row in make.rows_of(MethodPartner)] == [
        (method_id, partner)
    ]
    assert entries()[1][1:] == (
        "high", {"method": method_id}, {"partners": []}, {"partners": [partner]},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "severity"),
    [
        ({"comment": "Robokassa"}, "low"),
        ({"name": "Card"}, "medium"),
        ({"code": "CARD", "comment": "x"}, "medium"),
        ({"number": 5}, "medium"),
        ({"details": (Detail("Reference", True),)}, "medium"),
    ],
)
def test_a_change_of_words_is_logged_by_itself(other: dict[str, Any], severity: str) -> None:
    method_id = add()

    change(method_id, **other)

    [(action, found, _, before, after)] = entries()[1:]
    assert (action, found) == ("method.changed", severity)
    assert set(before) == set(after) == set(other)


def test_words_and_policy_are_two_entries() -> None:
    method_id = add()

    change(method_id, name="Card", active=False)

    assert [entry[0] for entry in entries()[1:]] == ["method.changed", "method.policy_changed"]


def test_what_changes_nothing_is_not_logged() -> None:
    method_id = add()

    assert not change(method_id)
    assert len(entries()) == 1


def test_attributes_change_their_order_and_go() -> None:
    first, second = Detail("Reference", True), Detail("Receipt Number", False)
    method_id = add(setup(details=(first, second)))

    change(method_id, details=(second, first))
    turned = stored(method_id).setup.details
    change(method_id, details=(second,))

    assert turned == (second, first)
    assert [(row.name, row.position) for row in make.rows_of(MethodAttribute)] == [
        ("Receipt Number", 1)
    ]


def test_all_that_is_wrong_is_refused_at_once_and_nothing_kept() -> None:
    make.method("PayPal", code="PP")

    with pytest.raises(Refused) as refused:
        add(setup("PayPal", "pp", kind="cheque", partners=frozenset({99})))

    fields = [each.field for each in refused.value.problems]
    assert fields == ["name", "code", "from_outside", "partners"]
    assert len(make.rows_of(PaymentMethod)) == 1
    assert entries() == []


def test_a_method_does_not_stand_in_its_own_way() -> None:
    method_id = add(setup("VISA", "VISA", number=3))

    assert change(method_id, comment="x")


def test_a_name_that_is_another_methods_code_is_refused_in_a_change_too() -> None:
    add(setup("Visa", "VISA"))
    other = add(setup("PayPal", "PAYPAL"))

    with pytest.raises(DomainError) as refused:
        change(other, name="VISA")

    assert code_of(refused) == ("name", "method_name_taken")


def test_a_partner_without_access_cannot_be_named_but_may_stay() -> None:
    partner = make.partner()
    named = add(setup(partners=frozenset({partner})))
    with transaction() as connection:
        connection.execute(update(Partner).values(revoked_at=clock.now()))

    with pytest.raises(DomainError) as refused:
        add(setup("PayPal", "PAYPAL", partners=frozenset({partner})))

    assert code_of(refused) == ("partners", "method_partners_unknown")
    assert change(named, comment="x")


def test_who_looked_at_an_older_setup_changes_nothing() -> None:
    method_id = add()
    seen = stored(method_id).state
    change(method_id, active=False)

    with pytest.raises(DomainError) as refused:
        change(method_id, seen, active=True)

    assert refused.value.code == "method_changed_meanwhile"
    assert not stored(method_id).setup.active
    assert change(method_id, stored(method_id).state, active=True)


def test_the_kind_is_fixed_once_payments_were_made_by_it(client: Client) -> None:
    method_id = add(setup("PayPal", "PAYPAL"))
    change(method_id, kind="cash")
    change(method_id, kind="bank")
    assert client.pay(make.booking()).status_code == 200

    with pytest.raises(DomainError) as refused:
        change(method_id, kind="cash")

    assert code_of(refused) == ("kind", "kind_fixed")
    assert change(method_id, paying="external")


def test_an_unused_method_is_deleted_with_all_that_hangs_on_it() -> None:
    make.location(1)
    method_id = add(setup(details=(Detail("A", True),), partners=frozenset({make.partner()})))
    switch(method_id, on=False)

    assert remove(method_id) == "Visa"

    for model in (PaymentMethod, MethodAttribute, MethodPartner, MethodSwitchedOff):
        assert make.rows_of(model) == []
    action, severity, about, before, after = entries()[-1]
    assert (action, severity, about) == ("method.deleted", "medium", {"method": method_id})
    assert (before["name"], after) == ("Visa", {})


def test_a_method_with_payments_is_never_deleted(client: Client) -> None:
    method_id = add(setup("PayPal", "PAYPAL"))
    client.pay(make.booking(), Status=1)  # not cleared: a payment all the same

    with pytest.raises(DomainError, match="Switch it off instead") as refused:
        remove(method_id)

    assert code_of(refused) == (None, "method_in_use")
    assert change(method_id, active=False)


def test_the_default_of_a_location_is_not_deleted() -> None:
    make.location(1)
    method_id = add()
    set_default(1, method_id)

    with pytest.raises(DomainError) as refused:
        remove(method_id)

    assert refused.value.code == "method_is_default"


@pytest.mark.parametrize("what", [remove, change, lambda id_: switch(id_, on=False)])
def test_what_there_is_not_is_refused(what: Callable[[int], Any]) -> None:
    make.location(1)
    method_id = add()
    remove(method_id)

    with pytest.raises((DomainError, AssertionError)):
        what(method_id)
