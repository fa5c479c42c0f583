"""What is typed in to change a booking, read strictly; every slip is told at its field.

The data key of a field is its word on the page, so that sentences speak of what people see; its
name on the form is the attribute's, after the place of its part: "stays[0].arrives_on".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from babel import Locale, UnknownLocaleError
from marshmallow import Schema, ValidationError, validates_schema

from bookings.commands import ExtraWish, StayWish
from bookings.forms import LONGEST_STAY, MOST_PEOPLE, MOST_QUANTITY, Count
from desk.changes.errors import NobodyLeft
from desk.typed import TypedForm
from desk.words import _, day_text
from kit.fields import Amount, Choice, Day, Email, PlainText, WholeNumber
from kit.locales import DEFAULT

STAY = re.compile(r"stays\[([0-9]{1,3})\]\.property", re.ASCII)
EXTRA = re.compile(r"stays\[([0-9]{1,3})\]\.extras\[([0-9]{1,4})\]\.extra", re.ASCII)
BREAKAGES = {each: each for each in ("none", "insurance", "deposit")}
LOCALES = (
    DEFAULT, "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "en_AU", "en_CA", "en_IE", "en_NZ",
    "en_US", "es_ES", "fi_FI", "fr_BE", "fr_CH", "fr_FR", "it_IT", "ja_JP", "nb_NO", "nl_BE",
    "nl_NL", "pl_PL", "pt_BR", "pt_PT", "sv_SE",
)  # fmt: skip

Slipped = dict[str, list[str]]


def read(form: TypedForm, came: Mapping[str, Any], at: str = "") -> tuple[dict[str, Any], Slipped]:
    """The values of the part of a form whose names begin with `at`, and what is wrong with it."""
    given = {name.removeprefix(at): text for name, text in came.items() if name.startswith(at)}
    values, slips = form.read(given)
    wrong: Slipped = {}
    for slip in slips:
        wrong.setdefault(f"{at}{slip.field}", []).append(str(slip))
    return values, wrong


class Whole(Schema):
    """A form of one part, whose slips are told at the names of its fields."""

    def __init__(self, form: TypedForm) -> None:
        super().__init__()
        self.form = form

    def load(self, data: Any, **_options: Any) -> dict[str, Any]:
        values, wrong = read(self.form, data)
        if wrong:
            raise ValidationError(dict(wrong))
        return values


# --- amending ---------------------------------------------------------------------------------


class StayForm(TypedForm):
    """One property of the booking. What was emptied is nothing, or nobody."""

    property = WholeNumber(data_key="Property", required=True)
    arrives_on = Day(data_key="Arrival", required=True)
    leaves_on = Day(data_key="Departure", required=True)
    adults = Count(data_key="Adults", most=MOST_PEOPLE, load_default=0)
    children = Count(data_key="Children", most=MOST_PEOPLE, load_default=0)
    infants = Count(data_key="Infants", most=MOST_PEOPLE, load_default=0)
    pets = Count(data_key="Pets", most=MOST_PEOPLE, load_default=0)
    breakages = Choice(BREAKAGES, data_key="Breakages", load_default="none")

    @validates_schema
    def check_days(self, values: Mapping[str, Any], **_options: Any) -> None:
        first, last = values["arrives_on"], values["leaves_on"]
        if not 1 <= (last - first).days <= LONGEST_STAY:
            text = _(
                "Departure is %(last)s; it must be after the arrival (%(first)s), and at most "
                "%(most)s nights later.",
                last=day_text(last),
                first=day_text(first),
                most=LONGEST_STAY,
            )
            raise ValidationError({"Departure": [text]})


class ExtraForm(TypedForm):
    """An extra of a property, and how many; none takes it out."""

    extra = WholeNumber(data_key="Extra", required=True)
    quantity = Count(data_key="How many", most=MOST_QUANTITY, load_default=0)


class WhyForm(TypedForm):
    """Why it is done, for the event log."""

    reason = PlainText(data_key="Reason", most=500)


class AmendForm(Schema):
    """An amendment: `stays` (StayWish) are all the properties from now on; `reason`, if any."""

    def load(self, data: Any, **_options: Any) -> dict[str, Any]:
        came: Mapping[str, Any] = data
        why, wrong = read(WhyForm(), came)
        wishes = []
        for number in stay_numbers(came):
            if came.get(f"stays[{number}].out") != "true":
                wish, slipped = _wish(came, number)
                wrong |= slipped
                wishes.append(wish)
        if came.get("add"):
            text = _(
                "This property is not on the form yet; press the button beside it, or take None."
            )
            wrong |= {"add": [text]}
        if not wishes:
            text = _("One property at least stays; to give up all of it, cancel the booking.")
            wrong |= {"_schema": [text]}
        if wrong:
            raise ValidationError(dict(wrong))
        return why | {"stays": tuple(each for each in wishes if each)}


def stay_numbers(came: Mapping[str, Any]) -> list[int]:
    """The numbers under which properties came."""
    return sorted(int(found[1]) for name in came if (found := STAY.fullmatch(name)))


def extra_numbers(came: Mapping[str, Any], stay: int) -> list[int]:
    """The numbers under which extras of one property came."""
    found = [match for name in came if (match := EXTRA.fullmatch(name))]
    return sorted(int(match[2]) for match in found if int(match[1]) == stay)


def _wish(came: Mapping[str, Any], number: int) -> tuple[StayWish | None, Slipped]:
    at = f"stays[{number}]."
    values, wrong = read(StayForm(), came, at)
    extras = []
    for place in extra_numbers(came, number):
        found, slipped = read(ExtraForm(), came, f"{at}extras[{place}].")
        wrong |= slipped
        if not slipped:
            extras.append(ExtraWish(at=place, **found))
    if wrong:
        return None, wrong
    return StayWish(at=number, extras=tuple(extras), **values), {}


# --- cancelling, taking up again --------------------------------------------------------------


class CancelFields(TypedForm):
    """`fee` is a decimal as written, instead of what the rule says."""

    reason = PlainText(data_key="Reason", most=500, required=True)
    fee = Amount(data_key="Cancellation fee")
    send_email = Choice({"true": True, "false": False}, data_key="E-mail", load_default=False)


# --- guest and notes --------------------------------------------------------------------------


class LocaleName(PlainText):
    """What a country's dates and money look like: "pt_PT"."""

    def read(self, text: str) -> str:
        name: str = super().read(text)
        try:
            Locale.parse(name)
        except (ValueError, UnknownLocaleError):
            raise self.wrong(text, _("one of the list")) from None
        return name


class GuestForm(TypedForm):
    """The guest who booked, and the three kinds of notes. What was emptied is taken out."""

    title = PlainText(data_key="Title", most=20)
    first_name = PlainText(data_key="First name", most=100)
    last_name = PlainText(data_key="Last name", most=100)
    email = Email(data_key="E-mail")
    telephone = PlainText(data_key="Telephone", most=40)
    mobile = PlainText(data_key="Mobile", most=40)
    address1 = PlainText(data_key="Address", most=100)
    address2 = PlainText(data_key="Address, second line", most=100)
    city = PlainText(data_key="City", most=60)
    county = PlainText(data_key="County", most=60)
    postcode = PlainText(data_key="Postcode", most=20)
    country = PlainText(data_key="Country", most=60)
    locale = LocaleName(data_key="Dates and money as in", most=20)
    guest_notes = PlainText(data_key="Guest's notes", most=2000, lines=True)
    housekeeper_notes = PlainText(data_key="Housekeeper's notes", most=2000, lines=True)
    internal_notes = PlainText(data_key="Internal notes", most=2000, lines=True)


NAMES = ("first_name", "last_name", "email")
NOTES = ("guest_notes", "housekeeper_notes", "internal_notes")


# --- a new booking ----------------------------------------------------------------------------


class NewForm(Schema):
    """A booking that is typed in: `stays` (one StayWish), `contact`, and the notes. Without `guest`
    (in a preview) nothing of these is looked at."""

    def __init__(self, *, guest: bool = True) -> None:
        super().__init__()
        self.guest = guest

    def load(self, data: Any, **_options: Any) -> dict[str, Any]:
        wish, wrong = _wish(data, 0)
        values: dict[str, Any] = {}
        if self.guest:
            values, slipped = read(GuestForm(exclude=["locale"]), data)
            wrong |= slipped
            if not any(name in data for name in NAMES):
                wrong |= {"last_name": [str(NobodyLeft())]}
        if wrong:
            raise ValidationError(dict(wrong))
        notes = {name: values.pop(name) for name in NOTES if name in values}
        return {"stays": (wish,), "contact": values, **notes}
