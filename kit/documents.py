"""JSON as partners' programs send it: read strictly, and its numbers as they are written.

A number never becomes a float on its way: 20.06 is the text "20.06" until it is money. One with an
exponent is JSON, but no way to write money or an id: 1e2 is read, and refused by the field it came
for, with what would be right.

What is left to readers by RFC 8259 is decided so: a byte order mark is ignored, any encoding but
UTF-8 is refused; so is a name given twice in one object, a text that is no Unicode (half of a
surrogate pair) or holds a NUL, and whatever looks like a card number, be it a text or a name.

The fields here do for documents what those of kit.fields do for forms: one sentence that says what
came and what would be right, and all that is wrong at once, each with its place.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar, NoReturn

import marshmallow as ma
from flask import Request

from kit.cards import has_card_number
from kit.fields import MOST_MONEY, Fault, Typed, Wire
from kit.form import LONGEST_NAME, Malformed, whole_document

DEEPEST = 20
MOST_TOLD = 100
BLANK = " \t\r\n"
WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
# As many decimals as a program writes of a double; how many there may be is the currency's to say.
AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,60})?", re.ASCII)
EXPONENT = re.compile(r"-?[0-9]+(\.[0-9]+)?[eE][-+]?[0-9]+", re.ASCII)
NOT_UNICODE = re.compile(r"[\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Faults = Iterator[tuple[str | None, Fault]]


class Number(str):
    """A JSON number, as it was written."""

    __slots__ = ()


def read(req: Request) -> Any:
    """The document in the body of a request. Raises Malformed; see above for what."""
    return parse(whole_document(req))


def parse(raw: bytes) -> Any:
    """The document of these bytes; see `read`."""
    try:
        text = raw.decode("utf-8-sig")
        if not text.strip(BLANK):
            raise _malformed("malformed_json", "The body is empty; send a JSON document.")
        found = json.loads(
            text,
            parse_float=Number,
            parse_int=Number,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise _malformed("not_utf8", "The body is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        sentence = f"The body is no JSON: line {error.lineno}, column {error.colno}."
        raise _malformed("malformed_json", sentence) from None
    except RecursionError:
        raise _too_deep() from None
    _look_through(found)
    return found


def _no_number(text: str) -> NoReturn:
    raise _malformed("malformed_json", f"{text} is no JSON; a number is written with digits.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = dict.fromkeys(_shown(name) for name, times in counted.items() if times > 1)
        sentences = [f"{name} is given more than once; give it once." for name in twice]
        raise _all_of((None, Fault("repeated", each)) for each in sentences)
    return found


def _shown(name: str) -> str:
    """A name as it may be repeated: not one that is no name, or that holds a secret."""
    strange = len(name) > LONGEST_NAME or not name.isprintable() or has_card_number(name)
    return "?" if strange or not name else name


def _look_through(found: Any) -> None:
    """What no text of a document may be or hold, whatever its name and however deep."""
    wrong = _all_of((place or None, fault) for place, text in _texts(found, "", 0)
                    if (fault := _unfit(text)) is not None)  # fmt: skip
    if wrong.faults:
        raise wrong


def _all_of(faults: Faults) -> Malformed:
    """All that is wrong, each once; of very many the first ones, or a small body would get a huge
    answer."""
    return Malformed(list(dict.fromkeys(islice(faults, MOST_TOLD))))


def _unfit(text: str) -> Fault | None:
    if NOT_UNICODE.search(text):
        return Fault("not_unicode", "This text holds half of a character (a lone surrogate).")
    if "\0" in text:
        return Fault("control_character", "This text holds a NUL character.")
    if has_card_number(text):
        sentence = "This field holds what looks like a card number; never send one."
        return Fault("card_number", sentence)
    return None


def _texts(value: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every text with its place in the document ("payments[0].comment"), names of fields too."""
    if depth > DEEPEST:
        raise _too_deep()
    if isinstance(value, str) and not isinstance(value, Number):
        yield place, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield "", name
            yield from _texts(inner, _joined(place, _shown(name)), depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, _joined(place, index), depth + 1)


def _joined(place: str, name: str | int) -> str:
    if isinstance(name, int):
        return f"{place}[{name}]"
    return f"{place}.{name}" if place else name


def _malformed(code: str, sentence: str) -> Malformed:
    return Malformed([(None, Fault(code, sentence))])


def _too_deep() -> Malformed:
    return _malformed("malformed_json", f"The body is nested more than {DEEPEST} deep.")


# --- schemas -----------------------------------------------------------------------------------


class Document(ma.Schema):
    """An object of a document. Names that the schema does not know are left alone: vendors add
    fields. `any_case`: names count in any case. null is as good as absent."""

    any_case: ClassVar[bool] = False

    class Meta:
        unknown = ma.EXCLUDE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        keys = [str(field.data_key or name) for name, field in self.load_fields.items()]
        self._keys = {key.lower(): key for key in keys} if self.any_case else {}

    @ma.pre_load
    def _read_names(self, came: Any, **_: Any) -> dict[str, Any]:
        if not isinstance(came, Mapping):
            sentence = f"The body is {kind_of(came)}; it must be an object."
            raise ma.ValidationError(Fault("invalid", sentence))
        spelled: dict[str, Any] = {}
        for name, value in came.items():
            if value is None:
                continue
            right = self._keys.get(name.lower()) or str(name)
            twice = Fault("repeated", f"{right} is given more than once; give it once.")
            spelled[right] = twice if right in spelled else value
        return spelled


def load(schema: Document, came: Any) -> Any:
    """What the schema makes of a document. Raises Malformed with everything that is wrong, each
    fault with its place ("Payments[0].Amount")."""
    try:
        return schema.load(came)
    except ma.ValidationError as error:
        raise Malformed(list(_faults(error.messages, "", ""))) from None


def _faults(messages: Any, place: str, label: str) -> Faults:
    """Marshmallow's messages, flat. `label` is the field's own name, that sentences begin with;
    they are told with its whole place instead."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            if name == "_schema":
                yield from _faults(inner, place, label)
            else:
                own = label if isinstance(name, int) else name
                yield from _faults(inner, _joined(place, name), own)
        return
    for each in messages:
        fault = each if isinstance(each, Fault) else Fault("invalid", str(each))
        if label and fault.startswith(f"{label} "):
            fault = Fault(fault.code, place + fault[len(label) :])
        yield place or None, fault


# --- fields ------------------------------------------------------------------------------------


def _extent(least: int, most: int) -> str:
    if least == most:
        return str(most)
    return f"{least} to {most}" if least else f"at most {most}"


def kind_of(value: Any) -> str:
    """What a value is, in words, without showing it."""
    kinds = ((bool, "true or false"), (Number, "a number"), (str, "a text"), (dict, "an object"))
    if value is None:
        return "null"
    return next((words for kind, words in kinds if isinstance(value, kind)), "a list")


class InDocument(Wire):
    """A field of a document, where a value may also be no text at all. Mixed into fields of
    kit.fields as well, which read texts.

    `numbers`: whether a number counts as its text (amounts), `texts`: whether a text does.
    """

    numbers: ClassVar[bool] = False
    texts: ClassVar[bool] = True

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        null = self._of_another_kind(None).messages[0]  # in a list; elsewhere null is absent
        self.error_messages = {**self.error_messages, "null": null}

    def takes(self, value: Any) -> bool:
        """Whether a value is of the right kind; Faults are told from it before."""
        return self.numbers if isinstance(value, Number) else self.texts and type(value) is str

    def _of_another_kind(self, value: Any) -> ma.ValidationError:
        return self.fault("invalid", f"{self.label} is {kind_of(value)}; it must be {self.hint}.")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not isinstance(value, Fault) and not self.takes(value):
            raise self._of_another_kind(value)
        return super()._deserialize(value, attr, data, **options)


class JsonAmount(InDocument, Typed):
    """An amount: a number, or a decimal text. 0 or more, or more than 0.

    A text is kept as written, for the currency to judge: "200.000" may be a thousands separator
    that went astray. A number has none, and zeros at its end are no slip: programs write 100 as
    100.0, and 10.75 as 10.7500. They are dropped; other digits count.
    """

    numbers = True
    hint = "a plain decimal such as 20.06, at most 9999999999.99"

    def __init__(self, *, positive: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.positive = positive

    def read(self, text: str) -> Decimal:
        if EXPONENT.fullmatch(text):
            raise self.wrong(text, f"{self.hint}, without an exponent")
        if text.startswith("-"):
            raise self.wrong(text, "more than 0" if self.positive else "0 or more")
        written = _without_zeros(text) if isinstance(text, Number) else text
        if not AMOUNT.fullmatch(text) or (amount := Decimal(written)) > MOST_MONEY:
            raise self.wrong(text)
        if self.positive and not amount:
            raise self.wrong(text, "more than 0")
        return amount


def _without_zeros(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


class JsonNumber(InDocument, Typed):
    """A whole number, as a number; texts of digits are let through, as clients send them too."""

    numbers = True

    def __init__(self, *, least: int = 0, most: int = 2**63 - 1, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most
        ends = f"a whole number from {least}"
        self.hint = ends if most >= 2**31 else f"{ends} to {most}"

    def read(self, text: str) -> int:
        if not WHOLE.fullmatch(text) or not self.least <= int(text) <= self.most:
            raise self.wrong(text)
        return int(text)


class JsonText(InDocument):
    """A text without control characters, of `least` to `most` characters."""

    def __init__(self, *, most: int, least: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most
        self.hint = f"a text of {_extent(least, most)} characters"

    def read(self, text: str) -> str:
        if not self.least <= len(text) <= self.most:
            code = "too_long" if len(text) > self.most else "too_short" if text else "required"
            size = f"{self.label} has {len(text)} characters"
            raise self.fault(code, f"{size}; it must be {self.hint}.")
        if CONTROL.search(text):
            raise self.fault("control_character", f"{self.label} holds a control character.")
        return text


class JsonFlag(InDocument, Typed):
    """true or false, and nothing that only looks like it."""

    hint = "true or false"

    def takes(self, value: Any) -> bool:
        return isinstance(value, bool)

    def read(self, text: Any) -> bool:
        return bool(text)


class JsonObject(InDocument):
    """An object inside a document, read by a schema of its own: `JsonObject(TipSchema)`."""

    hint = "an object"

    def __init__(self, inner: Callable[[], Document], **options: Any) -> None:
        super().__init__(**options)
        self.inner = inner()

    def takes(self, value: Any) -> bool:
        return isinstance(value, dict)

    def read(self, came: Any) -> Any:
        return self.inner.load(came)


class JsonList(InDocument):
    """A list of `least` to `most` values, each read by the same field; its value is a tuple:
    `JsonList(JsonObject(PaymentSchema), least=1, most=50)`."""

    def __init__(self, inner: InDocument, *, most: int, least: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.inner, self.least, self.most = inner, least, most
        self.hint = f"a list of {_extent(least, most)}"

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        self.inner = copy.copy(self.inner)
        self.inner.data_key = self.data_key  # sentences about its values begin with its own name
        self.inner._bind_to_schema(field_name, self)

    def takes(self, value: Any) -> bool:
        return isinstance(value, list)

    def read(self, came: Any) -> tuple[Any, ...]:
        if not self.least <= len(came) <= self.most:
            code = "too_many" if len(came) > self.most else "too_few"
            raise self.fault(code, f"{self.label} has {len(came)} entries; it must be {self.hint}.")
        loaded, wrong = [], {}
        for index, value in enumerate(came):
            try:
                loaded.append(self.inner.deserialize(value))
            except ma.ValidationError as error:
                wrong[index] = error.messages
        if wrong:
            raise ma.ValidationError(wrong)
        return tuple(loaded)
