"""Confirming what is proposed: one line or many, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from flask import request
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from bookings.models import Booking
from desk.access import me, origin
from desk.forms import say, say_refused
from desk.statements.allowing import may_all, need
from desk.statements.offers import Offer, offers
from desk.statements.queries import LineRow, lines_of
from desk.typed import Slip
from desk.words import _, money_text, ngettext
from kit import clock
from kit.db import in_transaction, reading
from kit.errors import DomainError, Refused
from payments.statements.matching import Confirmed, ConfirmMatch, confirm_match

PICK, ONLY = "pick", "only"
MOST = 200  # of one form; a page has fewer
MOST_TOLD = 5  # refusals, one by one: what is told on the next page travels in a cookie


@dataclass(frozen=True, slots=True)
class Picked:
    """A line, and the key of the proposal that was shown at it."""

    line_id: int
    key: str

    @classmethod
    def of(cls, text: str) -> Picked | None:
        """From what a form posts (Offer.pick); None when it is none of ours."""
        line, dot, key = text.partition(".")
        plain = line.isascii() and line.isdecimal() and len(line) < 19
        return cls(int(line), key) if dot and plain else None


class NothingTicked(Slip):
    code = "nothing_ticked"

    def __init__(self) -> None:
        super().__init__(PICK, _("Tick the matches to confirm first."))


class OfferGone(Slip):
    """What was shown is not proposed any more: the line, its booking, or what it may be, has
    changed."""

    code = "offer_gone"

    def __init__(self, line_id: int) -> None:
        text = _("What was proposed for line %(id)s has changed meanwhile. Look at it again.",
                 id=line_id)  # fmt: skip
        super().__init__(PICK, text)


def picked() -> tuple[Picked, ...]:
    """What the form asks for: the one whose button was pressed, or all that are ticked. Raises
    NothingTicked."""
    found = _posted()
    if not found:
        raise NothingTicked
    return found


def _posted() -> tuple[Picked, ...]:
    came = [request.form[ONLY]] if ONLY in request.form else request.form.getlist(PICK)[:MOST]
    return tuple(each for text in came if (each := Picked.of(text)))


def need_for_picked() -> None:
    """Raises NotAllowed when the form asks for what the person may not do; the key of a proposal
    names its kind, so what is confirmed later is of no other."""
    if may_all():
        return
    wanted = _posted()
    _rows, found = _looked_up(wanted)
    need(
        offer.proposal.kind
        for each in wanted
        for offer in found.get(each.line_id, ())
        if offer.key == each.key
    )


def _looked_up(wanted: Iterable[Picked]) -> tuple[dict[int, LineRow], dict[int, list[Offer]]]:
    """The lines by id, and what is proposed for each."""
    with reading() as session:
        rows = {row.id: row for row in lines_of(session, [each.line_id for each in wanted])}
        return rows, offers(session, list(rows.values()), clock.now())


@dataclass(slots=True)
class _Run:
    """What has become of one form so far. `counts` are how many entries the logs of those bookings
    have that it has changed itself, by id."""

    done: list[LineRow] = field(default_factory=list)
    settled: set[int] = field(default_factory=set)
    counts: dict[int, int] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def confirm(self, row: LineRow, offer: Offer) -> None:
        """Confirm in a transaction of its own what the page showed. Raises OfferGone, and whatever
        matching refuses."""
        if self.counts.keys() & offer.seen_bookings.keys():
            offer = self._again(offer)
        confirmed, counts = in_transaction(partial(_confirm_counted, offer=offer))
        self.done.append(row)
        self.settled.update(offer.seen)
        self.counts.update(counts)
        self.warnings.update(dict.fromkeys(each.message for each in confirmed.warnings))

    def _again(self, offer: Offer) -> Offer:
        """The offer as it stands now that this form has changed its bookings, when it would still
        do the same; whatever others have changed meanwhile is refused by matching."""
        _rows, found = _looked_up([Picked(offer.line_id, offer.key)])
        for each in found.get(offer.line_id, ()):
            if each.does == offer.does:
                mine = {id: self.counts.get(id, seen) for id, seen in offer.seen_bookings.items()}
                return replace(each, seen_bookings=mine)
        raise OfferGone(offer.line_id)

    def tell(self) -> None:
        """What was confirmed and should be known of it, and what was refused and why."""
        if self.done:
            say(" ".join([_said(self.done), *list(self.warnings)[:MOST_TOLD]]))
        for text in self.refused[:MOST_TOLD]:
            say_refused(text)
        if more := len(self.refused[MOST_TOLD:]):
            say_refused(ngettext("%(num)s more was not matched; it waits.",
                                 "%(num)s more were not matched; they wait.", more))  # fmt: skip


def confirm_all(wanted: Sequence[Picked]) -> None:
    """Confirm each, and tell what was confirmed, and what was refused and why."""
    rows, found = _looked_up(wanted)
    run = _Run()
    for each in wanted:
        if each.line_id in run.settled:
            continue  # a line that another one was put together with
        try:
            offer = _offer(found.get(each.line_id, []), each)
            run.confirm(rows[each.line_id], offer)
        except (DomainError, Refused) as refusal:
            run.refused.append(_refused(each, rows.get(each.line_id), refusal))
    run.tell()


def _confirm_counted(connection: Connection, offer: Offer) -> tuple[Confirmed, Mapping[int, int]]:
    """Confirm, and how many entries the logs of its bookings have then, by id."""
    confirmed = confirm(connection, offer)
    query = select(Booking.id, Booking.log_count).where(Booking.id.in_(sorted(offer.seen_bookings)))
    return confirmed, {row.id: row.log_count for row in connection.execute(query)}


def confirm_one(connection: Connection, wanted: Picked, now: datetime) -> Confirmed:
    """Confirm what was shown at a line, in the caller's transaction. Raises OfferGone, and whatever
    matching refuses."""
    session = Session(connection)
    found = offers(session, lines_of(session, [wanted.line_id]), now)
    return confirm(connection, _offer(found.get(wanted.line_id, []), wanted))


def confirm(connection: Connection, offer: Offer) -> Confirmed:
    proposal = offer.proposal
    order = ConfirmMatch(
        line_ids=proposal.line_ids,
        parts=proposal.parts,
        seen=offer.seen,
        seen_bookings=offer.seen_bookings,
        locations=me().locations,
        score=proposal.score,
        reasons=proposal.reasons,
    )
    return confirm_match(connection, order, origin(), clock.now)


def _offer(listed: Sequence[Offer], wanted: Picked) -> Offer:
    for offer in listed:
        if offer.key == wanted.key:
            return offer
    raise OfferGone(wanted.line_id)


def _said(done: Sequence[LineRow]) -> str:
    if len(done) == 1:
        facts = {"amount": money_text(done[0].amount), "id": done[0].id}
        return _("Line %(id)s, %(amount)s, is matched.", **facts)
    return ngettext("%(num)s line is matched.", "%(num)s lines are matched.", len(done))


def _refused(wanted: Picked, row: LineRow | None, refusal: Exception) -> str:
    if row is None:
        return str(refusal)
    facts = {"id": wanted.line_id, "amount": money_text(row.amount), "why": str(refusal)}
    return _("Line %(id)s, %(amount)s, was not matched: %(why)s", **facts)
