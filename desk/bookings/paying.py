"""The payments of one booking as its page shows them: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from desk.words import _, day_text, money_text
from kit.money import Money
from payments.account import EXTERNAL

COMING = ("uncleared", "deferred")
PARTS = ("amount", "charges", "tip")

Moved = Sequence[tuple[int, int | None, int]]


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment in the list. `sign` and `source` are the icon and words of who recorded it, `badge`
    the name of its state and words that say more; `to` is where its money goes, or what became of
    it. `credit` is what of it fits no line. `usable` is what gateways can do with its card;
    `gateway` took its money for us, or paid it back. `bank_line` is the first line of the bank's
    that it is matched with."""

    id: int
    at: datetime
    method: str
    sign: str
    source: str
    state: str
    badge: tuple[str, str | None]
    to: str
    amount: Money
    charges: Money
    tip: Money
    refund_of: int | None
    refundable: Money
    credit: Money
    is_external: bool
    paid_on: date
    reason: str
    is_dismissed: bool
    gateway: str | None = None
    usable: Collection[str] = ()
    bank_line: int | None = None

    @property
    def is_coming(self) -> bool:
        return self.state in COMING

    @property
    def is_refunded(self) -> bool:
        """Whether something of it was paid back."""
        return self.state == "cleared" and self.refund_of is None and self.refundable < self.amount


@dataclass(frozen=True, slots=True)
class Known:
    """What a payment is told with: names of lines, where money lies, what promises will cover,
    when payments were deleted (as a text), what can be done with the cards of payments, and the day
    at the location."""

    currency: str
    lines: Mapping[int, str]
    moved: Moved
    covers: Mapping[int, Sequence[tuple[int | None, Money]]]
    deleted: Mapping[int, str]
    today: date
    usable: Mapping[int, Collection[str]] = field(default_factory=dict)


def payments(rows: Sequence[Any], known: Known) -> list[PaymentView]:
    """The newest first."""
    lies: dict[int, dict[int | None, int]] = defaultdict(lambda: defaultdict(int))
    for payment_id, line_id, amount in known.moved:
        lies[payment_id][line_id] += amount
    back: dict[int, int] = defaultdict(int)
    for row in rows:
        if row.refund_of is not None and row.state == "cleared":
            back[row.refund_of] -= row.amount
    return [_payment(row, known, lies[row.id], back[row.id]) for row in reversed(rows)]


def _payment(row: Any, known: Known, lies: Mapping[int | None, int], back: int) -> PaymentView:
    def money(minor: int) -> Money:
        return Money(minor, known.currency)

    sign, source = _source(row)
    is_whole = row.state == "cleared" and row.refund_of is None
    return PaymentView(
        id=row.id,
        at=row.created_at,
        method=row.method,
        sign=sign,
        source=source,
        state=row.state,
        badge=_badge(row, known.today),
        to=_to(row, known, lies, money(back)),
        amount=money(row.amount),
        charges=money(row.charges),
        tip=money(row.tip),
        refund_of=row.refund_of,
        refundable=money(row.amount - back if is_whole else 0),
        credit=money(lies.get(None, 0)),
        is_external=row.source in EXTERNAL,
        paid_on=row.paid_on,
        reason=row.failure_reason or "",
        is_dismissed=row.dismissed_at is not None,
        gateway=row.gateway,
        usable=known.usable.get(row.id, ()),
        bank_line=row.bank_line,
    )


def _source(row: Any) -> tuple[str, str]:
    """The icon and words for who recorded it."""
    if row.source == "desk":
        return "user", _("Desk, %(person)s", person=row.person) if row.person else _("Desk")
    if row.source == "guest":
        return "credit-card", _("Guest, on the payment page")
    if row.source == "import":
        return "file-import", _("Import")
    return "plug", row.partner or row.source


def _badge(row: Any, today: date) -> tuple[str, str | None]:
    if row.refund_of is not None and row.state == "cleared":
        return "refund", None
    if row.state == "deferred":
        day = day_text(row.paid_on)
        if row.paid_on < today:
            return "overdue", _("Promised for %(day)s", day=day)
        return "deferred", _("For %(day)s", day=day)
    return row.state, None


def _to(row: Any, known: Known, lies: Mapping[int | None, int], back: Money) -> str:
    if row.state == "failed":
        nothing = _("No money was taken")
        return f"{row.failure_reason.rstrip('.')}. {nothing}" if row.failure_reason else nothing
    if row.state == "void":
        return _deleted(row, known)
    if row.refund_of is not None:
        return _("Pays back payment %(id)s", id=row.refund_of)
    if row.state in COMING:
        parts = _parts(known.covers.get(row.id, ()), known)
        return _("%(lines)s, when it clears", lines=parts)
    lying = [(line, Money(minor, known.currency)) for line, minor in lies.items() if minor]
    parts = _parts(lying, known)
    refunded = _("refunded %(amount)s", amount=back.plain) if back else ""
    return ", ".join(part for part in (parts, refunded) if part)


def _deleted(row: Any, known: Known) -> str:
    when, why = known.deleted.get(row.id), row.failure_reason
    text = _("Deleted %(when)s", when=when) if when else _("Deleted")
    return f"{text}: {why}" if why else text


def _parts(parts: Sequence[tuple[int | None, Money]], known: Known) -> str:
    """ "10% tax 90.00, credit 20.00"."""
    found = [
        f"{_('credit') if line is None else known.lines.get(line, line)} {amount.plain}"
        for line, amount in parts
    ]
    return ", ".join(found)


def besides(payment: PaymentView) -> str:
    """What came with it that is in no line: "Charges 2.00, tip 1.00"."""
    found = []
    if payment.charges:
        found.append(_("charges %(amount)s", amount=money_text(payment.charges)))
    if payment.tip:
        found.append(_("tip %(amount)s", amount=money_text(payment.tip)))
    return ", ".join(found)
