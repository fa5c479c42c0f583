"""The report of dangerous operations, as a page and as a file."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from desk.access import needs
from desk.dangerous.kinds import KINDS
from desk.dangerous.queries import PERIODS, filters, report
from desk.exports.sending import send_list
from desk.log.filters import SEVERITIES
from kit import clock
from kit.db import reading
from staff.permissions import Permission

bp = Blueprint("dangerous", __name__)


@bp.get("/dangerous/")
@needs(Permission.REPORTS)
def index() -> ResponseReturnValue:
    asked, now = filters(request.args), clock.now()
    with reading() as session:
        found = report(session, asked, now)
    return render_template(
        "desk/dangerous/list.html",
        report=found,
        filters=asked,
        kinds=KINDS,
        periods=PERIODS,
        severities=SEVERITIES,
        zone=found.choices.zone_of(asked.location),
    )


@bp.get("/dangerous.csv")
@needs(Permission.REPORTS)
def download() -> ResponseReturnValue:
    return send_list("dangerous-operations", "csv", request.args.to_dict())
