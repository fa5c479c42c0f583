"""Links to files: signed, for one file, as long as it lives. Whoever has one needs no session, so
that a script can fetch what a person has asked for; it is worth nothing once the file is deleted,
and whether the person still may is asked each time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Connection

from kit.vault import derived_key
from office.exports.files import Asked, file_by_id

SIGNER = "export_links"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: the file, and when it ends (seconds since 1970)."""

    file_id: int
    until: int


def init_app(app: Flask) -> None:
    """Make the signer of an application, with a key of its own from FLASK_SECRET_KEY."""
    app.extensions[SIGNER] = URLSafeSerializer(
        derived_key(app.config["SECRET_KEY"], "export link"),
        salt="export",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def token_of(asked: Asked) -> str:
    """What stands in the link to a file that is done."""
    return str(_signer().dumps([asked.id, _ends(asked)]))


def linked(connection: Connection, token: str, now: datetime) -> Asked | None:
    """The file a link leads to; None for a link that is not ours, was changed or has ended, and
    for a file that was deleted. A link of a file that was written anew is dead."""
    said = _said(token)
    asked = None if said is None else file_by_id(connection, said.file_id)
    if said is None or asked is None or asked.state != "done":
        return None
    return asked if said.until == _ends(asked) and now < asked.expires_at else None


def _ends(asked: Asked) -> int:
    return int(asked.expires_at.timestamp())


def _said(token: str) -> Link | None:
    if len(token) > LONGEST:
        return None
    try:
        found = _signer().loads(token)
    except BadData:
        return None
    numbers = isinstance(found, list) and len(found) == 2 and all(type(n) is int for n in found)
    return Link(*found) if numbers else None


def _signer() -> URLSafeSerializer:
    found: URLSafeSerializer = current_app.extensions[SIGNER]
    return found
