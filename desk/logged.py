"""An entry of the event log, read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from partners.targets import without_query


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as it was logged (audit.chain.Entry with its origin), amounts in minor units.
    `chain` is the booking's id, or 0."""

    action: str
    about: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str | None = None
    severity: str = "low"
    actor_kind: str = "system"
    actor_id: int | None = None
    actor: str = "system"
    at: datetime | None = None
    chain: int = 0
    no: int = 0
    address: str | None = None
    request_id: str | None = None

    @classmethod
    def of_row(cls, row: Any) -> LoggedEntry:
        """From a row of the event log: chain, no, at and body."""
        told = orjson.loads(row.body)
        entry, origin = told["entry"], told["origin"]
        actor = origin["actor"]
        return cls(
            **{name: entry[name] for name in ("action", "about", "reason")},
            before=_told_facts(entry, "before"),
            after=_told_facts(entry, "after"),
            severity=entry["severity"],
            actor_kind=actor["kind"],
            actor_id=actor["id"],
            actor=actor["name"],
            at=row.at,
            chain=row.chain,
            no=row.no,
            address=origin["address"],
            request_id=origin["request_id"],
        )


def _told_facts(entry: Mapping[str, Any], which: str) -> Mapping[str, Any]:
    """What was so before or after, as it may be told: earlier releases logged the addresses of
    webhooks whole, with what may be a secret in them."""
    facts: Mapping[str, Any] = entry[which]
    url = facts.get("url")
    if not isinstance(url, str) or not entry["action"].startswith("endpoint."):
        return facts
    return {**facts, "url": without_query(url)}
