"""What the policy of a payment method may be (product section 4, seeds 000 and 001): pure rules.

What a policy means for a payment that comes is in payments.policies.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from payments.facts import Detail
from payments.method_errors import (
    CashIsManual,
    CodeMalformed,
    CodeMissing,
    DefaultNotUsable,
    DetailRepeated,
    KindFixed,
    KindNotFromOutside,
    MethodError,
    MethodNameTaken,
    MethodNumberTaken,
    NotForGuests,
    PayingNeedsOutside,
)

Kind = Literal["cash", "bank", "cheque", "voucher", "credit"]
Paying = Literal["external", "on_site", "both"]

KINDS: tuple[Kind, ...] = ("cash", "bank", "cheque", "voucher", "credit")
PAYING: tuple[Paying, ...] = ("external", "on_site", "both")
FROM_OUTSIDE: tuple[Kind, ...] = ("cash", "bank")
DEFAULT_PAYING: Paying = "on_site"
CODE = re.compile(r"[A-Z0-9]+", re.ASCII)

# What a method is called and shows; all the rest of it is policy.
WORDS = ("name", "code", "comment", "number", "details")


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSetup:
    """A method as it is set up. `number` is the tills' TenderId; `partners` are ids of those that
    may use it, none for all; `details` in the order in which they are asked for."""

    name: str
    code: str | None = None
    kind: str
    comment: str = ""
    number: int | None = None
    details: tuple[Detail, ...] = ()
    active: bool = True
    is_refund: bool = False
    takes_tips: bool = False
    manual_prohibited: bool = False
    from_outside: bool = False
    paying: str = DEFAULT_PAYING
    overpayment: str = "accept"
    for_guests: bool = False
    partners: frozenset[int] = frozenset()

    @property
    def logged(self) -> dict[str, Any]:
        """As the event log keeps it."""
        details = [[each.name, each.required] for each in self.details]
        return asdict(self) | {"details": details, "partners": sorted(self.partners)}


@dataclass(frozen=True, slots=True)
class Other:
    """Another method, as far as it can be in the way of this one."""

    name: str
    code: str | None
    number: int | None


def problems(setup: MethodSetup, others: Iterable[Other]) -> list[MethodError]:
    """All that is wrong with a method, each at its field."""
    return [*_name_slips(setup, others), *_code_slips(setup), *_policy_slips(setup)]


def _name_slips(setup: MethodSetup, others: Iterable[Other]) -> list[MethodError]:
    """Names and codes are one name space, compared letter for letter: a sender may use either, and
    must always mean one method."""
    found: list[MethodError] = []
    for other in others:
        if setup.name in (other.name, other.code):
            found.append(MethodNameTaken("name", setup.name, other.name))
        if setup.code is not None and setup.code in (other.name, other.code):
            found.append(MethodNameTaken("code", setup.code, other.name))
        if setup.number is not None and setup.number == other.number:
            found.append(MethodNumberTaken(setup.number, other.name))
    return found


def _code_slips(setup: MethodSetup) -> list[MethodError]:
    if setup.code is None:
        return [CodeMissing()] if setup.from_outside else []
    return [] if CODE.fullmatch(setup.code) else [CodeMalformed(setup.code)]


def _policy_slips(setup: MethodSetup) -> list[MethodError]:
    found: list[MethodError] = []
    if setup.kind == "cash" and setup.manual_prohibited:
        found.append(CashIsManual())
    if setup.from_outside and setup.kind not in FROM_OUTSIDE:
        found.append(KindNotFromOutside(setup.kind))
    if not setup.from_outside and setup.paying != DEFAULT_PAYING:
        found.append(PayingNeedsOutside())
    found += _guest_slips(setup)
    counts = Counter(each.name for each in setup.details)
    return found + [DetailRepeated(name) for name, count in counts.items() if count > 1]


def _guest_slips(setup: MethodSetup) -> list[MethodError]:
    """Guests pay on a provider's page: money that is completed when it comes from outside, and that
    no detail has to come with."""
    why = (
        (setup.kind != "bank", "its kind is not “bank”"),
        (not setup.from_outside, "it is not accepted from outside"),
        (setup.paying == "on_site", "its payments are completed at the desk"),
        (setup.is_refund, "it is for refunds"),
        (any(each.required for each in setup.details), "it demands details"),
    )
    reasons = [text for is_so, text in why if is_so]
    return [NotForGuests(reasons[0])] if setup.for_guests and reasons else []


def kind_slips(was: str, wanted: str, *, is_used: bool) -> list[MethodError]:
    """What payments were made by is never called something else afterwards."""
    return [KindFixed(was)] if is_used and wanted != was else []


def default_slips(setup: MethodSetup, *, off_here: bool) -> list[MethodError]:
    """Whether K-Series payments that name no method can be of this one: they are completed when
    they come."""
    why = (
        (not setup.active, "it is switched off"),
        (off_here, "it is switched off at this location"),
        (not setup.from_outside, "it is not accepted from outside"),
        (
            setup.paying == "on_site",
            "its payments are completed at the desk",
        ),
        (setup.is_refund, "it is for refunds"),
    )
    reasons = [text for is_so, text in why if is_so]
    return [DefaultNotUsable(setup.name, reasons[0])] if reasons else []


def differences(was: MethodSetup, wanted: MethodSetup) -> dict[str, tuple[Any, Any]]:
    """What changes, {field: (before, after)}."""
    before, after = was.logged, wanted.logged
    return {name: (before[name], after[name]) for name in after if before[name] != after[name]}


def split(changes: Mapping[str, tuple[Any, Any]]) -> tuple[list[str], list[str]]:
    """The changed fields: those that are words, and those that are policy."""
    return (
        [name for name in changes if name in WORDS],
        [name for name in changes if name not in WORDS],
    )


def moved(details: Sequence[Any], place: int, by: int) -> list[Any]:
    """The details with the one at this place moved up or down by so many, if there is room."""
    rows = list(details)
    if 0 <= place < len(rows) and 0 <= place + by < len(rows):
        rows.insert(place + by, rows.pop(place))
    return rows
