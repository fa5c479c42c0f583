"""Stored answers to requests with an Idempotency-Key: given again byte for byte, kept longer than
promised, then forgotten.

Taking a payment keeps its key in its own statements (payments.ledger). Every other write claims
its key first: a twin that runs at the same moment waits for the claim, and then finds the answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from payments.errors import KeyReused
from payments.models import StoredAnswer

KEPT = timedelta(hours=48)  # 24 are promised (formats/ipro.md section 6)


def claim(
    connection: Connection, partner_id: int, key: str, fingerprint: str, now: datetime
) -> bytes | None:
    """The answer that was given to this very request, or None: then the key is claimed for it.

    Raises KeyReused when the key came with another request, and IntegrityError when a twin was
    faster: run once more, the caller then finds its answer.
    """
    found = given(connection, partner_id, key, fingerprint)
    if found is None:
        row = {"partner_id": partner_id, "key": key, "fingerprint": fingerprint, "body": ""}
        connection.execute(insert(StoredAnswer), [{**row, "created_at": now}])
    return found


def given(connection: Connection, partner_id: int, key: str, fingerprint: str) -> bytes | None:
    """The answer that was given to this very request, if one was. Raises KeyReused."""
    mine = (StoredAnswer.partner_id == partner_id, StoredAnswer.key == key)
    found = connection.execute(
        select(StoredAnswer.fingerprint, StoredAnswer.body).where(*mine)
    ).first()
    if found is None:
        return None
    if found.fingerprint != fingerprint:
        raise KeyReused
    body: str = found.body
    return body.encode()


def keep(connection: Connection, partner_id: int, key: str, answer: bytes) -> None:
    """Store the answer under a key that was claimed in this transaction."""
    mine = (StoredAnswer.partner_id == partner_id, StoredAnswer.key == key)
    connection.execute(update(StoredAnswer).where(*mine).values(body=answer.decode()))


def forget_old_answers(connection: Connection, now: datetime) -> int:
    """Delete answers that nobody may still ask for; how many there were. Lasting ones stay."""
    old = (StoredAnswer.created_at < now - KEPT, ~StoredAnswer.lasting)
    return connection.execute(delete(StoredAnswer).where(*old)).rowcount
