"""What the columns of a bank's CSV files mean, as a person confirmed it: pure.

Columns are named by their heads (`csv_text.names_of`). A file is read by what was confirmed only
while its heads are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import cast

from kit.errors import DomainError, Refused
from payments.statements.csv_text import SAMPLE, SEPARATORS, Row, Text, names_of, rows
from payments.statements.csv_values import DECIMALS, ORDERS, THOUSANDS
from payments.statements.reading_errors import ColumnWrong

# Roles that one column has. The amount is one signed column, an amount with a mark of its
# direction, or two columns.
REQUIRED = ("date",)
AMOUNTS = ("amount", "mark", "came", "left")
TEXTS = ("party", "party_account", "reference", "remittance", "remittance_2", "remittance_3",
         "bank_reference")  # fmt: skip
CHECKS = ("currency", "own", "balance")
ROLES = (*REQUIRED, "valued", *AMOUNTS, *TEXTS, *CHECKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How a file is read. `heads` are the names of all its columns in their order; a role is the
    name of its column, "" where there is none. `days`: in which order a day's parts come."""

    heads: tuple[str, ...]
    separator: str
    encoding: str
    days: str = ""
    decimal: str = ""
    thousands: str = ""
    date: str = ""
    valued: str = ""
    amount: str = ""
    mark: str = ""
    came: str = ""
    left: str = ""
    party: str = ""
    party_account: str = ""
    reference: str = ""
    remittance: str = ""
    remittance_2: str = ""
    remittance_3: str = ""
    bank_reference: str = ""
    currency: str = ""
    own: str = ""
    balance: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> Columns:
        """From what `as_json` made. Raises ColumnWrong for what it did not make."""
        names = {each.name for each in fields(cls)}
        heads = stored.get("heads")
        if not isinstance(heads, list) or not all(isinstance(each, str) for each in heads):
            raise ColumnWrong("columns", "It is not known what the columns are called.")
        texts = {name: str(value) for name, value in stored.items() if name in names}
        return cls(**cast(dict[str, str], texts | {"heads": tuple(heads)}))  # type: ignore[arg-type]

    @property
    def as_json(self) -> dict[str, object]:
        """As it is kept with the account: without roles that no column has."""
        found = {name: value for name, value in asdict(self).items() if value}
        return found | {"heads": list(self.heads), "thousands": self.thousands}

    def place(self, role: str) -> int | None:
        """Which cell of a row has this role."""
        name = getattr(self, role)
        return self.heads.index(name) if name else None

    def fits(self, text: Text) -> bool:
        """Whether a file has these heads, in letters that can be told for certain or were looked at
        when this was confirmed."""
        sure = text.is_safe or text.encoding == self.encoding
        return sure and self.head_of(text.text) is not None

    def head_of(self, text: str) -> Row | None:
        """The row that names the columns; None where there is none among the first rows."""
        for count, row in enumerate(rows(text, self.separator)):
            if names_of(row.cells) == self.heads:
                return row
            if count == SAMPLE:
                break
        return None

    def check(self) -> None:
        """Raises ColumnWrong, several as Refused, for what does not say how to read a file."""
        Refused.if_any([*_amount_slips(self), *_sign_slips(self), *_name_slips(self)])


def _amount_slips(columns: Columns) -> Iterable[DomainError]:
    if not columns.date:
        yield ColumnWrong("date", "Choose the column with the day of booking.")
    both = columns.came and columns.left
    if (columns.came or columns.left) and not both:
        missing = "left" if columns.came else "came"
        yield ColumnWrong(missing, "Choose both columns: that of what came and that of what left.")
    if both and (columns.amount or columns.mark):
        yield ColumnWrong(
            "amount", "Choose one column for the amount, or two for what came and left; not both."
        )
    if not (columns.amount or columns.came or columns.left):
        yield ColumnWrong("amount", "Choose the column with the amount.")


def _sign_slips(columns: Columns) -> Iterable[DomainError]:
    if columns.days not in ORDERS:
        yield ColumnWrong("days", "Say whether the day or the month comes first.")
    if columns.decimal not in DECIMALS:
        yield ColumnWrong("decimal", "Say whether a comma or a point stands before the cents.")
    is_same = columns.thousands and columns.thousands == columns.decimal
    if is_same or columns.thousands not in THOUSANDS:
        yield ColumnWrong("thousands", "Thousands need another sign than decimals, or none.")
    if columns.separator not in SEPARATORS:
        yield ColumnWrong("separator", "The columns are not separated by ; , tab or |.")


def _name_slips(columns: Columns) -> Iterable[DomainError]:
    taken: dict[str, str] = {}
    for role in ROLES:
        name = getattr(columns, role)
        if name and name not in columns.heads:
            yield ColumnWrong(role, f"The file has no column “{name}”.")
        elif name and name in taken:
            yield ColumnWrong(role, f"“{name}” was chosen for something else already.")
        taken[name] = role


def width_of(found: Sequence[Row]) -> int:
    """How many columns most of the rows have."""
    widths = [len(each.cells) for each in found]
    return max(set(widths), key=lambda width: (widths.count(width), width), default=0)
