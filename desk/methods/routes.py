"""Payment methods: the list, a form with the whole policy for each, and where each is used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from desk.access import for_all, is_for_all, me, needs, origin
from desk.forms import NONE, SEEN, Slips, asked, carry_out, of_refusal
from desk.methods import saying
from desk.methods.forms import Values, at_details, read_setup, stepped, values_of, values_that_came
from desk.methods.queries import names
from desk.typed import together
from desk.words import _
from kit import clock
from kit.db import reading
from payments.method_errors import MethodChangedMeanwhile, PolicyIsForAll
from payments.method_rules import MethodSetup
from payments.methods import (
    StoredMethod,
    add_method,
    change_method,
    delete_method,
    is_used,
    stored_method,
    stored_methods,
    switch,
)
from staff.permissions import Permission

bp = Blueprint("methods", __name__, url_prefix="/methods")

NEW = MethodSetup(name="", kind="bank")


@bp.get("/")
@needs(Permission.READ)
def index() -> ResponseReturnValue:
    with reading() as session:
        found, called = stored_methods(session.connection()), names(session)
    return render_template(
        "desk/methods/list.html", methods=found, names=called, saying=saying, for_all=is_for_all()
    )


@bp.get("/new")
@needs(Permission.METHODS)
def new() -> ResponseReturnValue:
    _check_for_all()
    return _new_page(NONE, values_of(NEW))


@bp.post("/new")
@needs(Permission.METHODS)
def add() -> ResponseReturnValue:
    _check_for_all()
    if step := request.form.get("rows"):
        return _new_page(NONE, stepped(values_that_came(asked()), step))
    return carry_out(
        _add,
        then=lambda method_id: url_for("desk.methods.show", method_id=method_id),
        again=lambda slips: _new_page(slips, values_that_came(asked())),
        said=lambda _id: _("The method was added."),
    )


@bp.get("/<int:method_id>")
@needs(Permission.READ)
def show(method_id: int) -> ResponseReturnValue:
    return _page(method_id, NONE)


@bp.post("/<int:method_id>")
@needs(Permission.METHODS)
def change(method_id: int) -> ResponseReturnValue:
    _check_for_all()
    if step := request.form.get("rows"):
        return _page(method_id, NONE, stepped(values_that_came(asked()), step))
    return carry_out(
        partial(_change, method_id),
        then=lambda _changed: url_for("desk.methods.show", method_id=method_id),
        again=lambda slips: _page(method_id, slips, values_that_came(asked())),
        said=lambda changed: (
            _("The method was changed. The next payment follows the new policy.")
            if changed
            else _("Nothing was different, so nothing was changed.")
        ),
    )


@bp.post("/<int:method_id>/delete")
@needs(Permission.METHODS)
def delete(method_id: int) -> ResponseReturnValue:
    _check_for_all()
    return carry_out(
        lambda connection, _form: delete_method(connection, method_id, origin(), clock.now()),
        then=lambda _name: url_for("desk.methods.index"),
        again=partial(_page, method_id),
        said=lambda name: _("“%(name)s” was deleted.", name=name),
    )


@bp.post("/<int:method_id>/locations/<int:location_id>/off")
@needs(Permission.METHODS)
def switch_off(method_id: int, location_id: int) -> ResponseReturnValue:
    return _switch(method_id, location_id, on=False)


@bp.post("/<int:method_id>/locations/<int:location_id>/on")
@needs(Permission.METHODS)
def switch_on(method_id: int, location_id: int) -> ResponseReturnValue:
    return _switch(method_id, location_id, on=True)


def _switch(method_id: int, location_id: int, *, on: bool) -> ResponseReturnValue:
    if not me().reaches(location_id):
        abort(404)
    return carry_out(
        lambda connection, _form: switch(
            connection, method_id, location_id, origin(), clock.now(), on=on
        ),
        then=lambda _was: url_for("desk.methods.show", method_id=method_id, _anchor="locations"),
        again=partial(_page, method_id),
        said=lambda was: _switched(was, location_id, on=on),
    )


def _switched(was: StoredMethod, location_id: int, *, on: bool) -> str:
    if on:
        return _("“%(name)s” is used at this location again.", name=was.name)
    if location_id in was.default_of:
        return _(
            "“%(name)s” is switched off at this location. It is the default there: tills that "
            "name no method are refused until another one is chosen.",
            name=was.name,
        )
    return _(
        "“%(name)s” is switched off at this location: the next payment by it is refused there.",
        name=was.name,
    )


def _add(connection: Connection, came: Mapping[str, Any]) -> int:
    setup, slips = read_setup(came)
    made: list[int] = []
    together(slips, lambda: made.append(add_method(connection, setup, origin(), clock.now())))
    return made[0]


def _change(method_id: int, connection: Connection, came: Mapping[str, Any]) -> bool:
    setup, slips = read_setup(came)
    method = stored_method(connection, method_id) or abort(404)
    seen = request.form.get(SEEN, method.state)
    if seen != method.state:
        raise MethodChangedMeanwhile(method.name)
    changed: list[bool] = []

    def change_it() -> None:
        changed.append(
            change_method(connection, method_id, setup, origin(), clock.now(), seen=seen)
        )

    together(slips, change_it)
    return changed[0]


# --- who may ---------------------------------------------------------------------------------


def _check_for_all() -> None:
    """A method is one for all locations; whoever works at some of them may only switch it off
    there, which nobody elsewhere notices. Raises PolicyIsForAll."""
    for_all(Permission.METHODS, PolicyIsForAll())


# --- pages -----------------------------------------------------------------------------------


def _new_page(slips: Slips, values: Values) -> str:
    with reading() as session:
        called = names(session)
    return render_template(
        "desk/methods/form.html", method=None, names=called, values=values, slips=at_details(slips),
        used=False, saying=saying,
    )  # fmt: skip


def _page(method_id: int, slips: Slips, values: Values | None = None) -> str:
    """The method as it stands, with what was typed in. Not when it was changed meanwhile: then what
    was typed in stands on what is no more."""
    with reading() as session:
        connection = session.connection()
        method = stored_method(connection, method_id) or abort(404)
        called, used = names(session), is_used(connection, method_id)
    if values is not None and request.form.get(SEEN, method.state) != method.state:
        values, slips = None, of_refusal(MethodChangedMeanwhile(method.name))
    values = values_of(method.setup) if values is None else values
    may_change = me().may(Permission.METHODS) and is_for_all()
    template = "desk/methods/form.html" if may_change else "desk/methods/show.html"
    return render_template(
        template, method=method, names=called, values=values, slips=at_details(slips), used=used,
        saying=saying,
    )  # fmt: skip
