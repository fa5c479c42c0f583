"""Whatever nested values a form can have, they come through the wire as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import fields
from kit.form import Form, gather
from kit.nested import Part, Parts

TEXTS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8)
INDEXES = st.integers(0, 9)


class Leaf(Form):
    text = fields.PlainText(data_key="Text", most=8)


class Branch(Form):
    one = Part(Leaf, data_key="One")
    many = Parts(Leaf, data_key="Many", most=10)
    text = fields.PlainText(data_key="Text", most=8)


class Tree(Form):
    one = Part(Branch, data_key="One")
    many = Parts(Branch, data_key="Many", most=10)
    text = fields.PlainText(data_key="Text", most=8)


def some(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Values of a form with such parts, parts by their indexes; never nothing at all."""
    many = st.dictionaries(INDEXES, inner, min_size=1, max_size=3)
    kinds = {"Text": TEXTS, "One": inner, "Many": many}
    return st.fixed_dictionaries({}, optional=kinds).filter(bool)


TREES = some(some(st.fixed_dictionaries({"Text": TEXTS})))


def flattened(tree: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, str):
            yield start + key, value
        elif key == "One":
            yield from flattened(value, f"{start}{key}.")
        else:
            for index, part in value.items():
                yield from flattened(part, f"{start}{key}[{index}].")


def expected(tree: Mapping[str, Any]) -> dict[str, Any]:
    """What the form is loaded to: attributes for names, tuples for numbered parts."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if key == "Many":
            found["many"] = tuple(expected(value[index]) for index in sorted(value))
        else:
            found[key.lower()] = value if isinstance(value, str) else expected(value)
    return found


@pytest.mark.long
@given(TREES, st.randoms(use_true_random=False))
def test_any_tree_of_texts_is_read_back_whatever_the_case_and_order_of_its_names(
    tree: dict[str, Any], random: Random
) -> None:
    given = list(flattened(tree))
    random.shuffle(given)
    body = "&".join(
        f"{quote(''.join(random.choice((c.lower(), c.upper())) for c in name))}={quote_plus(text)}"
        for name, text in given
    )
    schema = Tree()

    assert schema.load(gather(body.encode(), schema)) == expected(tree)
