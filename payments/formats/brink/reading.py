"""PAR Brink: from the elements of an ApplyPayment to what it asks for.

The elements become a document of texts, which the fields of kit.documents read: all that is wrong
is told at once and by name. What they take is then held against the published schema as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import marshmallow as ma
from lxml import etree

from kit.cards import has_card_number
from kit.documents import BLANK, InDocument, JsonList, JsonObject, load
from kit.fields import Fault, Typed
from kit.form import LONGEST_NAME, Malformed
from payments.formats.brink.envelope import ORDERING, XSI, elements
from payments.formats.brink.schemas import (
    ApplyPayment,
    PaymentReferenceDetail,
    Request,
    Structure,
)

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent / "templates/brink/ordering.xsd"))
TYPE, NIL = f"{{{XSI}}}type", f"{{{XSI}}}nil"
KINDS = ("NewExternalPayment", "NewOrderPayment")
REQUEST = Request()


def read(operation: etree._Element) -> ApplyPayment:
    """What an ApplyPayment asks for. Raises Malformed with everything that is wrong."""
    requests = [each for each in elements(operation) if each.tag == f"{{{ORDERING}}}request"]
    if len(requests) != 1:
        came = "is given more than once" if requests else "is missing"
        sentence = f"request {came}; ApplyPayment must hold one, with OrderId and Payment."
        raise Malformed([("request", Fault("required", sentence))])
    asked = cast(ApplyPayment, load(REQUEST, _texts(requests[0], REQUEST)))
    _strip(operation)
    if not SCHEMA.validate(operation):
        sentence = "The request does not fit the schema, which is at ?wsdl."
        raise Malformed([("request", Fault("invalid", sentence))])
    return asked


def _strip(operation: etree._Element) -> None:
    """Take off what the schema would stumble over and nobody means anything by: attributes of
    others (SOAP's encodingStyle, places of schemas), and the kind of payment, read before."""
    for element in operation.iter(f"{{{ORDERING}}}*"):
        for name in list(map(str, element.attrib)):
            is_kind = name == TYPE and element.tag == f"{{{ORDERING}}}Payment"
            if is_kind or (etree.QName(name).namespace and name not in (TYPE, NIL)):
                del element.attrib[name]


def _texts(parent: etree._Element, schema: Structure) -> dict[str, Any]:
    """The elements in one that the schema knows, as texts, lists and further dictionaries; Faults
    in the place of what cannot be read, and of those that it does not know."""
    found: dict[str, Any] = {}
    fields = schema.names()
    for element in elements(parent):
        name = etree.QName(element)
        key = name.localname
        if key not in fields:
            shown, stranger = _stranger(key, list(fields))
            found[shown] = stranger
        elif name.namespace != ORDERING:
            found[key] = Fault("invalid", f"{key} must be in the namespace {ORDERING}.")
        elif key in found:
            found[key] = Fault("repeated", f"{key} is given more than once; give it once.")
        elif element.get(NIL) not in ("true", "1"):
            found[key] = _value(element, fields[key], key)
    return found


def _stranger(name: str, known: list[str]) -> tuple[str, Fault]:
    """What an element that is not known is told under, and what is told."""
    there = f"is not known here; there are {', '.join(known[:-1])} and {known[-1]}."
    if len(name) > LONGEST_NAME or has_card_number(name):
        return "?", Fault("invalid", f"A field {there}")
    # Under that name marshmallow takes it for a fault of the whole message, which has no field.
    return "?" if name == ma.exceptions.SCHEMA else name, Fault("invalid", f"{name} {there}")


def _value(element: etree._Element, field: InDocument, name: str) -> Any:
    if isinstance(field, JsonObject):
        strange = _strange_kind(element)
        return strange or _texts(element, cast(Structure, field.inner))
    if isinstance(field, JsonList):
        return _list(element, cast(JsonObject, field.inner))
    # A comment would part a value in two, and others might read the first half only.
    if len(element):
        sentence = f"{name} holds a comment or an element; it must be {field.hint}."
        return Fault("invalid", sentence)
    text = (element.text or "").strip(BLANK)
    if not isinstance(field, Typed) and has_card_number(text):
        sentence = f"{name} holds what looks like a card number; never send one."
        return Fault("card_number", sentence)
    return text


def _list(element: etree._Element, field: JsonObject) -> Any:
    inside = elements(element)
    if any(each.tag != f"{{{ORDERING}}}{PaymentReferenceDetail.__name__}" for each in inside):
        sentence = "ReferenceDetails must hold PaymentReferenceDetail, and nothing else."
        return Fault("invalid", sentence)
    return [_texts(each, cast(Structure, field.inner)) for each in inside]


def _strange_kind(element: etree._Element) -> Fault | None:
    """Some clients say by xsi:type what kind of payment it is; there is only one."""
    came = element.get(TYPE)
    if came is None:
        return None
    prefix, _, name = came.strip(BLANK).rpartition(":")
    if name in KINDS and (not prefix or element.nsmap.get(prefix) == ORDERING):
        return None
    return Fault("invalid", f"Payment has a strange xsi:type; it must be {KINDS[0]}.")
