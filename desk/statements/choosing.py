"""Which account the file of a bank is of, and what it says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from desk.words import _
from kit.errors import PageError
from payments.statements.accounts import StoredAccount
from payments.statements.csv_guess import guessed
from payments.statements.csv_text import decoded
from payments.statements.numbers import ibans_in
from payments.statements.reading import ReadStatement, kind_of
from payments.statements.reading_camt import account_of
from payments.statements.reading_errors import ColumnsUnknown
from payments.statements.storing import read_for

BEGINNING = 4000  # characters of a CSV file in which it may name its account


class FileMissing(PageError):
    code = "statement_file_missing"
    field = "file"

    def __init__(self) -> None:
        super().__init__("Choose the file that you have downloaded from the bank.")


class AccountNotThere(PageError):
    """The file names an account that was not added, or is out of the person's reach."""

    code = "statement_account_not_there"
    field = "account"

    def __init__(self, number: str) -> None:
        super().__init__(
            f"The file is of the account {number}, and none of yours has this number. Add it first."
        )


class AccountNotChosen(PageError):
    code = "statement_account_not_chosen"
    field = "account"

    def __init__(self) -> None:
        super().__init__("This file does not say for certain which account it is of; choose it.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file, its account, and what was read of it; None while nobody has said what the columns of
    a CSV file are."""

    name: str
    data: bytes
    account: StoredAccount
    read: ReadStatement | None


def choose(
    name: str, data: bytes, account: str, there: Sequence[StoredAccount], today: date
) -> Chosen:
    """`account` is the id that was chosen, as it came, "" for what the file says itself; `there`
    are the accounts within reach.

    Raises FileMissing, AccountNotThere, AccountNotChosen, and what `read_statement` and `guessed`
    raise.
    """
    if not name and not data:
        raise FileMissing
    kind = kind_of(data)
    found = _account(kind, data, account, there)
    try:
        return Chosen(name, data, found, read_for(found, data))
    except ColumnsUnknown:
        guessed(decoded(data), found.currency, today)  # what is no table is refused at once
        return Chosen(name, data, found, None)


def _account(kind: str, data: bytes, account: str, there: Sequence[StoredAccount]) -> StoredAccount:
    if account:
        chosen = next((each for each in there if str(each.id) == account), None)
        if chosen is None:
            raise AccountNotChosen
        return chosen
    if kind == "camt.053":
        number = account_of(data)
        named = [each for each in there if each.number == number]
        if not named:
            raise AccountNotThere(number or _("without a number"))
        return named[0]
    numbers = ibans_in(decoded(data).text[:BEGINNING])
    named = [each for each in there if each.number in numbers]
    if len(named) != 1:
        raise AccountNotChosen
    return named[0]
