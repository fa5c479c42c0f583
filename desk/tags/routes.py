"""Tags: the list, and a form for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from desk.access import for_all, is_for_all, me, needs, origin
from desk.forms import NONE, Slips, asked, carry_out
from desk.tags.queries import TagRow, tags
from desk.words import _
from kit import clock
from kit.db import reading
from kit.fields import PlainText
from staff.permissions import Permission
from tags.errors import TagsAreForAll
from tags.vocabulary import TagWords, add_tag, change_tag, delete_tag

bp = Blueprint("tags", __name__, url_prefix="/tags")

NEW = {"colour": "#5f6878"}


class TagForm(Schema):
    """A tag as it is typed in."""

    name = PlainText(most=100, required=True)
    colour = PlainText(
        most=7, pattern="#[0-9a-fA-F]{6}", hint="a colour such as #c4332b", required=True
    )


@bp.get("/")
@needs(Permission.READ)
def index() -> ResponseReturnValue:
    return _list(NONE, NEW)


@bp.post("/")
@needs(Permission.TAGS)
def add() -> ResponseReturnValue:
    _check_for_all()
    return carry_out(
        lambda connection, asked: add_tag(connection, TagWords(**asked), origin(), clock.now()),
        then=lambda _id: url_for("desk.tags.index"),
        again=_list,
        schema=TagForm(),
        said=lambda _id: _("The tag was added."),
    )


@bp.get("/<int:tag_id>")
@needs(Permission.TAGS)
def edit(tag_id: int) -> ResponseReturnValue:
    _check_for_all()
    tag = _one(tag_id)
    return _form(tag, NONE, {"name": tag.name, "colour": tag.colour})


@bp.post("/<int:tag_id>")
@needs(Permission.TAGS)
def change(tag_id: int) -> ResponseReturnValue:
    _check_for_all()
    return carry_out(
        lambda connection, asked: change_tag(
            connection, tag_id, TagWords(**asked), origin(), clock.now()
        ),
        then=lambda _none: url_for("desk.tags.index"),
        again=lambda slips: _form(_one(tag_id), slips),
        schema=TagForm(),
        said=lambda _none: _("The tag was changed."),
    )


@bp.post("/<int:tag_id>/delete")
@needs(Permission.TAGS)
def delete(tag_id: int) -> ResponseReturnValue:
    _check_for_all()
    return carry_out(
        lambda connection, _form: delete_tag(connection, tag_id, origin(), clock.now()),
        then=lambda _name: url_for("desk.tags.index"),
        again=lambda slips: _list(slips, NEW),
        said=lambda name: _("“%(name)s” was deleted.", name=name),
    )


def _check_for_all() -> None:
    """A tag is one for all locations. Raises TagsAreForAll."""
    for_all(Permission.TAGS, TagsAreForAll())


def _list(slips: Slips, values: Mapping[str, Any] | None = None) -> str:
    with reading() as session:
        found = tags(session)
    return render_template(
        "desk/tags/list.html",
        tags=found,
        slips=slips,
        values=values or asked(),
        may_change=me().may(Permission.TAGS) and is_for_all(),
    )


def _form(tag: TagRow, slips: Slips, values: Mapping[str, Any] | None = None) -> str:
    return render_template("desk/tags/form.html", tag=tag, slips=slips, values=values or asked())


def _one(tag_id: int) -> TagRow:
    with reading() as session:
        found = {tag.id: tag for tag in tags(session)}
    return found.get(tag_id) or abort(404)
