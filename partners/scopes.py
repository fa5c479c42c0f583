"""The scopes a partner may have, and what each one opens."""

from __future__ import annotations

from collections.abc import Iterable

from kit.texts import N_

SCOPES: dict[str, str] = {
    "bookings:read": N_("list bookings, tags, properties and sources; prices"),
    "bookings:write": N_("create, amend, cancel and reactivate bookings; enquiries"),
    "payments:read": N_("list payments"),
    "payments:write": N_("record payments; clear and fail those recorded; confirm what is paid"),
    "payments:refund": N_("refund the payments recorded; only where asked for"),
    "reports:read": N_("read figures of all money at its locations; only where asked for"),
    "orders-api": N_("apply payments and register webhooks as Lightspeed K-Series does"),
    "financial-api": N_("list payment methods as Lightspeed K-Series does"),
}
DEFAULT = ("bookings:read", "bookings:write", "payments:read", "payments:write")

# What a partner's program needs to speak a format; those that need more are given it by name. None
# needs bookings:write, which would let a till cancel bookings.
FORMATS: dict[str, tuple[str, ...]] = {
    "spektrix": ("bookings:read", "payments:write"),
    "kseries": ("orders-api", "financial-api"),
    "brink": ("payments:write",),
    "iiko": ("payments:write",),
}


def scopes_for(formats: Iterable[str]) -> tuple[str, ...]:
    """The scopes of a partner that speaks these formats, or our own when there are none."""
    needed = (scope for each in formats for scope in FORMATS[each])
    return tuple(dict.fromkeys(needed)) or DEFAULT
