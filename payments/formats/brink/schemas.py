"""PAR Brink: what an ApplyPayment holds, and the payment to take that it asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

import marshmallow as ma
import orjson

from kit.documents import (
    Document,
    InDocument,
    JsonAmount,
    JsonList,
    JsonNumber,
    JsonObject,
    JsonText,
    Number,
)
from kit.ids import digest
from payments.commands import TakePayment

NUMBER = re.compile(r"([-+]?)([0-9]*)(?:\.([0-9]*))?", re.ASCII)
MOST_DETAILS, LONGEST_VALUE = 50, 2000
INT = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPayment:
    """What an ApplyPayment asks for."""

    order_id: int
    payment_id: int
    tender_id: int
    amount: Decimal
    tip: Decimal
    details: tuple[tuple[str, str], ...]

    def fingerprint(self) -> str:
        """What makes two payments of one Id the same one: what they say, however it is written."""
        said = (_shortest(self.amount), _shortest(self.tip), self.tender_id, self.details)
        return digest(orjson.dumps(said).decode())

    def order(self, today: date) -> TakePayment:
        """The payment to take. An external tender's money has moved: it is cleared, of today.

        The Id counts within an order, so it is no reference: those are the partner's own across its
        formats, and "1" comes up again. What makes a payment the same one is its key (routes).
        """
        return TakePayment(
            source="brink",
            booking_id=self.order_id,
            amount=self.amount,
            tip=self.tip,
            currency=None,
            state="cleared",
            method=str(self.tender_id),
            method_by="number",
            paid_on=today,
            no_credit=True,
            attributes=(("Id", str(self.payment_id)), *self.details),
        )


def _shortest(amount: Decimal) -> str:
    """10.50, 10.5 and 010.5 are one amount."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- the fields -------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A number as XML Schema lets it be written ("+010.", ".5") in the way of the house ("10",
    "0.5"); anything else as it came."""
    found = NUMBER.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return text
    whole = found[1].strip("+") + (found[2].lstrip("0") or "0")
    return f"{whole}.{found[3]}" if found[3] else whole


class XmlAmount(JsonAmount):
    """xs:decimal: it has no exponent, and zeros at its end mean nothing, as in any number."""

    def read(self, text: str) -> Decimal:
        return super().read(Number(plain(text)))


class XmlNumber(JsonNumber):
    """xs:int or xs:long."""

    def read(self, text: str) -> int:
        return super().read(plain(text) if "." not in text else text)


class XmlLines(InDocument):
    """A text that may have lines: of what XML allows, all but the DEL character."""

    hint = f"a text of at most {LONGEST_VALUE} characters"

    def read(self, text: str) -> str:
        if len(text) > LONGEST_VALUE:
            sentence = f"{self.label} has {len(text)} characters; it must be {self.hint}."
            raise self.fault("too_long", sentence)
        if "\x7f" in text:
            raise self.fault("control_character", f"{self.label} holds a control character.")
        return text


class XmlElement(JsonObject):
    hint = "an element with elements in it"


class Structure(Document):
    """The elements in another one. A name that is not known may be one that is misspelt."""

    @ma.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _refuse_strangers(self, _: Any, came: Any, **__: Any) -> None:
        if strangers := {name: [came[name]] for name in came if name not in self.names()}:
            raise ma.ValidationError(strangers)

    def names(self) -> dict[str, InDocument]:
        """The fields by the names of their elements."""
        fields = cast(dict[str, InDocument], self.load_fields)
        return {str(field.data_key): field for field in fields.values()}


class PaymentReferenceDetail(Structure):
    name = JsonText(data_key="Name", required=True, least=1, most=100)
    value = XmlLines(data_key="Value", load_default="")

    @ma.post_load
    def _pair(self, came: dict[str, str], **_: Any) -> tuple[str, str]:
        return came["name"], came["value"]


class Payment(Structure):
    amount = XmlAmount(data_key="Amount", required=True, positive=True)
    payment_id = XmlNumber(data_key="Id", required=True, least=1, most=INT)
    tender_id = XmlNumber(data_key="TenderId", required=True, most=INT)
    tip = XmlAmount(data_key="TipAmount", load_default=Decimal(0))
    details = JsonList(
        XmlElement(PaymentReferenceDetail),
        data_key="ReferenceDetails",
        load_default=(),
        most=MOST_DETAILS,
    )


class Request(Structure):
    order_id = XmlNumber(data_key="OrderId", required=True, least=1)
    payment = XmlElement(Payment, data_key="Payment", required=True)

    @ma.post_load
    def _apply(self, came: dict[str, Any], **_: Any) -> ApplyPayment:
        return ApplyPayment(order_id=came["order_id"], **came["payment"])
