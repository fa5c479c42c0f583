"""The event log: a list with filters, and the same as a file. There is no way to change it."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from audit.reading import NEWEST
from desk.access import needs
from desk.exports.sending import send_list
from desk.log.choices import choices
from desk.log.filters import GROUPS, SEVERITIES, filters
from desk.log.queries import entries, told
from desk.paging import keyset
from kit.db import reading
from staff.permissions import Permission

bp = Blueprint("log", __name__)


@bp.get("/log/")
@needs(Permission.REPORTS)
def index() -> ResponseReturnValue:
    asked = filters(request.args)
    with reading() as session:
        there = choices(session)
        slice_ = keyset(session, entries(asked, there), NEWEST)
    return render_template(
        "desk/log/list.html",
        rows=[told(row, there) for row in slice_.rows],
        slice=slice_,
        filters=asked,
        choices=there,
        groups=GROUPS,
        severities=SEVERITIES,
        zone=there.zone_of(asked.location),
    )


@bp.get("/log.csv")
@needs(Permission.REPORTS)
def download() -> ResponseReturnValue:
    return send_list("event-log", "csv", request.args.to_dict())
