"""What pages say of proposals and matches. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from desk.statements.naming import Known, PaymentName
from desk.words import _, day_text, money_text, ngettext
from kit.money import Money
from kit.texts import N_
from payments.statements.clues import Reason
from payments.statements.proposing import CERTAIN, Part

LIKELY = 60

# By code; %(value)s is what payments.statements.clues.Code says of it.
REASONS: Mapping[str, str] = {
    "amount_of_promise": N_("the amount is that of the promise"),
    "amount_of_payment": N_("the amount is that of the payment"),
    "amount_of_refund": N_("the amount is that of the refund"),
    "amount_outstanding": N_("the amount is all that is open"),
    "amount_of_stage": N_("the amount is what stage %(value)s asks for"),
    "amount_of_line": N_("the amount is that of a line that is open"),
    "amount_less": N_("%(value)s stays open"),
    "amount_more": N_("%(value)s fits nothing and will be credit"),
    "payment_reference": N_("it names the payment's reference %(value)s"),
    "account_identifier": N_("it names the account identifier %(value)s"),
    "external_reference": N_("it names the reference %(value)s"),
    "booking_number": N_("it names booking %(value)s"),
    "account_known": N_("the guest has paid from this account before"),
    "name_alike": N_("the payer is called like the guest"),
    "promise_stays": N_("a promise of %(value)s on the booking stays as it is"),
    "cancelled": N_("the booking is cancelled, so the money will be credit"),
}
OF_MONEY = ("amount_less", "amount_more", "promise_stays")


# Reasons that count something.
COUNTED: Mapping[str, Callable[[int], str]] = {
    "day_near": lambda num: (
        ngettext("%(num)s day from the expected one", "%(num)s days from the expected one", num)
        if num
        else _("it came on the expected day")
    ),
    "amounts_add_up": lambda num: ngettext(
        "it adds up over %(num)s booking", "it adds up over %(num)s bookings", num
    ),
    "lines_add_up": lambda num: ngettext(
        "%(num)s line adds up to it", "%(num)s lines add up to it", num
    ),
    "fits_others": lambda num: ngettext(
        "%(num)s other is as good", "%(num)s others are as good", num
    ),
    "wanted_by_others": lambda num: ngettext(
        "%(num)s other line fits as well", "%(num)s other lines fit as well", num
    ),
}


def certainty(score: int) -> str:
    """How sure a proposal is: "certain", "likely" or "possible"."""
    return "certain" if score >= CERTAIN else "likely" if score >= LIKELY else "possible"


def reason_text(reason: Reason, currency: str) -> str:
    """Why a proposal is made, or why it is not certain, in words."""
    value = reason.value
    if reason.code in COUNTED:
        return COUNTED[reason.code](int(value or 0))
    if reason.code in OF_MONEY:
        value = money_text(Money(abs(int(value or 0)), currency))
    return _(REASONS[reason.code]) % {"value": value}


def deed(part: Part, names: Known) -> str:
    """What confirming does on one booking, up to the booking's number."""
    currency = names.bookings[part.booking_id].open.currency
    return deed_of(names.payments.get(part.payment_id or 0), Money(abs(part.amount), currency))


def deed_of(payment: PaymentName | None, amount: Money, method: str = "") -> str:
    """The same of a payment that the money is; None: new money, recorded by `method`."""
    if payment is None:
        facts = {"amount": money_text(amount), "method": method}
        if not method:
            return _("Records %(amount)s on booking", **facts)
        return _("Records %(amount)s by %(method)s on booking", **facts)
    whole = payment.moved if payment.moved.minor >= 0 else -payment.moved
    told = {"amount": money_text(whole), "method": payment.method, "day": day_text(payment.day)}
    if payment.state == "deferred":
        return _("Clears the %(method)s of %(amount)s promised for %(day)s on booking", **told)
    if payment.state == "uncleared":
        return _("Clears the %(method)s of %(amount)s on booking", **told)
    if payment.is_refund:
        return _("Is the refund of %(amount)s by %(method)s, %(day)s, on booking", **told)
    return _("Is the %(method)s of %(amount)s, %(day)s, that is there already, on booking", **told)


def match_word(kind: str) -> str:
    """What a match has done with its payment."""
    return {"cleared": _("Cleared"), "recorded": _("Recorded"), "found": _("Found")}[kind]
