"""What the policy of a payment method may be: seeds 000 and 001, whole."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from payments.facts import Detail
from payments.method_rules import (
    FROM_OUTSIDE,
    KINDS,
    PAYING,
    MethodSetup,
    Other,
    default_slips,
    differences,
    kind_slips,
    moved,
    problems,
    split,
)

OTHER = Other("PayPal", "PP", 3)


def setup(**other: Any) -> MethodSetup:
    """A method that may be entered at the desk and comes from outside."""
    given: dict[str, Any] = {
        "name": "Visa", "code": "VISA", "kind": "bank", "from_outside": True, "paying": "both",
    }  # fmt: skip
    return MethodSetup(**(given | other))


def slips(wanted: MethodSetup, *others: Other) -> list[tuple[str | None, str]]:
    return [(each.field, each.code) for each in problems(wanted, others)]


@pytest.mark.parametrize(
    ("kind", "outside", "prohibited"), list(product(KINDS, [True, False], [True, False]))
)
def test_cash_is_always_entered_by_hand_and_only_cash_and_bank_come_from_outside(
    kind: str, outside: bool, prohibited: bool
) -> None:
    paying = "both" if outside else "on_site"
    wanted = setup(kind=kind, from_outside=outside, manual_prohibited=prohibited, paying=paying)

    expected = []
    if kind == "cash" and prohibited:
        expected.append(("manual_prohibited", "cash_is_manual"))
    if outside and kind not in ("cash", "bank"):
        expected.append(("from_outside", "kind_not_from_outside"))
    assert slips(wanted) == expected


def test_the_kinds_from_outside_are_those_of_the_seed() -> None:
    assert set(FROM_OUTSIDE) == {"cash", "bank"}


@pytest.mark.parametrize("paying", PAYING)
def test_where_it_is_paid_can_be_chosen_only_when_it_comes_from_outside(paying: str) -> None:
    wrong = [] if paying == "on_site" else [("paying", "paying_needs_outside")]

    assert slips(setup(from_outside=False, paying=paying)) == wrong
    assert slips(setup(from_outside=True, paying=paying)) == []


def test_paying_is_on_site_unless_something_else_is_said() -> None:
    assert MethodSetup(name="Cash", kind="cash").paying == "on_site"


def test_what_comes_from_outside_needs_a_code_and_other_methods_need_none() -> None:
    assert slips(setup(code=None)) == [("code", "code_missing")]
    assert slips(setup(code=None, from_outside=False, paying="on_site")) == []


@pytest.mark.parametrize("code", ["visa", "Visa", "VISA 1", "VISA-1", "VÍSA", "V1SA\n", "１"])
def test_a_code_is_capital_letters_and_digits_only(code: str) -> None:
    assert slips(setup(code=code)) == [("code", "code_malformed")]


def test_who_types_a_code_in_small_letters_is_told_the_right_one() -> None:
    [slip] = problems(setup(code="visa 1"), [])

    assert "such as VISA1." in str(slip)


@pytest.mark.parametrize(
    ("name", "code", "wrong"),
    [
        ("PayPal", "VISA", ["name"]),
        ("PP", "VISA", ["name"]),  # a name that is another's code
        ("Visa", "PP", ["code"]),
        ("PayPal", "PP", ["name", "code"]),
        ("paypal", "VISA", []),  # matched letter for letter
        ("pp", "PAYPAL", []),
    ],
)
def test_a_word_is_the_name_or_code_of_one_method_only(
    name: str, code: str, wrong: list[str]
) -> None:
    found = slips(setup(name=name, code=code), OTHER)

    assert found == [(field, "method_name_taken") for field in wrong]


def test_a_code_that_is_another_methods_name_is_taken_too() -> None:
    assert slips(setup(code="CASH"), Other("CASH", None, None)) == [("code", "method_name_taken")]


def test_a_method_may_have_its_own_name_for_a_code() -> None:
    assert slips(setup(name="VISA", code="VISA"), OTHER) == []


def test_two_methods_never_have_one_number() -> None:
    assert slips(setup(number=3), OTHER) == [("number", "method_number_taken")]
    assert slips(setup(number=None), Other("Cash", None, None)) == []


def test_every_attribute_has_a_name_of_its_own() -> None:
    twice = (Detail("Reference", True), Detail("Reference", False), Detail("reference", False))

    assert slips(setup(details=twice)) == [("details", "attribute_repeated")]


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = setup(
        name="PP", code="pp", number=3, kind="cheque", paying="external",
        details=(Detail("A", True), Detail("A", True)),
    )  # fmt: skip

    found = [field for field, _ in slips(wrong, OTHER)]

    assert found == ["name", "number", "code", "from_outside", "details"]


def test_the_kind_of_what_was_used_stays() -> None:
    assert [str(each) for each in kind_slips("bank", "cash", is_used=True)] == [
        "The kind stays bank, since payments were made by this method. Add another method."
    ]
    assert kind_slips("bank", "bank", is_used=True) == []
    assert kind_slips("bank", "cash", is_used=False) == []


@pytest.mark.parametrize(
    ("other", "off_here", "why"),
    [
        ({"active": False}, False, "it is switched off"),
        ({}, True, "it is switched off at this location"),
        ({"from_outside": False}, False, "it is not accepted from outside"),
        ({"paying": "on_site"}, False, "its payments are completed at the desk"),
        ({"is_refund": True}, False, "it is for refunds"),
    ],
)
def test_a_default_is_a_method_that_completed_payments_from_outside_may_use(
    other: dict[str, Any], off_here: bool, why: str
) -> None:
    [slip] = default_slips(setup(**other), off_here=off_here)

    assert str(slip) == f"“Visa” cannot be the default: {why}."
    assert default_slips(setup(), off_here=False) == []


def test_names_and_comments_are_words_and_all_the_rest_is_policy() -> None:
    was = setup()
    now = setup(
        name="V", code="V", kind="cash", comment="x", number=9, details=(Detail("A", True),),
        active=False, is_refund=True, takes_tips=True, manual_prohibited=True, from_outside=False,
        paying="on_site", overpayment="refuse", for_guests=True, partners=frozenset({1}),
    )  # fmt: skip

    words, policy = split(differences(was, now))

    assert words == ["name", "code", "comment", "number", "details"]
    assert set(words) | set(policy) == set(MethodSetup.__dataclass_fields__)


def test_what_stays_is_no_difference() -> None:
    assert differences(setup(), setup(comment="x")) == {"comment": ("", "x")}


@pytest.mark.parametrize(
    ("place", "by", "rows"),
    [(0, 1, "bac"), (2, -1, "acb"), (0, -1, "abc"), (2, 1, "abc"), (7, -1, "abc"), (-1, 1, "abc")],
)
def test_rows_change_places_where_there_is_room(place: int, by: int, rows: str) -> None:
    assert "".join(moved("abc", place, by)) == rows
