"""How the house API answers: preferences, and what refusals look like."""

from __future__ import annotations

import pytest
from flask import Flask

from kit import form
from kit.errors import DomainError, Refused


@pytest.mark.parametrize(
    ("header", "wish", "met"),
    [
        ("return=representation", "return=representation", True),
        ("Return=Representation", "return=representation", True),
        ('return="representation"', "return=representation", True),
        ("wait=5, return=representation", "return=representation", True),
        ("return=representation; x=1, wait=5", "return=representation", True),
        ("return=minimal", "return=representation", False),
        ("x-return=representation", "return=representation", False),
        ("", "return=representation", False),
        ("dry-run", "dry-run", True),
    ],
)
def test_a_preference_is_found_among_others(header: str, wish: str, met: bool) -> None:
    with Flask("wishes").test_request_context(headers={"Prefer": header}):
        assert form.prefers(wish) is met


def test_a_preference_may_come_in_a_header_of_its_own() -> None:
    headers = [("Prefer", "wait=5"), ("Prefer", "return=representation")]

    with Flask("wishes").test_request_context(headers=headers):
        assert form.prefers("return=representation")


class Wrong(DomainError):
    code = "wrong"
    field = "amount"


class Vague(DomainError):
    code = "vague"


REFUSALS = form.Refusals({Wrong: 422, Vague: 409}, {"amount": "Amount"}, lambda _: {"X-Why": "y"})


def test_a_refusal_says_what_is_wrong_in_the_words_of_the_wire() -> None:
    answer = REFUSALS.render(Wrong("Too much."))

    assert (answer.status_code, answer.headers["X-Why"]) == (422, "y")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json == {
        "Success": False,
        "Message": "Too much.",
        "Code": "wrong",
        "Errors": [{"Field": "Amount", "Code": "wrong", "Message": "Too much."}],
    }


def test_several_refusals_are_told_together_with_the_status_of_the_first() -> None:
    answer = REFUSALS.render(Refused([Vague("Hm."), Wrong("Too much.")]))

    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["Code"] == "several_problems"
    assert [(each["Field"], each["Code"]) for each in answer.json["Errors"]] == [
        (None, "vague"),
        ("Amount", "wrong"),
    ]
