"""Rate limits: failed sign-ins and wrong links always, payments only when a setting says so.

Counted with the library `limits`: in memory for each process, or in Redis for all of them
(FLASK_RATELIMIT_STORAGE_URI).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from flask import current_app
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from kit.log import failure
from partners.errors import TooManyRequests

ADDRESS_FACTOR = 10
# Receipts and statements of one booking: drawing them takes a processor.
PAPERS = parse("30/minute")


@contextmanager
def _counting_is_not_serving() -> Iterator[None]:
    """A store of counters that is away stops nobody: payments matter more than their number."""
    try:
        yield
    except StorageError as error:
        structlog.get_logger().warning("limits_unavailable", **failure(error))


class Limits:
    """The counters of one application."""

    def __init__(self, storage_uri: str, sign_in: str, payments: str | None) -> None:
        storage = storage_from_string(storage_uri, wrap_exceptions=True)
        self._counter = MovingWindowRateLimiter(storage)
        self._sign_in = parse(sign_in)
        # Many clients may share an address; who tries many client ids from one is stopped too.
        self._address = type(self._sign_in)(
            ADDRESS_FACTOR * self._sign_in.amount, self._sign_in.multiples
        )
        self._payments = parse(payments) if payments else None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Limits:
        """The counters that an application's settings ask for, all at zero."""
        names = ("RATELIMIT_STORAGE_URI", "SIGN_IN_LIMIT", "PARTNER_PAYMENTS_LIMIT")
        return cls(*(config[name] for name in names))

    def check_sign_in(self, address: str, client: str) -> None:
        """Raises TooManyRequests when too many sign-ins failed: of this client from this address,
        or of all clients from it."""
        with _counting_is_not_serving():
            self._check(self._address, "address", address)
            self._check(self._sign_in, "sign-in", address, client)

    def check_address(self, address: str) -> None:
        """Raises TooManyRequests when too many sign-ins from this address failed, whoever's."""
        with _counting_is_not_serving():
            self._check(self._address, "address", address)

    def count_failed_sign_in(self, address: str, client: str) -> None:
        with _counting_is_not_serving():
            self._counter.hit(self._address, "address", address)
            self._counter.hit(self._sign_in, "sign-in", address, client)

    def count_wrong_link(self, address: str) -> None:
        """Raises TooManyRequests when too many guest's links from this address were wrong."""
        self._count(self._sign_in, "link", address)

    def count_wrong_notice(self, address: str) -> None:
        """Raises TooManyRequests when too many notices from this address were no provider's."""
        self._count(self._sign_in, "notice", address)

    def count_paper(self, booking_id: int) -> None:
        """Raises TooManyRequests when papers of this booking are asked for again and again."""
        self._count(PAPERS, "papers", str(booking_id))

    def count_link_asked(self, network: str) -> None:
        """Raises TooManyRequests when very many links to set a password were asked for from this
        network, for whatever addresses."""
        self._count(self._sign_in, "link asked", network)

    def count_payment(self, partner_id: int, parts: int = 1) -> None:
        """Raises TooManyRequests when the partner sends more than the setting allows. One payment
        over several bookings counts as one for each."""
        if self._payments is None:
            return
        with _counting_is_not_serving():
            if not self._counter.hit(self._payments, "payments", str(partner_id), cost=parts):
                raise TooManyRequests(self._wait(self._payments, "payments", str(partner_id)))

    def _count(self, rule: RateLimitItem, *who: str) -> None:
        with _counting_is_not_serving():
            if not self._counter.hit(rule, *who):
                raise TooManyRequests(self._wait(rule, *who))

    def _check(self, rule: RateLimitItem, *who: str) -> None:
        if not self._counter.test(rule, *who):
            raise TooManyRequests(self._wait(rule, *who))

    def _wait(self, rule: RateLimitItem, *who: str) -> int:
        free_at = self._counter.get_window_stats(rule, *who).reset_time
        return max(1, math.ceil(free_at - time.time()))


def limits() -> Limits:
    """The counters of the running application."""
    found: Limits = current_app.extensions["limits"]
    return found
