"""Payment methods at the desk: the list, the whole policy in one form, and who may change it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from audit.models import LogEntry
from kit.db import transaction
from payments.models import (
    DefaultMethod,
    MethodAttribute,
    MethodPartner,
    MethodSwitchedOff,
    PaymentMethod,
)
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Client

NEW = "/desk/methods/new"
VISA = {"name": "Visa", "code": "VISA", "kind": "bank", "from_outside": "true", "paying": "both"}


def fill(desk: Desk, path: str = NEW) -> dict[str, str]:
    """The form as the page has it, without what its buttons would send."""
    form = desk.get(path).form("new" if path == NEW else path.rpartition("/")[2])
    form.pop("rows", None)
    return form


def add(desk: Desk, **other: Any) -> Page:
    return desk.post(NEW, fill(desk) | VISA | other)


def change(desk: Desk, method_id: int, **other: Any) -> Page:
    path = f"/desk/methods/{method_id}"
    return desk.post(path, fill(desk, path) | other)


def stored() -> Any:
    [row] = make.rows_of(PaymentMethod)
    return row


def test_a_manager_adds_a_method_with_its_whole_policy(manager: Desk) -> None:
    partner = make.partner()

    answer = add(
        manager, paying="external", manual_prohibited="true", comment="Card payment through Opayo",
        number="7", takes_tips="true", overpayment="refuse", whom="named",
        **{"partners[]": [str(partner)], "detail-0-name": "Reference", "detail-0-required": "true",
           "detail-1-name": "Note", "detail-1-required": "false"},
    )  # fmt: skip

    row = stored()
    assert (answer.status, answer.leads_to) == (303, f"/desk/methods/{row.id}")
    assert (row.name, row.code, row.kind, row.paying, row.number) == (
        "Visa", "VISA", "bank", "external", 7,
    )  # fmt: skip
    assert (row.active, row.manual_prohibited, row.from_outside) == (True, True, True)
    assert (row.takes_tips, row.is_refund, row.overpayment) == (True, False, "refuse")
    assert (row.comment, len(row.public_id)) == ("Card payment through Opayo", 33)
    assert [each.partner_id for each in make.rows_of(MethodPartner)] == [partner]
    details = sorted(make.rows_of(MethodAttribute), key=lambda each: each.position)
    assert [(each.name, each.required) for each in details] == [
        ("Reference", True), ("Note", False),
    ]  # fmt: skip
    page = manager.get(f"/desk/methods/{row.id}")
    assert "The method was added." in page.text
    assert row.public_id in page.text


def test_a_new_form_begins_with_what_the_seed_begins_with(manager: Desk) -> None:
    form = fill(manager)

    assert (form["kind"], form["paying"], form["active"]) == ("bank", "on_site", "true")
    assert (form["from_outside"], form["manual_prohibited"]) == ("false", "false")
    assert (form["whom"], form["overpayment"]) == ("all", "accept")


def test_the_form_shows_the_method_as_it_stands_and_saves_it_unchanged(manager: Desk) -> None:
    add(
        manager, number="7", is_refund="true", **{"detail-0-name": "A", "detail-0-required": "true"}
    )
    row = stored()

    answer = change(manager, row.id)

    assert answer.status == 303
    assert "Nothing was different" in manager.get(f"/desk/methods/{row.id}").text
    assert stored() == row


def test_every_wrong_field_is_told_at_once_and_what_was_typed_stays(manager: Desk) -> None:
    make.method("PayPal", code="PP")

    answer = add(
        manager, name="PP", code="visa", kind="cash", manual_prohibited="true", comment="x" * 251,
        number="0", whom="named",
        **{f"detail-{n}-{part}": text for n in (0, 1) for part, text in
           (("name", "A"), ("required", "true"))},
    )  # fmt: skip

    assert answer.status == 422
    assert answer.all("#e-comment") == ["Comment has 251 characters; it may have 250."]
    assert answer.all("#e-number") == [
        "Number is '0'; it must be a whole number from 1 to 2147483647."
    ]
    assert answer.all("#e-partners") == [
        "Tick the partners that may use it, or choose all partners."
    ]
    assert answer.all("#e-details") == [
        "Two attributes are called “A”; each needs a name of its own."
    ]
    assert "is the name or code of the method “PayPal” already" in answer.all("#e-name")[0]
    assert "capital letters A to Z and digits, such as VISA." in answer.all("#e-code")[0]
    assert answer.all("#e-manual_prohibited") == [
        "Cash is taken by hand, so it can always be entered at the desk."
    ]
    assert answer.all(".dk-slips") == ["7 fields need another look."]
    assert answer.form("new")["code"] == "visa"
    assert len(make.rows_of(PaymentMethod)) == 1


def test_of_a_field_that_cannot_be_read_nothing_else_is_told(manager: Desk) -> None:
    answer = add(manager, code="X" * 31)  # and so it has none, though it is from outside

    assert answer.all("#e-code") == ["Code has 31 characters; it may have 30."]
    assert answer.all(".dk-slips") == ["One field needs another look."]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("kind", "gold"),
        ("number", "0"),
        ("number", "2147483648"),
        ("number", "x"),
        ("paying", "never"),
        ("overpayment", "perhaps"),
        ("from_outside", "maybe"),
        ("name", "x" * 101),
        ("code", "X" * 31),
        ("name", "with\x00nothing"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(manager: Desk, field: str, value: str) -> None:
    answer = add(manager, **{field: value})

    assert answer.status == 422
    assert len(answer.all(f"#e-{field}")) == 1
    assert make.rows_of(PaymentMethod) == []


@pytest.mark.parametrize("field", ["name", "comment", "detail-0-name"])
def test_no_text_holds_a_card_number(manager: Desk, field: str) -> None:
    answer = add(manager, **{"detail-0-required": "false", field: "4111 1111 1111 1111"})

    assert answer.status == 422
    assert "looks like a card number" in answer.text
    assert make.rows_of(PaymentMethod) == []


@pytest.mark.parametrize(
    ("whom", "ticked", "told"),
    [
        ("named", [], "Tick the partners that may use it, or choose all partners."),
        ("all", ["1"], "Partners are ticked, but all were chosen; take the ticks off."),
        ("named", ["x"], "Partner is 'x'; it must be a whole number from 1 to 9007199254740992."),
        ("named", ["999"], "There is no partner 999, or it has no access any more."),
    ],
)
def test_a_method_is_never_open_to_all_by_accident(
    manager: Desk, whom: str, ticked: list[str], told: str
) -> None:
    make.partner()

    answer = add(manager, whom=whom, **{"partners[]": ticked})

    assert (answer.status, answer.all("#e-partners")) == (422, [told])


def test_partners_that_may_use_it_stay_ticked(manager: Desk) -> None:
    first, second = make.partner(), make.partner()
    add(manager, whom="named", **{"partners[]": [str(second)]})

    page = manager.get(f"/desk/methods/{stored().id}")

    ticked = page.root.cssselect("input[name='partners[]'][checked]")
    assert [int(each.get("value")) for each in ticked] == [second]
    assert len(page.root.cssselect("input[name='partners[]']")) == 2
    assert first != second


def rows(page: Page) -> list[tuple[str, bool]]:
    """The rows of attributes on the form."""
    return [
        (each.cssselect("input.form-control")[0].get("value"),
         bool(each.cssselect("input[type=checkbox][checked]")))
        for each in page.root.cssselect(".dk-rowform")
    ]  # fmt: skip


def test_attributes_are_added_moved_and_taken_out_without_a_script(manager: Desk) -> None:
    one = {"detail-0-name": "A", "detail-0-required": "true"}
    two = one | {"detail-1-name": "B", "detail-1-required": "false"}

    added = manager.post(NEW, VISA | one | {"rows": "add"})
    moved = manager.post(NEW, VISA | two | {"rows": "down-0"})
    gone = manager.post(NEW, VISA | two | {"rows": "out-0"})
    strange = manager.post(NEW, VISA | two | {"rows": "out-7"})

    assert rows(added) == [("A", True), ("", False)]
    assert rows(moved) == [("B", False), ("A", True)]
    assert rows(gone) == [("B", False)]
    assert rows(strange) == [("A", True), ("B", False)]
    assert {each.status for each in (added, moved, gone, strange)} == {200}
    assert added.form("new")["code"] == "VISA"  # what else was typed stays
    assert make.rows_of(PaymentMethod) == []  # and nothing is stored


def test_a_row_without_a_name_is_none(manager: Desk) -> None:
    add(manager, **{"detail-0-name": "", "detail-0-required": "true"})

    assert stored()
    assert make.rows_of(MethodAttribute) == []


def test_a_changed_policy_counts_for_the_next_payment(manager: Desk, client: Client) -> None:
    method_id, booking = make.method("PayPal"), make.booking()
    assert client.pay(booking, "10.00").status_code == 200

    answer = change(manager, method_id, paying="on_site")

    assert answer.status == 303
    assert client.pay(booking, "10.00").json["Code"] == "method_on_site_only"
    [entry] = make.rows_of(LogEntry, action="method.policy_changed")
    assert (entry.severity, entry.actor_id) == ("high", manager.person_id)


def test_where_it_is_paid_is_refused_when_it_is_not_accepted_from_outside(manager: Desk) -> None:
    answer = add(manager, from_outside="false", paying="external")

    assert "stays at “completed at the desk”" in answer.all("#e-paying")[0]


def test_who_looked_at_an_older_policy_is_shown_the_new_one(manager: Desk, desk_of: DeskOf) -> None:
    method_id, other = make.method("PayPal"), desk_of("manager")
    path = f"/desk/methods/{method_id}"
    old = fill(manager, path)
    change(other, method_id, paying="external")

    saved = manager.post(path, old | {"comment": "x"})
    stepped = manager.post(path, old | {"rows": "add"})

    assert saved.status == 409
    assert "was changed after this page was made" in saved.text
    assert saved.form(path)["paying"] == "external"
    assert "was changed after this page was made" in stepped.text
    assert (stored().paying, stored().comment) == ("external", "")
    assert manager.post(path, saved.form(path) | {"comment": "x"}).status == 303


def test_a_used_method_keeps_its_kind_and_is_not_deleted(manager: Desk, client: Client) -> None:
    method_id = make.method("PayPal")
    client.pay(make.booking())

    changed = change(manager, method_id, kind="cash")
    deleted = manager.post(f"/desk/methods/{method_id}/delete")

    assert "The kind stays bank" in changed.all("#e-kind")[0]
    assert deleted.status == 422
    assert "“PayPal” cannot be deleted: payments were made by it." in deleted.text
    assert "Delete the method" not in manager.get(f"/desk/methods/{method_id}").text
    assert stored().kind == "bank"


def test_an_unused_method_is_deleted(manager: Desk) -> None:
    method_id = make.method("PayPal")
    form = manager.get(f"/desk/methods/{method_id}").form("/delete")

    answer = manager.post(f"/desk/methods/{method_id}/delete", form)

    assert answer.leads_to == "/desk/methods/"
    assert "“PayPal” was deleted." in manager.get("/desk/methods/").text
    assert make.rows_of(PaymentMethod) == []


def test_a_method_is_switched_off_and_on_at_one_location(manager: Desk, client: Client) -> None:
    method_id, booking = make.method("PayPal"), make.booking()
    path = f"/desk/methods/{method_id}/locations/1"

    off = manager.post(f"{path}/off", manager.get(f"/desk/methods/{method_id}").form("/off"))
    refused = client.pay(booking)
    shown = manager.get("/desk/methods/")
    manager.post(f"{path}/on")

    assert off.leads_to == f"/desk/methods/{method_id}#locations"
    assert refused.status_code == 400
    assert "Off at Location 1" in shown.text
    assert client.pay(booking).status_code == 200


def test_switching_off_a_default_says_what_it_means_for_tills(manager: Desk) -> None:
    make.location(1)
    method_id = make.method("Online ordering")
    make_default(method_id)

    manager.post(f"/desk/methods/{method_id}/locations/1/off")

    page = manager.get(f"/desk/methods/{method_id}")
    assert "tills that name no method are refused until another one is chosen" in page.text
    assert "It is the default of a location, but tills cannot pay by it there" in page.text


def make_default(method_id: int) -> None:
    with transaction() as connection:
        row = {"location_id": 1, "method_id": method_id}
        connection.execute(insert(DefaultMethod), [row])


def test_whoever_works_at_some_locations_switches_off_there_only(desk_of: DeskOf) -> None:
    make.location(1), make.location(2)
    method_id = make.method("PayPal")
    desk = desk_of("manager", locations=[1])

    here = desk.post(f"/desk/methods/{method_id}/locations/1/off")
    there = desk.post(f"/desk/methods/{method_id}/locations/2/off")

    assert (here.status, there.status) == (303, 404)
    assert [row.location_id for row in make.rows_of(MethodSwitchedOff)] == [1]
    assert "Location 2" not in desk.get(f"/desk/methods/{method_id}").text


@pytest.mark.parametrize("path", ["/new", "/{id}", "/{id}/delete"])
def test_whoever_works_at_some_locations_cannot_change_what_is_for_all(
    desk_of: DeskOf, path: str
) -> None:
    make.location(1)
    method_id = make.method("PayPal")
    desk = desk_of("manager", locations=[1])

    answer = desk.post(f"/desk/methods{path}".format(id=method_id), VISA)

    assert answer.status == 403
    assert "Payment methods are the same for all locations" in answer.text
    assert [row.name for row in make.rows_of(PaymentMethod)] == ["PayPal"]
    [entry] = make.rows_of(LogEntry, action="staff.refused")
    assert (entry.severity, entry.actor_id) == ("medium", desk.person_id)
    assert desk.get(NEW).status == 403
    assert "Add a method" not in desk.get("/desk/methods/").text


def test_an_operator_sees_the_policy_but_cannot_change_it(operator: Desk) -> None:
    make.location(1)
    method_id = make.method("PayPal", takes_tips=True)

    page = operator.get(f"/desk/methods/{method_id}")
    refused = operator.post(f"/desk/methods/{method_id}", VISA)

    assert "From outside it comes completed or not." in page.text
    assert page.root.cssselect("main form") == []
    assert refused.status == 403
    assert stored().name == "PayPal"
