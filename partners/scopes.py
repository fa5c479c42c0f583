"""The scopes a partner may have, and what each one opens."""

from __future__ import annotations

SCOPES: dict[str, str] = {
    "bookings:read": "list bookings, tags, properties and sources",
    "bookings:write": "create, change and cancel bookings (no call yet)",
    "payments:read": "list payments",
    "payments:write": "record payments",
    "payments:refund": "refund payments (no call yet); only where asked for",
    "orders-api": "apply payments as Lightspeed K-Series does (no call yet)",
    "financial-api": "list payment methods as Lightspeed K-Series does (no call yet)",
}
DEFAULT = ("bookings:read", "bookings:write", "payments:read", "payments:write")
