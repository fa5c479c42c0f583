"""The door that links to files lead to. It is no page of the desk: a link works without a session,
and everything that is wrong with one has the same answer."""

from __future__ import annotations

from collections.abc import Iterator

from flask import (
    Blueprint,
    Flask,
    Response,
    g,
    render_template,
    request,
    stream_with_context,
)
from flask.typing import ResponseReturnValue

from audit.chain import Actor, Origin
from desk.exports.lists import LISTS, may_still
from desk.exports.noting import note_download
from desk.exports.sending import as_file
from desk.frame import frame, protect
from kit import clock
from kit.db import reading
from office.exports import links
from office.exports.files import Asked, part
from office.exports.lists import Listed
from partners.authentication import address_of
from partners.limits import limits
from staff.people import Member, member

bp = Blueprint("export_files", __name__, url_prefix="/desk/files")
bp.after_request(protect)


def init_app(app: Flask) -> None:
    """Open the door."""
    links.init_app(app)
    app.register_blueprint(bp)


@bp.get("/<token>")
def fetch(token: str) -> ResponseReturnValue:
    found = _found(token)
    if found is None:
        limits().count_wrong_link(request.remote_addr or "")
        return _nothing()
    asked, listed, person = found
    actor = Actor("person", person.id, person.email)
    whose = Origin(actor, address_of(request.remote_addr), g.get("request_id"))
    note_download(listed, asked.format, asked.wanted, whose, by_link=True)
    # Parts are read while they are sent, which a server does when the request is over.
    parts = stream_with_context(_parts(asked.id))
    return as_file(parts, asked.list, asked.format, asked.size)


def _found(token: str) -> tuple[Asked, Listed, Member] | None:
    """The file, its list and the person who asked for it, if they may have it still."""
    with reading() as session:
        connection = session.connection()
        asked = links.linked(connection, token, clock.now())
        person = member(connection, asked.person_id) if asked else None
    listed = LISTS.get(asked.list) if asked else None
    if asked is None or person is None or listed is None or not may_still(person, asked, listed):
        return None
    return asked, listed, person


def _parts(file_id: int) -> Iterator[bytes]:
    """The file, a piece at a time. One that is deleted meanwhile breaks off: the browser knows its
    size and says so."""
    no = 0
    while True:
        with reading() as session:
            some = part(session.connection(), file_id, no)
        if some is None:
            return
        yield some
        no += 1


def _nothing() -> Response:
    page = render_template("desk/exports/gone.html", **frame())
    return Response(page, 404, content_type="text/html; charset=utf-8")
