"""How forms, answers and refusals of the house API look in /openapi.json.

flask-smorest would describe errors as it renders them itself; ours are rendered by kit.form and
kit.failures, so its own are left out and ours put in their place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from flask_smorest import Api
from marshmallow import Schema
from marshmallow.fields import Field

from kit import describing, fields
from kit.form import Form
from kit.nested import Part, Parts, Readable, leaves

SECRET = "Kept encrypted, shown masked (`****404e`), never logged."  # noqa: S105 - about secrets

Shape = dict[str, Any]


def _whole(pattern: Any) -> str:
    return f"^{pattern.pattern}$"


def _text(field: fields.PlainText) -> Shape:
    shape: Shape = {"type": "string", "maxLength": field.most}
    if field.pattern:
        shape["pattern"] = _whole(field.pattern)
    return shape | ({"format": "password"} if field.secret else {})


AMOUNT = fields.AMOUNT.pattern
AMOUNTS = f"^{AMOUNT}( ?, ?{AMOUNT}){{0,{fields.MOST_AMOUNTS - 1}}}$"

# What may come for a field of each class, as JSON Schema; the first class that fits counts.
SHAPES: list[tuple[type[Any], Callable[[Any], Shape]]] = [
    (fields.LeadingNumber, lambda f: {"type": "integer", "minimum": f.least, "maximum": f.most}),
    (fields.WholeNumber, lambda _: {"type": "integer", "format": "int64", "minimum": 0}),
    (fields.Flag, lambda _: {"type": "boolean"}),
    (fields.Choice, lambda f: {"type": "string", "enum": list(f.meanings)}),
    (fields.Day, lambda _: {"type": "string", "format": "date", "pattern": _whole(fields.DAY)}),
    (fields.Amount, lambda _: {"type": "string", "pattern": _whole(fields.AMOUNT)}),
    (fields.Amounts, lambda _: {"type": "string", "pattern": AMOUNTS}),
    (fields.Numbers, lambda _: {"type": "string", "pattern": "^[0-9]{1,18}( ?, ?[0-9]{1,18})*$"}),
    (fields.Email, lambda f: {"type": "string", "format": "email", "maxLength": f.most}),
    (fields.PlainText, _text),
    (fields.Wire, lambda _: {"type": "string"}),
]


def house_field(_: OpenAPIConverter, field: Field[Any], **__: Any) -> Shape:
    """The JSON Schema of a field: what its class tells, and what its schema says of it in
    `described`. Called by apispec for every field it describes."""
    said = getattr(field.parent, "described", {}).get(field.data_key or field.name, {})
    shape: Shape = _shape(field) | said
    if getattr(field, "secret", False):
        shape["description"] = f"{said.get('description', '')} {SECRET}".strip()
    return shape


def _shape(field: Field[Any]) -> Shape:
    if isinstance(field, fields.MoneyOut):
        return {"type": "number"}
    if isinstance(field, fields.DayOut):
        return {"type": "string", "pattern": "^[0-9]{2}/[0-9]{2}/[0-9]{4}$"}
    if isinstance(field, fields.InstantOut):
        return {"type": "string", "format": "date-time"}
    if not isinstance(field, fields.Wire):
        return {}
    return next(make(field) for known, make in SHAPES if isinstance(field, known))


class Converter(OpenAPIConverter):
    """Describes a schema by its docstring, and leaves it open: names that a form does not know
    are ignored, and answers may grow keys. An answer has all of its keys, but for `sometimes`; of
    a form's numbered parts the first is shown, by its names on the wire."""

    def schema2jsonschema(self, schema: Schema) -> Shape:
        if isinstance(schema, describing.Shape):
            return dict(schema.shape)
        about = inspect.cleandoc(type(schema).__doc__ or "")
        if isinstance(schema, Form):
            return self._form(schema) | {"description": " ".join([about, *_numbered(schema)])}
        found: Shape = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        found.pop("additionalProperties", None)
        optional = getattr(schema, "sometimes", ())
        found["required"] = [key for key in found["properties"] if key not in optional]
        return found | {"description": about}

    def _form(self, form: Form) -> Shape:
        all_ = list(leaves(form))
        fields_ = {each.name: self.field2property(each.field) for each in all_}
        required = sorted(each.name for each in all_ if each.required)
        shape: Shape = {"type": "object", "properties": fields_}
        return shape | ({"required": required} if required else {})

    def schema2parameters(self, schema: Any, *, location: str, **options: Any) -> list[Shape]:
        if not isinstance(schema, Form):
            found: list[Shape] = super().schema2parameters(schema, location=location, **options)
            return found
        place = {"querystring": "query"}.get(location, location)
        return [
            self._field2parameter(leaf.field, name=leaf.name, location=place)
            | {"required": leaf.required}
            for leaf in leaves(schema)
        ]


def _numbered(form: Readable, start: str = "") -> Iterator[str]:
    """How many parts a form may have of each kind."""
    for key, field in form.fields_by_key.items():
        if isinstance(field, Parts):
            yield f"`{start}{key}[0]` is the first of at most {field.most}."
        if isinstance(field, Part):
            yield from _numbered(field.form, start + field.start)


class Plugin(MarshmallowPlugin):
    Converter = Converter


def _name(schema: type[Schema] | Schema) -> str:
    """PaymentOut is called Payment: which way it goes is plain to a reader."""
    return (schema if isinstance(schema, type) else type(schema)).__name__.removesuffix("Out")


class HouseApi(Api):  # type: ignore[misc]
    """flask-smorest without its own errors, pages and ETags, which nothing here answers with."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        super().__init__(app, spec_kwargs={"marshmallow_plugin": Plugin(_name)})

    def _init_spec(self, **options: Any) -> None:
        super()._init_spec(**options)
        self.ma_plugin.converter.add_attribute_function(house_field)
        self.spec.components.schema("Refusal", describing.REFUSAL)

    def _register_responses(self) -> None:
        for status, response in describing.RESPONSES.items():
            self.spec.components.response(HTTPStatus(status).name, response, lazy=True)

    def _register_etag_headers(self) -> None:
        pass

    def _register_pagination_header(self) -> None:
        pass
