"""What a payment method allows (product section 4, seed 000), and which days money at the desk may
be of: pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from kit.errors import DomainError
from kit.money import Money
from payments.commands import State
from payments.desk_errors import (
    DayTooFar,
    NeverTypedIn,
    NotYet,
    OutsideOnly,
    PaysBackOnly,
    PromisedForThePast,
)
from payments.errors import (
    AttributeMissing,
    AttributeUnknown,
    MethodIsForRefunds,
    MethodNotForPartner,
    NotFromOutside,
    OnlyCompleted,
    OnlyNotCompleted,
    Overpaid,
    PaymentError,
    TipNotTaken,
)
from payments.facts import DeskMethod, Detail, MethodFacts


def refusals(method: MethodFacts, state: State, tip: Decimal = Decimal(0)) -> list[PaymentError]:
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
    if tip and not method.takes_tips:
        found.append(TipNotTaken(method.name))
    return found


def refuses_more(*rules: tuple[str, str]) -> str | None:
    """Who takes no more than is open, of methods and locations: (name, its rule of overpayment).
    None: more is kept as credit."""
    return next((name for name, rule in rules if rule == "refuse"), None)


def overpaid(excess: Money, *rules: tuple[str, str]) -> list[PaymentError]:
    """The refusal of money that fits no open line; empty when there is none, or it may be kept."""
    refusing = refuses_more(*rules) if excess else None
    return [Overpaid(excess, refusing)] if refusing else []


# Why a method cannot be chosen at the desk.
Ban = Literal["never_typed_in", "outside_only", "pays_back_only"]
BANS: dict[Ban, type[NeverTypedIn] | type[OutsideOnly] | type[PaysBackOnly]] = {
    "never_typed_in": NeverTypedIn,
    "outside_only": OutsideOnly,
    "pays_back_only": PaysBackOnly,
}


def ban(method: DeskMethod, *, pays_back: bool = False) -> Ban | None:
    """Why this method cannot be chosen at the desk; None when it can. `pays_back`: for a refund."""
    if method.is_refund and not pays_back:
        return "pays_back_only"
    if method.manual_prohibited:
        return "never_typed_in"
    if method.from_outside and method.paying == "external":
        return "outside_only"
    return None


def at_the_desk(
    methods: Sequence[DeskMethod], *, pays_back: bool = False
) -> tuple[list[DeskMethod], list[tuple[DeskMethod, Ban]]]:
    """The methods that may be chosen at the desk, and the others with the reason why not."""
    judged = [(method, ban(method, pays_back=pays_back)) for method in methods]
    may = [method for method, why in judged if why is None]
    return may, [(method, why) for method, why in judged if why is not None]


def desk_refusals(
    method: DeskMethod,
    methods: Sequence[DeskMethod],
    tip: Decimal = Decimal(0),
    *,
    pays_back: bool = False,
) -> list[DomainError]:
    """Why something typed in at the desk may not use this method; empty when it may. `methods` are
    all of the location: those that would be right are named."""
    found: list[DomainError] = []
    may, _ = at_the_desk(methods, pays_back=pays_back)
    if why := ban(method, pays_back=pays_back):
        found.append(BANS[why](method.name, [each.name for each in may]))
    if tip and not method.takes_tips:
        found.append(TipNotTaken(method.name))
    return found


def detail_slips(
    method: str, details: Sequence[Detail], came: Sequence[tuple[str, str]]
) -> list[PaymentError]:
    """What is wrong with the attributes that came with a payment by this method (seed 001): names
    are compared letter for letter."""
    known, given = [each.name for each in details], {name for name, text in came if text.strip()}
    found: list[PaymentError] = [
        AttributeUnknown(f"attributes[{place}].name", name, method, known)
        for place, (name, _) in enumerate(came)
        if name not in known
    ]
    missing = [each.name for each in details if each.required and each.name not in given]
    return found + [AttributeMissing(method, name) for name in missing]


def desk_detail_slips(method: DeskMethod, came: Sequence[tuple[str, str]]) -> list[DomainError]:
    """The same for what is typed in at the desk, where each attribute is a field of its own. One
    that the method does not have was typed in for another method: that is the field to look at."""
    found = detail_slips(method.name, method.details, came)
    for slip in found:
        slip.field = attribute_field(slip.name) if isinstance(slip, AttributeMissing) else "method"
    return list[DomainError](found)


def attribute_field(name: str) -> str:
    """What the desk's form calls the field of an attribute."""
    return f"attribute({name})"


MOST_YEARS = 10


def wrong_day(day: date, today: date, *, promised: bool = False) -> list[DomainError]:
    """Why money typed in or completed at the desk cannot be of this day; empty when it can. What is
    `promised` is for today or later, all else has come by today; partners have a day more, since
    their clocks are not ours. A day more than ten years away is a slip."""
    if abs(day.year - today.year) > MOST_YEARS:
        return [DayTooFar(day, today)]
    if promised:
        return [PromisedForThePast(day, today)] if day < today else []
    return [NotYet(day, today)] if day > today else []
