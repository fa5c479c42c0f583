"""From a file to the cells of its lines, a line at a time, whatever its size."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from bookings.importing.columns import Row, read_header, read_row

LONGEST_LINE = 1_000_000  # characters; what is longer is no CSV, and must not fill the memory
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's own copy: it is read twice, and must be the same both times. `lines`: how many the
    file has, as an editor counts them."""

    file: IO[bytes]
    lines: int


@contextmanager
def sheet_of(stream: IO[bytes]) -> Iterator[Sheet]:
    """Copies a file or a pipe to disk, without a name; it is gone at the end."""
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file, CHUNK)
        file.seek(0)
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))
        yield Sheet(file, lines + 1)


def rows(sheet: Sheet) -> Iterator[Row]:
    """The lines after the first, each with the number of its first line in the file. A first line
    that is wrong, or the first that is no CSV, comes as a row of faults, and is the last one."""
    sheet.file.seek(0)
    text = io.TextIOWrapper(sheet.file, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _rows(_lines(text))
    finally:
        text.detach()


def _rows(lines: Iterator[str]) -> Iterator[Row]:
    try:
        first = next(lines, "")
        delimiter = ";" if first.count(";") > first.count(",") else ","
        cells = next(csv.reader([first], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        yield Row(1, {}, (f"It is no CSV: {error}.",))
        return
    header = read_header(cells)
    if header.faults:
        yield Row(1, {}, tuple(header.faults))
        return
    for number, record in _records(lines, delimiter):
        if isinstance(record, str):
            yield Row(number, {}, (record,))
        elif len(record) == len(header.names):
            yield read_row(number, dict(zip(header.names, record, strict=True)))
        elif record:
            sentence = f"It has {len(record)} cells, and the first line has {len(header.names)}."
            yield Row(number, {}, (sentence,))


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The cells of each record, or why the file cannot be read on. Quotes are read strictly: a
    lost one must not make one cell of the rest of the file."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 2  # lines begin at 1, and the first was the header's
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield number, f"It is no CSV from here on: {error}."
            return
        if cells is None:
            return
        yield number, cells


def _lines(text: IO[str]) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error(f"a line has more than {LONGEST_LINE} characters")
        yield line
