"""Files as people and spreadsheets make them: encodings, delimiters, quotes, line numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from bookings.importing import reading
from bookings.importing.columns import Row
from bookings.importing.reading import rows, sheet_of

HEADER = "account,location,property,arrival,departure,last_name,guest_notes"
RIGHT = "OLD-1,client1,Casa Azul,2030-06-01,2030-06-08,Sousa,"


def read(text: str | bytes) -> list[Row]:
    content = text.encode() if isinstance(text, str) else text
    with sheet_of(io.BytesIO(content)) as sheet:
        return list(rows(sheet))


def faults(text: str | bytes) -> list[tuple[int, str]]:
    return [(row.number, fault) for row in read(text) for fault in row.faults]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_file_reads_the_same_however_it_was_saved(start: bytes, end: str, delimiter: str) -> None:
    text = end.join([HEADER, RIGHT, RIGHT.replace("OLD-1", "OLD-2"), ""])

    found = read(start + text.replace(",", delimiter).encode())

    assert [(row.number, row.values["account"], row.faults) for row in found] == [
        (2, "OLD-1", ()), (3, "OLD-2", ()),
    ]  # fmt: skip


def test_lines_are_numbered_as_an_editor_shows_them() -> None:
    """A cell with line ends takes several lines, and empty lines count, too."""
    two = RIGHT + '"one\ntwo\r\nthree"'

    found = read(f"{HEADER}\n{two}\n\n{RIGHT}\n")

    assert [row.number for row in found] == [2, 6]
    assert found[0].values["guest_notes"] == "one\ntwo\r\nthree"


def test_quotes_hold_delimiters_and_doubled_quotes() -> None:
    (row,) = read(f'{HEADER}\n{RIGHT}"a, ""b"""\n')

    assert row.values["guest_notes"] == 'a, "b"'


@pytest.mark.parametrize(("line", "cells"), [(RIGHT + ",x", 8), ("OLD-1,client1", 2)])
def test_a_line_has_as_many_cells_as_the_first(line: str, cells: int) -> None:
    assert faults(f"{HEADER}\n{line}\n{RIGHT}") == [
        (2, f"It has {cells} cells, and the first line has 7.")
    ]


@pytest.mark.parametrize("rest", ['"never closed', '"closed" too early'])
def test_from_a_lost_quote_on_the_file_is_no_csv_and_lines_before_it_are_still_judged(
    rest: str,
) -> None:
    found = faults(f"{HEADER}\n{RIGHT.replace('Sousa', '')}\n{RIGHT}{rest}\n{RIGHT}\n")

    assert [number for number, _ in found] == [2, 3]
    assert found[1][1].startswith("It is no CSV from here on: ")


def test_a_lost_quote_does_not_make_one_cell_of_a_huge_file() -> None:
    found = faults(f'{HEADER}\n{RIGHT}"lost\n' + f"{RIGHT}\n" * 5000)

    assert found == [(2, "It is no CSV from here on: field larger than field limit (131072).")]


def test_an_endless_line_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 1000)

    assert faults(f"{HEADER}\n{RIGHT}\n" + "," * 2000) == [
        (3, "It is no CSV from here on: a line has more than 1000 characters.")
    ]
    assert faults("," * 2000) == [(1, "It is no CSV: a line has more than 1000 characters.")]


@pytest.mark.parametrize("content", ["", "\n", "\ufeff", " , \n", ";;;"])
def test_a_first_line_without_names_is_told(content: str) -> None:
    assert faults(content) == [(1, "The first line must name the columns, and it is empty.")]


def test_a_wrong_header_is_told_alone() -> None:
    assert faults("account,locaton\nx,y\n")[0] == (
        1, "There is no column 'locaton'; did you mean location?",
    )  # fmt: skip
    assert {number for number, _ in faults("account,locaton\nx,y\n")} == {1}


def test_a_file_without_bookings_has_no_lines() -> None:
    assert read(HEADER + "\n") == []


def test_what_is_not_utf_8_is_told_by_line_and_column() -> None:
    latin = f"{HEADER}\n{RIGHT}\n{RIGHT.replace('Sousa', 'José')}\n".encode("latin-1")

    assert faults(latin) == [(3, "last_name is not UTF-8; save the file as CSV in UTF-8.")]


def test_utf_16_is_told_as_not_utf_8() -> None:
    assert faults(f"{HEADER}\n{RIGHT}\n".encode("utf-16"))[0] == (
        1, "The file is not UTF-8; save it as CSV in UTF-8.",
    )  # fmt: skip


def test_a_pipe_is_read_twice_from_its_copy() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.parts: Iterator[bytes] = iter([HEADER.encode(), b"\n", RIGHT.encode(), b""])

        def readable(self) -> bool:
            return True

        def read(self, _: int = -1) -> bytes:
            return next(self.parts)

    with sheet_of(Pipe()) as sheet:  # type: ignore[arg-type]
        first, second = list(rows(sheet)), list(rows(sheet))

    assert first == second
    assert len(first) == 1
