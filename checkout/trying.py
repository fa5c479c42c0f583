"""What has become of the guest's last try to pay: pure, from its intent.

Nothing is offered to be paid while money may be moving: whether it has, only the provider knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from payments.intents import Intent

# waiting: the outcome is not known yet; stuck: nobody could find out so far, whoever began it;
# charging: staff charge a card just now; elsewhere: the provider's page is open, in another tab
# perhaps; thanks: it was paid a moment ago; declined, left: no money has moved; no_page: the
# provider gave no page.
TryState = Literal[
    "none", "waiting", "stuck", "charging", "elsewhere", "thanks", "declined", "left", "no_page"
]
UNSETTLED: tuple[TryState, ...] = ("waiting", "stuck", "charging")

# How long after its end a try is still spoken of.
SHOWN_FOR: dict[TryState, timedelta] = {
    "thanks": timedelta(hours=1),
    "declined": timedelta(days=7),
    "left": timedelta(minutes=30),
    "no_page": timedelta(minutes=30),
}


@dataclass(frozen=True, slots=True)
class Try:
    """A try, and the intent that it is about (None: there was none, or it is long over)."""

    state: TryState
    intent: Intent | None = None


def last_try(latest: Intent | None, pending: Intent | None, newest_paid: int, now: datetime) -> Try:
    """`latest` is the guest's last intent, `pending` the one that may be taking money just now,
    `newest_paid` the id of the newest cleared payment (0: none): a decline before it is past."""
    if pending is not None:
        return Try(_pending(pending, now), pending)
    if latest is None or latest.ended_at is None:
        return Try("none")
    state = _ended(latest, newest_paid)
    is_shown = now - latest.ended_at < SHOWN_FOR.get(state, timedelta(0))
    return Try(state, latest) if is_shown else Try("none")


def _ended(intent: Intent, newest_paid: int) -> TryState:
    if intent.state == "succeeded":
        return "thanks"
    if not intent.has_page:
        return "no_page"
    if intent.state == "cancelled":
        return "left"
    return "none" if newest_paid > (intent.payment_id or 0) else "declined"


def _pending(intent: Intent, now: datetime) -> TryState:
    if intent.state == "unknown":
        return "stuck"
    if intent.kind != "pay":
        return "charging"
    is_asked_for = intent.asks > 0
    is_open = intent.expires_at is not None and intent.expires_at > now
    return "elsewhere" if is_open and not is_asked_for else "waiting"
