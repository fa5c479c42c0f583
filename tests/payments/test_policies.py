"""What payment methods allow: the table of seed 000, whole."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from payments.commands import State
from payments.errors import (
    MethodIsForRefunds,
    MethodNotForPartner,
    NotFromOutside,
    OnlyCompleted,
    OnlyNotCompleted,
)
from payments.facts import MethodFacts
from payments.policies import refusals


def method(**other: Any) -> MethodFacts:
    """A method that takes anything from anybody."""
    facts: dict[str, Any] = {
        "id": 1,
        "name": "Visa",
        "from_outside": True,
        "paying": "both",
        "overpayment": "accept",
        "is_refund": False,
        "kept_for_others": False,
    }
    return MethodFacts(**(facts | other))


TABLE: list[tuple[str, State, type[Exception] | None]] = [
    ("external", "cleared", None),
    ("external", "uncleared", OnlyCompleted),
    ("external", "deferred", OnlyCompleted),
    ("external", "failed", None),
    ("on_site", "cleared", OnlyNotCompleted),
    ("on_site", "uncleared", None),
    ("on_site", "deferred", None),
    ("on_site", "failed", None),
    ("both", "cleared", None),
    ("both", "uncleared", None),
    ("both", "deferred", None),
    ("both", "failed", None),
]


@pytest.mark.parametrize(("paying", "state", "refused"), TABLE)
def test_paying_says_which_payments_are_accepted_from_outside(
    paying: str, state: State, refused: type[Exception] | None
) -> None:
    found = refusals(method(paying=paying), state)

    assert [type(each) for each in found] == ([refused] if refused else [])


def test_the_table_is_whole() -> None:
    rows = {(paying, state) for paying, state, _ in TABLE}

    assert rows == set(
        product(["external", "on_site", "both"], ["cleared", "uncleared", "deferred", "failed"])
    )


@pytest.mark.parametrize("paying", ["external", "on_site", "both"])
@pytest.mark.parametrize("state", ["cleared", "uncleared", "deferred"])
def test_a_method_that_is_not_accepted_from_outside_is_refused_whatever_its_paying_says(
    paying: str, state: State
) -> None:
    found = refusals(method(from_outside=False, paying=paying), state)

    assert [type(each) for each in found] == [NotFromOutside]


def test_a_failed_attempt_is_recorded_with_any_method() -> None:
    strict = method(from_outside=False, is_refund=True, kept_for_others=True)

    assert refusals(strict, "failed") == []


def test_a_method_kept_for_other_partners_is_refused() -> None:
    assert [type(e) for e in refusals(method(kept_for_others=True), "cleared")] == [
        MethodNotForPartner
    ]


def test_a_method_for_refunds_takes_no_payment() -> None:
    assert [type(e) for e in refusals(method(is_refund=True), "cleared")] == [MethodIsForRefunds]


def test_everything_a_method_refuses_is_told_at_once() -> None:
    strict = method(paying="external", is_refund=True, kept_for_others=True)

    found = refusals(strict, "uncleared")

    assert [type(e) for e in found] == [OnlyCompleted, MethodNotForPartner, MethodIsForRefunds]


@pytest.mark.parametrize(
    ("facts", "state", "accepted"),
    [
        ({"from_outside": False}, "cleared", "at the desk"),
        ({"paying": "external"}, "deferred", "a cleared one would be"),
        ({"paying": "on_site"}, "cleared", "not cleared, or deferred, would be"),
        ({"kept_for_others": True}, "cleared", "other partners"),
        ({"is_refund": True}, "cleared", "pays money back"),
    ],
)
def test_a_refusal_names_the_method_the_field_and_what_would_be_accepted(
    facts: dict[str, Any], state: State, accepted: str
) -> None:
    [refused] = refusals(method(**facts), state)

    assert refused.field == "method"
    assert refused.message.startswith("Visa ")
    assert accepted in refused.message
