"""CSV files of banks, read as it was confirmed for the account: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, pairwise

from kit.errors import DomainError
from kit.money import Money
from payments.statements.csv_columns import Columns
from payments.statements.csv_text import Row, Text, decoded, rows
from payments.statements.csv_values import OtherCurrency, amount_of, day_of
from payments.statements.numbers import ibans_in, is_same_account, plain_number
from payments.statements.reading_errors import (
    ColumnsUnknown,
    Faults,
    LineWrong,
    NoLines,
    StatementIncomplete,
    TooManyLines,
    WrongAccount,
    WrongCurrency,
)
from payments.statements.statement import (
    LONGEST,
    MOST_LINES,
    ReadLine,
    ReadStatement,
    Skipped,
    text_of,
)

# What banks write into a column that says whether money came or left; in four languages.
CAME = frozenset({"c", "cr", "cred", "credit", "crdt", "h", "haben", "haber", "abono", "crédit",
                  "crédito", "+", "in"})  # fmt: skip
LEFT = frozenset({"d", "dr", "deb", "debit", "dbit", "s", "soll", "debe", "cargo", "débit",
                  "débito", "-", "out"})  # fmt: skip
ORDER_WORDS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}
NO_LETTER = re.compile(r"[.\s]+")
LONGEST_HEAD = 200  # as its column of bank_statements


@dataclass(frozen=True, slots=True)
class _Read:
    """A line with what else its row tells: the balance after it, where the file has one."""

    line: ReadLine
    row: int
    balance: int | None


def read_csv(
    data: bytes, currency: str, number: str, columns: Mapping[str, object]
) -> ReadStatement:
    """The statement of an account with this (plain) number and currency, by confirmed `columns`
    (`Columns.as_json`).

    Raises TextUnreadable, StatementBroken, ColumnsUnknown when the file has other heads,
    ColumnWrong, WrongAccount, StatementIncomplete, NoLines, TooManyLines, and Refused with what is
    wrong with single lines.
    """
    how = Columns.of(columns)
    how.check()
    text = decoded(data)
    if not how.fits(text):
        raise ColumnsUnknown
    named = _account_named(text, how, number)
    found: list[_Read] = []
    faults = Faults()
    for read in _lines(text, how, currency, number):
        if isinstance(read, DomainError):
            faults.add(read)
        else:
            found.append(read)
        if len(found) > MOST_LINES:
            raise TooManyLines(MOST_LINES)
    faults.raise_if_any()
    return _statement(found, how, currency, named)


def preview(
    text: Text, currency: str, number: str, columns: Columns, count: int
) -> list[ReadLine | DomainError]:
    """The first lines as they would be read, or what is wrong with them."""
    found = islice(_lines(text, columns, currency, number), count)
    return [each.line if isinstance(each, _Read) else each for each in found]


def _statement(
    found: Sequence[_Read], how: Columns, currency: str, named: str | None
) -> ReadStatement:
    lines = tuple(each.line for each in found if each.line.amount)
    if not lines:
        raise NoLines
    opening, closing = _balances(found, currency)
    days = [each.booked_on for each in lines]
    return ReadStatement(
        format="csv",
        number=named,
        currency=currency,
        identifier=None,
        from_day=min(days),
        to_day=max(days),
        opening=opening,
        closing=closing,
        lines=lines,
        skipped=Skipped(zero=len(found) - len(lines)),
        reference_head=how.bank_reference[:LONGEST_HEAD],
    )


def _account_named(text: Text, columns: Columns, number: str) -> str | None:
    """The account that stands above the head; None where none does. Raises WrongAccount when it is
    another one."""
    above = ""
    head = columns.head_of(text.text)
    for row in rows(text.text, columns.separator):
        if head is None or row.line >= head.line:
            break
        above += " ".join([*row.cells, "\n"])
    found = ibans_in(above)
    if found and number not in found:
        raise WrongAccount(", ".join(sorted(found)), number)
    return number if found else None


# --- rows ------------------------------------------------------------------------------------


def _lines(
    text: Text, columns: Columns, currency: str, number: str
) -> Iterator[_Read | DomainError]:
    """The rows below the head, each read or refused."""
    head = columns.head_of(text.text)
    reader = _RowReader(columns, currency, number)
    for row in rows(text.text, columns.separator):
        if head is None or row.line <= head.line:
            continue
        try:
            yield reader.read(row)
        except (LineWrong, WrongCurrency, WrongAccount) as error:
            yield error


class _RowReader:
    """Reads the rows of one file."""

    def __init__(self, columns: Columns, currency: str, number: str) -> None:
        self._how, self._currency, self._number = columns, currency, number
        self._places = {
            name: place
            for name in (*LONGEST, "date", "valued", "amount", "mark", "came", "left",
                         "remittance_2", "remittance_3", "currency", "own", "balance")
            if (place := columns.place(name)) is not None
        }  # fmt: skip

    def read(self, row: Row) -> _Read:
        """Raises LineWrong, WrongCurrency and WrongAccount."""
        cells = self._cells(row)
        place = f"Line {row.line}"
        self._check(cells, place)
        amount = self._moved(cells, place)
        booked = self._day(cells, "date", place)
        if booked is None:
            raise LineWrong(place, f"“{self._how.date}” is empty; it must be a day.")
        parts = [cells.get(name, "") for name in ("remittance", "remittance_2", "remittance_3")]
        line = ReadLine(
            booked_on=booked,
            valued_on=self._day(cells, "valued", place),
            amount=amount,
            party=text_of("party", cells.get("party")),
            party_account=text_of("party_account", plain_number(cells.get("party_account", ""))),
            reference=text_of("reference", cells.get("reference")),
            remittance=text_of("remittance", *parts),
            bank_reference=text_of("bank_reference", cells.get("bank_reference")),
        )
        balance = self._amount(cells, "balance", place) if cells.get("balance") else None
        return _Read(line, row.line, balance)

    def _cells(self, row: Row) -> dict[str, str]:
        """The cells by their roles. A row that is shorter than the head was cut off; one that is
        longer has empty cells behind it, or is none of this table."""
        count, cells = len(self._how.heads), row.cells
        if len(cells) < count or any(cells[count:]):
            raise LineWrong(
                f"Line {row.line}",
                f"it has {len(cells)} cells, and the head has {count}. The file is cut off there, "
                "or it is the bank's own sum: then take the line out.",
            )
        return {name: cells[place] for name, place in self._places.items()}

    def _check(self, cells: Mapping[str, str], place: str) -> None:
        came = cells.get("currency", "").upper()
        if came and came != self._currency:
            raise WrongCurrency(came[:10], self._currency, place)
        own = plain_number(cells.get("own", ""))
        if own and not is_same_account(own, self._number):
            raise WrongAccount(own[:50], self._number)

    def _day(self, cells: Mapping[str, str], role: str, place: str) -> date | None:
        text = cells.get(role, "")
        if not text:
            return None
        try:
            return day_of(text, self._how.days)
        except ValueError:
            right = f"a day as it was said: {ORDER_WORDS.get(self._how.days, 'not said yet')}"
            raise self._wrong(place, role, text, right) from None

    def _moved(self, cells: Mapping[str, str], place: str) -> int:
        """What came (more than 0) or left, by one column or by two."""
        if "came" in cells:
            came, left = (self._amount(cells, role, place) for role in ("came", "left"))
            if came and left:
                raise LineWrong(place, "money came and left at once; one of the two must be empty.")
            if not cells["came"] and not cells["left"]:
                raise LineWrong(place, "there is no amount; one of the two columns must have one.")
            return came - abs(left)
        if not cells.get("amount"):
            raise LineWrong(place, f"“{self._how.amount}” is empty; it must be an amount.")
        amount = self._amount(cells, "amount", place)
        return self._marked(amount, cells, place) if "mark" in cells else amount

    def _marked(self, amount: int, cells: Mapping[str, str], place: str) -> int:
        word = NO_LETTER.sub("", cells["mark"]).casefold()
        if word not in CAME | LEFT:
            right = "C or D, H or S, Haber or Debe, + or -"
            raise self._wrong(place, "mark", cells["mark"], right)
        if amount < 0 and word in CAME:
            raise LineWrong(place, "the amount is less than 0, and marked as one that came.")
        return abs(amount) if word in CAME else -abs(amount)

    def _amount(self, cells: Mapping[str, str], role: str, place: str) -> int:
        """The amount of a cell in minor units; 0 for an empty one."""
        text = cells[role]
        if not text:
            return 0
        try:
            return amount_of(text, self._currency, self._how.decimal, self._how.thousands)
        except OtherCurrency as error:
            raise WrongCurrency(str(error), self._currency, place) from None
        except ValueError:
            raise self._wrong(place, role, text, f"an amount such as {self._example}") from None

    @property
    def _example(self) -> str:
        plain = Money(123456, self._currency).plain
        whole, dot, decimals = plain.partition(".")
        grouped = f"{int(whole):,}".replace(",", self._how.thousands)
        return f"{grouped}{self._how.decimal}{decimals}" if dot else grouped

    def _wrong(self, place: str, role: str, came: str, right: str) -> LineWrong:
        shown = came[:40] + ("…" if len(came) > 40 else "")
        return LineWrong(place, f"“{getattr(self._how, role)}” is “{shown}”; it must be {right}.")


# --- balances ----------------------------------------------------------------------------------


def _balances(found: Sequence[_Read], currency: str) -> tuple[int | None, int | None]:
    """The opening and the closing balance, of a file that tells the balance after each line; its
    newest line is the first one or the last one. Raises StatementIncomplete."""
    if any(each.balance is None for each in found):
        return None, None
    balances = [(each.line.amount, each.balance or 0, each.row) for each in found]
    breaks = [_first_break(each) for each in (balances, balances[::-1])]
    for one, order in zip(breaks, (balances, balances[::-1]), strict=True):
        if one is None:
            return order[0][1] - order[0][0], order[-1][1]
    row = max(each for each in breaks if each is not None)
    raise StatementIncomplete(f"The balances of the lines do not follow from one another at line "
                              f"{row} ({currency}).")  # fmt: skip


def _first_break(balances: Sequence[tuple[int, int, int]]) -> int | None:
    """The row whose balance does not follow from that before it."""
    for (_amount, before, _row), (amount, after, row) in pairwise(balances):
        if before + amount != after:
            return row
    return None
