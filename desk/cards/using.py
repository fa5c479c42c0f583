"""Having a card provider do something: the intent is stored, with the form's key, then the provider
is called, and the page of the intent tells what has become of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import url_for
from marshmallow import ValidationError, validates
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from desk.access import origin
from desk.forms import Page, carry_out, hold
from desk.payments.reading import one
from desk.payments.sentences import at_fields
from desk.typed import TypedForm, typed_amount
from kit.db import reading
from kit.fields import PlainText
from kit.money import Money
from payments.desk_errors import AmountNotRepeated
from payments.intents import Intent
from payments.ordering import UseCard, order_act
from payments.settling import carry_through

OrderOf = Callable[[Mapping[str, Any]], UseCard]

REASON = 500  # what an intent keeps


class SureForm(TypedForm):
    """Why, and the amount once more; a second look is what it is for."""

    reason = PlainText(data_key="Reason", most=REASON, required=True)
    typed = PlainText(data_key="The amount", most=20, required=True)

    def __init__(self, amount: Money) -> None:
        super().__init__()
        self.amount = amount

    @validates("typed")
    def is_the_amount(self, text: str, data_key: str) -> None:
        try:
            right = typed_amount(text, self.amount.currency) == self.amount
        except ValueError:
            right = False
        if not right:
            raise ValidationError(str(AmountNotRepeated(self.amount)), data_key)


def use_card(payment_id: int, order_of: OrderOf, again: Page, form: TypedForm) -> AnyResponse:
    """Carry out the form of somebody who wants the provider to do something; `order_of` reads it.

    A second click finds the first one's intent: while that is under way it is refused, and
    afterwards it leads where the first one led. Raises PaymentUnknown.
    """
    with reading() as session:
        booking_id = one(session, payment_id).facts.booking_id

    def work(connection: Connection, came: Mapping[str, Any]) -> Intent:
        order = order_of(came)
        hold(connection, booking_id)
        return order_act(connection, order, origin())

    return carry_out(
        work,
        then=lambda intent: url_for("desk.cards.show", intent_id=intent.id),
        again=lambda slips: again(at_fields(slips, form.fields)),
        afterwards=lambda intent: carry_through(intent, origin()),
    )
