"""What can be done with the card of a payment, before anybody asks for it.

Whether a gateway can is a question of which values are stored, so the masks of them answer it: no
secret is opened to show a page. What is asked for is decided once more (payments.ordering).
"""

from __future__ import annotations

from collections.abc import Mapping

from payments.gateways.gateway import Kind
from payments.gateways.registry import gateway_for
from staff.permissions import Permission

ACTS: tuple[Kind, ...] = ("charge", "refund", "release", "abort", "void")
PERMISSIONS: Mapping[str, Permission] = {"refund": Permission.REFUND, "void": Permission.VOID}


def needed_for(kind: str) -> Permission:
    """The permission for this kind of card payment, and for saying by hand what became of one."""
    return PERMISSIONS.get(kind, Permission.CHARGE)


def usable(masks: Mapping[str, str] | None, taken_by: str | None) -> Mapping[str, str]:
    """What can be done with a stored card or transaction, and by which gateway: the one that took
    the money for us (`taken_by`) and no other, if one did."""
    if not masks:
        return {}
    found = {act: _gateway(act, masks, taken_by) for act in ACTS}
    return {act: name for act, name in found.items() if name is not None}


def _gateway(act: Kind, masks: Mapping[str, str], taken_by: str | None) -> str | None:
    found = gateway_for(act, masks, taken_by)
    return None if found is None else found.name
