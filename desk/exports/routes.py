"""Exports: any list as a file, and the files that the worker writes for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from desk.access import is_part, me, needs
from desk.bookings.queries import choices
from desk.exports.lists import LISTS, OF_FIGURE, WITHOUT_PAGES, lacking
from desk.exports.saying import state_of, why
from desk.exports.sending import filters_of, list_named, long_page, send_list
from desk.forms import NONE, Slips, carry_out
from desk.words import _
from kit import clock
from kit.db import reading
from office.exports.files import AskFile, ask_file, delete_file, files_of, try_again
from office.exports.links import token_of
from office.exports.lists import Listed
from staff.permissions import Permission

# What asks for all of a list whose page begins with some of it.
EVERY: Mapping[str, Mapping[str, str]] = {"bank-lines": {"state": "all"}}

bp = Blueprint("exports", __name__, url_prefix="/exports")

# A page looks for news of a file no longer than this: with no worker there will be none, and a
# page that asks for ever keeps its session open for ever.
ASKS_FOR = timedelta(minutes=15)


@bp.get("/")
@needs(Permission.REPORTS)
def index() -> ResponseReturnValue:
    return _page(NONE)


@bp.get("/pick")
@needs(Permission.REPORTS)
def pick() -> ResponseReturnValue:
    """From the form for lists without a page of their own to the file that it asks for."""
    given = filters_of(request.args)
    name, format = given.pop("list", ""), given.pop("as", "csv")
    if name not in LISTS or format not in ("csv", "xlsx"):
        return redirect(url_for("desk.exports.index"), 303)
    path = url_for("desk.exports.download", name=name, format=format)
    return redirect(f"{path}?{urlencode(given)}", 303)


@bp.get("/<name>.csv", defaults={"format": "csv"})
@bp.get("/<name>.xlsx", defaults={"format": "xlsx"})
@needs(Permission.REPORTS)
def download(name: str, format: str) -> ResponseReturnValue:
    return send_list(name, format, request.args)


@bp.post("/<name>.csv", defaults={"format": "csv"})
@bp.post("/<name>.xlsx", defaults={"format": "xlsx"})
@needs(Permission.REPORTS)
def ask(name: str, format: str) -> ResponseReturnValue:
    """Have the worker write it."""
    listed = list_named(name)

    def work(connection: Connection, wanted: Mapping[str, Any]) -> int:
        order = AskFile(
            person_id=me().id,
            list=name,
            format=format,
            wanted=filters_of(wanted),
            locations=me().locations,
        )
        return ask_file(connection, order, clock.now())

    return carry_out(
        work,
        then=lambda _id: url_for("desk.exports.index"),
        again=lambda slips: long_page(listed, format, filters_of(_came()), None, slips),
        said=lambda _id: _("The file is being written. It stands here when it is done."),
    )


@bp.post("/files/<int:file_id>/delete")
@needs(Permission.REPORTS)
def delete(file_id: int) -> ResponseReturnValue:
    return _change(partial(delete_file, file_id=file_id), _("The file was deleted."))


@bp.post("/files/<int:file_id>/again")
@needs(Permission.REPORTS)
def again(file_id: int) -> ResponseReturnValue:
    return _change(partial(try_again, file_id=file_id), _("The file is being written once more."))


def _change(work: Any, text: str) -> AnyResponse:
    return carry_out(
        lambda connection, _form: work(connection, me().id, now=clock.now()),
        then=lambda _none: url_for("desk.exports.index"),
        again=_page,
        said=lambda _none: text,
    )


def _came() -> dict[str, str]:
    """The filters of the form, without what makes it act once."""
    return {
        name: text for name, text in request.form.items() if name not in ("csrf_token", "form_key")
    }


def _page(slips: Slips) -> str:
    now = clock.now()
    with reading() as session:
        files = files_of(session, me().id)
        places = choices(session).locations
    waiting = [each for each in files if each.state == "waiting"]
    zones = {place.time_zone for place in places}
    return render_template(
        "desk/exports/files.html" if is_part() else "desk/exports/list.html",
        files=files,
        waiting=len(waiting),
        asks=any(now - each.created_at < ASKS_FOR for each in waiting),
        lists=LISTS,
        mine=[each for each in LISTS.values() if _is_offered(each)],
        without_pages=WITHOUT_PAGES,
        every=EVERY,
        places=places,
        state_of=state_of,
        why=why,
        link_of=_link,
        zone=zones.pop() if len(zones) == 1 else "UTC",
        slips=slips,
    )


def _is_offered(listed: Listed) -> bool:
    return listed.name not in OF_FIGURE and not lacking(me(), listed)


def _link(asked: Any) -> str:
    """The address of a file that is done, whole, so that it can be handed to a script."""
    path = url_for("export_files.fetch", token=token_of(asked))
    base = current_app.config["PUBLIC_URL"] or request.url_root
    return f"{base.rstrip('/')}{path}"
