"""Filters of the journal, as addresses carry them: for its page and for its file."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import EXCLUDE, Schema, ValidationError

from kit.errors import PageError
from kit.fields import Day, PlainText, WholeNumber
from office.journal.queries import Wanted


class FilterMistyped(PageError):
    """A filter that cannot be read, or that no day can fulfil; `field` is its name."""

    code = "journal_filter"

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


class FilterForm(Schema):
    """Sentences speak of the filters by their words on the page; `NAMES` has them by their names in
    the address."""

    class Meta:
        unknown = EXCLUDE

    first = Day(data_key="From")
    last = Day(data_key="To")
    location = WholeNumber(data_key="Location")
    currency = PlainText(
        data_key="Currency", most=3, pattern="[A-Z]{3}", hint="a currency code such as EUR"
    )


NAMES = {"from": "From", "to": "To", "location": "Location", "currency": "Currency"}
FORM = FilterForm()


def wanted_of(
    given: Mapping[str, str], reach: frozenset[int] | None
) -> tuple[Wanted, list[FilterMistyped]]:
    """The filters `from`, `to`, `location` and `currency` as far as they can be read, and what is
    wrong with the others. Other names are passed over."""
    came = {NAMES[name]: text for name, text in given.items() if name in NAMES and text}
    wrong: list[FilterMistyped] = []
    try:
        values = FORM.load(came)
    except ValidationError as error:
        told: Mapping[str, list[str]] = error.normalized_messages()  # type: ignore[no-untyped-call]
        words = {word: name for name, word in NAMES.items()}
        wrong = [FilterMistyped(words[word], str(text)) for word in told for text in told[word]]
        good = error.valid_data
        values = good if isinstance(good, dict) else {}
    wanted = Wanted(**values, reach=reach)
    if wanted.first and wanted.last and wanted.first > wanted.last:
        wrong.append(FilterMistyped("to", f"To is before {wanted.first}, the first day."))
    return wanted, wrong
