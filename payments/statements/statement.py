"""What is read from a file of a bank, whatever its format. Amounts are minor units of the account's
currency: more than 0 came, less than 0 left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kit.cards import ROW, has_card_number

Format = Literal["csv", "camt.053"]
# What gave the references of a file: its format, and the head of their column in CSV.
Source = tuple[Format, str]

MOST_LINES = 200_000
MOST_AHEAD = 10  # days that a booking may be ahead of ours: zones, week-ends, holidays
# As long as the columns of bank_lines.
LONGEST = {
    "party": 200,
    "party_account": 50,
    "reference": 100,
    "remittance": 1000,
    "bank_reference": 100,
}
SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
DIGIT = re.compile(r"[0-9]")
SHOWN = 4  # last digits of what may be a card number


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One booking of the bank. Texts are "" where the bank says nothing."""

    booked_on: date
    valued_on: date | None
    amount: int
    party: str = ""
    party_account: str = ""
    reference: str = ""
    remittance: str = ""
    bank_reference: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """How many entries were left out: not booked yet, and without any money."""

    pending: int = 0
    zero: int = 0


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """A file as it was read. `number` is the account it names itself (None: it names none),
    `identifier` what the bank calls the statement; balances are None where it tells none.
    `reference_head` is the head of the CSV column with the bank's references, "" for none."""

    format: Format
    number: str | None
    currency: str
    identifier: str | None
    from_day: date | None
    to_day: date | None
    opening: int | None
    closing: int | None
    lines: tuple[ReadLine, ...]
    skipped: Skipped = Skipped()
    reference_head: str = ""

    @property
    def source(self) -> Source:
        return self.format, self.reference_head


def text_of(name: str, *parts: str | None) -> str:
    """A text of a line as it is kept: its parts one after the other, each once, white space made
    single, not longer than its column, and no card number in it (product section 8): a bank's
    file cannot be corrected, so the digits are hidden but for the last four."""
    there = [SPACES.sub(" ", part).strip() for part in parts if part]
    if not there:
        return ""
    text = " ".join(filter(None, dict.fromkeys(there)))
    most = LONGEST[name]
    if len(text) > most:
        text = text[: most - 1] + "…"
    return ROW.sub(_hidden, text) if has_card_number(text) else text


def _hidden(row: re.Match[str]) -> str:
    """A row of digits without what could be a card number, and as it is where there is none."""
    if not has_card_number(row[0]):
        return row[0]
    return DIGIT.sub("*", row[0][:-SHOWN]) + row[0][-SHOWN:]
