"""After the load: whether the books, the event log and the number of payments are right."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from sqlalchemy import func, select

import bookings.queries
from audit.recording import chain
from audit.verifying import entries, verify, zero_head
from benchmarks.ground import Ground
from kit.db import reading
from outbox.models import Message
from payments.books import faults
from payments.checking import all_books
from payments.models import Payment


def problems(ground: Ground, acknowledged: int) -> list[str]:
    """What is wrong, in sentences. `acknowledged`: how many payments were answered with 200.

    The bookings of floor S are left out: pgbench keeps no chain.
    """
    with ground.app.app_context():
        return [*_counts(ground, acknowledged), *_books(ground), *_chains(ground)]


def _counts(ground: Ground, acknowledged: int) -> Iterator[str]:
    with reading() as session:
        for model, things in ((Payment, "payments"), (Message, "messages")):
            count = select(func.count()).select_from(model)
            first, last = ground.plan.floor[0], ground.plan.floor[-1]
            found = session.scalar(count.where(~model.booking_id.between(first, last)))
            if found != acknowledged:
                yield f"{found} {things} are stored, {acknowledged} were answered with 200"


def _books(ground: Ground) -> Iterator[str]:
    with reading() as session:
        for books in all_books(session):
            if books.booking.id not in ground.plan.floor:
                for sentence in faults(books):
                    yield f"booking {books.booking.id}: {sentence}"


def _chains(ground: Ground) -> Iterator[str]:
    with reading() as session:
        heads = itertools.chain(zero_head(session), bookings.queries.log_heads(session))
        for broken in verify(chain(), heads, entries(session)):
            if broken.chain not in ground.plan.floor:
                yield str(broken)
