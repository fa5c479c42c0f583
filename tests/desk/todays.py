"""Things that need a person, and Today read as a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, insert, update

from kit import clock
from kit.db import db, transaction
from outbox.models import Message
from tests import make
from tests.desk.people import Page
from tests.make import Client
from tests.payments.moving import move, paid

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CARDS = [
    "Card payments whose outcome is unknown",
    "Failed payments",
    "Overdue",
    "Promised, date passed",
    "Credit to refund",
    "Security deposits to return",
    "Undelivered messages",
]


def change(model: Any, id: int, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(model).where(model.id == id).values(values))


def failed(client: Client, booking: int, amount: str = "50") -> int:
    """An attempt on the booking that failed; its id."""
    payment = paid(client, booking, amount, Status=2)
    move(client, payment, "fail", "Reason=Card+declined")
    return payment


def message(booking: int | None, **values: Any) -> int:
    row = {
        "kind": "email.payment_received",
        "message_id": f"<{next(make.numbers)}@example.com>",
        "booking_id": booking,
        "context": {"to": "guest@example.com"},
        "created_at": clock.now(),
        "due_at": clock.now() + timedelta(hours=1),
        "state": "given_up",
        "attempts": 9,
        "last_error": "SMTP 550 No such mailbox",
    }
    with transaction() as connection:
        query = insert(Message).returning(Message.id)
        found: int = connection.scalars(query, [row | values]).one()
        return found


def rows(page: Page, card: str) -> list[str]:
    """What a card shows, row by row, without the words of its buttons."""
    for section in page.root.cssselect("main section.dk-card"):
        heads = [each.text_content() for each in section.cssselect("h2")]
        if heads == [card]:
            found = section.cssselect(".dk-att")
            return [words(each) for each in found]
    raise AssertionError(f"no card {card!r}")


def words(element: Any) -> str:
    """What can be read in it, its parts with spaces between them."""
    return " ".join(" ".join(element.itertext()).split())


def booked(page: Page, card: str) -> list[int]:
    """The bookings a card shows."""
    return [int(row.split()[0]) for row in rows(page, card)]


def figures(page: Page) -> dict[str, str]:
    texts = [words(each) for each in page.root.cssselect(".dk-figs dd")]
    return dict(zip(page.all(".dk-figs dt"), texts, strict=True))


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile, but for the ends of transactions."""
    found: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT")):
            found.append(statement)

    for engine in db.engines.values():
        event.listen(engine, "before_cursor_execute", note)
    yield found
    for engine in db.engines.values():
        event.remove(engine, "before_cursor_execute", note)
