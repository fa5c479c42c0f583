"""The chain of the event log: pure, so that it can be made before and verified after any write.

Each entry's hash is an HMAC over the hash before it and the entry itself: an entry that is
changed, inserted or removed in the middle breaks every link after it. The head (how many entries,
the last hash) is kept beside the chain under a seal of its own, so that a removed tail shows:
the shorter chain's seal is nowhere to be found, and nobody without the key can make it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

Severity = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person of the staff, a partner, or the system itself. Never a guest's name."""

    kind: Literal["person", "partner", "system"]
    id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked, from where, in which request."""

    actor: Actor
    address: str | None = None
    request_id: str | None = None


SYSTEM = Origin(Actor("system", None, "system"))


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened. `about` says to what ({"payment": 1207}), the others what changed, and how."""

    action: str
    about: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    severity: Severity = "low"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: the number of its entries, the last hash, and the seal over both."""

    count: int
    hash: str
    seal: str


class Chain:
    """Links entries with one key (32 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _mac(self, *parts: str) -> str:
        return hmac.new(self._key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def link_hash(self, chain: int, no: int, previous: str, body: str) -> str:
        return self._mac("entry", str(chain), str(no), previous, body)

    def head(self, chain: int, count: int, last_hash: str) -> Head:
        return Head(count, last_hash, self._mac("head", str(chain), str(count), last_hash))

    def empty(self, chain: int) -> Head:
        """The head of a chain without entries: what a new booking starts with."""
        return self.head(chain, 0, "")

    def link(
        self, chain: int, head: Head, entry: Entry, origin: Origin, at: datetime
    ) -> tuple[dict[str, Any], Head]:
        """The row that appends the entry to a chain, and the chain's new head."""
        no = head.count + 1
        body = canonical(entry, origin, at)
        link_hash = self.link_hash(chain, no, head.hash, body)
        row = {
            "chain": chain,
            "no": no,
            "at": at,
            "action": entry.action,
            "severity": entry.severity,
            "actor_kind": origin.actor.kind,
            "actor_id": origin.actor.id,
            "body": body,
            "hash": link_hash,
        }
        return row, self.head(chain, no, link_hash)


def canonical(entry: Entry, origin: Origin, at: datetime) -> str:
    """The text that is hashed: the same facts always give the same bytes."""
    facts = {"at": at, "origin": origin, "entry": entry}
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()
