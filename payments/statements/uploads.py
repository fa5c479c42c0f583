"""CSV files that wait for somebody to say what their columns are: kept for a day, no longer, and
only the last few of each person, since they may be large."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from audit.chain import Origin
from payments.statements.accounts import Reach, in_reach
from payments.statements.models import BankAccount, BankUpload
from payments.statements.storing import LONGEST_NAME

KEPT = timedelta(days=1)
MOST_WAITING = 3  # of one person: whoever chooses one more is done with the oldest


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits."""

    id: int
    account_id: int
    name: str
    data: bytes


def keep_upload(
    connection: Connection, account_id: int, name: str, data: bytes, origin: Origin, now: datetime
) -> int:
    """Keep a file until its columns are confirmed; its id. Of more than MOST_WAITING files of the
    person the oldest are forgotten."""
    row = {
        "account_id": account_id,
        "name": name[:LONGEST_NAME],
        "content": data,
        "person_id": origin.actor.id if origin.actor.kind == "person" else None,
        "created_at": now,
    }
    query = insert(BankUpload).returning(BankUpload.id)
    upload_id = int(connection.execute(query, [row]).scalar_one())
    last = select(BankUpload.id).where(BankUpload.person_id == row["person_id"])
    last = last.order_by(BankUpload.id.desc()).limit(MOST_WAITING)
    older = delete(BankUpload).where(BankUpload.person_id == row["person_id"])
    connection.execute(older.where(BankUpload.id.not_in(last)))
    return upload_id


def upload(connection: Connection, upload_id: int, reach: Reach) -> Upload | None:
    """One that waits, of an account within reach."""
    columns: list[Any] = [BankUpload.id, BankUpload.account_id, BankUpload.name, BankUpload.content]
    query = select(*columns).join(BankAccount, BankAccount.id == BankUpload.account_id)
    row = connection.execute(query.where(BankUpload.id == upload_id, in_reach(reach))).first()
    return None if row is None else Upload(*row)


def forget_upload(connection: Connection, upload_id: int) -> None:
    """It was stored as a statement, or is not wanted any more."""
    connection.execute(delete(BankUpload).where(BankUpload.id == upload_id))


def forget_old_uploads(connection: Connection, now: datetime) -> int:
    """Forget what nobody has confirmed; how many that were."""
    old = delete(BankUpload).where(BankUpload.created_at < now - KEPT)
    return connection.execute(old).rowcount
