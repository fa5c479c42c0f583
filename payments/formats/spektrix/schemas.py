"""The wire's words: requests in PascalCase, names in any case, answers in camelCase."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import marshmallow as ma

from kit import documents, form
from kit.documents import Document, JsonAmount, JsonFlag, JsonList, JsonObject, JsonText
from kit.fields import Fault, number
from kit.form import Malformed
from kit.money import Money

MOST_ATTRIBUTES = 50
LONGEST_VALUE = 250

Attributes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CustomPayment:
    """What a client asks to record, as it is written."""

    type_id: str
    amount: Decimal
    attributes: Attributes


class AttributeIn(Document):
    any_case = True

    name = JsonText(data_key="Name", required=True, least=1, most=100)
    value = JsonText(data_key="Value", load_default="", most=LONGEST_VALUE)

    @ma.post_load
    def _make(self, came: dict[str, Any], **_: Any) -> tuple[str, str]:
        return came["name"], came["value"]


class CustomPaymentIn(Document):
    any_case = True

    type_id = JsonText(data_key="PaymentTypeId", required=True, least=1, most=100)
    amount = JsonAmount(data_key="Amount", required=True, positive=True)
    attributes = JsonList(
        JsonObject(AttributeIn),
        data_key="PaymentAttributes",
        load_default=(),
        most=MOST_ATTRIBUTES,
    )

    @ma.validates_schema
    def _refuse_repeated(self, came: dict[str, Any], **_: Any) -> None:
        names = [name for name, _ in came["attributes"]]
        twice = Fault("repeated", "Name is given more than once; give each attribute once.")
        again = [place for place, name in enumerate(names) if name in names[:place]]
        if again:
            found = {place: {"Name": [twice]} for place in again}
            raise ma.ValidationError({"PaymentAttributes": found})

    @ma.post_load
    def _make(self, came: dict[str, Any], **_: Any) -> CustomPayment:
        return CustomPayment(**came)


class BasketIn(Document):
    any_case = True

    waives = JsonFlag(data_key="WaiveTransactionCommission", required=True)


CUSTOM_PAYMENT, BASKET = CustomPaymentIn(), BasketIn()


def custom_payment(body: bytes) -> CustomPayment:
    """What a body asks to record. Raises Malformed."""
    found: CustomPayment = documents.load(CUSTOM_PAYMENT, _one(body))
    return found


def waives_commission(body: bytes) -> bool:
    """Whether a body says to waive the commission. Raises Malformed."""
    return bool(documents.load(BASKET, _one(body))["waives"])


def _one(body: bytes) -> Any:
    """The object of a body; one public client wraps it in a list."""
    found = documents.parse(body)
    if not isinstance(found, list):
        return found
    if len(found) != 1:
        sentence = f"The body is a list of {len(found)}; it must be an object, or a list of one."
        raise Malformed([(None, Fault("invalid", sentence))])
    return found[0]


def shown_payment(
    name: str, amount: Money, attributes: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """A custom payment, as it is answered and as baskets show it."""
    told = [{"name": each, "value": value} for each, value in attributes]
    return {"name": name, "amount": number(amount), "attributes": told}


def encoded_payment(name: str, amount: Money, attributes: Attributes) -> bytes:
    return form.encode(shown_payment(name, amount, attributes))
