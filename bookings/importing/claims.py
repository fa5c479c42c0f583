"""What two lines, or a line and a booking, cannot both have: an account, a night."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, select, text

from bookings.errors import nights_in_words
from bookings.importing.records import Claim
from bookings.models import Booking

Told = tuple[int, str]  # the number of a line, and what is wrong with it

# Each span is looked up by the key of nights: a thousand ranges in one statement. The spans are a
# JSON array of (place in it, property, first night, day of leaving).
_FOUND = "SELECT s.place, n.night, n.booking_id FROM ({spans}) AS s JOIN nights AS n"
_RANGE = " ON n.property_id = s.property_id AND n.night >= s.first AND n.night < s.last"
_ORDER = " ORDER BY s.place, n.booking_id, n.night"
_SPANS = {
    "sqlite": "SELECT json_extract(value, '$[0]') AS place, json_extract(value, '$[1]') AS"
    " property_id, json_extract(value, '$[2]') AS first, json_extract(value, '$[3]') AS last"
    " FROM json_each(:spans)",
    "postgresql": "SELECT CAST(value->>0 AS bigint) AS place, CAST(value->>1 AS bigint) AS"
    " property_id, CAST(value->>2 AS date) AS first, CAST(value->>3 AS date) AS last"
    " FROM json_array_elements(CAST(:spans AS json)) AS t(value)",
}
TAKEN = {name: text(_FOUND.format(spans=spans) + _RANGE + _ORDER) for name, spans in _SPANS.items()}


def of_bookings(connection: Connection, claims: Sequence[Claim]) -> Iterator[Told]:
    """What bookings of the database have of these claims. Of a booking that is there already, its
    nights are not worth telling."""
    same = _accounts(connection, claims)
    for claim in claims:
        if claim.number in same:
            sentence = f"account {claim.account} is there already: booking {same[claim.number]}."
            yield claim.number, sentence
    yield from _nights(connection, claims, same)


def _accounts(connection: Connection, claims: Sequence[Claim]) -> dict[int, int]:
    """The bookings that have the accounts, by the number of the line."""
    found: dict[int, int] = {}
    wanted: dict[int, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.location_id is not None and claim.account is not None:
            wanted[claim.location_id].append(claim)
    account = Booking.account_identifier
    for location_id, some in wanted.items():
        query = select(account, Booking.id).where(
            Booking.location_id == location_id, account.in_({claim.account for claim in some})
        )
        there = {row.account_identifier: row.id for row in connection.execute(query)}
        found |= {claim.number: there[claim.account] for claim in some if claim.account in there}
    return found


def _nights(
    connection: Connection, claims: Sequence[Claim], same: Mapping[int, int]
) -> Iterator[Told]:
    spans = [
        (place, claim.span.property_id, claim.span.arrives_on, claim.span.leaves_on)
        for place, claim in enumerate(claims)
        if claim.span is not None
    ]
    query = TAKEN[connection.dialect.name]
    gone: dict[tuple[int, int], list[date]] = defaultdict(list)
    for place, night, booking_id in connection.execute(
        query, {"spans": orjson.dumps(spans).decode()}
    ):
        gone[place, booking_id].append(_day(night))
    for (place, booking_id), nights in gone.items():
        claim = claims[place]
        if same.get(claim.number) != booking_id:
            yield claim.number, _taken(claim, nights, f"booking {booking_id}")


def _day(came: Any) -> date:
    """SQLite answers a bare statement with texts."""
    return date.fromisoformat(came) if isinstance(came, str) else came


def _taken(claim: Claim, nights: Sequence[date], holder: str) -> str:
    return f"{claim.name} is taken for {nights_in_words(nights)} by {holder}."


class Earlier:
    """What the lines of the file have claimed so far. On disk: a file may have millions of
    nights."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE accounts (location INT, account TEXT, line INT,"
            " PRIMARY KEY (location, account)) WITHOUT ROWID",
            "CREATE TABLE nights (property INT, night TEXT, line INT,"
            " PRIMARY KEY (property, night)) WITHOUT ROWID",
            "BEGIN",
        ):
            self._db.execute(statement)

    def close(self) -> None:
        self._db.close()

    def add(self, claim: Claim) -> Iterator[Told]:
        """Enter a line; what an earlier one has of its claims."""
        same = self._account(claim)
        if same is not None:
            yield claim.number, f"account {claim.account} is there already: line {same}."
        yield from self._nights(claim, same)

    def _account(self, claim: Claim) -> int | None:
        """The line that has the account."""
        if claim.location_id is None or claim.account is None:
            return None
        key = (claim.location_id, claim.account)
        if self._entered("accounts", [(*key, claim.number)]):
            return None
        query = "SELECT line FROM accounts WHERE location = ? AND account = ?"
        (line,) = self._db.execute(query, key).fetchone()
        return int(line)

    def _nights(self, claim: Claim, same: int | None) -> Iterator[Told]:
        span = claim.span
        if span is None:
            return
        rows = [(span.property_id, str(night), claim.number) for night in span.nights]
        if self._entered("nights", rows):
            return
        query = "SELECT line, night FROM nights WHERE property = ? AND night >= ? AND night < ?"
        gone: dict[int, list[date]] = defaultdict(list)
        found = (span.property_id, str(span.arrives_on), str(span.leaves_on))
        for line, night in self._db.execute(query, found):
            gone[line].append(date.fromisoformat(night))
        for line, nights in sorted(gone.items()):
            if line not in (claim.number, same):
                yield claim.number, _taken(claim, nights, f"line {line}")

    def _entered(self, table: str, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Whether all of these rows were free; those that were are entered."""
        before = self._db.total_changes
        self._db.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?)", rows)  # noqa: S608 - our own two names
        return self._db.total_changes - before == len(rows)
