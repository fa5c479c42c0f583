"""What is dangerous (product section 5), and how each is told on the report."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, case, or_

from audit.models import LogEntry
from audit.recording import ZERO
from desk.log_words import Names
from desk.logged import LoggedEntry
from desk.words import _

DELETION, CANCELLATION, REFUND = "deletion", "cancellation", "refund"
PERMISSION, POLICY, COMMISSION = "permission", "policy", "commission"
CARD = "card"

# By kind, as the figures count them.
KINDS: Mapping[str, str] = {
    DELETION: _("Deletions"),
    CANCELLATION: _("Cancellations"),
    REFUND: _("Refunds"),
    CARD: _("Stored cards"),
    PERMISSION: _("Permissions"),
    POLICY: _("Policies"),
    COMMISSION: _("Commissions"),
}

# Of a booking's chain; high says that an external payment was there, or a commission waived, or
# that a card provider did it on our order.
ABOUT_MONEY: Mapping[str, str] = {
    "payment.deleted": DELETION,
    "booking.cancelled": CANCELLATION,
    "payment.refunded": REFUND,
    "booking.amended": COMMISSION,
    "card.charged": CARD,
    "card.refused": CARD,
    "card.settled_by_hand": CARD,
    "payment.cleared": CARD,
    "payment.failed": CARD,
}
AT_PROVIDER = '"at_provider"'  # payments.saving
RIGHTS: Mapping[str, str] = {
    "staff.added": _("Added to the staff"),
    "staff.left": _("Access ended"),
    "staff.returned": _("Access given back"),
    "staff.role_changed": _("Role changed"),
    "staff.permissions_changed": _("Permissions changed"),
    "staff.locations_changed": _("Locations changed"),
    "partner.added": _("Partner added"),
    "partner.revoked": _("Partner revoked"),
    "partner.scopes_changed": _("Scopes changed"),
    "partner.locations_changed": _("Locations changed"),
    "partner.waiving_changed": _("Waiving of commissions changed"),
}
POLICIES = ("method.policy_changed",)


def is_dangerous() -> ColumnElement[bool]:
    """Whether an entry belongs on the report."""
    waived = LogEntry.body.contains('"commission_waived"')
    money = and_(
        LogEntry.chain != ZERO,
        LogEntry.action.in_(ABOUT_MONEY),
        or_(LogEntry.action != "booking.amended", waived),
    )
    rest = and_(LogEntry.chain == ZERO, LogEntry.action.in_([*RIGHTS, *POLICIES]))
    return and_(LogEntry.severity == "high", or_(money, rest))


def kind_of() -> ColumnElement[str]:
    """Which kind a dangerous entry is of."""
    known = {**ABOUT_MONEY, **dict.fromkeys(POLICIES, POLICY)}
    by_action = case(known, value=LogEntry.action, else_=PERMISSION)
    voided = and_(LogEntry.action == "payment.deleted", LogEntry.body.contains(AT_PROVIDER))
    return case((voided, CARD), else_=by_action)


def title(entry: LoggedEntry, names: Names) -> str:
    """What was done, in a few words."""
    if entry.action in POLICIES:
        method = entry.about.get("method")
        return _("Policy changed: %(method)s", method=names.methods.get(method or 0, method))
    if entry.action == "staff.permissions_changed":
        return _permissions(entry)
    if card := _of_a_card(entry):
        return card
    told: Mapping[str, str] = {
        "payment.deleted": _("External payment deleted"),
        "booking.cancelled": _("Cancelled with an external payment"),
        "payment.refunded": _("Refunded"),
        "booking.amended": _("Commission waived"),
        **RIGHTS,
    }
    return told.get(entry.action, entry.action)


def _of_a_card(entry: LoggedEntry) -> str:
    """What was done with a stored card; nothing of any other entry."""
    if entry.action == "card.charged":
        failed = entry.after.get("state") == "failed"
        return _("Charging a stored card failed") if failed else _("Stored card charged")
    if entry.action == "card.refused":
        return {
            "refund": _("Not refunded to the card: the provider has not done it"),
            "release": _("Not released: the provider has not done it"),
            "abort": _("Not given up: the provider has not done it"),
            "void": _("Not made void: the provider has not done it"),
        }.get(str(entry.after.get("kind")), _("Charging a stored card came to nothing"))
    if entry.action == "card.settled_by_hand":
        done = entry.after.get("state") == "succeeded"
        yes, no = _("Settled by hand: it was done"), _("Settled by hand: nothing to record")
        return yes if done else no
    if not entry.after.get("at_provider"):
        return _("Refunded to the card") if entry.after.get("gateway") else ""
    return {
        "payment.cleared": _("Released at the provider"),
        "payment.failed": _("Given up at the provider"),
        "payment.deleted": _("Void at the provider"),
    }.get(entry.action, "")


def _permissions(entry: LoggedEntry) -> str:
    """Permissions stand beside the role as granted, or withdrawn in spite of it."""
    was, now = (
        [set(facts.get(word, ())) for word in ("granted", "withdrawn")]
        for facts in (entry.before, entry.after)
    )
    given = sorted((now[0] - was[0]) | (was[1] - now[1]))
    taken = sorted((was[0] - now[0]) | (now[1] - was[1]))
    parts = [
        *([_("Permission granted: %(names)s", names=", ".join(given))] if given else []),
        *([_("Permission taken away: %(names)s", names=", ".join(taken))] if taken else []),
    ]
    return "; ".join(parts) or RIGHTS[entry.action]
