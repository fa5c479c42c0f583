"""What the pages of a payment read and say: forms, and what was done or could not be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from desk.forms import Slips
from desk.typed import TypedForm
from desk.words import _, money_text
from kit.errors import Refused
from kit.money import Money
from payments.saving import Done


def at_fields(slips: Slips, fields: Collection[str]) -> Slips:
    """What is wrong with something that is no field of the form is told above it."""
    mine = {name: texts for name, texts in slips.fields.items() if name in fields}
    others = [text for name, texts in slips.fields.items() if name not in fields for text in texts]
    return Slips(mine, (*slips.all, *others))


def with_left(text: str, done: Done, currency: str) -> str:
    """The sentence, what is open of the booking now, and what else should be known."""
    left = money_text(Money(done.saved.total - done.saved.paid, currency))
    open_now = _("%(left)s of the booking is open now.", left=left)
    return " ".join([text, open_now, *(each.message for each in done.warnings)])


def typed(form: TypedForm, came: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a form by the names of its fields. Raises what is mistyped, all of it."""
    values, slips = form.read(came)
    Refused.if_any(slips)
    return values
