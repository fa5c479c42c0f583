"""Why a card was not charged, in the guest's own words, and what helps: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from payments.gateways.gateway import Decline


@dataclass(frozen=True, slots=True)
class Reason:
    """What happened, and what the guest can do about it: a sentence each."""

    happened: str
    helps: str


DECLINED = Reason(
    "Your card was declined.",
    "Try again, or use another card. Your bank can tell you why.",
)
REASONS: Mapping[Decline, Reason] = {
    "declined": DECLINED,
    "no_funds": Reason(
        "There was not enough money on this card.",
        "Use another card, or try again when there is enough on this one.",
    ),
    "expired": Reason(
        "Your card has expired.",
        "Use a card that is still valid.",
    ),
    "wrong_details": Reason(
        "The details of the card did not fit.",
        "Try again, and check number, date and security code on the payment page.",
    ),
    "not_authenticated": Reason(
        "Your bank could not confirm that it was you.",
        "Try again, and confirm the payment in your bank's app or with the code it sends you.",
    ),
    "limit": Reason(
        "The amount is above what your card allows.",
        "Use another card, or ask your bank to raise the limit.",
    ),
    "fraud": Reason(
        "A security check stopped this payment.",
        "Use another card, or answer the e-mail that brought you here; we are glad to help.",
    ),
    "refused_by_us": Reason(
        "We cannot take this card.",
        "Use another card, or answer the e-mail that brought you here; we are glad to help.",
    ),
    "provider_fault": Reason(
        "Our payment provider had a fault.",
        "Nothing is wrong with your card. Try again in a few minutes.",
    ),
}


def reason_of(decline: str | None) -> Reason:
    """The words for a decline; the plainest for one that has none."""
    return REASONS.get(decline, DECLINED)  # type: ignore[call-overload, no-any-return]
