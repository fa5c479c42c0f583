"""Messages: the list, one with its preview and its calls, sending again, putting aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from email.message import EmailMessage
from typing import Any

import structlog
from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from desk.access import me, needs, origin, refuse
from desk.forms import NONE, Slips, carry_out
from desk.messages.queries import (
    WholeMessage,
    message,
    messages,
    partners,
    read,
    wanted_of,
)
from desk.words import _
from kit import clock
from kit.db import reading
from kit.log import failure
from outbox.again import dismiss, send_mail_again, undismiss
from outbox.posting import Renderer
from partners.resending import send_event_again
from partners.targets import without_query
from staff.mails import WITH_LINK
from staff.permissions import Permission

PREVIEWS = "mail_previews"
# A mail is a stranger's page in ours: it may look as it likes, and do nothing at all.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox"
)

bp = Blueprint("messages", __name__, url_prefix="/messages")
log = structlog.get_logger()


@bp.get("/")
@needs(Permission.READ)
def index() -> ResponseReturnValue:
    wanted = wanted_of(request.args)
    args = {name: value for name, value in asdict(wanted).items() if value is not None}
    with reading() as session:
        found = messages(session, wanted)
        told = partners(session)
    return render_template(
        "desk/messages/list.html",
        slice=found,
        rows=[read(row) for row in found.rows],
        partners=told,
        values=args,
    )


@bp.get("/<int:message_id>")
@needs(Permission.READ)
def one(message_id: int) -> ResponseReturnValue:
    return _page(message_id, NONE)


@bp.get("/<int:message_id>/preview")
@needs(Permission.READ)
def preview(message_id: int) -> ResponseReturnValue:
    mail = _mail(_found(message_id))
    html = _part(mail, "html") if mail else None
    if html is None:
        abort(404)
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(html, headers=headers, content_type="text/html; charset=utf-8")


@bp.post("/<int:message_id>/again")
@needs(Permission.MESSAGES)
def again(message_id: int) -> ResponseReturnValue:
    found = _found(message_id)
    is_mail = found.row.is_mail
    if found.kind in WITH_LINK and not me().may(Permission.STAFF):
        refuse(Permission.STAFF)

    def work(connection: Connection, _form: object) -> int:
        if is_mail:
            return send_mail_again(connection, message_id, origin(), clock.now())
        send_event_again(connection, message_id, origin(), clock.now())
        return message_id

    return carry_out(
        work,
        then=lambda id: url_for("desk.messages.one", message_id=id),
        again=lambda slips: _page(message_id, slips),
        said=lambda id: (
            _("The message goes out again, with the same id as before.")
            if id == message_id
            else _("It goes out once more, as message %(id)s with an id of its own.", id=id)
        ),
    )


@bp.post("/<int:message_id>/dismiss")
@needs(Permission.MESSAGES)
def put_aside(message_id: int) -> ResponseReturnValue:
    undo = url_for("desk.messages.take_up", message_id=message_id)
    return _change(message_id, dismiss, _("The message was put aside."), undo)


@bp.post("/<int:message_id>/undismiss")
@needs(Permission.MESSAGES)
def take_up(message_id: int) -> ResponseReturnValue:
    return _change(message_id, undismiss, _("The message is among the undelivered again."))


def _change(message_id: int, change: Any, text: str, undo: str | None = None) -> AnyResponse:
    _found(message_id)
    return carry_out(
        lambda connection, _form: change(connection, message_id, origin(), clock.now()),
        then=lambda _none: url_for("desk.messages.one", message_id=message_id),
        again=lambda slips: _page(message_id, slips),
        said=lambda _none: text,
        undo=undo,
    )


def _found(message_id: int) -> WholeMessage:
    if message_id >= 2**63:
        abort(404)
    with reading() as session:
        found = message(session, message_id)
    return found or abort(404)


def _page(message_id: int, slips: Slips) -> str:
    found = _found(message_id)
    mail = _mail(found)
    return render_template(
        "desk/messages/message.html",
        message=found,
        row=found.row,
        mail=mail,
        mail_text=_part(mail, "plain") if mail else None,
        without_query=without_query,
        goes_again=found.kind not in WITH_LINK or me().may(Permission.STAFF),
        slips=slips,
    )


def _mail(found: WholeMessage) -> EmailMessage | None:
    """The mail as it left, or would leave now, but for its link; None for what is none or cannot
    be made."""
    renderers: Mapping[str, Renderer] = current_app.extensions[PREVIEWS]
    renderer = renderers.get(found.kind) if found.row.is_mail else None
    try:
        return renderer(found.context) if renderer else None
    except Exception as error:
        # By class and place: the text of an error may hold what was being written.
        log.warning("message_not_shown", message=found.row.id, kind=found.kind, **failure(error))
        return None


def _part(mail: EmailMessage, kind: str) -> str | None:
    found = mail.get_body((kind,))
    return None if found is None else str(found.get_content())
