"""Who is at the desk, and what for: every page names a permission, or nobody gets it.

A browser's cookie holds a token that is worth something as long as the session of that token has
not ended (staff.sessions); who comes without one is led to the sign-in and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, abort, current_app, flash, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import ColumnElement, true
from werkzeug.wrappers import Response as AnyResponse

from audit.chain import Actor, Entry, Origin
from audit.recording import record
from desk.words import _
from kit import clock
from kit.db import LARGEST, in_transaction
from kit.form import whole_body
from partners.authentication import address_of
from staff import sessions
from staff.errors import NotAllowed
from staff.people import Me, Member, of_session
from staff.permissions import MEANINGS, Permission

TOKEN = "desk"  # noqa: S105, the key of the token in the cookie, not a token
STATIC = "desk.static"
FILES = "multipart/form-data"
SAFE = ("GET", "HEAD", "OPTIONS")

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()


def needs(*permissions: Permission) -> Callable[[View], View]:
    """A page for people who have all of these permissions."""

    def decorate(view: View) -> View:
        view.needs = permissions  # type: ignore[attr-defined]
        return view

    return decorate


def takes_files(most: int) -> Callable[[View], View]:
    """A page whose form brings a file, of at most so many bytes: for people who may use the page.
    All other forms are small."""

    def decorate(view: View) -> View:
        view.most_bytes = most  # type: ignore[attr-defined]
        return view

    return decorate


def me() -> Me:
    """The person at the desk; there is always one in a page behind `needs`."""
    return cast(Me, g.me)


@contextmanager
def acting_as(person: Member) -> Iterator[None]:
    """Read as this person reaches, outside of a request of theirs: `me` and `within` are about
    them. What the worker writes for somebody is what they would see."""
    before = g.get("me")
    g.me = person
    try:
        yield
    finally:
        g.me = before


def origin() -> Origin:
    """Who and what to name in the event log for what the present request does."""
    actor = Actor("person", me().id, me().email)
    return Origin(actor, address_of(request.remote_addr), g.get("request_id"))


def within(column: Any) -> ColumnElement[bool]:
    """Whether a row is of a location that the person reaches."""
    locations = me().locations
    return true() if locations is None else column.in_(sorted(locations))


def gate() -> AnyResponse | None:
    """Before every page of the desk: who is it, is the form ours, may they?"""
    if request.endpoint == STATIC:
        return None
    view = current_app.view_functions[str(request.endpoint)]
    needed: tuple[Permission, ...] | None = getattr(view, "needs", None)
    now = clock.now()
    found = signed_in(now)
    if found is None:
        return to_sign_in()
    g.me = found
    if request.method not in SAFE:
        _read_form(found, view, needed or ())
        csrf.protect()
    if needed is None:
        abort(403)
    for permission in needed:
        if not found.may(permission):
            refuse(permission)
    if any(isinstance(part, int) and part > LARGEST for part in (request.view_args or {}).values()):
        abort(404)  # the number of nothing that there could be
    return None


def _read_form(found: Me, view: Callable[..., Any], needed: Iterable[Permission]) -> None:
    """Half a form may say another amount than the one that was sent, so it is read whole. One with
    a file is not kept in memory: it has an end of its own, and without that it is no form."""
    most: int | None = getattr(view, "most_bytes", None)
    if most and request.mimetype == FILES and all(map(found.may, needed)):
        request.max_content_length = most
    else:
        whole_body(request)


def signed_in(now: datetime) -> Me | None:
    """Who the cookie's session is of, when that has not ended."""
    token = session.get(TOKEN)
    found = of_session(token) if isinstance(token, str) else None
    if found is None or sessions.is_over(found, now):
        return None
    if now - found.seen_at > sessions.SEEN_EVERY:
        in_transaction(lambda connection: sessions.keep_alive(connection, found, now))
    return found


def to_sign_in() -> AnyResponse:
    """To the sign-in, and back to the page that was asked for, or that a form was on: what it asked
    for was not done. A part of a page cannot show a sign-in, so the whole page goes there."""
    session.clear()
    asked: str | None = request.full_path.rstrip("?")
    if is_part():
        asked = _page_of("HX-Current-URL")
    elif request.method not in SAFE:
        asked = _page_of("Referer")
        flash(
            _("You are not signed in any more, so nothing was done. Sign in and try again."), "said"
        )
    path = url_for("security.login", next=asked) if asked else url_for("security.login")
    return go(path)


def _page_of(header: str) -> str | None:
    """The path of the desk's page that a header of the browser names; None for anything else that
    somebody writes there."""
    try:
        here = urlsplit(request.headers.get(header, "")).path
    except ValueError:
        return None
    return here if here.startswith("/desk/") else None


def is_part() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def go(path: str) -> AnyResponse:
    """The browser goes on to another page, also from a part of one."""
    if is_part():
        return Response(status=200, headers={"HX-Redirect": path})
    return redirect(path, 303)


def is_for_all() -> bool:
    """Whether the person may change what is the same at all locations; whoever works at some of
    them may not, for people elsewhere would not know why."""
    return me().locations is None


def for_all(permission: Permission, refusal: NotAllowed) -> None:
    """Raises `refusal` for somebody who works at some locations only."""
    if not is_for_all():
        refuse(permission, refusal)


def refuse(permission: Permission, refusal: NotAllowed | None = None) -> NoReturn:
    """Raises NotAllowed, or `refusal`; what somebody tried to do is logged, what they tried to see
    is not. Not inside a transaction: the entry is written in one of its own, which stays."""
    if request.method not in SAFE:
        note_refusal({"permission": permission.value})
    raise refusal or NotAllowed(permission.value, MEANINGS[permission])


def note_refusal(tried: dict[str, str]) -> None:
    """Log that the person was refused, in a transaction of its own."""
    found = {"path": request.path, **tried}
    entry = Entry("staff.refused", {"person": me().id}, {}, found, severity="medium")
    in_transaction(lambda connection: record(connection, entry, origin(), clock.now()))
