"""Words that receipts and statements share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import parseaddr

from kit.locales import date_text, money_text
from kit.money import Money
from payments.papers.letters import locale_on_paper


@dataclass(frozen=True, slots=True)
class Stayed:
    """A property of the booking, and from when to when."""

    name: str
    arrives_on: date
    leaves_on: date


@dataclass(frozen=True, slots=True)
class Booked:
    """Whose paper it is: the agency as it is called and written to, the guest, the booking."""

    place: str
    mail_sender: str
    time_zone: str
    is_demonstration: bool
    guest: str
    guest_locale: str
    booking: int
    account: str
    currency: str
    is_cancelled: bool
    stays: Sequence[Stayed]

    @property
    def address(self) -> str:
        return parseaddr(self.mail_sender)[1]

    @property
    def locale(self) -> str:
        return locale_on_paper(self.guest_locale, self.currency)

    def money(self, minor: int) -> str:
        return money_text(Money(minor, self.currency), self.locale)

    def day(self, day: date) -> str:
        return date_text(day, self.locale)

    def facts(self) -> list[tuple[str, str]]:
        """Guest, booking and stays, by their names on paper."""
        found = [("Guest", self.guest)] if self.guest else []
        cancelled = ", cancelled" if self.is_cancelled else ""
        found.append(("Booking", f"{self.booking} (account {self.account}){cancelled}"))
        return found + [("Stay", self._stay(each)) for each in self.stays]

    def _stay(self, stay: Stayed) -> str:
        nights = (stay.leaves_on - stay.arrives_on).days
        named = "1 night" if nights == 1 else f"{nights} nights"
        return f"{stay.name}, {self.day(stay.arrives_on)} to {self.day(stay.leaves_on)}, {named}"


def by_what(method: str, card_type: str | None, last_digits: str | None) -> str:
    """How the money came: "Visa, card ending 0006"."""
    brand = f" ({card_type})" if card_type and card_type.casefold() != method.casefold() else ""
    return f"{method}{brand}{f', card ending {last_digits}' if last_digits else ''}"
