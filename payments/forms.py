"""The house format of payments as requests: form fields to commands.

Field names and rules: formats/ipro.md sections 4 and 5 (docs/formats/ipro.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, cast

import marshmallow as ma
from marshmallow import post_load, pre_load, validates_schema

from kit.fields import (
    Amount,
    Amounts,
    Choice,
    Day,
    Fault,
    Flag,
    LeadingNumber,
    MoneyDay,
    Numbers,
    PlainText,
    WholeNumber,
)
from kit.form import Form
from payments import describing_fields as describing
from payments.allocation import STAGES
from payments.commands import Card, SharedPayment, TakePayment
from payments.queries import MOST, PaymentFilter
from payments.schemas import SAGEPAY

SAGEPAY_FIELDS = ("security_key", "vendor_tx_code", "vps_tx_id", "tx_auth_no")
# The vendor's published sample has a comma where "&" belongs, and copied clients send it.
SLIP = re.compile(r"\s*,\s*BalanceDueDate\s*={1,2}\s*(.*)", re.IGNORECASE)


class CardFields(Form):
    """What may come about a card with any payment: a token, never a number."""

    token = PlainText(data_key="PaymentToken", most=200, secret=True)
    last_digits = PlainText(
        data_key="CardPartialNumbers",
        most=4,
        pattern="[0-9]{4}",
        hint="the last four digits of the card",
    )
    card_type = PlainText(data_key="CardType", most=50)
    deferred = Flag(data_key="IsDeferredPayment")
    security_key = PlainText(data_key=SAGEPAY[0], most=100, secret=True)
    vendor_tx_code = PlainText(data_key=SAGEPAY[1], most=100, secret=True)
    vps_tx_id = PlainText(data_key=SAGEPAY[2], most=100, secret=True)
    tx_auth_no = PlainText(data_key=SAGEPAY[3], most=100, secret=True)

    @validates_schema(skip_on_field_errors=False)
    def check_sagepay(self, values: Mapping[str, Any], **_: Any) -> None:
        given = [self.fields[n].data_key for n in SAGEPAY_FIELDS if n in values]
        if given and len(given) < len(SAGEPAY):
            came = ", ".join(map(str, given))
            text = f"The four Sagepay values come together or not at all; only {came} came."
            fault = Fault("incomplete", text)
            raise ma.ValidationError({name: [fault] for name in SAGEPAY if name not in given})

    def take_card(self, values: dict[str, Any]) -> Card | None:
        """The card among the loaded values, taken out of them."""
        secrets = {
            str(self.fields[name].data_key): values.pop(name)
            for name in ("token", *SAGEPAY_FIELDS)
            if name in values
        }
        digits, card_type = values.pop("last_digits", None), values.pop("card_type", None)
        if not (secrets or digits or card_type):
            return None
        return Card(secrets, secrets.get("SagepayVPSTxId"), digits, card_type)


class TakePaymentForm(CardFields):
    """The body of POST /apis/payments."""

    described = describing.FIELDS
    aliases: ClassVar[Mapping[str, str]] = {"paymentschedules": "PaymentScheduleIds"}

    amount = Amount(data_key="Amount", positive=True)
    booking_id = WholeNumber(data_key="BookingId")
    amounts = Amounts(data_key="Amounts")
    booking_ids = Numbers(data_key="BookingIds")
    wishes = Numbers(data_key="PaymentScheduleIds", required=True)
    state = Choice(
        {"0": "cleared", "1": "uncleared", "2": "deferred"}, data_key="Status", required=True
    )
    currency = PlainText(data_key="Currency", required=True, most=10)
    paid_on = MoneyDay(data_key="PaymentDate", required=True)
    method = PlainText(data_key="PaymentMethod", required=True, most=100)
    charges = Amount(data_key="Charges")
    comments = PlainText(data_key="Comments", most=2000, lines=True)
    property_id = WholeNumber(data_key="PropertyId")
    balance_due_on = Day(data_key="BalanceDueDate")
    add_tags = Numbers(data_key="AddBookingTag")
    remove_tags = Numbers(data_key="RemoveBookingTag")
    send_email = Flag(data_key="SendEmail")
    reference = PlainText(data_key="Reference", most=50)

    @pre_load
    def read_slip(self, given: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Read "PropertyId=,BalanceDueDate==2015-09-22" as it was meant."""
        slip = SLIP.fullmatch(str(given.get("PropertyId", "")))
        if not slip:
            return given
        read = {name: value for name, value in given.items() if name != "PropertyId"}
        if "BalanceDueDate" in read:
            sentence = "BalanceDueDate is given more than once; give it once."
            return read | {"BalanceDueDate": Fault("repeated", sentence)}
        return read | ({"BalanceDueDate": slip[1]} if slip[1] else {})

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_together(self, values: Mapping[str, Any], came: Mapping[str, Any], **_: Any) -> None:
        """What no field can say alone."""
        wrong: dict[str, list[Fault]] = {}
        if values.get("deferred") and values.get("state") == "cleared":
            text = (
                "IsDeferredPayment=true says that the money comes later, Status=0 that it is there."
            )
            wrong["IsDeferredPayment"] = wrong["Status"] = [Fault("contradiction", text)]
        both = set(values.get("add_tags", ())) & set(values.get("remove_tags", ()))
        if both:
            text = f"Tag {min(both)} cannot be added and removed by one payment."
            wrong["AddBookingTag"] = wrong["RemoveBookingTag"] = [Fault("contradiction", text)]
        wrong |= self._one_or_several(values, came)
        if wrong:
            raise ma.ValidationError(wrong)

    def _one_or_several(
        self, values: Mapping[str, Any], came: Mapping[str, Any]
    ) -> dict[str, list[Fault]]:
        """BookingId and Amount, or BookingIds and as many Amounts."""
        single = [name for name in ("Amount", "BookingId") if name in came]
        several = [name for name in ("BookingIds", "Amounts") if name in came]
        if several and single:
            text = "One booking has BookingId and Amount, several have BookingIds and Amounts."
            return {name: [Fault("contradiction", text)] for name in (*single, *several)}
        wanted = ("BookingIds", "Amounts") if several else ("Amount", "BookingId")
        wrong = {
            name: [cast(Fault, self.fields_by_key[name].error_messages["required"])]
            for name in wanted
            if name not in came
        }
        return wrong | (_shared_slips(values) if several else {})

    @post_load
    def command(self, values: dict[str, Any], **_: Any) -> TakePayment | SharedPayment:
        card = self.take_card(values)
        if values.pop("deferred", False):
            values["state"] = "deferred"
        ids, amounts = values.pop("booking_ids", ()), values.pop("amounts", ())
        if not ids:
            return TakePayment(source="ipro", card=card, **values)
        parts = zip(ids, amounts, strict=True)
        return SharedPayment(
            tuple(
                TakePayment(
                    source="ipro", card=card, **values, booking_id=booking_id, amount=amount
                )
                for booking_id, amount in parts
            )
        )


def _shared_slips(values: Mapping[str, Any]) -> dict[str, list[Fault]]:
    """What the fields of a payment over several bookings say against each other."""
    wrong: dict[str, list[Fault]] = {}
    ids, amounts = values.get("booking_ids", ()), values.get("amounts", ())
    if ids and amounts and len(ids) != len(amounts):
        text = (
            f"BookingIds names {len(ids)} bookings, each once, and Amounts has {len(amounts)}; "
            "give one amount for each booking."
        )
        wrong["Amounts"] = [Fault("contradiction", text)]
    if not set(values.get("wishes", ())) <= set(STAGES):
        text = "PaymentScheduleIds must be 1, 2 or 1,2 for several bookings: a line is of one."
        wrong["PaymentScheduleIds"] = [Fault("contradiction", text)]
    return wrong


class PaymentsQuery(Form):
    """The query of GET /apis/payments."""

    described = describing.QUERY
    booking_id = WholeNumber(data_key="BookingId")
    paid_from = Day(data_key="DateFrom")
    paid_to = Day(data_key="DateTo")
    size = LeadingNumber(data_key="size", least=1, most=MOST)
    index = LeadingNumber(data_key="index", least=1, most=10**9)

    @post_load
    def wanted(self, values: dict[str, Any], **_: Any) -> tuple[PaymentFilter, int | None, int]:
        paged = "size" in values or "index" in values
        size = values.pop("size", MOST) if paged else None
        index = values.pop("index", 1)
        return PaymentFilter(**values), size, index


class ClearForm(Form):
    """The body of POST /apis/payments/{id}/clear."""

    described = describing.CLEARING
    paid_on = MoneyDay(data_key="PaymentDate")
    reason = PlainText(data_key="Reason", most=500)


class FailForm(Form):
    """The body of POST /apis/payments/{id}/fail."""

    described = describing.FAILING
    reason = PlainText(data_key="Reason", most=2000, lines=True)


class RefundForm(Form):
    """The body of POST /apis/payments/{id}/refund."""

    described = describing.REFUNDING
    amount = Amount(data_key="Amount", positive=True)
    charges = Amount(data_key="Charges", positive=True)
    tip = Amount(data_key="Tip", positive=True)
    method = PlainText(data_key="PaymentMethod", most=100)
    paid_on = MoneyDay(data_key="PaymentDate")
    reason = PlainText(data_key="Reason", most=500)
    comments = PlainText(data_key="Comments", most=2000, lines=True)
    reference = PlainText(data_key="Reference", most=50)
    send_email = Flag(data_key="SendEmail")
