"""Which account of the bookkeeping each kind of money goes to, as the setting says it.

What there are accounts of: each payment method (by its code or id), each kind of schedule line,
guests' credit, charges and tips.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError, fields

LINE_KINDS = (
    "tax", "fee", "deposit", "balance", "insurance", "security_deposit", "amendment",
    "cancellation_fee",
)  # fmt: skip
SINGLE = ("credit", "charges", "tips")
METHOD = re.compile(r"method:(\*|[A-Z0-9]{1,30})")
LINE = re.compile(r"line:(.*)", re.DOTALL)
# Begins with a letter or digit, so that no spreadsheet takes a code for a formula.
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,19}")
MOST_SHOWN = 40


class AccountCodes(fields.Field[dict[str, str]]):
    """Written "name=code,name=code", or as a table of TOML, in which `method` and `line` may be
    tables of their own. Everything that is wrong is told at once."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        wrong: list[str] = []
        for name, code in _pairs(value):
            slip = _slip(name, code, found)
            if slip:
                wrong.append(slip)
            else:
                found[name] = str(code)
        if wrong:
            raise ValidationError(wrong)
        return found


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Names and codes; a code is None where there is none."""
    if isinstance(value, Mapping):
        for name, code in value.items():
            if isinstance(code, Mapping):
                yield from ((f"{name}:{each}", of) for each, of in code.items())
            else:
                yield str(name), code
        return
    for part in str(value).split(","):
        if part.strip():
            name, equals, code = part.partition("=")
            yield name.strip(), code.strip() if equals else None


def _slip(name: str, code: Any, found: Mapping[str, str]) -> str | None:
    """What is wrong with one account."""
    shown = repr(name[:MOST_SHOWN])
    line = LINE.fullmatch(name)
    if line and line[1] not in (*LINE_KINDS, "*"):
        return f"names {shown}; after line: comes * or one of {', '.join(LINE_KINDS)}"
    if not line and name not in SINGLE and not METHOD.fullmatch(name):
        return (
            f"names {shown}; it must be method:CODE or method:ID of a payment method, method:*, "
            "line:KIND, line:*, credit, charges or tips"
        )
    if name in found:
        return f"names {shown} twice"
    if code is None:
        return f"gives {shown} no code; it is written {name[:MOST_SHOWN]}=1000"
    is_code = isinstance(code, str | int) and not isinstance(code, bool)
    if not is_code or not CODE.fullmatch(str(code)):
        return (
            f"gives {shown} the code {str(code)[:MOST_SHOWN]!r}; a code is 1 to 20 letters, digits "
            "and . - _ /, the first a letter or digit"
        )
    return None
