"""What of matching needs more than the permission to match: recording new money needs the one to
record payments, clearing a promise the one to clear them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from desk.access import me, refuse
from payments.statements.proposing import Kind
from staff.permissions import Permission

NEEDED: Mapping[Kind, Permission] = {
    "recorded": Permission.RECORD,
    "cleared": Permission.CLEAR,
}


def missing(kinds: Iterable[Kind]) -> Permission | None:
    """What the person would need for matches of these kinds, and has not."""
    needed = [NEEDED[kind] for kind in dict.fromkeys(kinds) if kind in NEEDED]
    return next((each for each in needed if not me().may(each)), None)


def may_all() -> bool:
    """Whether the person may make matches of every kind."""
    return missing(NEEDED) is None


def need(kinds: Iterable[Kind]) -> None:
    """Raises NotAllowed, and what was tried is logged; not inside a transaction."""
    if permission := missing(kinds):
        refuse(permission)
