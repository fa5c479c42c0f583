"""A payment method as it is typed in.

Rows of attributes come as "detail-1-name" and "detail-1-required"; buttons called "rows" add a row,
take one out or move it, and store nothing: the form comes back with its rows changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from desk.forms import Slips
from desk.typed import Count, Slip, TypedForm
from desk.words import _
from kit.fields import Choice, Flag, PlainText
from payments.facts import Detail
from payments.method_rules import KINDS, PAYING, MethodSetup, moved

ROW = re.compile(r"detail-([0-9]{1,3})-(?:name|required)", re.ASCII)
STEP = re.compile(r"(out|up|down)-([0-9]{1,3})", re.ASCII)
MOST_DETAILS = 20
MOST_NUMBER = 2**31 - 1

Values = dict[str, Any]


def _same(words: tuple[str, ...]) -> dict[str, str]:
    return {word: word for word in words}


class DetailForm(TypedForm):
    """One attribute."""

    name = PlainText(data_key="Name of the attribute", most=100, required=True)
    required = Flag(data_key="Required", load_default=False)


class MethodForm(TypedForm):
    """The whole setup. `whom`: whether all partners may use it, or those named in `partners`."""

    name = PlainText(data_key="Name", most=100, required=True)
    code = PlainText(data_key="Code", most=30, load_default=None)
    kind = Choice(_same(KINDS), data_key="Kind", required=True)
    comment = PlainText(data_key="Comment", most=250, load_default="")
    number = Count(data_key="Number", least=1, most=MOST_NUMBER, load_default=None)
    active = Flag(data_key="In use", load_default=False)
    is_refund = Flag(data_key="Refund type", load_default=False)
    takes_tips = Flag(data_key="Tips", load_default=False)
    manual_prohibited = Flag(data_key="Never entered by hand", load_default=False)
    from_outside = Flag(data_key="Accepted from outside", load_default=False)
    paying = Choice(_same(PAYING), data_key="Where it is paid", load_default="on_site")
    for_guests = Flag(data_key="Guests may pay by it", load_default=False)
    overpayment = Choice(_same(("accept", "refuse")), data_key="Overpayment", load_default="accept")
    whom = Choice(_same(("all", "named")), data_key="Partners", load_default="all")
    partners = fields.List(
        Count(data_key="Partner", least=1, most=2**53, required=True), load_default=list
    )


def read_setup(came: Mapping[str, Any]) -> tuple[MethodSetup, list[Slip]]:
    """The setup that was typed in, and what of it cannot be read: that is left at its default."""
    values, slips = MethodForm().read(came)
    details, detail_slips = _details(came)
    whom = values.pop("whom", "all")
    partners = frozenset(values.pop("partners", ()))
    if not any(each.field == "partners" for each in slips):
        slips += _partner_slips(whom, partners)
    given = {"name": "", "kind": "bank"} | values
    setup = MethodSetup(**(given | {"details": details, "partners": partners}))
    return setup, slips + detail_slips


def _details(came: Mapping[str, Any]) -> tuple[tuple[Detail, ...], list[Slip]]:
    """The attributes in their order, and what is wrong with them; a row without a name is none."""
    found, slips = [], []
    for row in rows_of(came):
        if row["name"]:
            values, wrong = DetailForm().read(row)
            slips += [Slip("details", str(each)) for each in wrong]
            found += [Detail(**values)] if not wrong else []
    if len(found) > MOST_DETAILS:
        told = _("A method has at most %(most)s attributes.", most=MOST_DETAILS)
        slips.append(Slip("details", told))
    return tuple(found), slips


def _partner_slips(whom: str, named: frozenset[int]) -> list[Slip]:
    """Unticking the last partner must not open the method to all of them by accident."""
    if whom == "named" and not named:
        told = _("Tick the partners that may use it, or choose all partners.")
        return [Slip("partners", told)]
    if whom == "all" and named:
        told = _("Partners are ticked, but all were chosen; take the ticks off.")
        return [Slip("partners", told)]
    return []


# --- the form's values -------------------------------------------------------------------------


def rows_of(came: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of attributes, by the numbers they came under; one whose name is empty, too."""
    numbers = {int(found[1]) for name in came if (found := ROW.fullmatch(name))}
    return [
        {
            "name": came.get(f"detail-{number}-name", ""),
            "required": came.get(f"detail-{number}-required", "false"),
        }
        for number in sorted(numbers)
    ]


def at_details(slips: Slips) -> Slips:
    """What is wrong with the fields of a row stands above all rows: they may be numbered anew."""
    fields: dict[str, list[str]] = {}
    for name, told in slips.fields.items():
        fields.setdefault("details" if ROW.fullmatch(name) else name, []).extend(told)
    return Slips(fields, slips.all)


def values_of(setup: MethodSetup) -> Values:
    """What the form shows of a method as it stands."""
    plain = {
        name: _text(value)
        for name, value in setup.logged.items()
        if name not in ("details", "partners")
    }
    rows = [{"name": each.name, "required": _text(each.required)} for each in setup.details]
    partners = [str(each) for each in sorted(setup.partners)]
    whom = "named" if partners else "all"
    return plain | {"rows": rows, "partners": partners, "whom": whom}


def values_that_came(came: Mapping[str, Any]) -> Values:
    """What the form shows of itself when it is shown once more."""
    return {"partners": [], **came, "rows": rows_of(came)}


def stepped(values: Values, step: str) -> Values:
    """The form's values with one row of attributes more, one less, or one moved; `focus` is the
    row to go on with, None for the button that adds one."""
    rows = list(values["rows"])
    focus = None
    if step == "add" and len(rows) < MOST_DETAILS:
        focus = len(rows)
        rows.append({"name": "", "required": "false"})
    elif found := STEP.fullmatch(step):
        place = int(found[2])
        by = {"up": -1, "down": 1}.get(found[1])
        rows = moved(rows, place, by) if by else rows[:place] + rows[place + 1 :]
        focus = max(0, min(place + by, len(rows) - 1)) if by else None
    return values | {"rows": rows, "focus": focus, "is_stepped": True}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
