"""The house format of payments: form fields to a command, views to JSON.

Field names and rules: formats/ipro.md sections 4 and 5 (docs/formats/ipro.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import marshmallow as ma
from marshmallow import fields, post_load, pre_load, validates_schema

from kit import form
from kit.fields import (
    Amount,
    Choice,
    Day,
    DayOut,
    Fault,
    Flag,
    InstantOut,
    LeadingNumber,
    MoneyOut,
    Numbers,
    PlainText,
    WholeNumber,
    number,
)
from kit.form import Form
from payments import describing
from payments.commands import Card, TakePayment
from payments.queries import MOST, PaymentFilter
from payments.views import PaymentView, Receipt

STATUS_OF = {"cleared": 0, "uncleared": 1, "deferred": 2, "failed": 1, "void": 1}
TYPE_OF = {"cleared": 2, "uncleared": 0, "deferred": 1, "failed": 0, "void": 0}

SAGEPAY = ("SagepaySecurityKey", "SagepayVendorTxCode", "SagepayVPSTxId", "SagepayTxAuthNo")
# The vendor's published sample has a comma where "&" belongs, and copied clients send it.
SLIP = re.compile(r"\s*,\s*BalanceDueDate\s*={1,2}\s*(.*)", re.IGNORECASE)


class TakePaymentForm(Form):
    """The body of POST /apis/payments."""

    described = describing.FIELDS
    aliases: ClassVar[Mapping[str, str]] = {"paymentschedules": "PaymentScheduleIds"}

    amount = Amount(data_key="Amount", required=True, positive=True)
    booking_id = WholeNumber(data_key="BookingId", required=True)
    wishes = Numbers(data_key="PaymentScheduleIds", required=True)
    state = Choice(
        {"0": "cleared", "1": "uncleared", "2": "deferred"}, data_key="Status", required=True
    )
    currency = PlainText(data_key="Currency", required=True, most=10)
    paid_on = Day(data_key="PaymentDate", required=True)
    method = PlainText(data_key="PaymentMethod", required=True, most=100)
    charges = Amount(data_key="Charges")
    comments = PlainText(data_key="Comments", most=2000, lines=True)
    property_id = WholeNumber(data_key="PropertyId")
    balance_due_on = Day(data_key="BalanceDueDate")
    add_tags = Numbers(data_key="AddBookingTag")
    remove_tags = Numbers(data_key="RemoveBookingTag")
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

    @validates_schema(skip_on_field_errors=False)
    def check_together(self, values: Mapping[str, Any], **_: Any) -> None:
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
        given = [self.fields[n].data_key for n in SAGEPAY_FIELDS if n in values]
        if given and len(given) < len(SAGEPAY):
            came = ", ".join(map(str, given))
            text = f"The four Sagepay values come together or not at all; only {came} came."
            wrong |= {name: [Fault("incomplete", text)] for name in SAGEPAY if name not in given}
        if wrong:
            raise ma.ValidationError(wrong)

    @post_load
    def command(self, values: dict[str, Any], **_: Any) -> TakePayment:
        secrets = {
            str(self.fields[name].data_key): values.pop(name)
            for name in ("token", *SAGEPAY_FIELDS)
            if name in values
        }
        digits, card_type = values.pop("last_digits", None), values.pop("card_type", None)
        if values.pop("deferred", False):
            values["state"] = "deferred"
        if secrets or digits or card_type:
            values["card"] = Card(secrets, secrets.get("SagepayVPSTxId"), digits, card_type)
        return TakePayment(source="ipro", **values)


SAGEPAY_FIELDS = ("security_key", "vendor_tx_code", "vps_tx_id", "tx_auth_no")


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


class ShareOut(ma.Schema):
    """How much of a payment lies on one line of the schedule."""

    described = describing.SHARE
    line_id = fields.Integer(data_key="PaymentScheduleID")
    name = fields.String(data_key="PaymentScheduleName")
    amount = MoneyOut(data_key="Amount")


class PaymentOut(ma.Schema):
    """A payment: the vendor's keys first, then ours. Stored card values are always masked."""

    described = describing.SHOWN
    id = fields.Integer(data_key="PaymentID")
    booking_id = fields.Integer(data_key="BookingID")
    amount = MoneyOut(data_key="Amount")
    method = fields.String(data_key="PaymentMethod")
    paid_on = DayOut(data_key="PaymentDate")
    category = fields.Integer(data_key="PaymentCategory")
    payment_type = fields.Function(lambda view: TYPE_OF[view.state], data_key="PaymentType")
    comments = fields.String(data_key="Comments")
    token = fields.Function(
        lambda view: view.masks.get("PaymentToken", ""), data_key="PaymentToken"
    )
    last_digits = fields.String(data_key="CardPartialNumbers")
    security_key = fields.Function(lambda view: view.masks.get(SAGEPAY[0]), data_key=SAGEPAY[0])
    vendor_tx_code = fields.Function(lambda view: view.masks.get(SAGEPAY[1]), data_key=SAGEPAY[1])
    vps_tx_id = fields.Function(lambda view: view.masks.get(SAGEPAY[2]), data_key=SAGEPAY[2])
    tx_auth_no = fields.Function(lambda view: view.masks.get(SAGEPAY[3], ""), data_key=SAGEPAY[3])
    shares = fields.List(fields.Nested(ShareOut), data_key="PaymentSchedules")
    status = fields.Function(lambda view: STATUS_OF[view.state], data_key="Status")
    state = fields.String(data_key="State")
    currency = fields.Function(lambda view: view.amount.currency, data_key="Currency")
    charges = MoneyOut(data_key="Charges")
    tip = MoneyOut(data_key="Tip")
    reference = fields.String(data_key="Reference")
    source = fields.String(data_key="Source")
    failure_reason = fields.String(data_key="FailureReason")
    refund_of = fields.Function(lambda view: None, data_key="RefundOf")
    created_at = InstantOut(data_key="CreatedTime")


class PaymentsOut(ma.Schema):
    """The answer of GET /apis/payments; TotalHits only with `size` or `index`."""

    sometimes = ("TotalHits",)
    TotalHits = fields.Integer()
    Payments = fields.List(fields.Nested(PaymentOut))


PAYMENT = PaymentOut()


def taken(receipt: Receipt) -> bytes:
    """The answer to a payment: exactly these two keys."""
    return form.encode({"Success": True, "PaymentId": receipt.payment.id})


def represented(receipt: Receipt) -> bytes:
    """The answer to a payment that asked for `Prefer: return=representation`."""
    figures = receipt.booking
    booking = {
        "BookingId": figures.id,
        "RenterTotal": number(figures.total),
        "Paid": number(figures.paid),
        "RenterBalance": number(figures.outstanding),
        "Credit": number(figures.credit),
        "Tags": [{"Id": tag, "Name": name} for tag, name in figures.tags],
        "Warnings": [{"Code": each.code, "Message": each.message} for each in figures.warnings],
    }
    shown = PAYMENT.dump(receipt.payment) | {"Booking": booking}
    return form.encode({"Success": True, "PaymentId": receipt.payment.id, "Payment": shown})


def listed(payments: list[PaymentView], total: int | None) -> bytes:
    """The answer of GET /apis/payments."""
    shown = {"Payments": PAYMENT.dump(payments, many=True)}
    return form.encode(shown if total is None else {"TotalHits": total, **shown})
