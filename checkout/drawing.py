"""Drawing papers for guests: a few at a time, so that they never take all threads of a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from checkout.errors import PapersBusy
from partners.limits import limits

AT_ONCE, WAITS_S = 2, 1

_places = BoundedSemaphore(AT_ONCE)


@contextmanager
def place_to_draw(booking_id: int) -> Iterator[None]:
    """Read and draw a paper of the booking within. Raises TooManyRequests and PapersBusy."""
    limits().count_paper(booking_id)
    if not _places.acquire(timeout=WAITS_S):
        raise PapersBusy
    try:
        yield
    finally:
        _places.release()
