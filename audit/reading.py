"""Finding entries of the event log: by when, who, how serious, and by what they are about.

Only reading: nothing changes an entry, and nothing here could.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, Text, select
from sqlalchemy.orm import Session

from audit.models import LogEntry
from audit.recording import ZERO
from kit.paging import Order
from kit.sql import Spoken

COLUMNS: tuple[ColumnElement[Any], ...] = (LogEntry.__table__.c.at, LogEntry.__table__.c.id)
NEWEST = Order(COLUMNS)


class _About(Spoken):
    """The number that an entry's text has under one word of what it is about; none where it has no
    such word."""

    type = BigInteger()
    inherit_cache = True

    def __init_subclass__(cls, word: str, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.sqlite = f"json_extract({{}}, '$.entry.about.{word}')"
        cls.postgresql = f"CAST(CAST({{}} AS json) #>> '{{{{entry,about,{word}}}}}' AS bigint)"


class AboutLocation(_About, word="location"):
    inherit_cache = True


class AboutPayment(_About, word="payment"):
    inherit_cache = True


class AboutRefunded(_About, word="refund_of"):
    """The payment that a refund pays back."""

    inherit_cache = True


class AboutPartner(_About, word="partner"):
    inherit_cache = True


class AboutEndpoint(_About, word="endpoint"):
    """The webhook endpoint."""

    inherit_cache = True


class _External(Spoken):
    """Of a deleted payment the same word says only whether it was external."""

    type = Text()
    inherit_cache = True
    sqlite = (
        "CASE json_type({}, '$.entry.after.external') WHEN 'array'"
        " THEN json_extract({}, '$.entry.after.external') ELSE '[]' END"
    )
    postgresql = (
        "CASE json_typeof(CAST({} AS json) #> '{{entry,after,external}}') WHEN 'array'"
        " THEN CAST({} AS json) #>> '{{entry,after,external}}' ELSE '[]' END"
    )


def external_payments() -> ColumnElement[str]:
    """The external payments that a cancelled booking had: a JSON array of their ids, as text."""
    return _External(LogEntry.body, LogEntry.body)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: from an instant up to another (not included), by whom, how serious, of which
    group of actions ("payment", "endpoint"), of which chain. None is any."""

    since: datetime | None = None
    until: datetime | None = None
    actor_kind: str | None = None
    actor_id: int | None = None
    severity: str | None = None
    groups: Collection[str] = ()
    chain: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        return [
            *([LogEntry.at >= self.since] if self.since else []),
            *([LogEntry.at < self.until] if self.until else []),
            *([LogEntry.actor_kind == self.actor_kind] if self.actor_kind else []),
            *([LogEntry.actor_id == self.actor_id] if self.actor_id is not None else []),
            *([LogEntry.severity == self.severity] if self.severity else []),
            *([_of_groups(self.groups)] if self.groups else []),
            *([LogEntry.chain == self.chain] if self.chain is not None else []),
        ]


def _of_groups(groups: Collection[str]) -> ColumnElement[bool]:
    """Actions that begin with one of these words and a dot. As a range: an index and a planner can
    do more with it than with LIKE."""
    first, *rest = (
        (LogEntry.action >= f"{each}.") & (LogEntry.action < f"{each}/") for each in groups
    )
    for each in rest:
        first |= each
    return first


def last_reasons(session: Session, action: str, endpoints: Collection[int]) -> Mapping[int, str]:
    """Why something was last done to these webhook endpoints, by their ids."""
    if not endpoints:
        return {}
    about = AboutEndpoint(LogEntry.body)
    query = select(about.label("id"), LogEntry.body).where(
        LogEntry.chain == ZERO, LogEntry.action == action, about.in_(endpoints)
    )
    found: dict[int, str] = {}
    for row in session.execute(query.order_by(LogEntry.no)):
        reason: Any = orjson.loads(row.body)["entry"]["reason"]
        found[row.id] = reason or ""
    return found
