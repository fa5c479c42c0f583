"""The house format of payments as answers: views to JSON (docs/formats/ipro.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields

from kit import form
from kit.fields import DayOut, InstantOut, MoneyOut, number
from payments import describing_answers as describing
from payments.views import BookingFigures, PaymentView, Receipt

STATUS_OF = {"cleared": 0, "uncleared": 1, "deferred": 2, "failed": 1, "void": 1}
TYPE_OF = {"cleared": 2, "uncleared": 0, "deferred": 1, "failed": 0, "void": 0}

SAGEPAY = ("SagepaySecurityKey", "SagepayVendorTxCode", "SagepayVPSTxId", "SagepayTxAuthNo")


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
    refund_of = fields.Integer(data_key="RefundOf", allow_none=True)
    created_at = InstantOut(data_key="CreatedTime")
    settled_on = DayOut(data_key="SettledDate")
    attributes = fields.Function(
        lambda view: [{"Name": name, "Value": value} for name, value in view.attributes],
        data_key="Attributes",
    )


class PaymentsOut(ma.Schema):
    """The answer of GET /apis/payments; TotalHits only with `size` or `index`."""

    sometimes = ("TotalHits",)
    TotalHits = fields.Integer()
    Payments = fields.List(fields.Nested(PaymentOut))


PAYMENT = PaymentOut()


def taken(receipt: Receipt) -> dict[str, Any]:
    """The answer to a payment, but for Success: exactly one key."""
    return {"PaymentId": receipt.payment.id}


def represented(receipt: Receipt) -> dict[str, Any]:
    """The answer to a payment that asked for `Prefer: return=representation`, but for Success."""
    shown = PAYMENT.dump(receipt.payment) | {"Booking": figures(receipt.booking)}
    return {"PaymentId": receipt.payment.id, "Payment": shown}


def figures(booking: BookingFigures) -> dict[str, Any]:
    """A booking's money and tags, and nothing of its guest."""
    return {
        "BookingId": booking.id,
        "RenterTotal": number(booking.total),
        "Paid": number(booking.paid),
        "RenterBalance": number(booking.outstanding),
        "Credit": number(booking.credit),
        "Tags": [{"Id": tag, "Name": name} for tag, name in booking.tags],
        "Warnings": [{"Code": each.code, "Message": each.message} for each in booking.warnings],
    }


def succeeded(shown: Mapping[str, Any]) -> bytes:
    """The answer to a write that was done."""
    return form.encode({"Success": True, **shown})


def listed(payments: list[PaymentView], total: int | None) -> bytes:
    """The answer of GET /apis/payments."""
    shown = {"Payments": PAYMENT.dump(payments, many=True)}
    return form.encode(shown if total is None else {"TotalHits": total, **shown})
