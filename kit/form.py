"""The house dialect: how form-encoded calls are read, and how answers and errors look.

The rules are those of formats/ipro.md sections 2 and 3 (docs/formats/ipro.md here): names in any
case, an empty value is an absent one, a name given twice is an error, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NoReturn, TypeVar, cast
from urllib.parse import unquote_to_bytes

import marshmallow as ma
import orjson
from flask import Request, Response, request
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from kit.cards import has_card_number
from kit.errors import DomainError, Refused
from kit.fields import Fault, Listed, Typed
from kit.nested import Found, Missed, Place, flat, missed, place_of

BODY_LIMIT = 64 * 1024
MOST_FIELDS = 1000
LONGEST_NAME = 50
WORD = re.compile(r"[a-z_0-9]*[a-z_][a-z_0-9]*")
FORM = "application/x-www-form-urlencoded"
# Where the WSGI environment has the path that was asked for, when another one is handed on.
ASKED_PATH = "house.asked_path"

View = TypeVar("View", bound=Callable[..., Any])


class Malformed(Exception):
    """The request cannot be read; `faults` are (field or None, fault), `status` is HTTP's."""

    def __init__(self, faults: list[tuple[str | None, Fault]], status: int = 400) -> None:
        super().__init__("; ".join(fault for _, fault in faults))
        self.faults = faults
        self.status = status


# --- reading ---------------------------------------------------------------------------------


def pairs(raw: bytes) -> Iterator[tuple[str, str | None]]:
    """Names and values of a form body or query string, raw or percent-encoded UTF-8.

    Absent values (empty, or a bare name without "=") are left out. A value that is not UTF-8
    comes as None, so that it can be told together with everything else that is wrong.
    """
    parts = raw.rstrip(b"\r\n").split(b"&")
    if len(parts) > MOST_FIELDS:
        raise Malformed([(None, Fault("too_many_fields", f"More than {MOST_FIELDS} fields."))])
    for part in parts:
        name, _, value = part.partition(b"=")
        if value:
            yield _text(name) or "?", _text(value)


def _text(raw: bytes) -> str | None:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None


def gather(raw: bytes, schema: Form) -> Found:
    """One value for every field the schema and its parts know, under the schema's own spelling.

    Faults found here take the place of the value; the field then reports them with all others.
    """
    found = Found()
    for name, came in pairs(raw):
        place = place_of(name, schema)
        if place is None:
            _look_at_stranger(name, came, found, missed(name, schema), schema)
        elif (values := place.among(found)) is not None:
            value = _checked(came, place.key, place.field)
            both = place.key in values
            values[place.key] = _both(values[place.key], value, place) if both else value
    return found


def _look_at_stranger(
    name: str, came: str | None, found: Found, wrong: Missed | None, schema: Form
) -> None:
    unnamed = len(name) > LONGEST_NAME or has_card_number(name)
    shown = "A field" if unnamed else name
    value = _checked(came, shown, wrong.field if wrong else None)
    if wrong and not isinstance(value, Fault):
        value = Fault("misplaced", f"{shown} is wrongly named; it must be {wrong.right}.")
    if not isinstance(value, Fault):
        value = schema.stranger(shown) or value
    if isinstance(value, Fault):
        told = found.strangers.setdefault("?" if unnamed else name, [])
        told += [] if value in told else [value]


def _checked(came: str | None, name: str, field: ma.fields.Field[Any] | None = None) -> str | Fault:
    """The value, or the fault that it is not UTF-8 or holds a card number. Typed numbers and
    amounts are not looked at: an id may well pass Luhn."""
    if came is None:
        return Fault("not_utf8", f"{name} is not valid UTF-8.")
    if isinstance(field, Typed) or not has_card_number(came):
        return came
    sentence = "This field holds what looks like a card number; never send one."
    return Fault("card_number", sentence)


def _both(one: str | Fault, other: str | Fault, place: Place) -> str | Fault:
    """Two values of one name. Of a list, one that cannot be read stays what it is: a Fault is a
    text, too."""
    if not isinstance(place.field, Listed):
        return Fault("repeated", f"{place.key} is given more than once; give it once.")
    return next((part for part in (one, other) if isinstance(part, Fault)), f"{one},{other}")


def whole_body(req: Request, but: str = "not in chunks") -> bytes:
    """The raw body, all of it. Half a body is another payment than the one that was sent, and
    servers hand on what they have when a client hangs up; so its length must be told and right.

    Raises Malformed: 411 without a length, 400 when less came than was told. `but` says what else
    may be done about a missing length.
    """
    if req.content_length is None:
        sentence = f"Send the body with its length (Content-Length), {but}."
        raise Malformed([(None, Fault("length_required", sentence))], status=411)
    raw = req.get_data(cache=True)
    if len(raw) != req.content_length:
        sentence = f"The body was cut off: {len(raw)} of {req.content_length} bytes came."
        raise Malformed([(None, Fault("body_cut_off", sentence))])
    return raw


def whole_document(req: Request) -> bytes:
    """The raw body of a document, which may come in chunks as well: of those a server does not tell
    whether all came, but half a document (an object, a list, an XML element) cannot be parsed.

    Raises Malformed as `whole_body` does, RequestEntityTooLarge for more than the limit.
    """
    in_chunks = req.content_length is None and "Transfer-Encoding" in req.headers
    if not in_chunks or not req.environ.get("wsgi.input_terminated"):
        return whole_body(req, "or in chunks")
    raw = req.get_data(cache=True)
    # Werkzeug stops reading at the limit, and leaves it to us to see whether more would come.
    if len(raw) == req.max_content_length and req.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return raw


def has_body(req: Request) -> bool:
    """Whether a body is meant to come, also one without its length (which forms refuse)."""
    if req.content_length is not None:
        return req.content_length > 0
    return "Transfer-Encoding" in req.headers or bool(req.get_data(cache=True))


class HouseParser(FlaskParser):
    """The rules above as locations of webargs, so that flask-smorest documents them."""

    DEFAULT_VALIDATION_STATUS = 400
    __location_map__ = {
        **FlaskParser.__location_map__,
        "form_or_query": "load_form_or_query",
    }

    def load_form(self, req: Request, schema: ma.Schema) -> Any:
        return gather(_form_body(req), cast(Form, schema))

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        return gather(req.query_string, cast(Form, schema))

    def load_form_or_query(self, req: Request, schema: ma.Schema) -> Any:
        """Both together when there is a body, so that a name in both is one that came twice."""
        if not has_body(req):
            return self.load_querystring(req, schema)
        both = _form_body(req).rstrip(b"\r\n"), req.query_string
        return gather(b"&".join(filter(None, both)), cast(Form, schema))

    def handle_error(self, error: ma.ValidationError, *_: Any, **__: Any) -> NoReturn:
        told = cast(dict[str, Any], error.messages).values()
        raise Malformed([fault for each in told for fault in flat(each)])  # told by location


def _form_body(req: Request) -> bytes:
    if req.mimetype != FORM:
        fault = f"The content type is {req.mimetype or 'none'}; send {FORM}."
        raise Malformed([(None, Fault("unsupported_media_type", fault))], status=415)
    return whole_body(req)


class Blueprint(SmorestBlueprint):
    ARGUMENTS_PARSER = HouseParser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING = {
        **SmorestBlueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        "form_or_query": FORM,
    }


class Form(ma.Schema):
    """A form body or query string of the house API, or a part of one (kit/nested.py).

    `aliases`: other names, in lower case.
    """

    aliases: ClassVar[Mapping[str, str]] = {}

    class Meta:
        unknown = ma.EXCLUDE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.fields_by_key = {f.data_key or name: f for name, f in self.load_fields.items()}
        self.names = {key.lower(): key for key in self.fields_by_key} | dict(self.aliases)

    def stranger(self, name: str) -> Fault | None:
        """What is wrong with a name that is not known. Nothing: clients send more than we need."""
        return None

    @ma.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _refuse_strangers(self, _: Any, came: Any, **__: Any) -> None:
        if strangers := getattr(came, "strangers", None):
            raise ma.ValidationError(strangers)


def wire_words(*forms: Form) -> dict[str, str]:
    """The names on the wire of what forms load, by the names of commands: for `Refusals`."""
    return {str(each.name): key for form in forms for key, each in form.fields_by_key.items()}


# --- preferences (RFC 7240) -------------------------------------------------------------------


def prefers(what: str) -> bool:
    """Whether a Prefer header of the request asks for this; it may list several wishes."""
    return what in _wishes()


def _wishes() -> list[str]:
    wishes = request.headers.get("Prefer", "").replace('"', "").lower()
    return [wish.partition(";")[0].replace(" ", "").rstrip("=") for wish in wishes.split(",")]


def is_dry_run() -> bool:
    """Whether the request wants to see what would be, and nothing done (Prefer: dry-run).

    With any value: whoever writes "dry-run=true" does not want a real payment either.
    """
    return any(wish.partition("=")[0] == "dry-run" for wish in _wishes())


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
        """The wire's name; of a nested field ("stays[0].property") word by word."""
        return None if field is None else WORD.sub(lambda m: self.words.get(m[0], m[0]), field)


def render_malformed(error: Malformed) -> Response:
    return refusal(error.status, [(field, fault.code, str(fault)) for field, fault in error.faults])
