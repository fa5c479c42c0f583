"""Wrong passwords and codes in a row, and links asked for in a row, for any address typed in.

An attempt is counted before it is looked at, and taken back when it was right: however many come
at once, no more than the tenth is looked at.

What anybody may try is counted for an address and the network that it is tried from: a stranger
closes an address for themselves, not for whose it is. Over all networks it takes many more to
close it. What only somebody who knows the password, or is in, may try is counted for the address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from kit.ids import digest
from staff.models import Attempts

# "confirm": the present password, asked for again of somebody who is in.
Kind = Literal["sign-in", "link", "code", "confirm"]
OF_PASSWORD: Sequence[Kind] = ("sign-in", "confirm")
TO_GET_IN: Sequence[Kind] = (*OF_PASSWORD, "code")

# How many in a row; then nothing is looked at for so long.
MOST: dict[Kind, int] = {"sign-in": 10, "link": 5, "code": 10, "confirm": 10}
REST: dict[Kind, timedelta] = {
    "sign-in": timedelta(minutes=15),
    "link": timedelta(hours=1),
    "code": timedelta(minutes=15),
    "confirm": timedelta(minutes=15),
}
# How many from all networks together, within the same time.
EVERYWHERE: dict[Kind, int] = {"sign-in": 100, "link": 20}
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted under one key; at `most`, nothing is looked at until `until`. `everywhere`:
    it closes the address for everybody."""

    key: str
    most: int
    until: datetime
    everywhere: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """`locked_until`: it is one too many, until then. `ending`: the counters it is the last of."""

    counters: Sequence[Counter]
    ending: Sequence[Counter] = ()
    locked_until: datetime | None = None


def network_of(address: str | None) -> str:
    """Whose address it is, as far as one can tell: IPv6 is given out by /64."""
    if address is None:
        return ""
    found = ip_address(address)
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


def begin(connection: Connection, kind: Kind, email: str, network: str, now: datetime) -> Attempt:
    """Count one more. Of two first ones at once the second fails on the key and is run again."""
    counters = _counters(kind, email, network, now)
    rows = [_held(connection, each.key) for each in counters]
    for row in rows:  # before any is counted: who is locked out here does not lock out others
        if row is not None and row.locked_until is not None and row.locked_until > now:
            return Attempt(counters, (), row.locked_until)
    ending = []
    for counter, row in zip(counters, rows, strict=True):
        in_a_row = _count(connection, counter, row, now)
        if in_a_row > counter.most:
            return Attempt(counters, (), counter.until)
        if in_a_row == counter.most:
            ending.append(counter)
    return Attempt(counters, ending)


def _counters(kind: Kind, email: str, network: str, now: datetime) -> Sequence[Counter]:
    until = now + REST[kind]
    if kind not in EVERYWHERE:
        return [Counter(digest(f"{kind} {email}"), MOST[kind], until, True)]
    since = _stretch(now, REST[kind])
    return [
        Counter(digest(f"{kind} {email} from {network}"), MOST[kind], until, False),
        Counter(digest(f"{kind} {email} at {since}"), EVERYWHERE[kind], since + REST[kind], True),
    ]


def _stretch(now: datetime, length: timedelta) -> datetime:
    """When the present stretch of time of this length has begun."""
    begun = now.timestamp() // length.total_seconds() * length.total_seconds()
    return datetime.fromtimestamp(begun, UTC)


def _held(connection: Connection, key: str) -> Any:
    columns = select(Attempts.in_a_row, Attempts.locked_until)
    return connection.execute(columns.where(Attempts.key == key).with_for_update()).first()


def _count(connection: Connection, counter: Counter, row: Any, now: datetime) -> int:
    """Write down one more; how many there are now. After a lock it is the first one again."""
    if row is None:
        values = {"key": counter.key, "in_a_row": 1, "last_at": now}
        connection.execute(insert(Attempts), [values])
        return 1
    in_a_row = 1 if row.locked_until is not None else int(row.in_a_row) + 1
    locked_until = counter.until if in_a_row > counter.most else None
    changed = {"in_a_row": in_a_row, "locked_until": locked_until, "last_at": now}
    connection.execute(update(Attempts).where(Attempts.key == counter.key).values(changed))
    return in_a_row


def lock(connection: Connection, attempt: Attempt) -> datetime:
    """The attempt was a last one, and wrong; until when nothing more is looked at."""
    for each in attempt.ending:
        mine = update(Attempts).where(Attempts.key == each.key)
        connection.execute(mine.values(locked_until=each.until))
    return max(each.until for each in attempt.ending)


def take_back(connection: Connection, attempt: Attempt) -> None:
    """The attempt was right, but not all of it: those before it still count."""
    for each in attempt.counters:
        mine = (Attempts.key == each.key, Attempts.in_a_row > 0)
        connection.execute(update(Attempts).where(*mine).values(in_a_row=Attempts.in_a_row - 1))


def forget(
    connection: Connection,
    email: str,
    network: str,
    now: datetime,
    kinds: Sequence[Kind] = TO_GET_IN,
) -> None:
    """Somebody got in, or has a new password: the next try is the first one. Codes are not
    forgotten for a new password: whoever reads the mail would guess them ten by ten."""
    keys = [each.key for kind in kinds for each in _counters(kind, email, network, now)]
    connection.execute(delete(Attempts).where(Attempts.key.in_(keys)))


def forget_old(connection: Connection, now: datetime) -> int:
    """Delete what is older than a day; how many rows."""
    return connection.execute(delete(Attempts).where(Attempts.last_at < now - KEPT)).rowcount
