"""The requests of this wire: what they may hold, and what is made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import marshmallow as ma

from kit.documents import (
    Document,
    InDocument,
    JsonAmount,
    JsonFlag,
    JsonList,
    JsonObject,
    JsonText,
)
from kit.fields import Fault, Typed

MOST_PAYMENTS = 20
MOST_ORGANIZATIONS = 100
EXTERNAL = "External"
POSITIVE = "PaymentSumShouldBePositive"
NOT_POSITIVE = re.compile(r"-[0-9]{1,10}(\.[0-9]{1,60})?|0{1,10}(\.0{1,60})?", re.ASCII)
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
PLAIN_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
TYPE_NAME = re.compile(r"[A-Z0-9]{1,33}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """One payment of a command, as the inbox keeps it. `type_id` and `kind` name the payment type;
    `sum` and `tip` are decimals as written; `attributes` are names and values."""

    type_id: str | None
    kind: str | None
    sum: str
    completed: bool
    attributes: list[list[str]]
    tip: str = "0"


@dataclass(frozen=True, slots=True)
class Order:
    """What add_payments asks for. `order_id` is a UUID or a plain number, as text."""

    organization_id: str
    order_id: str
    parts: list[Part]


# --- fields -----------------------------------------------------------------------------------


class Id(InDocument, Typed):
    """A UUID, or the plain number that it stands for."""

    numbers = True
    hint = "a UUID, or our own number"

    def read(self, text: str) -> str:
        if UUID_TEXT.fullmatch(text):
            return str(UUID(text))
        if not PLAIN_ID.fullmatch(text):
            raise self.wrong(text)
        return str(text)


class Uuid(InDocument, Typed):
    hint = "a UUID"

    def read(self, text: str) -> str:
        if not UUID_TEXT.fullmatch(text):
            raise self.wrong(text)
        return str(UUID(text))


class TypeId(InDocument, Typed):
    hint = "the UUID of a payment type, or its code"

    def read(self, text: str) -> str:
        if UUID_TEXT.fullmatch(text):
            return str(UUID(text))
        if not TYPE_NAME.fullmatch(text):
            raise self.wrong(text)
        return text


class Kind(InDocument, Typed):
    """The kind of a payment type. A public client always sends "External", whatever the type is: it
    says nothing about the type, which must be named then."""

    hint = "Card or Cash"

    def read(self, text: str) -> str:
        if text not in ("Card", "Cash", EXTERNAL):
            raise self.wrong(text)
        return text


class Sum(JsonAmount):
    """An amount of more than 0, as written; the vendor has a code of its own for any other."""

    def read(self, text: str) -> Decimal:
        if NOT_POSITIVE.fullmatch(text):
            raise self.fault(POSITIVE, f"{self.label} is {text}; it must be more than 0.")
        return super().read(text)


# --- documents --------------------------------------------------------------------------------


class SignIn(Document):
    api_login = JsonText(data_key="apiLogin", required=True, least=1, most=100, secret=True)


class AskOrganizations(Document):
    organization_ids = JsonList(Id(), data_key="organizationIds", least=1, most=MOST_ORGANIZATIONS)


class AskPaymentTypes(Document):
    organization_ids = JsonList(
        Id(), data_key="organizationIds", least=1, most=MOST_ORGANIZATIONS, required=True
    )


class AskStatus(Document):
    organization_id = Id(data_key="organizationId", required=True)
    correlation_id = Uuid(data_key="correlationId", required=True)


class AdditionalData(Document):
    number = JsonText(most=50)
    card_type = JsonText(data_key="cardType", most=50)
    custom_data = JsonText(data_key="customData", most=200)


class Payment(Document):
    type_id = TypeId(data_key="paymentTypeId", load_default=None)
    kind = Kind(data_key="paymentTypeKind", load_default=None)
    sum = Sum(required=True)
    completed = JsonFlag(data_key="isProcessedExternally", load_default=False)
    number = JsonText(most=50)
    additional = JsonObject(AdditionalData, data_key="paymentAdditionalData")

    @ma.validates_schema(skip_on_field_errors=False)
    def _check_type(self, found: Mapping[str, Any], **_: Any) -> None:
        if found.get("type_id", "") is not None:  # it is there, or wrong
            return
        if found.get("kind", "") is None:
            sentence = "paymentTypeId is missing; it must be the UUID of a payment type."
            raise ma.ValidationError({"paymentTypeId": [Fault("required", sentence)]})
        if found.get("kind") == EXTERNAL:
            sentence = (
                "paymentTypeKind is 'External'; it must be Card or Cash, unless there is a "
                "paymentTypeId."
            )
            raise ma.ValidationError({"paymentTypeKind": [Fault("invalid", sentence)]})

    @ma.post_load
    def _make(self, found: Mapping[str, Any], **_: Any) -> Part:
        told = {"number": found.get("number", "")} | found.get("additional", {})
        return Part(
            type_id=found["type_id"],
            kind=None if found["kind"] == EXTERNAL else found["kind"],
            sum=f"{found['sum']:f}",
            completed=found["completed"],
            attributes=[[WIRE_NAMES[name], text] for name, text in told.items() if text],
        )


class AddPayments(Document):
    organization_id = Id(data_key="organizationId", required=True)
    order_id = Id(data_key="orderId", required=True)
    payments = JsonList(JsonObject(Payment), least=1, most=MOST_PAYMENTS, required=True)
    tips = JsonList(JsonObject(Payment), most=MOST_PAYMENTS, load_default=())

    @ma.post_load
    def _make(self, found: Mapping[str, Any], **_: Any) -> Order:
        parts, lonely = _with_tips(found["payments"], found["tips"])
        if lonely:
            sentence = (
                "There is no payment of the same paymentTypeId, paymentTypeKind and "
                "isProcessedExternally that this tip could go with."
            )
            faults = {place: [Fault("tip_alone", sentence)] for place in lonely}
            raise ma.ValidationError({"tips": faults})
        return Order(found["organization_id"], found["order_id"], parts)


def _with_tips(payments: Sequence[Part], tips: Sequence[Part]) -> tuple[list[Part], list[int]]:
    """The payments, each with at most one of the tips; and the places of tips that go with none.

    On the wire a tip is a payment of its own; in the ledger it goes with one, by the same type.
    Tips are not added up: sums stay as they were written.
    """
    parts, lonely = list(payments), []
    for place, tip in enumerate(tips):
        fitting = (n for n, part in enumerate(parts) if part.tip == "0" and _goes_with(tip, part))
        if (n := next(fitting, None)) is None:
            lonely.append(place)
        else:
            parts[n] = replace(parts[n], tip=tip.sum)
    return parts, lonely


def _goes_with(tip: Part, part: Part) -> bool:
    same_type = tip.type_id in (None, part.type_id) and tip.kind in (None, part.kind)
    return same_type and tip.completed == part.completed


WIRE_NAMES = {name: field.data_key or name for name, field in AdditionalData().load_fields.items()}
