"""Messages for tests of the desk: mails and events as they are stored, and what a page lists."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, update

from kit import clock
from kit.db import transaction
from outbox.models import Message
from partners.events import hook_row
from payments.mails import LATE_MONEY, PAYMENT_RECEIVED
from tests import make
from tests.desk.people import Page
from tests.make import Client
from tests.payments.moving import paid

LIST = "/desk/messages/"


def store(row: dict[str, Any]) -> int:
    with transaction() as connection:
        found: int = connection.scalars(insert(Message).returning(Message.id), [row]).one()
        return found


def change(message_id: int, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(Message).where(Message.id == message_id).values(values))


def mail(client: Client, booking: int | None = None) -> int:
    """The id of the mail about a payment that was taken."""
    paid(client, booking or make.booking(), "30", SendEmail="true")
    return int(make.rows_of(Message, kind=PAYMENT_RECEIVED)[-1].id)


def told(endpoint_id: int, booking: int | None, body: str = '{"type":"payment.failed"}') -> int:
    """The id of an event."""
    return store(hook_row("event", endpoint_id, body.encode(), booking, clock.now()))


def row_of(kind: str, booking: int, context: dict[str, Any]) -> dict[str, Any]:
    now = clock.now()
    return {"kind": kind, "message_id": f"<{kind}@b>", "booking_id": booking, "context": context,
            "created_at": now, "due_at": now}  # fmt: skip


def late_money() -> int:
    """The id of a mail to a location's own address, which is about no booking."""
    context = {
        "to": "stay@example.com", "name": "", "locale": "en_GB", "sender": "stay@example.com",
        "location": "Location 1",
        "late": [{"booking": 7, "account": "A7.1", "cancelled": False, "payment": 3,
                  "amount": 3000, "currency": "EUR", "method": "PayPal",
                  "expected": "2026-11-20"}],
    }  # fmt: skip
    now = clock.now()
    row = {"kind": LATE_MONEY, "message_id": "<a@b>", "booking_id": None, "context": context,
           "created_at": now, "due_at": now}  # fmt: skip
    return store(row)


def given_up(message_id: int, reason: str = "HTTP 500") -> int:
    change(message_id, state="given_up", attempts=9, last_error=reason)
    return message_id


def shown(page: Page) -> list[int]:
    """The ids of the messages of a list."""
    links = [each.get("href") for each in page.root.cssselect("td a.dk-row-link")]
    return [int(link.rpartition("/")[2]) for link in links]
