"""The cash of a close as it is typed in: what was counted in which till."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from desk.typed import Slip
from desk.words import _
from kit.errors import Refused
from kit.fields import Amount, PlainText
from kit.money import Money
from office.closing.closing import Planned
from office.closing.rules import CASH, Count, Key, field_of

FIELD = re.compile(r"(opening|counted|reason)-([0-9]{1,18})-([A-Z]{3})", re.ASCII)
MOST_TEXT = 500


def first_values(planned: Planned) -> dict[str, str]:
    """The form as it first stands: what was counted at the last close lies there."""
    return {
        field_of("opening", each.key): Money(planned.carried.get(each.key, 0), each.currency).plain
        for each in planned.figures
        if each.kind == CASH
    }


def read(came: Mapping[str, Any]) -> tuple[dict[Key, Count], str, list[Slip]]:
    """The counts and the note that can be read, and what is wrong with the others."""
    slips: list[Slip] = []
    counts: dict[Key, dict[str, Any]] = {}
    for field, text in came.items():
        found = FIELD.fullmatch(field)
        if found and isinstance(text, str):
            value = _value(found[1], field, text, slips)
            counts.setdefault((int(found[2]), found[3]), {})[found[1]] = value
    note = _value("note", "note", str(came.get("note", "")), slips) or ""
    made = {
        key: Count(each.get("opening"), each.get("counted"), each.get("reason") or "")
        for key, each in counts.items()
    }
    return made, note, slips


def typed(came: Mapping[str, Any]) -> tuple[dict[Key, Count], str]:
    """The counts and the note. Raises everything that is mistyped."""
    counts, note, slips = read(came)
    Refused.if_any(slips)
    return counts, note


def _value(name: str, field: str, text: str, slips: list[Slip]) -> Any:
    """The value of one field; None, and a slip, when it is mistyped."""
    words = {
        "opening": Amount(data_key=_("Before")),
        "counted": Amount(data_key=_("Counted")),
        "reason": PlainText(data_key=_("Reason"), most=MOST_TEXT),
        "note": PlainText(data_key=_("Note"), most=MOST_TEXT, lines=True),
    }
    try:
        return words[name].read(text)
    except ValidationError as error:
        slips += [Slip(field, str(each)) for each in error.messages]
        return None
