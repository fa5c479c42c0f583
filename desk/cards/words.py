"""Card payments in words: what was to be done, how it stands, and why a card was declined."""

from __future__ import annotations

from desk.words import _, money_text
from kit.money import Money
from payments.gateways.registry import gateways


def deed(kind: str, amount: Money) -> str:
    """What the provider was to do: "Charge of 100.00 EUR"."""
    told = money_text(amount)
    return {
        "pay": _("Payment of %(amount)s by the guest", amount=told),
        "charge": _("Charge of %(amount)s", amount=told),
        "refund": _("Refund of %(amount)s to the card", amount=told),
        "release": _("Release of %(amount)s", amount=told),
        "abort": _("Giving up %(amount)s", amount=told),
        "void": _("Voiding %(amount)s at the provider", amount=told),
    }[kind]


def done(kind: str) -> str:
    """What it means for the money that the provider has done it."""
    return {
        "pay": _("The guest paid it. It counts as paid."),
        "charge": _("The card was charged. The money counts as paid."),
        "refund": _("The money goes back to the card."),
        "release": _("The provider takes the money. It counts as paid."),
        "abort": _("The provider takes no money. The promise has failed."),
        "void": _("The provider takes no money. The payment is void."),
    }[kind]


def not_done(kind: str) -> str:
    """What it means that the provider has refused, or was never asked."""
    if kind in ("pay", "charge"):
        return _("No money was taken.")
    return _("Nothing was changed; the payment stands as it was.")


def set_right(kind: str) -> str:
    """What a person does about money that the provider has moved and the books could not take."""
    no = is_it_done(kind)[1]
    if kind not in ("pay", "charge"):
        return _("Nothing of it is recorded yet, and nobody changes the payment by hand until you "
                 "have said here “%(answer)s”. Then record what somebody has not recorded "
                 "before.", answer=no)  # fmt: skip
    return _("Nothing of it is recorded yet. See whether somebody has recorded it by hand, and "
             "record it if not; then say here “%(answer)s”.", answer=no)  # fmt: skip


def is_it_done(kind: str) -> tuple[str, str]:
    """What a person says who has looked at the provider: that it was done, or that there is nothing
    to record."""
    yes = {
        "pay": _("It was paid"),
        "charge": _("It was paid"),
        "refund": _("It was paid back"),
        "release": _("It was released"),
        "abort": _("It was given up"),
        "void": _("It was void"),
    }[kind]
    if kind in ("pay", "charge"):
        return yes, _("It was not paid, or it is recorded already")
    return yes, _("It was not done, or it is recorded already")


def why_declined(decline: str | None) -> str:
    """The kind of a failure (payments.gateways.gateway.Decline) in plain words."""
    return {
        "declined": _("The card's bank declined it."),
        "no_funds": _("There is not enough money on the card."),
        "expired": _("The card has expired."),
        "wrong_details": _("What the provider knows of the card is wrong."),
        "not_authenticated": _("The card's bank did not recognise the guest."),
        "limit": _("It is more than the card allows."),
        "fraud": _("The provider takes it for fraud."),
        "refused_by_us": _("A rule of our own account at the provider refused it."),
        "provider_fault": _("The provider could not do it."),
    }.get(decline or "", _("The provider refused it."))


def title_of(gateway: str) -> str:
    """What a provider is called; one that is not set up any more by its short name."""
    found = gateways().get(gateway)
    return found.title if found else gateway
