"""The filters of the list of bank lines, as the address has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desk.bookings.searching import AMOUNT, cleaned, minor_units
from desk.forms import NONE, Slips, of_refusal
from desk.statements.queries import STATES, WAYS, Wanted
from desk.typed import TypedForm
from kit.errors import Refused
from kit.fields import Choice, Day, PlainText, Typed, WholeNumber

# By their names in the address, those in the form.
NAMES = {
    "state": "state",
    "account": "account",
    "statement": "statement",
    "way": "way",
    "q": "q",
    "amount": "amount",
    "from": "from_day",
    "to": "to_day",
}


class SearchedAmount(Typed):
    """An amount in whichever currency, in minor units by how many decimals that has."""

    hint = "an amount such as 300 or 300.00"

    def read(self, text: str) -> dict[int, int]:
        if not AMOUNT.fullmatch(text):
            raise self.wrong(text)
        return minor_units(text)


class FilterForm(TypedForm):
    """The filters, by their names here."""

    state = Choice({each: each for each in STATES}, data_key="State")
    account = WholeNumber(data_key="Account")
    statement = WholeNumber(data_key="Statement")
    way = Choice({each: each for each in WAYS}, data_key="Came or left")
    q = PlainText(data_key="Text", most=100)
    amount = SearchedAmount(data_key="Amount")
    from_day = Day(data_key="From")
    to_day = Day(data_key="To")


def filters(came: Mapping[str, str]) -> tuple[Wanted, dict[str, Any], Slips]:
    """The filters that can be read, all of them as links keep them, and what is wrong with the
    others: these are told, and passed over."""
    kept = {name: text for name in NAMES if (text := cleaned(came.get(name, "")))}
    given: dict[str, Any] = {NAMES[name]: text for name, text in kept.items()}
    good, slips = FilterForm().read(given)
    return Wanted(**good), kept, of_refusal(Refused(slips)) if slips else NONE
