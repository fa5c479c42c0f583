"""Writing files of lists: one worker at a time holds a file, writes it in parts of about a
megabyte, and says how far it is.

All rows are read in one transaction, so that a file is the list as it was at one moment; parts go
to the database in short ones of their own. A worker that dies leaves a lease that ends: another one
throws away what there is and begins anew, and what people fetch is whole or not there. Whether the
person still may is asked when it is written, for that may be long after it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Connection, Select, insert, or_, select, update

from kit import clock
from kit.db import in_transaction, reading
from kit.ids import short
from kit.log import failure
from kit.sheets import CsvSheet
from kit.tables import Column, Sheet
from kit.workbooks import TooManyRows, XlsxSheet
from office.exports.files import (
    FREE,
    GAVE_UP,
    GONE,
    LIVES,
    NOT_ALLOWED,
    TOO_LONG,
    UNWRITTEN,
    Asked,
    columns,
    forget_expired,
    forget_parts,
    made,
)
from office.exports.lists import Listed, Locations
from office.models import ExportFile, ExportPart
from outbox.worker import stopping

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3
PART_BYTES = 2**20
# How often it is told how far a file is; that prolongs the lease, too.
TOLD_EVERY_S = 1
ROWS_AT_ONCE = 200

Reader = Callable[[Asked], AbstractContextManager[bool]]
"""Acts as the person who asked; False when they may not any more, or reach less than they did."""

log = structlog.get_logger()


class LeaseLost(Exception):
    """The file was deleted, or another worker has taken it over: this one has nothing to do."""


class Stopped(Exception):
    """The worker was asked to end."""


@dataclass(slots=True)
class Writing:
    """A file in the hands of this worker, as long as the lease is its own."""

    file_id: int
    lease: str
    now: Callable[[], datetime]
    rows: int = 0
    size: int = 0
    parts: int = 0
    total: int | None = None
    pending: bytes = b""
    told_at: float = 0

    def count(self) -> None:
        """One row more."""
        self.rows += 1
        if self.rows % ROWS_AT_ONCE == 0:
            self.beat()

    def take(self, some: bytes) -> None:
        """Keep what was written, as soon as it is enough for a part."""
        self.pending += some
        while len(self.pending) >= PART_BYTES:
            self._keep(self.pending[:PART_BYTES])
            self.pending = self.pending[PART_BYTES:]

    def beat(self) -> None:
        """Now and then say how far it is. Raises LeaseLost and Stopped."""
        if stopping():
            raise Stopped
        if monotonic() - self.told_at >= TOLD_EVERY_S:
            in_transaction(self.tell)

    def tell(self, connection: Connection) -> None:
        """Say how far it is, and hold it longer. Raises LeaseLost."""
        values = {"rows_done": self.rows, "rows_total": self.total, "size": self.size}
        self._change(connection, leased_until=self.now() + LEASE, **values)
        self.told_at = monotonic()

    def end(self, **values: Any) -> None:
        """It is done, failed, or free again for others. Raises LeaseLost."""
        in_transaction(lambda connection: self._change(connection, **FREE, **values))

    def done(self) -> None:
        """All of it is there, and can be fetched from now on."""
        if self.pending:
            self._keep(self.pending)
        now = self.now()
        told = {"rows_done": self.rows, "rows_total": self.rows, "size": self.size}
        self.end(state="done", ended_at=now, expires_at=now + LIVES, **told)

    def fail(self, problem: str) -> None:
        """It cannot be written; nothing of it stays."""
        now = self.now()

        def work(connection: Connection) -> None:
            ended = {"state": "failed", "problem": problem, "ended_at": now}
            self._change(connection, **FREE, **ended, expires_at=now + LIVES)
            forget_parts(connection, self.file_id)

        in_transaction(work)

    def _keep(self, content: bytes) -> None:
        row = {"export_id": self.file_id, "no": self.parts, "content": content}
        self.size += len(content)

        def work(connection: Connection) -> None:
            self.tell(connection)  # first: of a file that is another's nothing may be written
            connection.execute(insert(ExportPart), [row])

        in_transaction(work)
        self.parts += 1

    def _change(self, connection: Connection, **values: Any) -> None:
        held = (ExportFile.id == self.file_id, ExportFile.leased_by == self.lease)
        if not connection.execute(update(ExportFile).where(*held).values(**values)).rowcount:
            raise LeaseLost


def write_waiting(
    lists: Mapping[str, Listed],
    reader: Reader,
    worker: str,
    now: Callable[[], datetime] = clock.now,
) -> int:
    """Write the file that has waited longest, and remove those that have had their time; how many
    were written, or given up."""
    at = now()
    with reading() as session:
        connection = session.connection()
        if connection.execute(_waiting(at)).first() is None and not _any_expired(connection, at):
            return 0
    in_transaction(lambda connection: forget_expired(connection, at))
    found = in_transaction(lambda connection: _lease(connection, worker, at))
    if found is None:
        return 0
    asked, attempts = found
    writing = Writing(asked.id, str(asked.leased_by), now)
    return _written(writing, asked, attempts, lists.get(asked.list), reader)


def _written(
    writing: Writing, asked: Asked, attempts: int, listed: Listed | None, reader: Reader
) -> int:
    """1: also what went wrong is dealt with, and a file that was deleted meanwhile is left alone.
    0 when the worker is to end."""
    try:
        return _tried(writing, asked, attempts, listed, reader)
    except LeaseLost:
        log.info("export_left", export=asked.id)
        return 1


def _tried(
    writing: Writing, asked: Asked, attempts: int, listed: Listed | None, reader: Reader
) -> int:
    """As `_written`. Raises LeaseLost."""
    try:
        if attempts > MOST_ATTEMPTS:
            writing.fail(GAVE_UP)
        elif listed is None:
            writing.fail(GONE)
        else:
            _write(writing, asked, listed, reader)
    except LeaseLost:
        raise
    except Stopped:
        # Ending is no failing: whoever begins anew has as many tries as this one had.
        writing.end(attempts=attempts - 1, **UNWRITTEN)
        return 0
    except TooManyRows:
        writing.fail(TOO_LONG)
    except Exception as error:
        # By class and place: the text of an error may hold what was being written.
        log.error("export_failed", export=asked.id, attempts=attempts, **failure(error))
        if attempts >= MOST_ATTEMPTS:
            writing.fail(GAVE_UP)
        else:
            writing.end(**UNWRITTEN)
            raise
    return 1


def _write(writing: Writing, asked: Asked, listed: Listed, reader: Reader) -> None:
    sheet = sheet_of(asked.format, listed.columns, listed.title, writing.beat)
    with closing(sheet):
        with reader(asked) as may:
            if not may:
                writing.fail(NOT_ALLOWED)
                return
            _read(writing, sheet, listed, asked.wanted, asked.locations)
        # The reading is over: packing may take longer than a database lets a transaction rest.
        for some in sheet.rest():
            writing.take(some)
        writing.done()


def _read(
    writing: Writing,
    sheet: Sheet,
    listed: Listed,
    wanted: Mapping[str, str],
    locations: Locations,
) -> None:
    with reading() as session:
        writing.total = listed.count(session, wanted, locations)
        in_transaction(writing.tell)
        for row in listed.rows(session, wanted, locations):
            sheet.add(row)
            writing.take(sheet.ready())
            writing.count()


def sheet_of(
    format: str,
    columns: Sequence[Column],
    title: str,
    beat: Callable[[], object] = lambda: None,
) -> Sheet:
    """An empty file in this format, "csv" or "xlsx"."""
    return CsvSheet(columns) if format == "csv" else XlsxSheet(columns, title, beat)


def _waiting(at: datetime) -> Select[Any]:
    free = or_(ExportFile.leased_until.is_(None), ExportFile.leased_until <= at)
    query = select(*columns(), ExportFile.attempts).where(ExportFile.state == "waiting", free)
    return query.order_by(ExportFile.id).limit(1)


def _any_expired(connection: Connection, at: datetime) -> bool:
    over = (ExportFile.state.in_(("done", "failed")), ExportFile.expires_at <= at)
    return connection.execute(select(ExportFile.id).where(*over).limit(1)).first() is not None


def _lease(connection: Connection, worker: str, at: datetime) -> tuple[Asked, int] | None:
    """Take the file that has waited longest, from its beginning, with how many have tried; None
    when none waits."""
    row = connection.execute(_waiting(at).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    values = {**row._asdict(), "leased_by": f"{worker[:23]}-{short()}"}
    attempts = values.pop("attempts") + 1
    claim = {"leased_by": values["leased_by"], "leased_until": at + LEASE, "attempts": attempts}
    mine = update(ExportFile).where(ExportFile.id == row.id)
    connection.execute(mine.values(**claim, **UNWRITTEN))
    forget_parts(connection, row.id)
    return made(values), attempts
