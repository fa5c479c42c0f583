"""What the event log says of what happened to the access of the staff."""

from __future__ import annotations

from collections.abc import Mapping

from kit.texts import N_

STAFF_WORDS: Mapping[str, str] = {
    "staff.signed_in": N_("signed in"),
    "staff.locked": N_("closed the address %(person)s for a while: too many wrong tries"),
    "staff.refused": N_("was refused: %(changed)s"),
    "staff.link_asked": N_("was asked for a link to set the password of %(person)s"),
    "staff.link_sent": N_("sent %(person)s a link to set a password"),
    "staff.password_set": N_("set the password of %(person)s by a link"),
    "staff.password_changed": N_("changed the password of %(person)s"),
    "staff.second_factor_on": N_("switched the second step of %(person)s on"),
    "staff.second_factor_off": N_("switched the second step of %(person)s off"),
    "staff.second_factor_reset": N_("took the second step of %(person)s away"),
    "staff.recovery_code_used": N_("signed in with a recovery code"),
    "staff.session_ended": N_("signed another session of %(person)s out"),
    "staff.sessions_ended": N_("signed other sessions of %(person)s out"),
    "staff.added": N_("added %(person)s to the staff: %(changed)s"),
    "staff.role_changed": N_("changed the role of %(person)s: %(changed)s"),
    "staff.permissions_changed": N_("changed the permissions of %(person)s: %(changed)s"),
    "staff.locations_changed": N_("changed the locations of %(person)s: %(changed)s"),
    "staff.left": N_("ended the access of %(person)s, who has left"),
    "staff.returned": N_("gave %(person)s, who is back, access again"),
}
