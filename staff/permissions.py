"""What staff may do (product section 5): each permission of its own, roles as sets of them.

A role is where a person starts from; single permissions can be granted or withdrawn beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kit.texts import N_


class Permission(StrEnum):
    """The values are what the database and the event log call them."""

    READ = "read"
    RECORD = "record"
    CLEAR = "clear"
    AMEND = "amend"
    REFUND = "refund"
    VOID = "void"
    DELETE_EXTERNAL = "D_DEP"
    CANCEL = "cancel"
    CHARGE = "charge"
    METHODS = "methods"
    TAGS = "tags"
    REPORTS = "reports"
    RECONCILE = "reconcile"
    CLOSE_DAY = "close_day"
    MESSAGES = "messages"
    PARTNERS = "partners"
    STAFF = "staff"
    SETTINGS = "settings"


# What a permission allows, as the staff page says it.
MEANINGS: Mapping[Permission, str] = {
    Permission.READ: N_("See bookings, payments and messages"),
    Permission.RECORD: N_("Record payments and send payment links"),
    Permission.CLEAR: N_("Clear promised payments, or say that they failed"),
    Permission.AMEND: N_("Amend bookings, and put tags on them"),
    Permission.REFUND: N_("Refund payments"),
    Permission.VOID: N_("Void payments that were recorded at the desk or paid on the guest's page"),
    Permission.DELETE_EXTERNAL: N_("Delete external payments"),
    Permission.CANCEL: N_("Cancel bookings, and take them up again"),
    Permission.CHARGE: N_(
        "Charge, release and give up stored cards, and settle by hand what became of that"
    ),
    Permission.METHODS: N_("Change payment methods and their policy"),
    Permission.TAGS: N_("Change the list of tags"),
    Permission.REPORTS: N_("See reports, the journal, the event log and the dangerous operations"),
    Permission.RECONCILE: N_("Import bank statements, and say which payments their lines are"),
    Permission.CLOSE_DAY: N_("Count the cash and close the day of a location"),
    Permission.MESSAGES: N_("Send messages again"),
    Permission.PARTNERS: N_("Change partners, their credentials and webhooks"),
    Permission.STAFF: N_("Change staff and their permissions"),
    Permission.SETTINGS: N_("Change the settings of locations"),
}

_OPERATOR = frozenset({Permission.READ, Permission.RECORD, Permission.CLEAR, Permission.AMEND})
_MANAGER = _OPERATOR | {
    Permission.REFUND,
    Permission.VOID,
    Permission.DELETE_EXTERNAL,
    Permission.CANCEL,
    Permission.CHARGE,
    Permission.METHODS,
    Permission.TAGS,
    Permission.REPORTS,
    Permission.RECONCILE,
    Permission.CLOSE_DAY,
    Permission.MESSAGES,
}
ROLES: Mapping[str, frozenset[Permission]] = {
    "operator": _OPERATOR,
    "manager": _MANAGER,
    "administrator": frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class Deviation:
    """A permission that a person has besides the role (`granted`), or has not in spite of it."""

    permission: Permission
    granted: bool


def permissions_of(role: str, deviations: Iterable[Deviation]) -> frozenset[Permission]:
    """What a person of this role may do, with what was granted and withdrawn beside it."""
    found = set(ROLES[role])
    for each in deviations:
        (found.add if each.granted else found.discard)(each.permission)
    return frozenset(found)
