"""Staff: the list, and a page for each person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import marshmallow as ma
from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from audit.chain import Origin
from desk.access import me, needs, note_refusal, origin
from desk.forms import NONE, Slips, asked, carry_out
from desk.staff.queries import colleague, colleagues, places
from desk.words import _
from kit import clock
from kit.db import reading
from kit.fields import Choice, Email, WholeNumber
from staff import changing
from staff.adding import AddPerson
from staff.changing import Access
from staff.errors import BeyondOwn, NotAllowed
from staff.permissions import MEANINGS, ROLES, Permission

bp = Blueprint("staff", __name__, url_prefix="/staff")

Change = Callable[[Connection, int, int, Origin, datetime], None]
ROLE = {role: role for role in ROLES}
PERMISSION = "p_"  # before the name of a permission: the name of its field


class PersonForm(ma.Schema):
    """Somebody new, as typed in."""

    email = Email(required=True)
    role = Choice(ROLE, required=True)
    locations = ma.fields.List(WholeNumber(), load_default=list)


class AccessForm(ma.Schema):
    """What somebody may do: role, locations, and a choice for each permission beside the role."""

    class Meta:
        include = {
            PERMISSION + each.value: Choice({"granted": True, "withdrawn": False})
            for each in Permission
        }

    role = Choice(ROLE, required=True)
    locations = ma.fields.List(WholeNumber(), load_default=list)

    @ma.post_load
    def access(self, found: Mapping[str, Any], **_: Any) -> dict[str, Access]:
        deviations = {
            Permission(name.removeprefix(PERMISSION)): granted
            for name, granted in found.items()
            if name.startswith(PERMISSION)
        }
        return {"access": Access(found["role"], deviations, frozenset(found["locations"]))}


@bp.get("/")
@needs(Permission.STAFF)
def index() -> ResponseReturnValue:
    return _list(NONE, {"role": "operator"})


@bp.post("/")
@needs(Permission.STAFF)
def add() -> ResponseReturnValue:
    return _carry_out(
        lambda connection, form: changing.invite(
            connection, AddPerson(**form), me().id, origin(), clock.now()
        ),
        then=lambda person_id: url_for("desk.staff.edit", person_id=person_id),
        again=_list,
        schema=PersonForm(),
        said=lambda _id: _("Added. An e-mail with a link to set a password is on its way."),
    )


@bp.get("/<int:person_id>")
@needs(Permission.STAFF)
def edit(person_id: int) -> ResponseReturnValue:
    return _person(person_id, NONE)


@bp.post("/<int:person_id>")
@needs(Permission.STAFF)
def change(person_id: int) -> ResponseReturnValue:
    return _carry_out(
        lambda connection, form: changing.change_access(
            connection, person_id, form["access"], me().id, origin(), clock.now()
        ),
        then=lambda _none: url_for("desk.staff.edit", person_id=person_id),
        again=lambda slips: _person(person_id, slips, asked()),
        schema=AccessForm(),
        said=lambda _none: _("Saved. It holds from the next page on that they open."),
    )


@bp.post("/<int:person_id>/leave")
@needs(Permission.STAFF)
def leave(person_id: int) -> ResponseReturnValue:
    return _do(changing.leave, person_id, _("They have left: nobody is let in as them any more."))


@bp.post("/<int:person_id>/return")
@needs(Permission.STAFF)
def come_back(person_id: int) -> ResponseReturnValue:
    said = _("They are back, with what they were allowed before.")
    return _do(changing.come_back, person_id, said)


@bp.post("/<int:person_id>/end-sessions")
@needs(Permission.STAFF)
def end_sessions(person_id: int) -> ResponseReturnValue:
    return _do(changing.end_sessions, person_id, _("All of their sessions were signed out."))


@bp.post("/<int:person_id>/reset-second-factor")
@needs(Permission.STAFF)
def reset_second_factor(person_id: int) -> ResponseReturnValue:
    said = _("The second step is off for them: their password alone lets them in.")
    return _do(changing.reset_second_factor, person_id, said)


@bp.post("/<int:person_id>/send-link")
@needs(Permission.STAFF)
def send_link(person_id: int) -> ResponseReturnValue:
    said = _("An e-mail with a link to set a password is on its way.")
    return _do(changing.send_link, person_id, said)


def _carry_out(work: Callable[[Connection, Mapping[str, Any]], Any], **rest: Any) -> AnyResponse:
    """Carry a form out; who reached for more than is theirs is in the event log, in an entry of its
    own, for nothing stays of what the form did."""
    beyond: list[BeyondOwn | NotAllowed] = []

    def watched(connection: Connection, form: Mapping[str, Any]) -> Any:
        try:
            return work(connection, form)
        except (BeyondOwn, NotAllowed) as error:
            beyond.append(error)
            raise

    answer = carry_out(watched, **rest)
    if beyond:
        note_refusal({"permission": Permission.STAFF.value, "reason": beyond[-1].code})
    return answer


def _do(change: Change, person_id: int, said: str) -> ResponseReturnValue:
    return _carry_out(
        lambda connection, _form: change(connection, person_id, me().id, origin(), clock.now()),
        then=lambda _none: url_for("desk.staff.edit", person_id=person_id),
        again=lambda slips: _person(person_id, slips),
        said=lambda _none: said,
    )


def _list(slips: Slips, values: Mapping[str, Any] | None = None) -> str:
    with reading() as session:
        people, where = colleagues(session, me()), places(session, me())
    return render_template(
        "desk/staff/list.html",
        people=people,
        places=where,
        slips=slips,
        values=asked() if values is None else values,
        meanings=MEANINGS,
    )


def _person(person_id: int, slips: Slips, values: Mapping[str, Any] | None = None) -> str:
    with reading() as session:
        person = colleague(session, me(), person_id) or abort(404)
        where = places(session, me())
    shown = values or {
        "role": person.role,
        "locations": [str(each) for each in person.locations],
        **{
            PERMISSION + each.value: "granted" if granted else "withdrawn"
            for each, granted in person.deviations.items()
        },
    }
    return render_template(
        "desk/staff/person.html",
        person=person,
        places=where,
        slips=slips,
        values=shown,
        meanings=MEANINGS,
        roles=ROLES,
    )
