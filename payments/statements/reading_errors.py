"""Why a file cannot be read as a statement of an account. Nothing of such a file is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.errors import DomainError, PageError, Refused

MOST_TOLD = 12  # of the lines that are wrong: what is wrong with one is mostly so with all


class ReadingError(PageError):
    """Base of what a file of a bank is refused for."""

    field = "file"


class NotAStatement(ReadingError):
    code = "not_a_statement"

    def __init__(self, what: str, rather: str = "") -> None:
        advice = rather or "Ask the bank for CAMT.053 (XML) or for a CSV file."
        super().__init__(f"This is {what}, not a bank statement. {advice}")


class TextUnreadable(ReadingError):
    """The letters of a file cannot be told from its bytes."""

    code = "statement_text_unreadable"

    def __init__(self) -> None:
        super().__init__(
            "The letters of this file cannot be read: it is neither UTF-8 nor UTF-16 nor "
            "Windows-1252. Save it as UTF-8 and choose it once more."
        )


class DocumentTypePresent(ReadingError):
    """What could make one entity a billion characters, or fetch something from elsewhere."""

    code = "statement_document_type"

    def __init__(self) -> None:
        super().__init__(
            "The file has a document type (DOCTYPE) or an entity, which a bank's statement never "
            "has; it was not read. Download it from the bank once more."
        )


class StatementBroken(ReadingError):
    """XML or CSV that ends or breaks in the middle."""

    code = "statement_broken"

    def __init__(self, line: int, why: str) -> None:
        super().__init__(
            f"The file is cut off or damaged at line {line}: {why}. "
            "Download it from the bank once more."
        )


class LineWrong(ReadingError):
    """Something in a line or an entry that cannot be read as what it is for."""

    code = "statement_line_wrong"

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")


class MoreLinesWrong(ReadingError):
    code = "statement_more_lines_wrong"

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} more lines are wrong in the same file.")


class NoLines(ReadingError):
    code = "statement_no_lines"

    def __init__(self) -> None:
        super().__init__(
            "There is not one line in this file. Choose a period in which money moved."
        )


class TooManyLines(ReadingError):
    code = "statement_too_many_lines"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The file has more than {most:,} lines. Ask the bank for shorter periods; where they "
            "overlap, no line counts twice."
        )


class StatementTooLarge(ReadingError):
    code = "statement_too_large"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The file is larger than {most // 2**20} MiB. Ask the bank for shorter periods; where "
            "they overlap, no line counts twice."
        )


class WrongAccount(ReadingError):
    code = "statement_wrong_account"

    def __init__(self, came: str, number: str) -> None:
        super().__init__(
            f"The statement is of the account {came}; it must be one of {number}. Choose the other "
            "account, or the other file."
        )


class SeveralAccounts(ReadingError):
    code = "statement_several_accounts"

    def __init__(self, numbers: Sequence[str]) -> None:
        super().__init__(
            f"The file holds statements of several accounts ({', '.join(numbers)}). Ask the bank "
            "for a file of each account."
        )


class WrongCurrency(ReadingError):
    code = "statement_wrong_currency"

    def __init__(self, came: str, currency: str, place: str = "") -> None:
        where = f"{place}: the" if place else "The"
        super().__init__(f"{where} currency is {came}; that of the account is {currency}.")


class StatementIncomplete(ReadingError):
    """Lines that do not lead from the opening balance to the closing one: some are missing."""

    code = "statement_incomplete"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text} The file is not complete; download it from the bank once more.")


class DayOutOfReach(ReadingError):
    """A day of the future, or of long ago: mostly day and month were taken for one another."""

    code = "statement_day_out_of_reach"

    def __init__(self, position: int, day: date, first: date, last: date) -> None:
        super().__init__(
            f"Line {position} of the statement is of {day.isoformat()}; it must be between "
            f"{first.isoformat()} and {last.isoformat()}. Are day and month the right way round?"
        )


class HeadMissing(ReadingError):
    """Without names of its columns, the first line of a table would be taken for them."""

    code = "statement_head_missing"

    def __init__(self, line: int) -> None:
        super().__init__(
            f"The table begins at line {line} without the names of its columns. Ask the bank for a "
            "file with a head, or for CAMT.053 (XML)."
        )


class ColumnsUnknown(ReadingError):
    """Nobody has said yet what the columns of this file are."""

    code = "statement_columns_unknown"

    def __init__(self) -> None:
        super().__init__("It is not known yet what the columns of this file mean; say so first.")


class ColumnWrong(ReadingError):
    """What was said of the columns cannot be so; `field` is that of the page."""

    code = "statement_column_wrong"

    def __init__(self, field: str, text: str) -> None:
        self.field = field
        super().__init__(text)


class Faults:
    """What is wrong with a file, told together; only the first are kept."""

    def __init__(self) -> None:
        self._told: list[DomainError] = []
        self._count = 0

    def add(self, error: DomainError) -> None:
        self._count += 1
        if len(self._told) < MOST_TOLD:
            self._told.append(error)

    def raise_if_any(self) -> None:
        """Raises Refused with the first that are wrong, and how many more there are."""
        more = self._count - len(self._told)
        Refused.if_any([*self._told, *([MoreLinesWrong(more)] if more else [])])
