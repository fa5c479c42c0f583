"""What is next for one booking: one sentence, and the one button that does it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from desk.bookings.paying import PaymentView
from desk.bookings.schedule import LineView, Schedule
from desk.words import _, day_text, money_text, ngettext
from kit.money import Money
from staff.permissions import Permission


@dataclass(frozen=True, slots=True)
class Button:
    """What to do, where, and the permission it needs."""

    text: str
    path: str
    icon: str
    needs: Permission


@dataclass(frozen=True, slots=True)
class Next:
    """`tone` is the family of the note ("" is calm), `title` the first sentence, in bold."""

    tone: str
    icon: str
    title: str
    rest: str = ""
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What the next step depends on. `held` is the security deposit that was paid and not given
    back; payments are the newest first."""

    booking_id: int
    status: str
    arrives_on: date
    leaves_on: date
    today: date
    schedule: Schedule
    payments: Sequence[PaymentView]
    credit: Money
    held: Money


def next_step(situation: Situation) -> Next:
    """The first that applies, in the order of loss."""
    return next(found for rule in RULES if (found := rule(situation)) is not None)


def _late(now: Situation) -> Next | None:
    """Money that should be here by today; of a cancelled booking no line is ever late."""
    late = [line for line in now.schedule.lines if line.is_late]
    if not late:
        return None
    amount = now.schedule.late
    first = min(late, key=lambda line: line.due_on)
    what = _sum_of(late, amount)
    if now.schedule.is_overdue:
        days = (now.today - first.due_on).days
        title = ngettext(
            "%(what)s is overdue, %(num)s day late.",
            "%(what)s is overdue, %(num)s days late.",
            days,
            what=what,
        )
    else:
        title = _("%(what)s is due today.", what=what)
    rest = " ".join(text for text in (_last_try(now), _stays_provisional(now)) if text)
    icon = "clock-exclamation" if now.schedule.is_overdue else "calendar-due"
    return Next("late", icon, title, rest, _record(now, amount, late))


def _sum_of(lines: Sequence[LineView], amount: Money) -> str:
    """ "Rental Deposit 248.00 EUR", or "263.00 EUR on 2 lines"."""
    told = money_text(amount)
    if len(lines) == 1:
        return f"{lines[0].name} {told}"
    return ngettext("%(amount)s on %(num)s line", "%(amount)s on %(num)s lines", len(lines),
                    amount=told)  # fmt: skip


def _last_try(now: Situation) -> str:
    """The failed attempt after which nothing came."""
    last = _open_failure(now)
    if last is None:
        return ""
    return _("The last try failed: %(why)s.", why=last.reason.rstrip(".") or _("no reason given"))


def _stays_provisional(now: Situation) -> str:
    if now.status != "provisional":
        return ""
    return _("The booking stays provisional until it is paid or promised.")


def _failed(now: Situation) -> Next | None:
    last = _open_failure(now)
    if last is None or now.status == "cancelled" or not now.schedule.open:
        return None
    title = _("An attempt of %(amount)s failed.", amount=money_text(last.amount))
    why = last.reason.rstrip(".")
    rest = f"{why}. " if why else ""
    lines = [line for line in now.schedule.lines if line.open]
    return Next(
        "fail", "alert-circle", title, rest + _("No money was taken."),
        _record(now, min(last.amount, now.schedule.open), lines),
    )  # fmt: skip


def _open_failure(now: Situation) -> PaymentView | None:
    """The newest failed attempt, unless somebody has put it aside or money came after it."""
    for payment in now.payments:
        if payment.state == "cleared":
            return None
        if payment.state == "failed" and not payment.is_dismissed:
            return payment
    return None


def _promise_passed(now: Situation) -> Next | None:
    passed = [each for each in now.payments if each.state == "deferred"]
    passed = [each for each in passed if each.paid_on < now.today]
    if not passed:
        return None
    oldest = min(passed, key=lambda each: each.paid_on)
    title = _(
        "%(amount)s by %(method)s was promised for %(day)s.",
        amount=money_text(oldest.amount), method=oldest.method, day=day_text(oldest.paid_on),
    )  # fmt: skip
    path = f"/desk/payments/{oldest.id}/clear"
    button = Button(_("Clear the payment"), path, "circle-check", Permission.CLEAR)
    rest = _("Clear it when the money is there, or say that it failed.")
    return Next("late", "clock-exclamation", title, rest, button)


def _credit(now: Situation) -> Next | None:
    if not now.credit:
        return None
    payment = next((each for each in now.payments if each.credit.minor > 0), None)
    button = payment and Button(
        _("Refund %(amount)s", amount=money_text(payment.credit)),
        f"/desk/payments/{payment.id}/refund?{urlencode({'amount': payment.credit.plain})}",
        "receipt-refund",
        Permission.REFUND,
    )
    title = _("%(amount)s of credit is to be refunded.", amount=money_text(now.credit))
    rest = _("It fits no open line.")
    if now.status == "cancelled":
        rest = _("The booking is cancelled: take it up again, or refund.")
    return Next("", "wallet", title, rest, button or None)


def _cancelled(now: Situation) -> Next | None:
    """Nothing can be paid on a cancelled booking any more: what comes is credit."""
    if now.status != "cancelled":
        return None
    rest = _("Nothing is to be done.")
    if now.schedule.open:
        rest = _("%(amount)s of the fee was not paid.", amount=money_text(now.schedule.open))
    return Next("", "ban", _("The booking is cancelled."), rest)


def _deposit(now: Situation) -> Next | None:
    """A security deposit goes back after check-out."""
    if not now.held or now.today < now.leaves_on:
        return None
    title = _("The security deposit of %(amount)s is to be returned.", amount=money_text(now.held))
    path = f"/desk/bookings/{now.booking_id}/deposit"
    button = Button(_("Return the deposit"), path, "receipt-refund", Permission.REFUND)
    rest = _("The guests left on %(day)s.", day=day_text(now.leaves_on))
    return Next("", "calendar-event", title, rest, button)


def _coming(now: Situation) -> Next | None:
    """The next line that is open, or only promised."""
    left = [line for line in now.schedule.lines if line.open or line.promised]
    if not left:
        return None
    line = min(left, key=lambda each: (not each.open, each.due_on))
    day = day_text(line.due_on)
    if not line.open:
        title = _("All that is open is promised.")
        return Next("", "calendar-clock", title, _("Next: %(line)s by %(day)s.", line=line.name,
                                                   day=day))  # fmt: skip
    days = (line.due_on - now.today).days
    title = _("%(line)s %(amount)s is due on %(day)s.", line=line.name,
              amount=money_text(line.open), day=day)  # fmt: skip
    rest = ngettext("That is in %(num)s day.", "That is in %(num)s days.", days)
    return Next("", "calendar-event", title, rest)


def _paid(now: Situation) -> Next:
    days = (now.arrives_on - now.today).days
    title = _("Everything is paid.") if now.schedule.total else _("Nothing is asked for.")
    if days > 0:
        rest = ngettext("The guests arrive in %(num)s day.", "The guests arrive in %(num)s days.",
                        days)  # fmt: skip
    else:
        rest = _("The guests arrive today.") if days == 0 else ""
    return Next("", "circle-check", title, rest)


def _record(now: Situation, amount: Money, lines: Sequence[LineView]) -> Button:
    asked = {"amount": amount.plain, "lines": ",".join(str(line.id) for line in lines)}
    path = f"/desk/bookings/{now.booking_id}/record?{urlencode(asked, safe=',')}"
    text = _("Record %(amount)s", amount=money_text(amount))
    return Button(text, path, "plus", Permission.RECORD)


RULES: Sequence[Callable[[Situation], Next | None]] = (
    _late, _failed, _promise_passed, _credit, _cancelled, _deposit, _coming, _paid,
)  # fmt: skip
