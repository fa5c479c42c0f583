"""Signing in: every request carries an HMAC-SHA1 over its method, address, date and body.

The address is the public one, as the client wrote it: behind a proxy that is the setting
PUBLIC_URL, not what this process was called by. Servers that hand on the path only decoded
(granian does) leave nothing to tell how it was escaped: then it is taken as escaped where it has
to be, which for the paths of this format is nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from flask import request

from kit import clock
from kit.form import ASKED_PATH, has_body, whole_document
from kit.ids import digest
from kit.settings import setting
from kit.vault import vault
from partners.credentials import Found, find
from partners.errors import SignatureWrong
from partners.limits import limits

SCHEME = "SpektrixAPI3"
TOLERANCE = timedelta(minutes=15)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# RFC 1123 in UTC. Which day of the week it was is not looked at: clients get it wrong.
DATE = re.compile(
    rf"[A-Za-z]{{3}}, (?P<day>[0-9]{{1,2}}) (?P<month>{'|'.join(MONTHS)}) (?P<year>[0-9]{{4}}) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) (?:GMT|UTC|[+-]0000)",
    re.ASCII,
)
HOST = re.compile(r"https?://[^/?]*", re.IGNORECASE)
UNESCAPED = "/:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature is right: whose it is, the signature, and what was signed."""

    found: Found
    signature: str
    url: str
    body: bytes


def text_to_sign(method: str, url: str, date: str, body: bytes | None) -> str:
    """What is signed; `body` None leaves its line out, as for every GET."""
    lines = [method, url, date]
    if body is not None:
        lines.append(_base64(hashlib.md5(body, usedforsecurity=False).digest()))
    return "\n".join(lines)


def signature(secret: str, text: str) -> str:
    """The signature of a text under a secret, which is base64."""
    return _base64(hmac.digest(base64.b64decode(secret), text.encode(), "sha1"))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def sign_in() -> Signed:
    """Whose the present request is. Raises SignatureWrong, and TooManyRequests instead when too
    many sign-ins failed; who signs rightly is let in however many others did not.

    A body is read only for a login that exists and a date that is near: whoever announces one and
    sends none would hold a thread. So an unknown login is answered sooner than a wrong signature,
    which tells whether a login exists. That is meant: logins are twenty random characters that are
    sent with every request, and only the secret keeps anybody out. Reading the body of anybody, or
    signing with an invented secret, would cost more than is kept secret by it.
    """
    login, came = _authorization()
    date = _date()
    found = find("spektrix", login)
    if found is None or found.sealed is None:
        raise _refusal(login)
    body = whole_document(request) if has_body(request) else b""
    url = signed_url()
    if not _is_right(found.sealed, came, url, date, body):
        raise _refusal(login)
    return Signed(found, came, url, body)


def _refusal(login: str) -> SignatureWrong:
    """What a wrong sign-in is told, once it is counted. Raises TooManyRequests when there were too
    many of this login from this address, or of all from it. Nobody guesses a secret of 32 random
    bytes, so the limit is there for the load alone and need not be asked for the right ones."""
    who = (request.remote_addr or "", digest(login))
    limits().check_sign_in(*who)
    limits().count_failed_sign_in(*who)
    return SignatureWrong(f"the login or the signature is wrong{_hint()}")


def _hint() -> str:
    """What most often was signed otherwise, where the address has been set."""
    public: str | None = setting("PUBLIC_URL")
    return "" if public is None else f"; the address that is signed begins with {public}"


def _authorization() -> tuple[str, str]:
    """Login and signature as they came."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    login, colon, came = rest.strip().rpartition(":")
    if scheme.lower() != SCHEME.lower() or not (colon and login and came):
        raise SignatureWrong(f"send Authorization: {SCHEME} <login>:<signature>")
    return login, came


def _date() -> str:
    """The header Date as it came, when it is near enough to now."""
    came = request.headers.get("Date", "")
    moment = moment_of(came)
    if moment is None:
        raise SignatureWrong("send Date: Wed, 21 Oct 2026 07:28:00 GMT, the present moment in UTC")
    now = clock.now()
    if abs(now - moment) > TOLERANCE:
        raise SignatureWrong(
            f"its Date is more than 15 minutes from now, which is {now:%Y-%m-%d %H:%M:%S} UTC"
        )
    return came


def moment_of(date: str) -> datetime | None:
    """The moment that an RFC 1123 date names; None for what is none."""
    parts = DATE.fullmatch(date)
    if parts is None:
        return None
    names = ("day", "hour", "minute", "second", "year")
    day, hour, minute, second, year = (int(parts[name]) for name in names)
    try:
        month = MONTHS.index(parts["month"]) + 1
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def signed_url() -> str:
    """The full public address of the present request with its query, as the client signed it."""
    base: str = setting("PUBLIC_URL") or f"{request.scheme}://{request.host}"
    return base.rstrip("/") + _target().encode("latin-1", "replace").decode(errors="replace")


def _target() -> str:
    """Path and query, raw where the server tells them so; WSGI spells bytes as Latin-1."""
    environ = request.environ
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw:
        return HOST.sub("", raw, count=1) if HOST.match(raw) else raw
    asked: str = environ.get("SCRIPT_NAME", "") + environ.get(ASKED_PATH, environ["PATH_INFO"])
    path = quote(asked.encode("latin-1"), safe=UNESCAPED)
    query: str = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _is_right(sealed: str, came: str, url: str, date: str, body: bytes) -> bool:
    """Whether one of the texts that may have been signed gives this signature."""
    secret, right = vault().open(sealed), False
    for text in _texts(url, date, body):
        right |= hmac.compare_digest(signature(secret, text).encode(), came.encode())
    return right


def _texts(url: str, date: str, body: bytes) -> Iterator[str]:
    """Some clients sign no line for a body that is not there."""
    if request.method != "GET":
        yield text_to_sign(request.method, url, date, body)
    if request.method == "GET" or not body:
        yield text_to_sign(request.method, url, date, None)
