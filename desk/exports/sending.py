"""A list as a file: a short one at once, of a long one the page that offers to have it written.

A file that is sent at once is written to the disk first and then sent: whoever takes it slowly
holds no transaction open, and what goes wrong is an answer of its own and not half a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Response, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from desk.access import me, origin, refuse
from desk.exports.lists import LISTS, lacking
from desk.exports.noting import note_download
from desk.forms import NONE, Slips
from kit.db import reading
from kit.workbooks import MOST_ROWS, TooManyRows
from office.exports.lists import Listed
from office.exports.writing import sheet_of

# So many rows take about two seconds (benchmarks/exporting.py); more are the worker's.
MOST_AT_ONCE: Mapping[str, int] = {"csv": 10_000, "xlsx": 2_000}
IN_MEMORY = 2**20
CHUNK = 2**16
# Where in a list a page begins is nothing to a file of it.
NOT_FILTERS = ("after", "before")
TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def list_named(name: str) -> Listed:
    """The list of this name, for the person at the desk. Raises NotAllowed; there is no page of a
    list that does not exist."""
    listed = LISTS.get(name) or abort(404)
    if permission := lacking(me(), listed):
        refuse(permission)
    return listed


def filters_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The filters of an address, without empty ones. A list of values, which forms can send, is no
    filter of ours."""
    return {
        name: text.strip()
        for name, text in given.items()
        if isinstance(text, str) and text.strip() and name not in NOT_FILTERS
    }


def send_list(name: str, format: str, given: Mapping[str, str]) -> ResponseReturnValue:
    """The list with these filters as a file, or the page that says it is long. Raises TooManyRows
    where no file of this format could hold it, and what is wrong with the filters."""
    listed, wanted = list_named(name), filters_of(given)
    with ExitStack() as undone:
        # A file of a list that cannot be sent is closed; one that is sent, when it was.
        file: IO[bytes] = undone.enter_context(SpooledTemporaryFile(IN_MEMORY))
        with reading() as session:
            total = listed.count(session, wanted, me().locations)
            if format == "xlsx" and total > MOST_ROWS:
                raise TooManyRows(total)
            if total > MOST_AT_ONCE[format]:
                return long_page(listed, format, wanted, total, NONE)
            _write(file, session, listed, format, wanted)
        note_download(listed, format, wanted, origin())
        undone.pop_all()
    size = file.seek(0, SEEK_END)
    file.seek(0)
    return as_file(_chunks(file), listed.name, format, size)


def long_page(
    listed: Listed, format: str, wanted: Mapping[str, str], total: int | None, slips: Slips
) -> str:
    """The page that offers to have a long list written."""
    return render_template(
        "desk/exports/long.html",
        listed=listed,
        format=format,
        wanted=wanted,
        total=total,
        slips=slips,
    )


def as_file(parts: Iterator[bytes], name: str, format: str, size: int) -> Response:
    """The answer that a browser saves under the list's name; `size` in bytes."""
    answer = Response(parts, content_type=TYPES[format])
    answer.headers["Content-Length"] = str(size)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    return answer


def _write(
    file: IO[bytes], session: Session, listed: Listed, format: str, wanted: Mapping[str, str]
) -> None:
    """Write the whole list, all read in the session's one transaction."""
    with closing(sheet_of(format, listed.columns, listed.title)) as sheet:
        for row in listed.rows(session, wanted, me().locations):
            sheet.add(row)
            file.write(sheet.ready())
        for some in sheet.rest():
            file.write(some)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while some := file.read(CHUNK):
            yield some
