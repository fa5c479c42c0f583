"""Proposals as pages offer them: what each would do, how sure it is, and a key that names it.

A form posts the key of a proposal, not the proposal: when it comes back, proposals are made anew,
and only one that is still made of the same lines and bookings, as they were seen, does what the
page said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from desk.statements.allowing import missing
from desk.statements.naming import Known, known
from desk.statements.queries import LineRow
from desk.statements.words import certainty, deed, reason_text
from kit import clock
from payments.statements.candidates import proposals
from payments.statements.proposing import Proposal

KEY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Deed:
    """What confirming would do on one booking, in a sentence."""

    booking_id: int
    guest: str
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal for a line. `seen` are the revisions of all lines it takes, by id,
    `seen_bookings` how many entries the logs of its bookings have; `others` are these lines but for
    the one it is offered at."""

    line_id: int
    proposal: Proposal
    seen: Mapping[int, int]
    seen_bookings: Mapping[int, int]
    deeds: Sequence[Deed]
    reasons: Sequence[str]
    others: Sequence[int] = field(default=())

    @property
    def score(self) -> int:
        return self.proposal.score

    @property
    def certainty(self) -> str:
        return certainty(self.proposal.score)

    @property
    def is_certain(self) -> bool:
        return self.certainty == "certain"

    @property
    def is_allowed(self) -> bool:
        """Whether the person at the desk may confirm it."""
        return missing([self.proposal.kind]) is None

    @property
    def does(self) -> tuple[object, ...]:
        """What it would do with which lines, as they were seen."""
        return self.proposal.kind, self.proposal.parts, sorted(self.seen.items())

    @property
    def key(self) -> str:
        """Names the proposal and the state of the lines and bookings it stands on; two that would
        do the same have the same one."""
        content = (*self.does, sorted(self.seen_bookings.items()))
        return hashlib.sha256(repr(content).encode()).hexdigest()[:KEY_LENGTH]

    @property
    def pick(self) -> str:
        """What a form posts of it."""
        return f"{self.line_id}.{self.key}"


@dataclass(frozen=True, slots=True)
class Account:
    """What proposing needs of a bank account."""

    id: int
    currency: str
    location_id: int | None


def offers(session: Session, rows: Sequence[LineRow], now: datetime) -> dict[int, list[Offer]]:
    """What is proposed for those of the lines that wait, by line, the best first. As many
    statements as one account needs, for each account that the lines are of, and one."""
    by_account: dict[Account, list[int]] = {}
    for each in rows:
        if each.is_waiting:
            row = each.row
            account = Account(row.account_id, row.currency, row.location_id)
            by_account.setdefault(account, []).append(each.id)
    found: dict[int, list[Proposal]] = {}
    for account, line_ids in by_account.items():
        found |= proposals(session, account, line_ids, clock.day_at(now, "UTC"))
    names = known(session, (each for listed in found.values() for each in listed))
    return {line_id: _offered(line_id, listed, names) for line_id, listed in found.items()}


def _offered(line_id: int, listed: Sequence[Proposal], names: Known) -> list[Offer]:
    return [_offer(line_id, each, names) for each in listed]


def _offer(line_id: int, proposal: Proposal, names: Known) -> Offer:
    return Offer(
        line_id=line_id,
        proposal=proposal,
        seen={each: names.lines[each].revision for each in proposal.line_ids},
        seen_bookings={
            each.booking_id: names.bookings[each.booking_id].seen for each in proposal.parts
        },
        deeds=[
            Deed(part.booking_id, names.bookings[part.booking_id].guest, deed(part, names))
            for part in proposal.parts
        ],
        reasons=[
            reason_text(each, names.lines[line_id].amount.currency) for each in proposal.reasons
        ],
        others=[each for each in proposal.line_ids if each != line_id],
    )
