"""Links for guests: signed, for one purpose and one booking, valid for some days.

They are made when a mail is, and are stored nowhere: whoever can read the database has no link.
"""

from __future__ import annotations

import hashlib

from flask import Flask, current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from kit.vault import derived_key

DAYS = 14
LONGEST = 200
PURPOSE = "take up again"


def init_app(app: Flask) -> None:
    key = derived_key(app.config["SECRET_KEY"], "guest link")
    app.extensions["guest_links"] = URLSafeTimedSerializer(
        key,
        salt=PURPOSE,
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def _signer() -> URLSafeTimedSerializer:
    found: URLSafeTimedSerializer = current_app.extensions["guest_links"]
    return found


def link_to_resume(booking_id: int) -> str | None:
    """The address at which the guest can take the booking up again for DAYS; None when nobody has
    said where the world reaches us (FLASK_PUBLIC_URL): never by a Host header."""
    public_url = current_app.config["PUBLIC_URL"]
    if public_url is None:
        return None
    return f"{public_url.rstrip('/')}/guest/bookings/{_signer().dumps(booking_id)}"


def booking_of(token: str) -> int | None:
    """The booking a link is about; None for one that is not ours, was changed or has expired."""
    if len(token) > LONGEST:
        return None
    try:
        found = _signer().loads(token, max_age=DAYS * 24 * 3600)
    except BadData:
        return None
    return found if isinstance(found, int) else None
