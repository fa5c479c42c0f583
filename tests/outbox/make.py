"""What tests of deliveries need: messages, a clock moved by hand, senders that obey."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import structlog
from sqlalchemy import insert, select
from structlog.testing import capture_logs

from audit.models import LogEntry
from kit.db import reading, transaction
from outbox.adding import message_row
from outbox.delivering import deliver
from outbox.mail import DeliveryFailed, Email, Sender, mail
from outbox.models import Message
from outbox.posting import Mails

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
GUEST = "jane@guests.example"


class Clock:
    """The time of a worker, moved by hand."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: int) -> None:
        self.at += timedelta(**span)


class Postbox:
    """A sender that keeps what it sends; `meanwhile` happens before each mail is out."""

    def __init__(self, meanwhile: Callable[[EmailMessage], None] = lambda _: None) -> None:
        self.sent: list[EmailMessage] = []
        self.meanwhile = meanwhile

    def send(self, message: EmailMessage) -> None:
        self.meanwhile(message)
        self.sent.append(message)

    @property
    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.sent]


class Died(BaseException):
    """The process ends here, without another word to the database."""


def refusing(*, permanent: bool, reason: str = "SMTP 451 Try later") -> Postbox:
    def refuse(_: EmailMessage) -> None:
        raise DeliveryFailed(reason, permanent=permanent)

    return Postbox(refuse)


def render(context: Mapping[str, Any]) -> Email:
    return mail(
        sender="stay@casa.example",
        sender_name="Casa",
        to=context["to"],
        subject=f"No. {context['no']}",
        text="Thank you.",
        html="<p>Thank you.</p>",
    )


def broken(_: Mapping[str, Any]) -> Email:
    raise ValueError(f"cannot write to {GUEST}")


RENDERERS = {"greeting": render, "broken": broken}


def run(sender: Sender, now: Clock, worker_name: str = "one") -> int:
    return deliver(Mails(RENDERERS, sender), worker_name, now)


def add(count: int = 1, kind: str = "greeting", at: datetime = NOON) -> list[str]:
    """Put messages into the outbox; answers their Message-IDs."""
    rows = [
        message_row(kind, {"to": GUEST, "no": no}, sender="stay@casa.example", booking_id=7, at=at)
        for no in range(count)
    ]
    with transaction() as connection:
        connection.execute(insert(Message), rows)
    return [row["message_id"] for row in rows]


def rows() -> Sequence[Message]:
    with reading() as session:
        return session.scalars(select(Message).order_by(Message.id)).all()


def row() -> Message:
    (only,) = rows()
    return only


@contextmanager
def log_lines() -> Iterator[list[Any]]:
    """What is logged meanwhile, whatever level the tests' applications log from."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0))
    try:
        with capture_logs() as lines:
            yield lines
    finally:
        structlog.configure(**before)


def log_entries() -> Sequence[LogEntry]:
    with reading() as session:
        return session.scalars(select(LogEntry).order_by(LogEntry.id)).all()


def a_mail(**changes: Any) -> Email:
    words: dict[str, Any] = {
        "sender": "stay@casa.example",
        "sender_name": "Casa do Mar",
        "to": "jane@guests.example",
        "subject": "Your payment",
        "text": "Thank you.\n",
        "html": "<style>p { color: #123456 }</style><p>Thank you.</p>",
    }
    made = mail(**(words | changes))
    made["Message-ID"] = "<abc123@casa.example>"
    return made


def reread(message: EmailMessage) -> EmailMessage:
    """The mail as its receiver reads it."""
    return message_from_bytes(message.as_bytes(policy=policy.SMTP), policy=policy.default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    content = found.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def failed(sender: Sender, message: EmailMessage | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        sender.send(message or a_mail())
    return failure.value
