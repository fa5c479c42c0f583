"""Parts of a form: "Contact.FirstName", "Properties[0].Guests[1].Name".

A form declares its parts as fields (`Part`, `Parts`); each part is a form of its own and speaks
of its own names only. What is wrong inside a part gets its full name on the way out: the
sentence in `renamed`, the field in `flat`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from typing import Any, NamedTuple, Protocol

import marshmallow as ma
from marshmallow.exceptions import SCHEMA

from kit.fields import Fault, Wire

SEGMENT = re.compile(r"([^.\[\]]+)(?:\[([0-9]+)\])?")
WORD = re.compile(r"\[([^\[\]]*)\]|([^.\[\]]+)")  # between brackets or dots, in whatever way
SHORT_INDEX = re.compile(r"[0-9]{1,3}")
NUMBER = re.compile(r"[-+ ]*\d*")
FIRST_WORD = re.compile(r"\w+")
LONGEST_INDEX = 3
LONGEST_SHOWN = 6  # digits of a wrong index; more of them could be a card number


class Readable(Protocol):
    """A form, as far as its parts need it. `names`: in lower case, to the keys of its fields."""

    names: dict[str, str]
    fields_by_key: dict[str, ma.fields.Field[Any]]

    def load(self, data: Any, /) -> Any: ...


class Found(dict[str, Any]):
    """The values that came for one form, under the form's own spelling of their names: texts, or
    Faults in their place; a Found of its own for a Part, a Numbered for Parts.

    `strangers` are faults of names that the call does not have: what is unknown is ignored, but
    not when it holds a card number, nor when it means a part and is not written as its fields are.
    """

    def __init__(self) -> None:
        super().__init__()
        self.strangers: dict[str, list[Fault]] = {}


class Numbered(dict[int, Found]):
    """What came for each index. `past`: the first index past the limit, as it came."""

    past = ""


class Loaded(tuple[Any, ...]):
    """What numbered parts were loaded to, in the order of their indexes; these may have gaps."""

    indexes: tuple[int, ...] = ()


class Part(Wire):
    """A form inside a form, with names such as "Contact.FirstName".

    Its value is what the inner form is loaded to; absent when none of its fields has a value.
    """

    numbered = False

    def __init__(self, form: Callable[[], Readable], **options: Any) -> None:
        super().__init__(**options)
        self.form = form()

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        self.name = self.name or field_name
        self.hint = f"given by fields such as {next(leaves(self.form, self.start)).name}"
        super()._bind_to_schema(field_name, parent)

    @property
    def start(self) -> str:
        """What the names of its fields begin with; of several parts, those of the first."""
        return f"{self.label}."

    def inside(self, found: Found, _: str) -> Found | None:
        """The values of this part among those that came for the form it is in."""
        part: Found = found.setdefault(self.label, Found())
        return part

    def read(self, came: Any) -> Any:
        """What a Found is loaded to."""
        return self._load(came, self.start)

    def _load(self, came: Found, start: str) -> Any:
        try:
            return self.form.load(came)
        except ma.ValidationError as error:
            told = renamed(error.messages, start, self.form.fields_by_key)
            raise ma.ValidationError(told) from None


class Parts(Part):
    """Numbered forms inside a form, with names such as "Properties[0].Id".

    Its value is a Loaded; a part is absent when none of its fields has a value. `most`: how many
    at most (up to 1000), counted from 0; a higher index is refused before anything is kept for it.
    """

    numbered = True

    def __init__(self, form: Callable[[], Readable], *, most: int, **options: Any) -> None:
        super().__init__(form, **options)
        self.most = most

    @property
    def start(self) -> str:
        return f"{self.label}[0]."

    def inside(self, found: Found, index: str) -> Found | None:
        """As for a Part; None when the index is past the limit."""
        parts: Numbered = found.setdefault(self.label, Numbered())
        if len(index) > LONGEST_INDEX or int(index) >= self.most:
            parts.past = parts.past or index
            return None
        return parts.setdefault(int(index), Found())

    def read(self, came: Any) -> Loaded:
        """What the parts of a Numbered are loaded to; raises what is wrong in any of them."""
        loaded: list[Any] = []
        wrong: dict[str, Any] = {}
        for index in sorted(came):
            try:
                loaded.append(self._load(came[index], f"{self.label}[{index}]."))
            except ma.ValidationError as error:
                wrong[f"[{index}]"] = error.messages
        if came.past:
            place = f"[{_short(came.past)}]"
            sentence = f"is past the limit; at most {self.most}, numbered from 0."
            wrong[place] = [Fault("too_many_parts", f"{self.label}{place} {sentence}")]
        if wrong:
            raise ma.ValidationError(wrong)
        found = Loaded(loaded)
        found.indexes = tuple(sorted(came))
        return found


def _short(index: str) -> str:
    return index if len(index) <= LONGEST_SHOWN else f"{index[:LONGEST_SHOWN]}…"


# --- names to fields ---------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a name leads: through these parts (with their indexes) to this field."""

    through: tuple[tuple[Part, str], ...]
    key: str
    field: ma.fields.Field[Any]

    def among(self, found: Found) -> Found | None:
        """The values of the form that the field is in; None when an index is past its limit."""
        inner: Found | None = found
        for part, index in self.through:
            if inner is not None:
                inner = part.inside(inner, index)
        return inner


def place_of(name: str, form: Readable) -> Place | None:
    """The field that a name on the wire means, in any case; None when the form has no such."""
    through: tuple[tuple[Part, str], ...] = ()
    while True:
        key = form.names.get(name.lower(), "")
        field = form.fields_by_key.get(key)
        if field is not None and not isinstance(field, Part):
            return Place(through, key, field)
        first, _, name = name.partition(".")
        part, index = _part(first, form)
        if part is None:
            return None
        through += ((part, index),)
        form = part.form


def _part(segment: str, form: Readable) -> tuple[Part | None, str]:
    """The part that "Contact" or "Properties[0]" means, and the index as it came."""
    if not (found := SEGMENT.fullmatch(segment)):
        return None, ""
    part = form.fields_by_key.get(form.names.get(found[1].lower(), ""))
    if not isinstance(part, Part) or part.numbered != (found[2] is not None):
        return None, ""
    return part, found[2] or ""


# --- names that miss a field -------------------------------------------------------------------


class Missed(NamedTuple):
    """What would have been right, and the field that is meant; None when it is a whole part."""

    right: str
    field: ma.fields.Field[Any] | None


def missed(name: str, form: Readable) -> Missed | None:
    """What a name that leads to no field should have been: one that means a known part, and writes
    the way through it in another manner, such as "Properties.Id" or PHP's "Properties[0][Id]".
    None when a word of it is unknown. Only our own spelling and short indexes are repeated.
    """
    right, part = "", None
    for word in WORD.finditer(name):
        inner = word[2] or word[1] or ""
        key = form.names.get(inner.lower(), "")
        field = form.fields_by_key.get(key)
        is_last = WORD.search(name, word.end()) is None
        if isinstance(field, Part):
            right, part, form = right + field.start, field, field.form
        elif field is not None:
            return Missed(right + key, field) if part and is_last else None
        elif part is None or not _is_index(word, is_last):
            return None
        else:
            right = _numbered(right, part, inner)
    return None if part is None else Missed(f"a field such as {_first(part, right)}", None)


def _is_index(word: re.Match[str], is_last: bool) -> bool:
    """Whether a word that names no field was meant to number a part. "[x]" at the end is the name
    of an unknown field, as PHP writes it."""
    return bool(NUMBER.fullmatch(word[2] or word[1] or "")) or (word[2] is None and not is_last)


def _numbered(right: str, part: Part, index: str) -> str:
    """The way to a part with the index that came for it, when that may be one."""
    if not isinstance(part, Parts) or not SHORT_INDEX.fullmatch(index) or int(index) >= part.most:
        return right
    return f"{right.removesuffix('[0].')}[{int(index)}]." if right.endswith("[0].") else right


def _first(part: Part, start: str) -> str:
    return next(leaves(part.form, start)).name


class Leaf(NamedTuple):
    """A field that takes a value, and its name on the wire; of numbered parts in the first."""

    name: str
    field: ma.fields.Field[Any]
    required: bool


def leaves(form: Readable, start: str = "", required: bool = True) -> Iterator[Leaf]:
    """The fields of a form and of all its parts; required are those without which the whole form
    is refused, whatever else is left out."""
    for key, field in form.fields_by_key.items():
        needed = required and field.required
        if isinstance(field, Part):
            yield from leaves(field.form, f"{start}{field.start}", needed)
        else:
            yield Leaf(f"{start}{key}", field, needed)


# --- faults under their full names -------------------------------------------------------------


def renamed(told: Any, start: str, keys: Container[str]) -> Any:
    """Marshmallow's messages of one part; sentences that begin with one of the part's own names
    begin with the full one ("Age is ..." becomes "Guests[1].Age is ...")."""
    if isinstance(told, dict):
        return {key: renamed(inner, start, keys) for key, inner in told.items()}
    if isinstance(told, list):
        return [renamed(inner, start, keys) for inner in told]
    if not isinstance(told, Fault) or not (word := FIRST_WORD.match(told)):
        return told
    return Fault(told.code, start + told) if word.group() in keys else told


def flat(told: Any, name: str = "") -> Iterator[tuple[str | None, Fault]]:
    """Marshmallow's messages, nested as they may be, as (full name or None, fault)."""
    if isinstance(told, dict):
        for key, inner in told.items():
            yield from flat(inner, _joined(name, key))
    elif isinstance(told, list):
        for each in told:
            yield from flat(each, name)
    else:
        yield name or None, told if isinstance(told, Fault) else Fault("invalid", str(told))


def _joined(name: str, key: str | int) -> str:
    if key == SCHEMA:  # about the part as a whole
        return name
    if isinstance(key, int):
        return f"{name}[{key}]"
    return f"{name}{key}" if key.startswith("[") or not name else f"{name}.{key}"
