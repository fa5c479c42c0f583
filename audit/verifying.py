"""Proving that no entry of the event log was changed, added or removed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audit.chain import Chain, Head
from audit.models import LogEntry, LogHead

ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing wrong with a chain. `no` is the entry's number in it."""

    chain: int
    no: int
    why: str

    def __str__(self) -> str:
        place = f"of booking {self.chain}" if self.chain else "of everything else"
        return f"chain {place}, entry {self.no}: {self.why}"


def count_entries(session: Session) -> int:
    return session.scalar(select(func.count(LogEntry.id))) or 0


def entries(session: Session) -> Iterator[Any]:
    """All entries, chain by chain, in order, streamed."""
    names = ("chain", "no", "at", "action", "severity", "actor_kind", "actor_id", "body", "hash")
    columns = [getattr(LogEntry, name) for name in names]
    query = select(*columns).order_by(LogEntry.chain, LogEntry.no)
    yield from session.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})


def zero_head(session: Session) -> Iterator[tuple[int, Head]]:
    """Where chain 0 ends."""
    for row in session.execute(
        select(LogHead.chain, LogHead.log_count, LogHead.log_hash, LogHead.log_seal)
    ):
        yield row.chain, Head(row.log_count, row.log_hash, row.log_seal)


def verify(
    chain: Chain, heads: Iterable[tuple[int, Head]], rows: Iterable[Any]
) -> Iterator[Broken]:
    """The first broken entry of every chain that is broken; nothing when all are whole.

    `heads` and `rows` both come in the order of the chains' ids, so that neither has to be held
    in memory.
    """
    chains = groupby(rows, key=lambda row: row.chain)
    next_id, next_rows = next(chains, (None, iter(())))
    for head_id, head in heads:
        while next_id is not None and next_id < head_id:
            yield _headless(next_id)
            next_id, next_rows = next(chains, (None, iter(())))
        if next_id == head_id:
            yield from _first_fault(chain, head_id, head, next_rows)
            next_id, next_rows = next(chains, (None, iter(())))
        else:
            yield from _first_fault(chain, head_id, head, iter(()))
    while next_id is not None:
        yield _headless(next_id)
        next_id, _ = next(chains, (None, iter(())))


def _headless(chain_id: int) -> Broken:
    gone = ": its booking is gone" if chain_id else ""
    return Broken(chain_id, 1, f"the chain has entries but no head{gone}")


def _first_fault(chain: Chain, chain_id: int, head: Head, rows: Iterable[Any]) -> Iterator[Broken]:
    count, last = 0, ""
    for row in rows:
        count += 1
        if row.no != count:
            yield Broken(chain_id, count, f"it is missing; entry {row.no} follows instead")
            return
        if row.hash != chain.link_hash(chain_id, count, last, row.body):
            yield Broken(chain_id, count, "its text or its hash is not what was written")
            return
        if not _columns_agree(row):
            yield Broken(chain_id, count, "its columns do not say what its text says")
            return
        last = row.hash
    if count > head.count:
        yield Broken(chain_id, head.count + 1, f"the chain's head counts only {head.count}")
    elif (head.count, head.hash) != (count, last):
        yield Broken(chain_id, count + 1, f"the chain ends here, but its head counts {head.count}")
    elif head != chain.head(chain_id, count, last):
        yield Broken(chain_id, count, "the seal of the chain's head is not ours")


def _columns_agree(row: Any) -> bool:
    """The text is ours, its hash says so; still it may be of a release that wrote it otherwise."""
    told = orjson.loads(row.body)
    try:
        entry, actor, at = told["entry"], told["origin"]["actor"], told["at"]
        said = (entry["action"], entry["severity"], actor["kind"], actor["id"])
    except KeyError:
        return False
    columns = (row.action, row.severity, row.actor_kind, row.actor_id)
    return said == columns and datetime.fromisoformat(at) == row.at
