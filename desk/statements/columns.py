"""The page that asks what the columns of a bank's CSV files are: what was said, and the first lines
as they would be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from desk.forms import NONE, Slips, of_refusal
from desk.words import _
from kit import clock
from kit.errors import DomainError, Refused
from kit.money import Money
from payments.statements.accounts import StoredAccount
from payments.statements.csv_columns import ROLES, Columns
from payments.statements.csv_guess import guessed
from payments.statements.csv_text import Text, decoded
from payments.statements.reading import ReadLine, ReadStatement, check_days
from payments.statements.reading_csv import preview
from payments.statements.storing import read_for
from payments.statements.uploads import Upload

SHOWN = 8
# Of a sign that is none, or is a space, the form says the name: a field without text did not come.
NO_SIGN, SPACE = "none", "space"


@dataclass(frozen=True, slots=True)
class Asked:
    """A file that waits, and what was said of its columns (before anything was: what they seem to
    be). `wrong`: why it cannot be read so; `read`: what it says, where it can."""

    upload: Upload
    account: StoredAccount
    text: Text
    columns: Columns
    read: ReadStatement | None
    wrong: DomainError | Refused | None

    @property
    def slips(self) -> Slips:
        return of_refusal(self.wrong) if self.wrong else NONE

    @property
    def is_open(self) -> bool:
        """Whether something could not be guessed, and nobody has been asked yet."""
        columns = self.columns
        return not (columns.date and columns.days and columns.decimal)


def asked_columns(upload: Upload, account: StoredAccount, came: Mapping[str, Any]) -> Asked:
    """What a form says of the columns; an empty one: what can be guessed.

    Raises what `guessed` raises.
    """
    text = decoded(upload.data)
    today = clock.now().date()
    columns = guessed(text, account.currency, today)
    if came:
        columns = _said(columns, came)
    read, wrong = None, None
    try:
        columns.check()
        read = read_for(account, upload.data, columns.as_json)
        check_days(read, today)
    except (DomainError, Refused) as error:
        wrong = error
    return Asked(upload, account, text, columns, read, wrong)


def _said(columns: Columns, came: Mapping[str, Any]) -> Columns:
    """The roles and signs of a form; what does not come has no column."""
    roles = {role: str(came.get(role, "")) for role in ROLES}
    signs = {NO_SIGN: "", SPACE: " "}
    thousands = str(came.get("thousands", NO_SIGN))
    return replace(
        columns,
        **cast(dict[str, Any], roles),
        days=str(came.get("days", "")),
        decimal=str(came.get("decimal", "")),
        thousands=signs.get(thousands, thousands),
    )


def page_of(asked: Asked) -> dict[str, Any]:
    """What the page shows."""
    columns = asked.columns
    values = {role: getattr(columns, role) for role in (*ROLES, "days", "decimal")}
    return {
        "upload": asked.upload,
        "account": asked.account,
        "encoding": _alphabet(asked.text),
        "columns": [(head, head) for head in columns.heads],
        "values": values | {"thousands": _named_sign(columns.thousands)},
        "rows": _rows(asked),
        "read": asked.read,
        "is_open": asked.is_open,
    }


def _named_sign(thousands: str) -> str:
    return {"": NO_SIGN, " ": SPACE}.get(thousands, thousands)


def _alphabet(text: Text) -> str:
    """A note on the letters where only a person can tell whether they are right."""
    if text.is_safe:
        return ""
    return _("The letters were read as Windows-1252. Look whether names with accents are right.")


def _rows(asked: Asked) -> list[tuple[ReadLine | None, Money | None, str]]:
    """The first lines: read, with the amount, or what is wrong with them."""
    columns, account = asked.columns, asked.account
    if asked.is_open or not (columns.amount or (columns.came and columns.left)):
        return []
    found = preview(asked.text, account.currency, account.number, columns, SHOWN)
    return [
        (None, None, str(each))
        if isinstance(each, DomainError)
        else (each, Money(each.amount, account.currency), "")
        for each in found
    ]
