"""Every list that can be had as a file, by its name.

A list needs the permission that its page asks for, and REPORTS beside it: looking at pages is one
thing, taking all of it away another.
"""

from __future__ import annotations

from collections.abc import Mapping

from desk.exports.of_money import OF_MONEY
from desk.exports.of_oversight import OF_OVERSIGHT
from desk.exports.of_reports import OF_FIGURES, OF_ROWS
from desk.exports.of_settings import OF_SETTINGS
from desk.exports.of_statements import OF_STATEMENTS
from office.closing.listed import LISTED as CLOSING
from office.exports.files import Asked
from office.exports.lists import Listed
from office.journal.listed import LISTED as JOURNAL
from staff.people import Member
from staff.permissions import Permission

LISTS: Mapping[str, Listed] = {
    each.name: each
    for each in (
        *OF_MONEY,
        *OF_FIGURES,
        *OF_ROWS,
        *OF_STATEMENTS,
        JOURNAL,
        *CLOSING,
        *OF_OVERSIGHT,
        *OF_SETTINGS,
    )
}
# Lists that no page shows: they are asked for where files are.
WITHOUT_PAGES = ("schedule-lines", "allocations", "failed-attempts", "bank-matches")
# The rows of a figure are asked for where the figure is.
OF_FIGURE = tuple(each.name for each in OF_ROWS)


def lacking(person: Member, listed: Listed) -> Permission | None:
    """A permission that a person would need for this list and has not."""
    needed = (Permission.REPORTS, Permission(listed.needs))
    return next((each for each in needed if not person.may(each)), None)


def may_still(person: Member | None, asked: Asked, listed: Listed | None) -> bool:
    """Whether somebody may have a file that they asked for before: they are still here, may read
    the list, and reach every location that the file may tell of."""
    if person is None or listed is None or lacking(person, listed):
        return False
    if person.locations is None:
        return True
    return asked.locations is not None and asked.locations <= person.locations
