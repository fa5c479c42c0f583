"""Stored answers to requests with an Idempotency-Key: kept longer than promised, then forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from payments.models import StoredAnswer

KEPT = timedelta(hours=48)  # 24 are promised (formats/ipro.md section 6)


def forget_old_answers(connection: Connection, now: datetime) -> int:
    """Delete answers that nobody may still ask for; how many there were."""
    return connection.execute(
        delete(StoredAnswer).where(StoredAnswer.created_at < now - KEPT)
    ).rowcount
