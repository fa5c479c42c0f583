"""The columns of a file of bookings, and what of a line can be judged by itself.

Texts have the limits of the API's fields, because they are the same fields.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import marshmallow as ma
from marshmallow import validates_schema

from bookings.forms import LONGEST_STAY, ContactForm, CreateForm, NotesForm, StayForm
from kit.cards import has_card_number
from kit.fields import Amount, Choice, Day, Fault, PlainText, Typed
from kit.nested import flat
from kit.sheets import unescaped

STATUSES = ("booking", "provisional", "blockout", "cancelled")
STAGE_1 = ("tax", "fee", "insurance", "deposit")
STAGE_2 = ("balance", "security_deposit")
SCHEDULE = (*STAGE_1, *STAGE_2)
PAYMENT = ("paid_on", "method", "reference")
# What is not UTF-8 is read as surrogates, so that it can be told with its line and column.
NOT_UTF8 = re.compile("[\udc80-\udcff]")


def _same(form: type[ma.Schema], name: str) -> Any:
    """A field of the API's form, under the column's own name."""
    field = copy(form._declared_fields[name])
    field.data_key = None
    return field


class BookingRow(ma.Schema):
    """One line: one booking of one property."""

    account = PlainText(
        most=50,
        pattern=r"\S(?:.*\S)?",
        hint="a text of at most 50 characters without spaces around it",
        required=True,
    )
    location = PlainText(most=50, required=True)
    property = PlainText(most=100, required=True)
    arrival = Day(required=True)
    departure = Day(required=True)
    status = Choice({status: status for status in STATUSES})
    external_reference = _same(CreateForm, "external_reference")
    title = _same(ContactForm, "title")
    first_name = _same(ContactForm, "first_name")
    last_name = _same(ContactForm, "last_name")
    email = _same(ContactForm, "email")
    telephone = _same(ContactForm, "telephone")
    mobile = _same(ContactForm, "mobile")
    address1 = _same(ContactForm, "address1")
    address2 = _same(ContactForm, "address2")
    city = _same(ContactForm, "city")
    county = _same(ContactForm, "county")
    postcode = _same(ContactForm, "postcode")
    country = _same(ContactForm, "country")
    adults = _same(StayForm, "adults")
    children = _same(StayForm, "children")
    infants = _same(StayForm, "infants")
    pets = _same(StayForm, "pets")
    source = _same(CreateForm, "source")
    tags = PlainText(most=2000)
    # The API takes notes with the booking and with its property, and keeps both as the booking's.
    guest_notes = PlainText(most=4001, lines=True)
    housekeeper_notes = _same(NotesForm, "housekeeper_notes")
    internal_notes = _same(NotesForm, "internal_notes")
    created = Day()
    currency = PlainText(most=3)
    accommodation = _same(StayForm, "accommodation")
    tax = Amount()
    fee = Amount()
    insurance = Amount()
    deposit = Amount()
    deposit_due = Day()
    balance = Amount()
    balance_due = Day()
    security_deposit = Amount()
    cancellation_fee = Amount()
    paid = _same(CreateForm, "paid")
    paid_on = Day()
    method = _same(CreateForm, "method")
    reference = _same(CreateForm, "reference")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_together(self, values: Mapping[str, Any], came: Mapping[str, Any], **_: Any) -> None:
        told = [*_dates(values), *_schedule(values, came), *_payment(values, came)]
        told += _guest(values, came)
        wrong: dict[str, list[Fault]] = {}
        for column, code, sentence in told:
            wrong.setdefault(column, []).append(Fault(code, f"{column} {sentence}"))
        if wrong:
            raise ma.ValidationError(wrong)


SCHEMA = BookingRow()
COLUMNS: tuple[str, ...] = tuple(SCHEMA.load_fields)
REQUIRED = tuple(name for name in COLUMNS if SCHEMA.load_fields[name].required)
PLACES = {name: place for place, name in enumerate(COLUMNS)}

Told = list[tuple[str, str, str]]  # column, code, and the sentence after the column's name


def _dates(values: Mapping[str, Any]) -> Told:
    first, last = values.get("arrival"), values.get("departure")
    if not first or not last or 1 <= (last - first).days <= LONGEST_STAY:
        return []
    text = (
        f"is {last}; it must be after arrival ({first}), and at most {LONGEST_STAY} nights later."
    )
    return [("departure", "dates", text)]


def gives_schedule(came: Mapping[str, Any]) -> bool:
    """Whether the line says itself what is due, rather than leaving it to the property's rule."""
    return "deposit" in came or "balance" in came


def _schedule(values: Mapping[str, Any], came: Mapping[str, Any]) -> Told:
    told: Told = []
    status = values.get("status")
    if "cancellation_fee" in came and status != "cancelled":
        told.append(("cancellation_fee", "contradiction", "is only for status cancelled."))
    if status == "blockout":
        asks = [name for name in ("accommodation", *SCHEDULE) if values.get(name)]
        text = "must be empty; a blockout asks for no money."
        return told + [(name, "contradiction", text) for name in asks]
    if not gives_schedule(came):
        text = "needs deposit or balance beside it; without them the property's payment rule says what is due."  # noqa: E501
        alone = (*SCHEDULE, "deposit_due", "balance_due")
        return told + [(name, "required", text) for name in alone if name in came]
    for names, due in ((STAGE_1, "deposit_due"), (STAGE_2, "balance_due")):
        if due not in came and (asks := [name for name in names if values.get(name)]):
            text = f"is missing; {asks[0]} must be due on a day, yyyy-mm-dd."
            told.append((due, "required", text))
    return told


def _payment(values: Mapping[str, Any], came: Mapping[str, Any]) -> Told:
    if values.get("paid"):
        text = "is missing; paid needs it."
        return [(name, "required", text) for name in ("paid_on", "method") if name not in came]
    if "paid" in came and "paid" not in values:  # it cannot be read, and that is told
        return []
    text = "comes without money; give paid, or leave it empty."
    return [(name, "contradiction", text) for name in PAYMENT if name in came]


def _guest(values: Mapping[str, Any], came: Mapping[str, Any]) -> Told:
    """Blockouts are the owner's, and what is cancelled may have been one."""
    named = {"first_name", "last_name", "email"} & came.keys()
    if named or values.get("status") in ("blockout", "cancelled"):
        return []
    return [("last_name", "required", "is missing; a booking needs a name or an e-mail.")]


@dataclass(frozen=True, slots=True)
class Row:
    """One line as read: the values of the columns that have one and can be read, and what is
    wrong with the others."""

    number: int
    values: Mapping[str, Any]
    faults: tuple[str, ...]


def read_row(number: int, cells: Mapping[str, str]) -> Row:
    """`cells`: the texts by column; an empty one is no value."""
    came = {name: _cell(name, text) for name, text in cells.items() if text}
    try:
        return Row(number, SCHEMA.load(came), ())
    except ma.ValidationError as error:
        told = sorted(flat(error.messages), key=lambda each: PLACES[each[0] or COLUMNS[0]])
        values = error.valid_data if isinstance(error.valid_data, dict) else {}
        return Row(number, values, tuple(str(fault) for _, fault in told))


def _cell(name: str, text: str) -> str | Fault:
    if NOT_UTF8.search(text):
        return Fault("not_utf8", f"{name} is not UTF-8; save the file as CSV in UTF-8.")
    if has_card_number(text) and not isinstance(SCHEMA.load_fields[name], Typed):
        sentence = f"{name} holds what looks like a card number; take it out of the file."
        return Fault("card_number", sentence)
    return unescaped(text)


class Header(NamedTuple):
    """The columns in the file's order, and what is wrong with its first line."""

    names: list[str]
    faults: list[str]


def read_header(cells: Sequence[str]) -> Header:
    """Names in any case, with spaces around them or none."""
    names = [cell.strip().lower() for cell in cells]
    if not any(names):
        return Header(names, ["The first line must name the columns, and it is empty."])
    faults = [_strange(name) for name in names if name not in PLACES]
    twice = sorted({name for name in names if names.count(name) > 1 and name in PLACES})
    faults += [f"The column {name} is there twice." for name in twice]
    faults += [f"The column {name} is missing." for name in REQUIRED if name not in names]
    return Header(names, faults)


def _strange(name: str) -> str:
    if NOT_UTF8.search(name) or "\0" in name:
        return "The file is not UTF-8; save it as CSV in UTF-8."
    if not name:
        return "A column has no name; take it out, or name it."
    if has_card_number(name):
        return "A column's name looks like a card number; the first line must name the columns."
    close = difflib.get_close_matches(name[:50], COLUMNS, n=1)
    meant = f"; did you mean {close[0]}?" if close else "; docs/import.md lists those there are."
    return f"There is no column {name[:50]!r}{meant}"
