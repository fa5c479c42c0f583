"""Details that a method's payments come with, typed in at the desk."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from kit.db import transaction
from payments.models import MethodAttribute, Payment
from tests import make
from tests.desk.people import Desk
from tests.desk.test_record import STAGES, form_of, part, path_of, record
from tests.payments.moving import last_entry
from tests.payments.proofs import unchanged


@pytest.fixture(autouse=True)
def _cash(operator: Desk) -> None:
    assert operator
    make.method("Cash", kind="cash", from_outside=False)


@pytest.fixture
def asking() -> int:
    """A method whose payments come with a receipt number, and perhaps a note."""
    method = make.method("Voucher", kind="voucher", from_outside=False)
    asked = [("Receipt no. [A]", True), ("Note", False)]
    rows = [{"method_id": method, "name": name, "position": position, "required": required}
            for position, (name, required) in enumerate(asked)]  # fmt: skip
    with transaction() as connection:
        connection.execute(insert(MethodAttribute), rows)
    return method


def typed_in(**texts: str) -> dict[str, str]:
    names = {"receipt": "Receipt no. [A]", "note": "Note"}
    return {f"attribute({names[key]})": text for key, text in texts.items()}


def test_the_form_asks_for_what_the_chosen_method_asks_for(operator: Desk, asking: int) -> None:
    booking = make.booking(STAGES)

    first = operator.get(path_of(booking))
    other = part(operator, booking, method="Voucher")
    same = part(operator, booking, method="Voucher", details_of="Voucher", **typed_in(note="x"))
    whole = operator.post(path_of(booking, "/preview"), form_of(operator, booking) | {
        "method": "Voucher"})  # fmt: skip

    assert first.all("#details label") == []
    for page in (other, whole):
        assert page.all("#details label") == ["Receipt no. [A]", "Note optional"]
    assert [each.get("hx-swap-oob") for each in other.root.cssselect("#details")] == ["true"]
    # Whoever types in a field keeps it: only what is wrong with it is told.
    assert same.root.cssselect("#details") == []
    assert same.all("#e-detail-1")[0].startswith("Voucher needs the attribute")


def test_a_payment_without_a_required_attribute_is_refused_at_its_field(
    operator: Desk, asking: int
) -> None:
    booking = make.booking(STAGES)

    with unchanged():
        answer = record(operator, booking, method="Voucher", **typed_in(receipt=" ", note="Blue"))

    assert answer.status == 422
    told = "Voucher needs the attribute 'Receipt no. [A]'; it is missing or empty."
    assert answer.all("#e-detail-1") == [told]
    assert answer.form("/record")["attribute(Note)"] == "Blue"


def test_attributes_are_stored_with_the_payment_and_shown_at_it(
    operator: Desk, asking: int
) -> None:
    booking = make.booking(STAGES)

    answer = record(operator, booking, method="Voucher", **typed_in(receipt="R 7", note="Blue"))

    [payment] = make.rows_of(Payment)
    assert answer.status == 303
    assert payment.attributes == [["Receipt no. [A]", "R 7"], ["Note", "Blue"]]
    assert "R 7" in operator.get(f"/desk/payments/{payment.id}").text
    assert "R 7" not in str(last_entry(booking))


def test_a_list_that_somebody_made_by_hand_is_no_attribute(operator: Desk, asking: int) -> None:
    booking = make.booking(STAGES)

    answer = record(operator, booking, method="Voucher", **{"attribute(Receipt no. [A])[]": "R 7"})

    assert answer.status == 422
    assert answer.all("#e-detail-1")[0].startswith("Voucher needs the attribute")


def test_what_was_typed_in_for_another_method_is_not_lost_unseen(
    operator: Desk, asking: int
) -> None:
    """Without a script the fields are still those of the method chosen before."""
    booking = make.booking(STAGES)

    with unchanged():
        answer = record(operator, booking, method="Cash", **typed_in(note="Blue"))

    assert answer.all("#e-method") == ["Cash has no attribute 'Note'; it has none."]


@pytest.mark.parametrize(("text", "told"), [
    ("x" * 251, "Note has 251 characters; it may have 250."),
    ("a\x07b", "Note holds a control character."),
    ("4111 1111 1111 1111", "This holds what looks like a card number; never write one down."),
])  # fmt: skip
def test_an_attribute_is_a_short_text_and_no_card_number(
    operator: Desk, asking: int, text: str, told: str
) -> None:
    booking = make.booking(STAGES)
    form = form_of(operator, booking) | {"method": "Voucher", **typed_in(receipt="1", note=text)}

    with unchanged():
        answer = operator.post(path_of(booking), form)

    assert answer.all("#e-detail-2") == [told]
    assert "4111 1111" not in answer.text
