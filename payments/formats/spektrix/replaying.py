"""The same signature again gets its first answer, whatever that was, and records nothing.

The answer to a write is kept under the signature in the write's own transaction, and the answer to
one that was refused in a transaction of its own: of two at once one finds the other's. What is kept
is the status and, behind it, the body. What says no more than "come again" is not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response
from sqlalchemy import Connection

from kit import clock, form
from kit.db import in_transaction, reading
from kit.errors import DomainError, Refused
from kit.form import Malformed
from payments import replies
from payments.formats.spektrix import errors
from payments.ledger import patience

NOT_KEPT = (401, 429, 500, 503)


@dataclass(frozen=True, slots=True)
class Key:
    """What the answer to one signature is kept under. `text` begins with a character that no
    Idempotency-Key may hold; `mark` tells the request from any other."""

    partner_id: int
    text: str
    mark: str

    @classmethod
    def of(cls, partner_id: int, signature: str, mark: str) -> Key:
        return cls(partner_id, f"\x1fspektrix {signature}", mark)


@dataclass(frozen=True, slots=True)
class Kept:
    """A status and a body, as one; `replayed` when an earlier, equal request got them."""

    packed: bytes
    replayed: bool = False

    @property
    def response(self) -> Response:
        status, _, body = self.packed.partition(b" ")
        headers = {"Idempotency-Replayed": "true"} if self.replayed else {}
        return form.answer(body, int(status), headers)


def packed(body: bytes, status: int = 200) -> bytes:
    return b"%d %b" % (status, body)


def once(key: Key, answer: Callable[[], Response]) -> Response:
    """The first answer to this signature: one that was given already, or the one given now."""
    with reading() as session:
        found = replies.given(session.connection(), key.partner_id, key.text, key.mark)
    if found is not None:
        return Kept(found, replayed=True).response
    try:
        return answer()
    except (DomainError, Refused, Malformed) as refusal:
        told = errors.rendered(refusal)
    if told.status_code in NOT_KEPT:
        return told
    refused = packed(told.get_data(), told.status_code)
    return keep(key, lambda _: refused)


def keep(key: Key, work: Callable[[Connection], bytes]) -> Response:
    """Run one use case in one transaction that keeps its answer under the key."""
    return run(lambda connection: claimed(connection, key, work))


def run(work: Callable[[Connection], Kept]) -> Response:
    """Run one use case in one transaction; anew when it lost a race. Raises BookingBusy when what
    it needs is held by others for too long."""
    with patience():
        return in_transaction(work).response


def claimed(connection: Connection, key: Key, work: Callable[[Connection], bytes]) -> Kept:
    """Do the work and keep its answer under the key, in the caller's transaction; or find the
    answer of a twin. Of two at once the second waits for the first to have claimed the key."""
    found = replies.claim(connection, key.partner_id, key.text, key.mark, clock.now())
    if found is not None:
        return Kept(found, replayed=True)
    answer = work(connection)
    replies.keep(connection, key.partner_id, key.text, answer)
    return Kept(answer)
