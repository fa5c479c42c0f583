"""What becomes of a file, in words."""

from __future__ import annotations

from desk.words import _
from office.exports.files import GAVE_UP, GONE, NOT_ALLOWED, TOO_LONG, Asked


def state_of(asked: Asked) -> str:
    """The state as the page's signs know it (macros.html): a file that is done is ready."""
    return {"done": "ready", "failed": "failed"}.get(asked.state, "waiting")


def why(problem: str) -> str:
    """Why a file could not be written, and what helps."""
    known = {
        TOO_LONG: _("The list is longer than an XLSX file can be. Ask for CSV, or for fewer."),
        NOT_ALLOWED: _(
            "You may not have this list any more, or not at all locations it was asked for."
        ),
        GONE: _("This list is not offered any more."),
        GAVE_UP: _("It went wrong three times. The service's log says where; try it again later."),
    }
    return known.get(problem, problem)
