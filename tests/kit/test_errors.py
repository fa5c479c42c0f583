"""Errors of the business: which of them are raised, and what they say by themselves."""

from __future__ import annotations

import pytest

from kit.errors import DomainError, Refused, leaves


class Base(DomainError):
    """Not raised: it has no code."""


class Plain(Base):
    code = "plain"


class Narrower(Plain):
    code = "narrower"
    field = "amount"


class SameCode(Plain):
    """Not a reason of its own."""


def test_the_leaves_are_the_classes_with_a_code_of_their_own() -> None:
    assert list(leaves(Base)) == [Plain, Narrower]


def test_an_error_tells_its_sentence_and_its_field_where_it_has_one() -> None:
    error = Narrower("Too much.")

    assert (error.message, error.code, error.field) == ("Too much.", "narrower", "amount")
    assert Plain("Hm.").field is None


def test_one_problem_is_raised_as_itself_and_several_as_one_refusal() -> None:
    Refused.if_any([])
    with pytest.raises(Plain):
        Refused.if_any([Plain("Hm.")])
    with pytest.raises(Refused, match=r"Hm\. Too much\.") as caught:
        Refused.if_any([Plain("Hm."), Narrower("Too much.")])
    assert [problem.code for problem in caught.value.problems] == ["plain", "narrower"]
