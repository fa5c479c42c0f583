"""Answers of the calls that create and change bookings."""

from __future__ import annotations

from typing import Any

from bookings.calculating import Calculation
from bookings.quoting import QuotedStay
from kit.currencies import symbol
from kit.fields import day_text, number
from kit.money import Money


def calculated(found: Calculation) -> dict[str, Any]:
    """The answer of POST /apis/booking/calc; keys are the vendor's."""
    currency = found.quote.place.currency
    rates = {stay.price.rule.tax_rate for stay in found.quote.stays}

    def shown(minor: int) -> Any:
        return number(Money(minor, currency))

    return {
        "BookingFee": shown(found.fee),
        "FullPaymentValue": shown(found.total),
        "DepositPaymentValue": shown(found.deposit),
        "BalanceDueDate": f"{found.balance_on:%Y-%m-%d}",
        "Currency": symbol(currency),
        # Hundredths of a percent look like minor units of a currency with two decimals.
        "VATRate": number(Money(max(rates), "EUR")),
        "PropertyItems": [_item(stay, found, currency) for stay in found.quote.stays],
        "PaymentSchedules": [
            {
                "PaymentScheduleName": line.name,
                "Stage": line.stage,
                "Amount": shown(line.amount),
                "DueDate": day_text(line.due_on),
                "PropertyId": line.property_id,
            }
            for line in found.lines
        ],
    }


def _item(stay: QuotedStay, found: Calculation, currency: str) -> dict[str, Any]:
    def shown(minor: int) -> Any:
        return number(Money(minor, currency))

    price, offer = stay.price, stay.offer
    return {
        "Id": offer.property_id,
        "Title": offer.name,
        "Discount": shown(0),
        "Extras": shown(sum(extra.cost for extra in price.extras)),
        "Insurance": shown(price.insurance),
        "AgentFee": shown(0),
        "AccommodationCost": shown(price.accommodation),
        "BreakagesDeposit": shown(offer.breakages_deposit),
        "BreakagesDepositInTotalPrice": price.security_deposit > 0,
        "SmallPartyDiscount": shown(0),
        "Availability": offer.property_id not in found.taken,
        "MinStayPassed": True,
        "ChangeoverPassed": True,
        "VoucherCode": "",
        "Message": "",
        "ExtraItems": [
            {"Id": x.id, "Name": x.name, "Qty": x.quantity, "Price": shown(x.price)}
            for x in price.extras
        ],
    }
