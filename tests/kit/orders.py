"""A document with a field of every kind, for tests of how documents are read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from kit.documents import (
    Document,
    InDocument,
    JsonAmount,
    JsonFlag,
    JsonList,
    JsonNumber,
    JsonObject,
    JsonText,
    load,
    parse,
)
from kit.fields import Choice
from kit.form import Malformed

AMOUNT = "a plain decimal such as 20.06, at most 9999999999.99"


class JsonChoice(InDocument, Choice):
    """A field of forms in a document."""


class Card(Document):
    digits = JsonText(most=4, least=4, data_key="Digits", required=True)


class Payment(Document):
    any_case = True

    amount = JsonAmount(positive=True, data_key="Amount", required=True)
    tip = JsonAmount(data_key="Tip", load_default=Decimal(0))
    is_external = JsonFlag(data_key="IsExternal")
    card = JsonObject(Card, data_key="Card")


class Order(Document):
    id = JsonNumber(required=True)
    seconds = JsonNumber(least=60, most=3600)
    comment = JsonText(most=10)
    secret = JsonText(most=10, secret=True)
    kind = JsonChoice({"cash": 1, "card": 2})
    notes = JsonList(JsonText(most=5), most=3)
    rows = JsonList(JsonList(JsonNumber(), most=2), most=2)
    payments = JsonList(JsonObject(Payment), least=1, most=3, data_key="Payments")


ORDER = Order()


def read(**values: Any) -> Any:
    """What an order with these values means."""
    return load(ORDER, parse(json.dumps({"id": 7} | values).encode()))


def told(raw: str) -> dict[str | None, str]:
    """The sentences about a document, by place; each place has one."""
    with pytest.raises(Malformed) as caught:
        load(ORDER, parse(raw.encode()))
    sentences = {place: str(fault) for place, fault in caught.value.faults}
    assert len(sentences) == len(caught.value.faults)
    return sentences
