"""Forms of settings, read strictly: sentences speak of fields by their words on the page, and stand
at the fields by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError

from desk.forms import flat
from desk.words import _
from kit.currencies import exponent
from kit.errors import DomainError, PageError, Refused
from kit.fields import Typed
from kit.money import Money

GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)


def typed_amount(text: str, currency: str) -> Money:
    """An amount as pages show it, "1,377.80", or plain, "1377.80". A comma is taken for what stands
    between thousands only where it can be nothing else: "7,95" may be what others write for 7.95.

    Raises ValueError, and TooManyDecimals as Money.parse does.
    """
    if GROUPED.fullmatch(text) and ("." in text or exponent(currency) < 3):
        text = text.replace(",", "")
    return Money.parse(text, currency)


class Count(Typed):
    """A whole number within bounds."""

    def __init__(self, *, least: int, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most
        self.hint = _("a whole number from %(least)s to %(most)s", least=least, most=most)

    def read(self, text: str) -> int:
        plain = text.isascii() and text.isdigit() and len(text) <= len(str(self.most))
        if not plain or not self.least <= int(text) <= self.most:
            raise self.wrong(text)
        return int(text)


class Slip(PageError):
    """Something that cannot be read as what its field is for."""

    code = "mistyped"

    def __init__(self, field: str, text: str) -> None:
        self.field = field
        super().__init__(text)


class TypedForm(Schema):
    """A form whose fields have their words on the page as data keys. What holds a card number has
    been taken out and is told by `desk.forms`."""

    class Meta:
        unknown = EXCLUDE

    def read(self, came: Mapping[str, Any]) -> tuple[dict[str, Any], list[Slip]]:
        """The values of what can be read, by the names of the fields, and what is wrong with the
        others: these are missing from the values."""
        words = {name: field.data_key or name for name, field in self.fields.items()}
        given = {words[name]: came[name] for name in self.fields if name in came}
        try:
            return dict(self.load(given)), []
        except ValidationError as error:
            told: Mapping[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
            values: dict[str, Any] = dict(error.valid_data or {})
        names = {word: name for name, word in words.items()}
        slips = [Slip(names[word], text) for word, texts in told.items() for text in flat(texts)]
        wrong = {names[word] for word in told}
        return {name: value for name, value in values.items() if name not in wrong}, slips


def together(slips: Sequence[Slip], *steps: Callable[[], object]) -> None:
    """Take all steps, and tell at once what they were refused for and what was mistyped; of a field
    that is mistyped nothing else. Raises Refused, so that whatever a step did is taken back."""
    problems: list[DomainError] = list(slips)
    mistyped = {each.field for each in slips}
    for step in steps:
        try:
            step()
        except Refused as refused:
            problems += [each for each in refused.problems if each.field not in mistyped]
        except DomainError as problem:
            problems += [problem] if problem.field not in mistyped else []
    if problems:
        raise Refused(problems)
