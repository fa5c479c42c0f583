"""The house dialect: how form-encoded calls are read, and how answers and errors look.

The rules are those of formats/ipro.md sections 2 and 3 (docs/formats/ipro.md here): names in any
case, an empty value is an absent one, a name given twice is an error, and so on.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
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
from kit.money import Money

BODY_LIMIT = 64 * 1024
MOST_FIELDS = 1000
FORM = "application/x-www-form-urlencoded"

View = TypeVar("View", bound=Callable[..., Any])

WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
AMOUNT = re.compile(r"([0-9]{1,10})(\.[0-9]{1,4})?", re.ASCII)
MOST_MONEY = Decimal("9999999999.99")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Fault(str):
    """What is wrong with one field: the sentence, and a stable code beside it."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, code: str, sentence: str) -> Fault:
        self = super().__new__(cls, sentence)
        self.code = code
        return self

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return self.code, str(self)


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


def gather(raw: bytes, schema: Form) -> dict[str, Any]:
    """One value for every field the schema knows, under the schema's own spelling of its name.

    Faults found here take the place of the value; the field then reports them with all others.
    Of fields the schema does not know only those with a card number are kept, to be refused.
    """
    found: dict[str, Any] = {}
    for name, came in pairs(raw):
        known = schema.names.get(name.lower())
        value = _without_card(came, schema, known)
        if known is None:
            if isinstance(value, Fault):
                found[f"({len(found)})"] = value
        elif known not in found:
            found[known] = value
        elif isinstance(schema.fields_by_key[known], Numbers) and not isinstance(value, Fault):
            found[known] = f"{found[known]},{value}"
        else:
            found[known] = Fault("repeated", f"{known} is given more than once; give it once.")
    return found


def _without_card(came: str | Fault, schema: Form, known: str | None) -> str | Fault:
    """The value, or the fault that it holds a card number. Typed numbers and amounts are not
    looked at: an id may well pass Luhn."""
    typed = known is not None and isinstance(schema.fields_by_key[known], Typed)
    if isinstance(came, Fault) or typed or not has_card_number(came):
        return came
    name = known or "A field this call does not have"
    return Fault("card_number", f"{name} holds what looks like a card number; never send one.")


class HouseParser(FlaskParser):
    """The rules above as locations of webargs, so that flask-smorest documents them."""

    def load_form(self, req: Request, schema: ma.Schema) -> Any:
        if req.mimetype != FORM:
            came = req.mimetype or "none"
            fault = Fault("unsupported_media_type", f"The content type is {came}; send {FORM}.")
            raise Malformed([(None, fault)], status=415)
        return gather(req.get_data(cache=True), cast(Form, schema))

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        return gather(req.query_string, cast(Form, schema))

    def handle_error(self, error: ma.ValidationError, *_: Any, **__: Any) -> NoReturn:
        faults: list[tuple[str | None, Fault]] = []
        for name, told in error.normalized_messages().items():  # type: ignore[no-untyped-call]
            field = None if name.startswith("(") or name == "_schema" else name
            faults += [(field, fault) for fault in told]
        raise Malformed(faults)


class Blueprint(SmorestBlueprint):
    ARGUMENTS_PARSER = HouseParser()


# --- fields ----------------------------------------------------------------------------------


class Form(ma.Schema):
    """A form body or query string of the house API. `aliases`: other names, in lower case."""

    aliases: ClassVar[Mapping[str, str]] = {}
    # Unknown names never get here, but for those whose value had to be refused (gather).
    error_messages = {
        "unknown": Fault("unreadable", "A field holds a card number, or is not UTF-8.")
    }

    class Meta:
        unknown = ma.RAISE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.fields_by_key = {f.data_key or name: f for name, f in self.load_fields.items()}
        self.names = {key.lower(): key for key in self.fields_by_key} | dict(self.aliases)


class Wire(ma.fields.Field[Any], ABC):
    """A field that says in one sentence what came and what would be right.

    `hint` completes "it must be ..."; `secret` values are never repeated in an error.
    """

    hint: str = "a text"
    code: ClassVar[str] = "invalid"

    def __init__(self, *, secret: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.secret = secret

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        fault = Fault("required", f"{self.label} is missing; it must be {self.hint}.")
        self.error_messages = {**self.error_messages, "required": fault}

    @property
    def label(self) -> str:
        return self.data_key or str(self.name)

    def wrong(self, came: str, why: str = "") -> ma.ValidationError:
        shown = "not readable" if self.secret else repr(came[:60] + ("…" if len(came) > 60 else ""))
        return self.fault(self.code, f"{self.label} is {shown}; it must be {why or self.hint}.")

    def fault(self, code: str, sentence: str) -> ma.ValidationError:
        return ma.ValidationError(Fault(code, sentence))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if isinstance(value, Fault):
            raise ma.ValidationError(value)
        return self.read(value)

    @abstractmethod
    def read(self, text: str) -> Any:
        """The value of a text that came; raises what `wrong` makes."""


class Typed(Wire):
    """Numbers, dates, flags: a wrong one is an error, so nothing else can hide in them."""


class WholeNumber(Typed):
    hint = "a whole number"

    def read(self, text: str) -> int:
        if not WHOLE.fullmatch(text):
            raise self.wrong(text)
        return int(text)


class LeadingNumber(Typed):
    """A whole number of which some clients send more: one sends "size=15=1" and means 15."""

    hint = "a whole number"

    def __init__(self, *, least: int, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most

    def read(self, text: str) -> int:
        found = re.match(r"[0-9]{1,18}", text, re.ASCII)
        if not found or not self.least <= int(found.group()) <= self.most:
            raise self.wrong(text, f"a whole number from {self.least} to {self.most}")
        return int(found.group())


class Choice(Typed):
    """One of a few words or numbers, given as {what comes: what it means}."""

    def __init__(self, meanings: Mapping[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.meanings = meanings
        self.hint = "one of " + ", ".join(meanings)

    def read(self, text: str) -> Any:
        if text.lower() not in self.meanings:
            raise self.wrong(text)
        return self.meanings[text.lower()]


class Flag(Choice):
    def __init__(self, **options: Any) -> None:
        super().__init__({"true": True, "false": False}, **options)


class Day(Typed):
    hint = "a real date, yyyy-mm-dd"

    def read(self, text: str) -> date:
        if not DAY.fullmatch(text):
            raise self.wrong(text)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.wrong(text) from None


class Amount(Typed):
    """A plain decimal, kept as written: how many decimals it may have, only the currency knows."""

    hint = "a plain decimal such as 200 or 200.50, at most 9999999999.99"

    def __init__(self, *, positive: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.positive = positive

    def read(self, text: str) -> Decimal:
        if not AMOUNT.fullmatch(text) or (amount := Decimal(text)) > MOST_MONEY:
            raise self.wrong(text)
        if self.positive and not amount:
            raise self.wrong(text, "more than 0")
        return amount


class Numbers(Typed):
    """A comma list of whole numbers, in the order given; the name may also be repeated."""

    hint = "whole numbers with commas between them"

    def read(self, text: str) -> tuple[int, ...]:
        words = [word.strip() for word in text.split(",") if word.strip()]
        if not words or len(words) > MOST_FIELDS or not all(map(WHOLE.fullmatch, words)):
            raise self.wrong(text)
        return tuple(dict.fromkeys(int(word) for word in words))


class PlainText(Wire):
    """Text up to a length, without control characters other than line ends and tabs."""

    def __init__(
        self, *, most: int, pattern: str | None = None, hint: str = "", **options: Any
    ) -> None:
        super().__init__(**options)
        self.most = most
        self.pattern = re.compile(pattern, re.ASCII) if pattern else None
        self.hint = hint or f"a text of at most {most} characters"

    def read(self, text: str) -> str:
        if len(text) > self.most:
            sentence = f"{self.label} has {len(text)} characters; it may have {self.most}."
            raise self.fault("too_long", sentence)
        if CONTROL.search(text):
            raise self.fault("control_character", f"{self.label} holds a control character.")
        if self.pattern and not self.pattern.fullmatch(text):
            raise self.wrong(text)
        return text


# --- preferences (RFC 7240) -------------------------------------------------------------------


def prefers(what: str) -> bool:
    """Whether a Prefer header of the request asks for this; it may list several wishes."""
    wishes = ",".join(request.headers.getlist("Prefer")).replace('"', "").lower()
    return what in [wish.partition(";")[0].strip() for wish in wishes.split(",")]


def no_dry_run(view: View) -> View:
    """A write that cannot be tried out yet says so, lest somebody books real money by mistake."""

    @wraps(view)
    def guarded(*args: Any, **options: Any) -> Any:
        if prefers("dry-run"):
            sentence = "Prefer: dry-run is not supported yet; nothing was done."
            raise Malformed([(None, Fault("dry_run_not_supported", sentence))], status=501)
        return view(*args, **options)

    return cast(View, guarded)


# --- answering -------------------------------------------------------------------------------


def number(amount: Money) -> orjson.Fragment:
    """An amount as a JSON number with the currency's decimals (200.00), never through a float."""
    return orjson.Fragment(amount.plain)


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


class MoneyOut(ma.fields.Field[Any]):
    """Money as a JSON number with the currency's decimals."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return None if value is None else number(value)


class DayOut(ma.fields.Field[Any]):
    """A day as the house format lists it: dd/mm/yyyy."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return None if value is None else f"{value:%d/%m/%Y}"


class InstantOut(ma.fields.Field[Any]):
    """A moment in UTC. Always with a fraction: a bare "...00Z" breaks a public client."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return None if value is None else f"{value:%Y-%m-%dT%H:%M:%S.%f}0Z"
