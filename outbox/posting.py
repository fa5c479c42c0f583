"""Mails as the outbox delivers them: rendered from their immutable context, then handed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from outbox.leasing import Leased
from outbox.mail import DeliveryFailed, Email, Sender

Renderer = Callable[[Mapping[str, Any]], Email]


@dataclass(frozen=True, slots=True)
class Mails:
    """Delivers mails. `renderers` make the mail of a message's context, by its kind."""

    renderers: Mapping[str, Renderer]
    sender: Sender

    @property
    def programs(self) -> bool:
        return False

    def send(self, message: Leased, at: datetime) -> None:
        """Render and hand on one mail. Raises DeliveryFailed."""
        renderer = self.renderers.get(message.kind)
        if renderer is None:
            # Not for good: a worker of a newer release may know the kind.
            raise DeliveryFailed("nothing renders messages of this kind", permanent=False)
        email = renderer(message.context)
        for name, value in (("Message-ID", message.message_id), ("Date", format_datetime(at))):
            del email[name]
            email[name] = value
        self.sender.send(email)
