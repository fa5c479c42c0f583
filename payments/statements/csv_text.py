"""From the bytes of a CSV file to its rows: pure. What cannot be told for certain is not guessed:
which of the 8-bit alphabets a file is in, a person says who sees its letters."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from payments.statements.reading_errors import NoLines, StatementBroken, TextUnreadable

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
SAFE = ("utf-8-sig", "utf-16", "utf-8", "utf-16-le", "utf-16-be")
SEPARATORS = (";", ",", "\t", "|")
SAMPLE = 40  # rows that are looked at to find the separator and the head


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded file. `is_safe`: its alphabet is certain, since hardly anything else could be read
    as it; otherwise somebody has to look at the letters."""

    text: str
    encoding: str

    @property
    def is_safe(self) -> bool:
        return self.encoding in SAFE


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, and the line of the file that it ends at."""

    line: int
    cells: tuple[str, ...]


def decoded(data: bytes) -> Text:
    """The text of a file. Raises TextUnreadable."""
    encoding = next((name for mark, name in BOMS if data.startswith(mark)), None)
    for each in [encoding] if encoding else _possible(data):
        try:
            text = data.decode(each)
        except UnicodeDecodeError:
            continue
        if not _is_binary(text):
            return Text(text, each)
    raise TextUnreadable


def _possible(data: bytes) -> Sequence[str]:
    """UTF-16 has a zero in nearly every other byte of a Western text, and nothing else has any."""
    sample = data[:4096]
    if sample[1::2].count(0) > len(sample) // 4:
        return ("utf-16-le",)
    if sample[::2].count(0) > len(sample) // 4:
        return ("utf-16-be",)
    return ("utf-8", "cp1252")


def _is_binary(text: str) -> bool:
    """Whether the text holds what no text has: control characters, also those of Latin-1."""
    allowed = "\t\n\r\x0c\x85"
    return any(unicodedata.category(each) == "Cc" and each not in allowed for each in set(text))


def separator_of(text: str) -> str:
    """The sign between cells: the one by which most of the first rows have equally many, at least
    two. Raises NoLines for a text without any, StatementBroken for one that is no table."""
    best, most = "", 0
    for separator in SEPARATORS:
        widths = Counter(len(row.cells) for row in _some(text, separator))
        widths.pop(1, None)
        if widths:
            width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
            if count * width > most:
                best, most = separator, count * width
    if not text.strip():
        raise NoLines
    if not best:
        raise StatementBroken(1, "it has no columns, neither by ; nor by , nor by tab")
    return best


def _some(text: str, separator: str) -> list[Row]:
    """The first rows; fewer, where the rest is no CSV by this separator."""
    found: list[Row] = []
    try:
        for row in rows(text, separator):
            found.append(row)
            if len(found) == SAMPLE:
                break
    except StatementBroken:
        pass
    return found


def rows(text: str, separator: str) -> Iterator[Row]:
    """The rows that are not empty. Quotes are read strictly: a lost one must not make one cell of
    the rest of the file. Raises StatementBroken where that is so."""
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise StatementBroken(
                reader.line_num, "a quotation mark is missing, or there is one too many"
            ) from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Row(reader.line_num, tuple(cell.strip() for cell in cells))


def _lines(text: str) -> Iterator[str]:
    """Line by line, without a second copy of a large text. Only what ends a line in CSV does."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        if end < 0:  # the last line, or one of old Macintosh, which ends with a return alone
            end = text.find("\r", start)
        if end < 0:
            end = len(text) - 1
        yield text[start : end + 1]
        start = end + 1


def names_of(head: Sequence[str]) -> tuple[str, ...]:
    """What the columns are called: as in the head; "Text (2)" for the second one of that name, and
    "Column 5" for one without any."""
    seen: Counter[str] = Counter()
    found = []
    for place, cell in enumerate(head, start=1):
        name = " ".join(cell.split()) or f"Column {place}"
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)
