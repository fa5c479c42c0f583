"""What the pages of partners have in common: finding one, showing it, asking twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, url_for
from sqlalchemy import Connection, select

from desk.forms import NONE, Slips, asked
from desk.partners.queries import Detail, PartnerRow, detail, partner, reachable
from desk.words import _
from kit.db import reading
from partners.changing import hold_partner
from partners.models import Partner
from partners.scopes import SCOPES


@dataclass(frozen=True, slots=True)
class Question:
    """A second look before something that cannot be taken back. `steps` say what happens, one
    sentence each; `keep` is the way out, named after what stays; with `wants_reason` a reason is
    asked for."""

    title: str
    steps: Sequence[str]
    action: str
    keep: str
    icon: str = "trash"
    wants_reason: bool = True


def asks_for_new_secret(title: str, *happens: str) -> Question:
    """What is asked before a secret is replaced, whatever it signs or opens."""
    return Question(
        title,
        (*happens, _("The new secret is shown once, on the next page.")),
        _("Make a new secret"),
        _("Keep the secret"),
        icon="key",
        wants_reason=False,
    )


def one(partner_id: int) -> PartnerRow:
    """A partner that the person at the desk reaches; 404 otherwise."""
    with reading() as session:
        return partner(session, partner_id) or abort(404)


def held(connection: Connection, partner_id: int) -> Any:
    """The same in a transaction that changes it: its row, held. Raises PartnerIsRevoked."""
    mine = select(Partner.id).where(Partner.id == partner_id, reachable())
    if connection.scalar(mine) is None:
        abort(404)
    return hold_partner(connection, partner_id)


def page_of(partner_id: int) -> str:
    """The address of a partner's page."""
    return url_for("desk.partners.show", partner_id=partner_id)


def show_partner(
    partner_id: int, slips: Slips = NONE, values: Mapping[str, Any] | None = None
) -> str:
    with reading() as session:
        found: Detail = detail(session, partner_id) or abort(404)
    given = values if values is not None else asked()
    return render_template(
        "desk/partners/detail.html",
        found=found,
        partner=found.partner,
        meanings=SCOPES,
        slips=slips,
        values={"name": found.partner.name} | dict(given),
    )


def show_secrets(
    found: PartnerRow, title: str, words: Mapping[str, str], notes: Sequence[str] = ()
) -> str:
    """The one page that shows what was just made; `words` are the format's own for each."""
    return render_template(
        "desk/partners/secrets.html", partner=found, title=title, words=words, notes=notes
    )


def ask(found: PartnerRow, question: Question, slips: Slips) -> str:
    """The question as a dialog, or as a page for who has no dialogs."""
    return render_template(
        "desk/partners/ask.html",
        partner=found,
        question=question,
        slips=slips,
        values=asked(),
        back=page_of(found.id),
    )
