"""What a payment method allows (product section 4, seed 000): pure rules."""

from __future__ import annotations

from payments.commands import State
from payments.errors import (
    MethodIsForRefunds,
    MethodNotForPartner,
    NotFromOutside,
    OnlyCompleted,
    OnlyNotCompleted,
    PaymentError,
)
from payments.facts import MethodFacts


def refusals(method: MethodFacts, state: State) -> list[PaymentError]:
    """Why a payment that comes from outside may not use this method; empty when it may.

    A failed attempt carries no money and is always recorded.
    """
    if state == "failed":
        return []
    found: list[PaymentError] = []
    if not method.from_outside:
        found.append(NotFromOutside(method.name))
    elif method.paying == "external" and state != "cleared":
        found.append(OnlyCompleted(method.name))
    elif method.paying == "on_site" and state == "cleared":
        found.append(OnlyNotCompleted(method.name))
    if method.kept_for_others:
        found.append(MethodNotForPartner(method.name))
    if method.is_refund:
        found.append(MethodIsForRefunds(method.name))
    return found
