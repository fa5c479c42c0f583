"""What the address of the list of payments asks for, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from desk.payments.queries import Wanted
from desk.payments.sources import sources
from desk.typed import TypedForm
from kit.errors import DomainError
from kit.fields import Choice, Day, PlainText, WholeNumber

STATES = ("cleared", "uncleared", "deferred", "failed", "void")
# A word of Python stands for neither in the form.
WORDS = {"from": "from_day", "to": "to_day"}


class FilterForm(TypedForm):
    """The filters of the list, by their names in the address."""

    from_day = Day(data_key="From")
    to_day = Day(data_key="To")
    method = WholeNumber(data_key="Method")
    partner = WholeNumber(data_key="Partner")
    location = WholeNumber(data_key="Location")
    source = Choice({source: source for source in sources()}, data_key="Source")
    state = Choice({state: state for state in STATES}, data_key="State")
    reference = PlainText(data_key="Reference", most=50)


def wanted_of(values: Mapping[str, str]) -> tuple[Wanted, Sequence[DomainError]]:
    """The filters that can be read; of the others, what is wrong with them."""
    given: dict[str, Any] = {WORDS.get(name, name): text for name, text in values.items()}
    good, slips = FilterForm().read(given)
    return Wanted(**good), slips
