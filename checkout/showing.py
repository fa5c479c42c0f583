"""What the guest's page says: from what was read to words, money and days as the guest writes
them. Nothing is decided here but what to show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from flask import url_for
from markupsafe import Markup

from bookings.schedule import CANCELLATION_FEE
from checkout.declines import reason_of
from checkout.reading import Found
from checkout.schedule import bar, schedule
from checkout.trying import UNSETTLED
from kit.clock import day_at
from kit.errors import DomainError
from kit.locales import clock_text, date_text, money_text, time_text
from kit.money import Money
from payments import links
from payments.account import PaymentRow
from payments.owing import Owed

NEXT, ALL = "next", "all"

PageState = Literal["cancelled", "waiting", "thanks", "pay", "promised", "paid", "nothing"]


@dataclass(frozen=True, slots=True)
class Words:
    """How a guest writes money, days and times; the page around them is in English."""

    locale: str
    zone: str
    now: datetime

    def money(self, amount: Money) -> str:
        return money_text(amount, self.locale)

    def day(self, day: date) -> Markup:
        return self._marked(day.isoformat(), date_text(day, self.locale))

    def moment(self, at: datetime) -> Markup:
        """The time of day and what it is called, after the day when that is not today."""
        return self._at(at, time_text(at, self.zone, self.locale))

    def before(self, at: datetime) -> Markup:
        """The same for what the guest has done, who knows when: of today the time of day alone."""
        is_today = day_at(at, self.zone) == day_at(self.now, self.zone)
        tell = clock_text if is_today else time_text
        return self._at(at, tell(at, self.zone, self.locale))

    def _at(self, at: datetime, text: str) -> Markup:
        day = day_at(at, self.zone)
        if day != day_at(self.now, self.zone):
            text = f"{date_text(day, self.locale)}, {text}"
        return self._marked(at.isoformat(timespec="minutes"), text)

    def _marked(self, machine: str, text: str) -> Markup:
        """A screen reader says it in the guest's language."""
        language = self.locale.replace("_", "-")
        return Markup('<time datetime="{}" lang="{}">{}</time>').format(machine, language, text)


@dataclass(frozen=True, slots=True)
class Choice:
    """An amount that can be paid: `value` is what its form says, with the amount that was shown;
    `covers` are the names of its lines and what is open of them; of everything only those that are
    not due next."""

    value: str
    amount: Money
    covers: tuple[tuple[str, Money], ...]
    is_chosen: bool


def shown(
    found: Found, token: str, *, refusal: type[DomainError] | None, wished: str | None
) -> dict[str, Any]:
    """All that the templates know. `refusal` is what the form was just refused for, `wished` the
    choice that it came with."""
    account, last = found.account, found.last
    lines = schedule(account)
    return {
        "found": found,
        "account": account,
        "words": Words(account.guest.locale, account.place.time_zone, account.now),
        "state": state_of(found),
        "due": _due(found),
        "last": last,
        "reason": reason_of(last.intent.decline) if last.intent else None,
        "refusal": refusal.code if refusal else None,
        "choices": _choices(found, wished),
        "method": _method(found),
        "lines": lines,
        "bar": bar(lines),
        "paid": account.money(sum(line.paid.minor for line in lines)),
        "promised": account.money(sum(e.amount.minor for line in lines for e in line.promises)),
        "total": account.money(sum(line.amount.minor for line in lines)),
        "credit": account.money(account.standing.credit),
        "receipts": [(each, _whole(found, each)) for each in found.receipts],
        "thanked": _thanked(found),
        "mailed_to": _masked(account.guest.email),
        "ended": _ended(found),
        "resume_url": links.link_to_resume(account.booking.id) if found.is_abandoned else None,
        "here": url_for("pay.page", token=token),
        "token": token,
    }


def state_of(found: Found) -> PageState:
    """What the page is about. While money may be moving, it is about nothing else."""
    if _is_waiting(found):
        return "waiting"
    if found.account.booking.is_cancelled:
        return "cancelled"
    if found.last.state == "thanks":
        return "thanks"
    if found.whole.amount:
        return "pay"
    if found.account.coming:
        return "promised"
    return "paid" if found.account.standing.paid else "nothing"


def _is_waiting(found: Found) -> bool:
    """Whether money may be moving that the guest should know of. What staff charge holds nobody up
    who has nothing to pay."""
    is_guests = found.last.intent is not None and found.last.intent.kind == "pay"
    return found.last.state in UNSETTLED and (is_guests or bool(found.whole.amount))


def _due(found: Found) -> str:
    """The worst that is to be said of what is asked for first."""
    first = min((line.due_on for line in found.next.lines), default=None)
    today = found.account.today
    if first is None or first > today:
        return "open"
    return "overdue" if first < today else "due"


def _choices(found: Found, wished: str | None) -> list[Choice]:
    """What is due next, and everything when that is more."""
    wants_all = (wished or "").startswith(f"{ALL}:") or _is_paying_all(found)
    is_all = wants_all and found.whole.amount != found.next.amount
    choices = [_choice(found, NEXT, found.next, is_chosen=not is_all)]
    if found.whole.amount != found.next.amount:
        first = {line.id for line in found.next.lines}
        choices.append(_choice(found, ALL, found.whole, is_chosen=is_all, but=first))
    return choices


def _is_paying_all(found: Found) -> bool:
    """Whether the page that is open at the provider is for everything."""
    intent = found.last.intent
    return (
        found.last.state == "elsewhere"
        and intent is not None
        and (intent.amount == found.whole.amount)
    )


def _choice(
    found: Found, what: str, owed: Owed, *, is_chosen: bool, but: Collection[int] = ()
) -> Choice:
    names = {line.id: line.name for line in found.account.lines}
    money = found.account.money
    lines = [line for line in owed.lines if line.id not in but]
    covers = tuple((names[line.id], money(line.open)) for line in lines)
    return Choice(f"{what}:{owed.amount}", money(owed.amount), covers, is_chosen)


def _method(found: Found) -> int | None:
    """The method that is chosen already: that of the last try, else the first one."""
    offered = [each.id for each in found.methods]
    before = found.last.intent.method_id if found.last.intent else None
    return before if before in offered else next(iter(offered), None)


def _whole(found: Found, payment: PaymentRow) -> Money:
    """What the guest gave or got, with charges and tip."""
    return found.account.money(abs(payment.amount + payment.charges + payment.tip))


def _thanked(found: Found) -> PaymentRow | None:
    intent = found.last.intent
    if found.last.state != "thanks" or intent is None or intent.payment_id is None:
        return None
    return found.account.payment(intent.payment_id)


def _masked(email: str | None) -> str | None:
    """Enough of an address for its owner to know which: "a…@example.com"."""
    name, at, host = (email or "").rpartition("@")
    return f"{name[0]}…{at}{host}" if name and host else None


def _ended(found: Found) -> dict[str, Money]:
    """Of a cancelled booking: what came, went back, is kept as fee, is still owed to the guest, and
    is open of the fee."""
    account, money = found.account, found.account.money
    fees = [line for line in account.lines if line.kind == CANCELLATION_FEE]
    cleared = [each for each in account.payments if each.state == "cleared"]
    return {
        "received": money(sum(each.amount for each in cleared if each.refund_of is None)),
        "returned": money(-sum(each.amount for each in cleared if each.refund_of is not None)),
        "kept": money(account.standing.paid),
        "to_return": money(account.standing.credit),
        "fee_open": money(sum(line.amount - account.standing.on(line.id) for line in fees)),
    }
