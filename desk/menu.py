"""The side bar: every page a person may open, in sections. A page is listed when it is there."""

from __future__ import annotations

from dataclasses import dataclass

from desk.waiting import Waiting
from desk.words import _
from staff.people import Me
from staff.permissions import Permission

OF_BOOKINGS = (
    "desk.changes",
    "desk.new",
    "desk.record",
    "desk.deposit",
    "desk.links",
    "desk.papers",
)
OF_STATEMENTS = ("desk.statement_accounts", "desk.statement_files")


@dataclass(frozen=True, slots=True)
class Entry:
    """A page. `besides` are the folders of pages that are found under it."""

    endpoint: str
    icon: str
    text: str
    count: int = 0
    tone: str = ""
    besides: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        return self.endpoint.rpartition(".")[0]

    def is_here(self, endpoint: str) -> bool:
        """Whether the page of this endpoint is found under this entry."""
        return any(endpoint.startswith(f"{each}.") for each in (self.folder, *self.besides))


Wanted = list[tuple[Permission, Entry]]
URGENT, LATE = "dk-count-fail", "dk-count-late"


def menu(me: Me, waits: Waiting) -> list[tuple[str, list[Entry]]]:
    """The sections of the side bar for this person."""
    sections = [
        ("", _work(waits)),
        (_("Office"), _office(waits)),
        (_("Oversight"), _oversight(waits)),
        (_("Settings"), _settings()),
    ]
    found = [
        (name, [entry for needed, entry in wanted if me.may(needed)]) for name, wanted in sections
    ]
    return [(name, entries) for name, entries in found if entries]


def _work(waits: Waiting) -> Wanted:
    return [
        (Permission.READ, Entry("desk.today.index", "home", _("Today"), waits.today, URGENT)),
        (
            Permission.READ,
            Entry("desk.bookings.index", "calendar-event", _("Bookings"), besides=OF_BOOKINGS),
        ),
        (
            Permission.READ,
            Entry("desk.payments.index", "credit-card", _("Payments"), besides=("desk.cards",)),
        ),
    ]


def _office(waits: Waiting) -> Wanted:
    return [
        (
            Permission.RECONCILE,
            Entry(
                "desk.statements.index",
                "file-import",
                _("Bank statements"),
                waits.lines,
                LATE,
                besides=OF_STATEMENTS,
            ),
        ),
        (Permission.CLOSE_DAY, Entry("desk.closing.index", "lock", _("Day close"))),
        (Permission.REPORTS, Entry("desk.reports.index", "chart-bar", _("Reports"))),
        (Permission.REPORTS, Entry("desk.journal.index", "list", _("Journal"))),
        (Permission.REPORTS, Entry("desk.exports.index", "download", _("Exports"))),
    ]


def _oversight(waits: Waiting) -> Wanted:
    return [
        (Permission.REPORTS, Entry("desk.log.index", "history", _("Event log"))),
        (
            Permission.REPORTS,
            Entry("desk.dangerous.index", "shield-exclamation", _("Dangerous operations")),
        ),
        (
            Permission.READ,
            Entry("desk.messages.index", "mail", _("Messages"), waits.messages, LATE),
        ),
    ]


def _settings() -> Wanted:
    return [
        (Permission.READ, Entry("desk.methods.index", "report-money", _("Methods"))),
        (Permission.READ, Entry("desk.tags.index", "tag", _("Tags"))),
        (Permission.PARTNERS, Entry("desk.partners.index", "plug", _("Partners"))),
        (Permission.STAFF, Entry("desk.staff.index", "users", _("Staff"))),
        (Permission.SETTINGS, Entry("desk.locations.index", "building", _("Locations"))),
    ]
