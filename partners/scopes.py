"""The scopes a partner may have, and what each one opens."""

from __future__ import annotations

SCOPES: dict[str, str] = {
    "bookings:read": "list bookings, tags, properties and sources",
    "bookings:write": "create, change and cancel bookings",
    "payments:read": "list payments",
    "payments:write": "record payments",
    "payments:refund": "refund payments; never granted by default",
    "orders-api": "apply payments the K-Series way",
    "financial-api": "list payment methods the K-Series way",
}
DEFAULT = ("bookings:read", "bookings:write", "payments:read", "payments:write")
