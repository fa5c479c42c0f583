"""The scopes a partner may have, and what each one opens."""

from __future__ import annotations

SCOPES: dict[str, str] = {
    "bookings:read": "list bookings, tags, properties and sources; prices",
    "bookings:write": "create, amend, cancel and reactivate bookings; enquiries",
    "payments:read": "list payments",
    "payments:write": "record payments; clear and fail those recorded",
    "payments:refund": "refund the payments recorded; only where asked for",
    "orders-api": "apply payments as Lightspeed K-Series does (no call yet)",
    "financial-api": "list payment methods as Lightspeed K-Series does (no call yet)",
}
DEFAULT = ("bookings:read", "bookings:write", "payments:read", "payments:write")
