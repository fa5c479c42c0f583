"""Files of long lists: asked for by a person, written by the worker, gone after a day.

What people see of their files, and what they do to them. Which rows a file has is a list's to say
(office.exports.lists); writing it is the worker's (office.exports.writing).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, delete, func, insert, select, update
from sqlalchemy.orm import Session

from kit.errors import PageError
from kit.sql import Query
from office.exports.lists import Locations
from office.models import ExportFile, ExportPart

LIVES = timedelta(hours=24)
MOST_WAITING = 5
MOST_SHOWN = 50

# Why a file could not be written.
TOO_LONG, NOT_ALLOWED, GONE, GAVE_UP = "too_long", "not_allowed", "gone", "gave_up"

FREE: Mapping[str, None] = {"leased_by": None, "leased_until": None}
# What a file is that nothing was written of yet.
UNWRITTEN: Mapping[str, Any] = {"rows_total": None, "rows_done": 0, "size": 0}
# Filters may name guests, who are to be forgotten with the file.
DELETED: Mapping[str, Any] = {"state": "deleted", "problem": None, "wanted": {}}
KEPT = ("waiting", "done", "failed")


class TooManyFiles(PageError):
    """Somebody has asked for a great deal already."""

    code = "too_many_files"

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_WAITING} files of yours are waiting to be written, and no more wait at a time."
            " Delete one of them, or ask again when one is done."
        )


class FileUnknown(PageError):
    """No such file, or somebody else's; or it is not in the state for that."""

    code = "file_unknown"

    def __init__(self) -> None:
        super().__init__("There is no such file of yours any more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFile:
    """A file that somebody wants. `wanted` are the filters of the list's address; `locations` what
    the person reaches now, which the file never goes beyond."""

    person_id: int
    list: str
    format: str
    wanted: Mapping[str, str]
    locations: Locations


@dataclass(frozen=True, slots=True)
class Asked:
    """A file as it stands. `size` is in bytes; `rows_total` is None until they were counted."""

    id: int
    person_id: int
    list: str
    format: str
    wanted: Mapping[str, str]
    locations: Locations
    state: str
    rows_total: int | None
    rows_done: int
    size: int
    problem: str | None
    leased_by: str | None
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime

    @property
    def is_begun(self) -> bool:
        return self.leased_by is not None


def ask_file(connection: Connection, order: AskFile, now: datetime) -> int:
    """Have a file written; its id. Raises TooManyFiles."""
    _check_waiting(connection, order.person_id)
    row = {
        "person_id": order.person_id,
        "kind": order.list,
        "format": order.format,
        "wanted": dict(order.wanted),
        "locations": None if order.locations is None else sorted(order.locations),
        "created_at": now,
        "expires_at": now + LIVES,
    }
    query = insert(ExportFile).returning(ExportFile.id)
    return int(connection.execute(query, [row]).scalar_one())


def try_again(connection: Connection, person_id: int, file_id: int, now: datetime) -> None:
    """Let a file that has failed be written once more. Raises TooManyFiles and FileUnknown."""
    _check_waiting(connection, person_id)
    values = {"state": "waiting", "problem": None, "attempts": 0, "ended_at": None, **UNWRITTEN}
    again = _of(person_id, file_id).where(ExportFile.state == "failed")
    if not connection.execute(again.values(expires_at=now + LIVES, **values)).rowcount:
        raise FileUnknown


def _check_waiting(connection: Connection, person_id: int) -> None:
    """A person's own files only, and no more than a few: counted without a lock, so that two asked
    for at once may be one more."""
    mine = (ExportFile.person_id == person_id, ExportFile.state == "waiting")
    waiting = select(func.count(ExportFile.id)).where(*mine)
    if connection.execute(waiting).scalar_one() >= MOST_WAITING:
        raise TooManyFiles


def delete_file(connection: Connection, person_id: int, file_id: int, now: datetime) -> None:
    """Remove a file; its link is worth nothing from now on, and a worker that is writing it stops.
    Raises FileUnknown."""
    gone = _of(person_id, file_id).where(ExportFile.state.in_(KEPT))
    if not connection.execute(gone.values(**DELETED, **FREE, ended_at=now)).rowcount:
        raise FileUnknown
    forget_parts(connection, file_id)


def files_of(session: Session, person_id: int) -> list[Asked]:
    """A person's files that are still there, the latest first."""
    query = _files(ExportFile.person_id == person_id, ExportFile.state.in_(KEPT))
    rows = session.execute(query.order_by(ExportFile.id.desc()).limit(MOST_SHOWN))
    return [made(dict(row)) for row in rows.mappings()]


def file_by_id(connection: Connection, file_id: int) -> Asked | None:
    """A file, whoever's; None where there is none or never was."""
    row = connection.execute(_files(ExportFile.id == file_id)).mappings().first()
    return None if row is None else made(dict(row))


def part(connection: Connection, file_id: int, no: int) -> bytes | None:
    """A piece of a file, from 0; None past its end, or when it was deleted meanwhile."""
    query = select(ExportPart.content).where(ExportPart.export_id == file_id, ExportPart.no == no)
    return connection.scalar(query)


def forget_parts(connection: Connection, file_id: int) -> None:
    """Remove all that was written of a file."""
    connection.execute(delete(ExportPart).where(ExportPart.export_id == file_id))


def forget_expired(connection: Connection, now: datetime) -> int:
    """Remove files that have had their time; how many."""
    over = update(ExportFile).where(
        ExportFile.state.in_(("done", "failed")), ExportFile.expires_at <= now
    )
    gone = over.values(**DELETED).returning(ExportFile.id)
    ids = list(connection.scalars(gone))
    for file_id in ids:
        forget_parts(connection, file_id)
    return len(ids)


def made(row: Mapping[str, Any]) -> Asked:
    """A row of a file as it is told; it has the `columns`."""
    values, locations = dict(row), row["locations"]
    values["locations"] = None if locations is None else frozenset(locations)
    values["list"] = values.pop("kind")
    return Asked(**values)


def columns() -> Iterator[Any]:
    """The columns that `made` needs."""
    for name in Asked.__dataclass_fields__:
        yield getattr(ExportFile, "kind" if name == "list" else name)


def _files(*conditions: ColumnElement[bool]) -> Query:
    query: Query = select(*columns()).where(*conditions)
    return query


def _of(person_id: int, file_id: int) -> Update:
    return update(ExportFile).where(ExportFile.id == file_id, ExportFile.person_id == person_id)
