"""Locations: the list, the settings of each, and a new LocationToken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from desk.access import needs, origin
from desk.forms import NONE, SEEN, Slips, asked, carry_out, of_refusal
from desk.locations.forms import LocationChangedMeanwhile, LocationForm
from desk.locations.queries import LocationRow, has_amounts, has_money, location, locations
from desk.partners.forms import show_once
from desk.typed import together
from desk.words import _
from kit import clock, currencies
from kit.db import reading
from locations.changing import change_location, rotate_token, zones
from payments import methods
from payments.method_rules import default_slips
from payments.methods import stored_methods
from staff.permissions import Permission

bp = Blueprint("locations", __name__, url_prefix="/locations")


@bp.get("/")
@needs(Permission.SETTINGS)
def index() -> ResponseReturnValue:
    with reading() as session:
        return render_template("desk/locations/list.html", locations=locations(session))


@bp.get("/<int:location_id>")
@needs(Permission.SETTINGS)
def show(location_id: int) -> ResponseReturnValue:
    return _page(location_id, NONE)


@bp.post("/<int:location_id>")
@needs(Permission.SETTINGS)
def change(location_id: int) -> ResponseReturnValue:
    return carry_out(
        partial(_change, location_id),
        then=lambda _changed: url_for("desk.locations.show", location_id=location_id),
        again=lambda slips: _page(location_id, slips, asked()),
        said=lambda changed: (
            _("The settings were changed. They count from now on.")
            if changed
            else _("Nothing was different, so nothing was changed.")
        ),
    )


@bp.get("/<int:location_id>/token")
@needs(Permission.SETTINGS)
def token(location_id: int) -> ResponseReturnValue:
    return _ask(location_id, NONE)


@bp.post("/<int:location_id>/token")
@needs(Permission.SETTINGS)
def rotate(location_id: int) -> ResponseReturnValue:
    found = _one(location_id)
    return show_once(
        lambda connection, _form: rotate_token(connection, location_id, origin(), clock.now()),
        show=lambda made: render_template(
            "desk/locations/token.html", location=found, token=made, slips=NONE
        ),
        back=lambda _made: url_for("desk.locations.show", location_id=location_id),
        again=lambda slips: _ask(location_id, slips),
    )


def _change(location_id: int, connection: Connection, came: Mapping[str, Any]) -> bool:
    """Methods are held before the location, as by everybody else."""
    methods.alone(connection)
    was = location(connection, location_id) or abort(404)
    if request.form.get(SEEN, was.state) != was.state:
        raise LocationChangedMeanwhile(was.settings.name)
    values, slips = LocationForm().read(came)
    default = values.pop("default_method", was.default_method)
    settings, now = replace(was.settings, **values), clock.now()
    changed: list[bool] = []

    def change_it() -> None:
        changed.append(
            change_location(
                connection,
                location_id,
                settings,
                origin(),
                now,
                has_amounts=lambda: has_amounts(connection, location_id),
                has_money=lambda: has_money(connection, location_id),
            )
        )

    together(
        slips,
        change_it,
        lambda: methods.set_default(connection, location_id, default, origin(), now),
    )
    return any(changed) or default != was.default_method


def _one(location_id: int) -> LocationRow:
    with reading() as session:
        return location(session.connection(), location_id) or abort(404)


def _ask(location_id: int, slips: Slips) -> str:
    found = _one(location_id)
    return render_template("desk/locations/token.html", location=found, token=None, slips=slips)


def _page(location_id: int, slips: Slips, values: Mapping[str, Any] | None = None) -> str:
    """The settings as they stand, with what was typed in, unless they were changed meanwhile."""
    with reading() as session:
        connection = session.connection()
        found = location(connection, location_id) or abort(404)
        known = stored_methods(connection)
        is_fixed = has_amounts(connection, location_id)
        is_zone_fixed = has_money(connection, location_id)
    if values is not None and request.form.get(SEEN, found.state) != found.state:
        values, slips = None, of_refusal(LocationChangedMeanwhile(found.settings.name))
    stands = asdict(found.settings) | {"default_method": found.default_method}
    usable = [
        (each.id, each.name)
        for each in known
        if each.id == found.default_method
        or not default_slips(each.setup, off_here=location_id in each.off_at)
    ]
    return render_template(
        "desk/locations/form.html",
        location=found,
        values={name: "" if value is None else value for name, value in stands.items()}
        if values is None
        else values,
        slips=slips,
        zones=[(each, each) for each in _zones(found)],
        currencies=[(each, each) for each in sorted(currencies.codes())],
        methods=usable,
        is_fixed=is_fixed,
        is_zone_fixed=is_zone_fixed,
    )


def _zones(found: LocationRow) -> tuple[str, ...]:
    """All there are; a zone under an old name stays in the list of the location that has it."""
    own = found.settings.time_zone
    return zones() if own in zones() else (own, *zones())
