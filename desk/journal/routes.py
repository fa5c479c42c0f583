"""Journal: the ledger in the words of accountants."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from desk.access import me, needs
from desk.forms import NONE, of_refusal
from desk.journal.queries import choices, journal
from desk.words import _
from kit import clock
from kit.db import reading
from kit.errors import Refused
from kit.money import Money
from office.journal.accounts import NAMES
from office.journal.entries import Entry, Line
from office.journal.filters import wanted_of
from office.journal.listed import chart_of_setting
from staff.permissions import Permission

bp = Blueprint("journal", __name__, url_prefix="/journal")

# What is no filter of the period.
NOT_KEPT = ("after", "before")


@bp.get("/")
@needs(Permission.REPORTS)
def index() -> ResponseReturnValue:
    given = {name: text.strip() for name, text in request.args.items() if text.strip()}
    with reading() as session:
        there = choices(session)
        if "from" not in given and "to" not in given:
            location, _wrong = wanted_of(given, None)
            given |= last_month(there.today(clock.now(), location.location))
        wanted, wrong = wanted_of(given, me().locations)
        found = None if wrong else journal(session, wanted, chart_of_setting(), there)
    return render_template(
        "desk/journal/list.html",
        journal=found,
        choices=there,
        currencies=[(each, each) for each in there.currencies],
        values=given,
        kept={name: text for name, text in given.items() if name not in NOT_KEPT},
        wanted=wanted,
        slips=of_refusal(Refused(wrong)) if wrong else NONE,
        places={place: _(name) for place, name in NAMES.items()},
        side=side,
    )


def last_month(today: date) -> dict[str, str]:
    """The first and the last day of the month before this one, for the address."""
    last = today.replace(day=1) - timedelta(days=1)
    return {"from": last.replace(day=1).isoformat(), "to": last.isoformat()}


def side(entry: Entry, line: Line, sign: int) -> Money | None:
    """The amount on one side of the line, 1 for the debit and -1 for the credit, if it is there."""
    return Money(abs(line.amount), entry.currency) if line.amount * sign > 0 else None
