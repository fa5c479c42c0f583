"""The UUIDs of this wire: derived from what we have, so that nothing has to store them.

Locations and payment methods are few: theirs are version 5 and found again by listing. A booking's
must be read back, since there are many: it carries the booking's id.
"""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid5

NAMESPACE = UUID("0825702b-19c4-43ca-88ae-042489d75d9c")
CHECK_BITS = 62
LOW_BITS = 12


def organization(location_id: int) -> str:
    return str(uuid5(NAMESPACE, f"location {location_id}"))


def payment_type(public_id: str) -> str:
    return str(uuid5(NAMESPACE, f"payment method {public_id}"))


def order(booking_id: int) -> str:
    """A UUID of version 8 (RFC 9562) that carries the id, less than 2**60, in the 60 bits before
    its variant that are free, and after it a check: no other UUID is taken for a booking's."""
    high, low = booking_id >> LOW_BITS, booking_id % (1 << LOW_BITS)
    digest = hashlib.sha256(NAMESPACE.bytes + booking_id.to_bytes(8, "big")).digest()
    check = int.from_bytes(digest[:8], "big") >> (64 - CHECK_BITS)
    return str(UUID(int=high << 80 | 8 << 76 | low << 64 | 2 << CHECK_BITS | check))


def booking(order_id: str) -> int:
    """The id of the booking that is meant by a UUID or by its plain id; 0, which no booking has,
    when the UUID is not of our making."""
    if order_id.isdecimal():
        return int(order_id)
    came = UUID(order_id)
    found = came.int >> 80 << LOW_BITS | (came.int >> 64) % (1 << LOW_BITS)
    return found if order(found) == str(came) else 0
