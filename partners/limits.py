"""Rate limits: failed sign-ins always, a partner's payments only when a setting says so.

Counted with the library `limits`: in memory for each process, or in Redis for all of them
(FLASK_RATELIMIT_STORAGE_URI).
"""

from __future__ import annotations

import math
import time

from flask import current_app
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from partners.errors import TooManyRequests


class Limits:
    """The counters of one application."""

    def __init__(self, storage_uri: str, sign_in: str, payments: str | None) -> None:
        self._counter = MovingWindowRateLimiter(storage_from_string(storage_uri))
        self._sign_in = parse(sign_in)
        self._payments = parse(payments) if payments else None

    def check_sign_in(self, *who: str) -> None:
        """Raises TooManyRequests when too many sign-ins of these (address, client) failed."""
        if not self._counter.test(self._sign_in, "sign-in", *who):
            raise TooManyRequests(self._wait(self._sign_in, "sign-in", *who))

    def count_failed_sign_in(self, *who: str) -> None:
        self._counter.hit(self._sign_in, "sign-in", *who)

    def count_payment(self, partner_id: int) -> None:
        """Raises TooManyRequests when the partner sends more than the setting allows."""
        if self._payments and not self._counter.hit(self._payments, "payments", str(partner_id)):
            raise TooManyRequests(self._wait(self._payments, "payments", str(partner_id)))

    def _wait(self, rule: RateLimitItem, *who: str) -> int:
        free_at = self._counter.get_window_stats(rule, *who).reset_time
        return max(1, math.ceil(free_at - time.time()))


def limits() -> Limits:
    """The counters of the running application."""
    found: Limits = current_app.extensions["limits"]
    return found
