"""Objects and lists inside JSON documents: where what is wrong is, and that all of it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.documents import load, parse
from kit.form import Malformed
from tests.kit.orders import AMOUNT, ORDER, read, told


def test_everything_that_is_wrong_is_told_at_once_each_with_its_place() -> None:
    raw = """{"seconds": 1, "comment": 5, "notes": ["fine", 1, null, "x"],
      "Payments": [{"Amount": "x", "Card": {}, "IsExternal": 1}, 7, {"Card": []}]}"""

    assert told(raw) == {
        "id": "id is missing; it must be a whole number from 0.",
        "seconds": "seconds is '1'; it must be a whole number from 60 to 3600.",
        "comment": "comment is a number; it must be a text of at most 10 characters.",
        "notes": "notes has 4 entries; it must be a list of at most 3.",
        "Payments[0].Amount": f"Payments[0].Amount is 'x'; it must be {AMOUNT}.",
        "Payments[0].IsExternal": "Payments[0].IsExternal is a number; it must be true or false.",
        "Payments[0].Card.Digits": "Payments[0].Card.Digits is missing; it must be a text of "
        "4 characters.",
        "Payments[1]": "Payments[1] is a number; it must be an object.",
        "Payments[2].Amount": f"Payments[2].Amount is missing; it must be {AMOUNT}.",
        "Payments[2].Card": "Payments[2].Card is a list; it must be an object.",
    }


def test_a_list_has_its_length() -> None:
    few, many = told('{"id":1,"Payments":[]}'), told('{"id":1,"Payments":[1,2,3,4]}')

    assert few == {"Payments": "Payments has 0 entries; it must be a list of 1 to 3."}
    assert many == {"Payments": "Payments has 4 entries; it must be a list of 1 to 3."}


def test_a_list_of_a_list_names_both_places() -> None:
    assert read(rows=[[1], [2, 3]])["rows"] == ((1,), (2, 3))
    assert told('{"id":1,"rows":[[1],[2,"x"]]}') == {
        "rows[1][1]": "rows[1][1] is 'x'; it must be a whole number from 0."
    }


@pytest.mark.parametrize(
    ("raw", "kind"), [("[]", "a list"), ('"{}"', "a text"), ("1", "a number"), ("null", "null")]
)
def test_a_document_is_an_object(raw: str, kind: str) -> None:
    assert told(raw) == {None: f"The body is {kind}; it must be an object."}


def test_null_is_as_good_as_absent_but_not_in_a_list() -> None:
    found = read(seconds=None, Payments=[{"Amount": 1, "Tip": None, "Card": None}])

    assert found == {"id": 7, "payments": ({"amount": 1, "tip": 0},)}
    assert told('{"id":null}') == {"id": "id is missing; it must be a whole number from 0."}
    assert told('{"id":1,"notes":[null]}') == {
        "notes[0]": "notes[0] is null; it must be a text of at most 5 characters."
    }


def test_names_that_nobody_knows_are_left_alone() -> None:
    found = read(unknown={"id": "x"}, Payments=[{"Amount": 1, "amounts": [None]}])

    assert found == {"id": 7, "payments": ({"amount": 1, "tip": 0},)}


@pytest.mark.parametrize("name", ["Amount", "amount", "AMOUNT"])
def test_names_count_in_any_case_where_a_document_says_so(name: str) -> None:
    [payment] = read(Payments=[{name: 1}])["payments"]

    assert payment["amount"] == 1
    assert told('{"ID":1}') == {"id": "id is missing; it must be a whole number from 0."}


def test_one_name_in_two_cases_is_given_twice() -> None:
    raw = '{"id":1,"Payments":[{"Amount":1,"AMOUNT":2},{"Card":{},"card":{},"amount":1}]}'

    assert told(raw) == {
        "Payments[0].Amount": "Payments[0].Amount is given more than once; give it once.",
        "Payments[1].Card": "Payments[1].Card is given more than once; give it once.",
    }


def test_a_null_beside_a_value_is_not_given_twice() -> None:
    [payment] = read(Payments=[{"Amount": None, "amount": 2}])["payments"]

    assert payment["amount"] == 2


# --- anything ----------------------------------------------------------------------------------

NAMES = st.sampled_from([*ORDER.fields, "Payments", "Amount", "amount", "Tip", "Card", "Digits"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.just("20.06"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.long
@given(VALUES)
def test_any_value_whatever_is_an_order_or_malformed(value: Any) -> None:
    try:
        found = load(ORDER, parse(json.dumps(value).encode()))
    except Malformed as refused:
        sentences = [str(fault) for _, fault in refused.faults]
    else:
        assert isinstance(found, dict)
        assert found.keys() <= ORDER.fields.keys()
        return
    assert sentences
    # None of them is marshmallow's own.
    assert all("it must be" in each or "once" in each or "hold" in each for each in sentences)
