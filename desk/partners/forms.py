"""Forms of partners, and the answer to those that make secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import marshmallow as ma
from flask import Response
from marshmallow import Schema, fields
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from desk.forms import Page, carry_out, say
from desk.words import _
from kit.fields import Choice, Flag, PlainText
from partners.errors import TargetRefused
from partners.events import TYPES
from partners.scopes import FORMATS, SCOPES
from partners.targets import LONGEST, check_target

T = TypeVar("T")

NONE_CHOSEN = "Choose at least one."


class Address(PlainText):
    """An address that we may call. It is looked at here, before any transaction begins."""

    def __init__(self, **options: Any) -> None:
        super().__init__(most=LONGEST, **options)

    def read(self, text: str) -> Any:
        try:
            return check_target(super().read(text))
        except TargetRefused as refused:
            raise self.fault(refused.code, refused.message) from None


def _several(meanings: Mapping[str, Any], *, required: bool = True) -> fields.List[Any]:
    if required:
        told: Any = {"required": NONE_CHOSEN}
        return fields.List(Choice(meanings), required=True, error_messages=told)
    return fields.List(Choice(meanings), load_default=[])


def _same(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


class NameForm(Schema):
    """What a partner is called."""

    name = PlainText(most=100, required=True)


class ReasonForm(Schema):
    """Why something is done; it stands in the event log."""

    reason = PlainText(most=250, required=True)


class CredentialForm(Schema):
    """The format that a credential is for."""

    kind = Choice(_same(("spektrix", "brink", "iiko")), required=True)


class EndpointForm(Schema):
    """A new address that is told of things; no event chosen is all of them."""

    endpoint = PlainText(most=100)
    url = Address(required=True)
    events = _several(_same(TYPES), required=False)


def _at(places: Iterable[int]) -> fields.List[Any]:
    return _several({str(each): each for each in places})


def new_partner_form(places: Iterable[int]) -> Schema:
    """A partner as it is typed in, at some of these locations."""
    made: dict[str, ma.fields.Field[Any]] = {
        "name": PlainText(most=100, required=True),
        "formats": _several(_same(FORMATS), required=False),
        "locations": _at(places),
        "may_waive_commission": Flag(load_default=False),
    }
    return Schema.from_dict(made)()


def rights_form(places: Iterable[int]) -> Schema:
    """What a partner may do, and at which of these locations."""
    made: dict[str, ma.fields.Field[Any]] = {
        "scopes": _several(_same(SCOPES)),
        "locations": _at(places),
        "may_waive_commission": Flag(load_default=False),
        "reason": PlainText(most=250, required=True),
    }
    return Schema.from_dict(made)()


def show_once(
    work: Callable[[Connection, Mapping[str, Any]], T],
    show: Callable[[T], str],
    back: Callable[[T], str],
    again: Page,
    schema: Schema | None = None,
) -> AnyResponse:
    """Carry out a form that makes secrets; the answer itself is the page that shows them.

    They stand in no address and are stored nowhere, so the same form sent twice can only say that
    they were shown, and lead `back` to where it would have led.
    """
    made: list[T] = []

    def keep(result: T) -> str:
        # Told last of all in the transaction: of a run that lost a race nothing is kept.
        made[:] = [result]
        return ""

    answer = carry_out(work, back, again, schema=schema, said=keep)
    if made:
        return Response(show(made[0]), content_type="text/html; charset=utf-8")
    if "Location" in answer.headers or "HX-Redirect" in answer.headers:
        say(
            _(
                "This form was carried out already, and what it made was shown then. It cannot be "
                "shown again: if it was lost, make a new one."
            )
        )
    return answer
