"""The house dialect: how form-encoded calls are read, and how answers and errors look.

The rules are those of formats/ipro.md sections 2 and 3 (docs/formats/ipro.md here): names in any
case, an empty value is an absent one, a name given twice is an error, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, ClassVar, NoReturn, TypeVar, cast
from urllib.parse import unquote_to_bytes

import marshmallow as ma
import orjson
from flask import Request, Response, request
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser

from kit.cards import has_card_number
from kit.errors import DomainError, Refused
from kit.fields import Fault, Numbers, Typed

BODY_LIMIT = 64 * 1024
MOST_FIELDS = 1000
LONGEST_NAME = 50
FORM = "application/x-www-form-urlencoded"

View = TypeVar("View", bound=Callable[..., Any])


class Malformed(Exception):
    """The request cannot be read; `faults` are (field or None, fault), `status` is HTTP's."""

    def __init__(self, faults: list[tuple[str | None, Fault]], status: int = 400) -> None:
        super().__init__("; ".join(fault for _, fault in faults))
        self.faults = faults
        self.status = status


# --- reading ---------------------------------------------------------------------------------


def pairs(raw: bytes) -> Iterator[tuple[str, str | Fault]]:
    """Names and values of a form body or query string, raw or percent-encoded UTF-8.

    Absent values (empty, or a bare name without "=") are left out. A value that is not UTF-8
    comes as a Fault, so that it can be told together with everything else that is wrong.
    """
    parts = raw.rstrip(b"\r\n").split(b"&")
    if len(parts) > MOST_FIELDS:
        raise Malformed([(None, Fault("too_many_fields", f"More than {MOST_FIELDS} fields."))])
    for part in parts:
        name, _, value = part.partition(b"=")
        if value:
            yield _text(name, "?"), _value(name, value)


def _text(raw: bytes, otherwise: str) -> str:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return otherwise


def _value(name: bytes, raw: bytes) -> str | Fault:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return Fault("not_utf8", f"{_text(name, 'A field')} is not valid UTF-8.")


class Found(dict[str, Any]):
    """The values that came. `strangers` are faults in fields that the call does not have: what is
    unknown is ignored, but not when it holds a card number."""

    def __init__(self) -> None:
        super().__init__()
        self.strangers: dict[str, Fault] = {}


def gather(raw: bytes, schema: Form) -> Found:
    """One value for every field the schema knows, under the schema's own spelling of its name.

    Faults found here take the place of the value; the field then reports them with all others.
    """
    found = Found()
    for name, came in pairs(raw):
        known = schema.names.get(name.lower())
        value = _without_card(came, schema, known or name)
        if known is None:
            if isinstance(value, Fault):
                unnamed = len(name) > LONGEST_NAME or has_card_number(name)
                found.strangers["?" if unnamed else name] = value
        elif known not in found:
            found[known] = value
        elif isinstance(schema.fields_by_key[known], Numbers):
            found[known] = _joined(found[known], value)
        else:
            found[known] = Fault("repeated", f"{known} is given more than once; give it once.")
    return found


def _joined(one: str | Fault, other: str | Fault) -> str | Fault:
    """Two parts of a list. One that cannot be read stays what it is: a Fault is a text, too."""
    return next((part for part in (one, other) if isinstance(part, Fault)), f"{one},{other}")


def _without_card(came: str | Fault, schema: Form, name: str) -> str | Fault:
    """The value, or the fault that it holds a card number. Typed numbers and amounts are not
    looked at: an id may well pass Luhn."""
    typed = isinstance(schema.fields_by_key.get(name), Typed)
    if isinstance(came, Fault) or typed or not has_card_number(came):
        return came
    sentence = "This field holds what looks like a card number; never send one."
    return Fault("card_number", sentence)


def whole_body(req: Request) -> bytes:
    """The raw body, all of it. Half a body is another payment than the one that was sent, and
    servers hand on what they have when a client hangs up; so its length must be told and right.

    Raises Malformed: 411 without a length (chunked), 400 when less came than was told.
    """
    if req.content_length is None:
        sentence = "Send the body with its length (Content-Length), not in chunks."
        raise Malformed([(None, Fault("length_required", sentence))], status=411)
    raw = req.get_data(cache=True)
    if len(raw) != req.content_length:
        sentence = f"The body was cut off: {len(raw)} of {req.content_length} bytes came."
        raise Malformed([(None, Fault("body_cut_off", sentence))])
    return raw


class HouseParser(FlaskParser):
    """The rules above as locations of webargs, so that flask-smorest documents them."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_form(self, req: Request, schema: ma.Schema) -> Any:
        if req.mimetype != FORM:
            came = req.mimetype or "none"
            fault = Fault("unsupported_media_type", f"The content type is {came}; send {FORM}.")
            raise Malformed([(None, fault)], status=415)
        return gather(whole_body(req), cast(Form, schema))

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        return gather(req.query_string, cast(Form, schema))

    def handle_error(self, error: ma.ValidationError, *_: Any, **__: Any) -> NoReturn:
        faults: list[tuple[str | None, Fault]] = []
        for told in cast(dict[str, dict[str, list[Fault]]], error.messages).values():
            for name, found in told.items():  # webargs puts all of it under the location
                faults += [(name, fault) for fault in found]
        raise Malformed(faults)


class Blueprint(SmorestBlueprint):
    ARGUMENTS_PARSER = HouseParser()


class Form(ma.Schema):
    """A form body or query string of the house API. `aliases`: other names, in lower case."""

    aliases: ClassVar[Mapping[str, str]] = {}

    class Meta:
        unknown = ma.EXCLUDE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.fields_by_key = {f.data_key or name: f for name, f in self.load_fields.items()}
        self.names = {key.lower(): key for key in self.fields_by_key} | dict(self.aliases)

    @ma.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _refuse_strangers(self, _: Any, came: Any, **__: Any) -> None:
        if strangers := getattr(came, "strangers", None):
            raise ma.ValidationError({name: [fault] for name, fault in strangers.items()})


# --- preferences (RFC 7240) -------------------------------------------------------------------


def prefers(what: str) -> bool:
    """Whether a Prefer header of the request asks for this; it may list several wishes."""
    return what in _wishes()


def _wishes() -> list[str]:
    wishes = request.headers.get("Prefer", "").replace('"', "").lower()
    return [wish.partition(";")[0].replace(" ", "").rstrip("=") for wish in wishes.split(",")]


def no_dry_run(view: View) -> View:
    """A write that cannot be tried out yet says so, lest somebody books real money by mistake."""

    @wraps(view)
    def guarded(*args: Any, **options: Any) -> Any:
        # With any value: whoever writes "dry-run=true" does not want a real payment either.
        if any(wish.partition("=")[0] == "dry-run" for wish in _wishes()):
            sentence = "Prefer: dry-run is not supported yet; nothing was done."
            raise Malformed([(None, Fault("dry_run_not_supported", sentence))], status=501)
        return view(*args, **options)

    return cast(View, guarded)


# --- answering -------------------------------------------------------------------------------


def encode(payload: Any) -> bytes:
    """JSON as the house API writes it."""
    return orjson.dumps(payload)


# Answers are about people's money: no cache keeps them, no browser guesses what they are.
NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer. The charset is spelled out: a public client refuses arrays without it."""
    response = Response(body, status, content_type="application/json; charset=utf-8")
    response.headers.update(NOT_KEPT)
    response.headers.update(headers or {})
    return response


def refusal(
    status: int, faults: list[tuple[str | None, str, str]], headers: Mapping[str, str] | None = None
) -> Response:
    """The house's error body. `faults`: (field or None, code, sentence), the worst first."""
    _, code, message = faults[0]
    if len(faults) > 1:
        code, message = "several_problems", f"{len(faults)} things are wrong: see Errors."
    errors = [{"Field": field, "Code": code, "Message": text} for field, code, text in faults]
    body = {"Success": False, "Message": message, "Code": code, "Errors": errors}
    return answer(encode(body), status, headers)


class Refusals:
    """Renders business errors in the house dialect.

    `statuses`: the HTTP status of every error class; `words`: the wire's word for the attributes
    of commands ("method" is PaymentMethod); `headers`: what an error class adds to its answer.
    """

    def __init__(
        self,
        statuses: Mapping[type[DomainError], int],
        words: Mapping[str, str],
        headers: Callable[[DomainError], Mapping[str, str]] = lambda _: {},
    ) -> None:
        self.statuses, self.words, self.headers = statuses, words, headers

    def render(self, error: DomainError | Refused) -> Response:
        problems = error.problems if isinstance(error, Refused) else (error,)
        told = [(self._word(each.field), each.code, each.message) for each in problems]
        first = problems[0]
        return refusal(self.statuses[type(first)], told, self.headers(first))

    def _word(self, field: str | None) -> str | None:
        return None if field is None else self.words.get(field, field)


def render_malformed(error: Malformed) -> Response:
    return refusal(error.status, [(field, fault.code, str(fault)) for field, fault in error.faults])
