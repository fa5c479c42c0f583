"""Fields of the house dialect: strict texts in, and money, days and instants out.

Strict because lenient readers lose money: Decimal() alone reads "1_000", "1e3" and "٣". Every
field says in one sentence what came and what would be right.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import marshmallow as ma
import orjson

from kit.cards import has_card_number
from kit.money import Money

WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
AMOUNT = re.compile(r"([0-9]{1,10})(\.[0-9]{1,60})?", re.ASCII)
MOST_MONEY = Decimal("9999999999.99")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
MOST_LISTED = 1000
MOST_AMOUNTS = 50
# Nothing that ends an address or begins another one: no spaces, commas, brackets or quotes.
ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\".]+(\.[^\s@,;:<>()\[\]\\\".]+)*")


class Fault(str):
    """What is wrong with one field: the sentence, and a stable code beside it."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, code: str, sentence: str) -> Fault:
        self = super().__new__(cls, sentence)
        self.code = code
        return self

    def format(self, *_: object, **__: object) -> Fault:
        """Marshmallow formats its messages; ours is finished, and must stay a Fault."""
        return self

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return self.code, str(self)


class Wire(ma.fields.Field[Any], ABC):
    """A field that says in one sentence what came and what would be right.

    `hint` completes "it must be ..."; `secret` values are never repeated in an error, nor is a
    card number that came where a number or a day belongs.
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
        hidden = self.secret or has_card_number(came)
        shown = "not readable" if hidden else repr(came[:60] + ("…" if len(came) > 60 else ""))
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


class MoneyDay(Day):
    """A day on which money was there, or will be. An empty date of .NET, 0001-01-01, is none."""

    hint = "a real date from 1900-01-01 on, yyyy-mm-dd"

    def read(self, text: str) -> date:
        day = super().read(text)
        if day.year < 1900:
            raise self.wrong(text)
        return day


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


class Listed(Typed):
    """A comma list, in the order given; the name may also be repeated."""


class Numbers(Listed):
    """A comma list of whole numbers, each counted once."""

    hint = "whole numbers with commas between them"

    def read(self, text: str) -> tuple[int, ...]:
        words = [word.strip() for word in text.split(",") if word.strip()]
        if not words or len(words) > MOST_LISTED or not all(map(WHOLE.fullmatch, words)):
            raise self.wrong(text)
        return tuple(dict.fromkeys(int(word) for word in words))


class Amounts(Listed):
    """A comma list of amounts, each more than 0 and kept as written; equal ones stay apart."""

    hint = f"plain decimals such as 100.00,50, each more than 0, at most {MOST_AMOUNTS} of them"

    def read(self, text: str) -> tuple[Decimal, ...]:
        # An empty place between two commas is an amount that got lost, not nothing.
        words = [word.strip(" ") for word in text.split(",", MOST_AMOUNTS)]
        if len(words) > MOST_AMOUNTS or not all(map(AMOUNT.fullmatch, words)):
            raise self.wrong(text)
        amounts = tuple(map(Decimal, words))
        if min(amounts) == 0 or max(amounts) > MOST_MONEY:
            raise self.wrong(text)
        return amounts


class PlainText(Wire):
    """Text up to a length, without control characters; `lines` allows line ends and tabs."""

    def __init__(
        self,
        *,
        most: int,
        lines: bool = False,
        pattern: str | None = None,
        hint: str = "",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.most = most
        self.control = CONTROL_IN_LINES if lines else CONTROL
        self.pattern = re.compile(pattern, re.ASCII) if pattern else None
        self.hint = hint or f"a text of at most {most} characters"

    def read(self, text: str) -> str:
        if len(text) > self.most:
            sentence = f"{self.label} has {len(text)} characters; it may have {self.most}."
            raise self.fault("too_long", sentence)
        if self.control.search(text):
            raise self.fault("control_character", f"{self.label} holds a control character.")
        if self.pattern and not self.pattern.fullmatch(text):
            raise self.wrong(text)
        return text


class Email(PlainText):
    """One e-mail address. Whether it exists, only a mail can tell; that it is one address and no
    line of a header, this does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(most=254, hint="an e-mail address such as ana@example.com", **options)

    def read(self, text: str) -> str:
        address = super().read(text)
        if not address.isprintable() or not ADDRESS.fullmatch(address):
            raise self.wrong(text)
        return address


def number(amount: Money) -> orjson.Fragment:
    """An amount as a JSON number with the currency's decimals (200.00), never through a float."""
    return orjson.Fragment(amount.plain)


class MoneyOut(ma.fields.Field[Any]):
    """Money as a JSON number with the currency's decimals."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return None if value is None else number(value)


def day_text(day: date) -> str:
    """A day as the house format lists it: dd/mm/yyyy. (%Y alone writes the year 1 as "1".)"""
    return f"{day:%d/%m}/{day.year:04}"


class DayOut(ma.fields.Field[Any]):
    """A day as the house format lists it: dd/mm/yyyy."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return None if value is None else day_text(value)


def moment_text(instant: datetime) -> str:
    """A moment in UTC. Always with a fraction: a bare "...00Z" breaks a public client."""
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}0Z"


class InstantOut(ma.fields.Field[Any]):
    """A moment in UTC (`moment_text`)."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return None if value is None else moment_text(value)
