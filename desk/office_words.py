"""What the event log says of the office: statements of the bank, closed days, exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from desk.logged import LoggedEntry
from desk.words import _, day_text, money_text, ngettext
from kit.money import Money
from kit.texts import N_

if TYPE_CHECKING:
    from desk.log_words import Names

FORMATS = {"csv": "CSV", "camt.053": "CAMT.053", "xlsx": "XLSX", "pdf": "PDF"}
# With %(changed)s, as those of staff and partners.
ACCOUNT_WORDS: Mapping[str, str] = {
    "bank_account.added": N_("added a bank account: %(changed)s"),
    "bank_account.changed": N_("changed a bank account: %(changed)s"),
}
# By what a match did with its payment.
MATCHED: Mapping[str, str] = {
    "cleared": N_("matched %(lines)s, %(amount)s, with payment %(payment)s, which is cleared now"),
    "recorded": N_("matched %(lines)s, %(amount)s, and recorded payment %(payment)s for it"),
    "found": N_("matched %(lines)s, %(amount)s, with payment %(payment)s, which was there already"),
}
UNMATCHED: Mapping[str, str] = {
    "cleared": N_("undid the match of %(lines)s, %(amount)s: payment %(payment)s is void"),
    "recorded": N_("undid the match of %(lines)s, %(amount)s: payment %(payment)s is void"),
    "found": N_("undid the match of %(lines)s, %(amount)s, with payment %(payment)s, which stays"),
}


def _imported(entry: LoggedEntry, _names: Names) -> str:
    new, known = int(entry.after.get("new", 0)), int(entry.after.get("known", 0))
    form = str(entry.after.get("format"))
    return _(
        "read a bank statement (%(format)s): %(new)s, %(known)s",
        format=FORMATS.get(form, form),
        new=ngettext("%(num)s new line", "%(num)s new lines", new),
        known=ngettext("%(num)s known already", "%(num)s known already", known),
    )


def _matched(entry: LoggedEntry, _names: Names) -> str:
    return _match(MATCHED, entry, entry.after)


def _unmatched(entry: LoggedEntry, _names: Names) -> str:
    text = _match(UNMATCHED, entry, entry.before)
    reopened = entry.after.get("reopened")
    if reopened is None:
        return text
    return ", ".join([text, _("and %(payment)s waits in its place", payment=reopened)])


def _match(texts: Mapping[str, str], entry: LoggedEntry, facts: Mapping[str, Any]) -> str:
    lines = [line for line, _amount in facts.get("lines", ())]
    return _(texts.get(str(facts.get("kind")), texts["found"])) % {
        "lines": _lines(lines),
        "amount": _money(facts),
        "payment": entry.about.get("payment"),
    }


def _put_aside(entry: LoggedEntry, _names: Names) -> str:
    facts = {"line": _lines([entry.about.get("bank_line")]), "amount": _money(entry.after)}
    return _("put %(line)s, %(amount)s, aside as no booking's money", **facts)


def _taken_up(entry: LoggedEntry, _names: Names) -> str:
    facts = {"line": _lines([entry.about.get("bank_line")]), "amount": _money(entry.after)}
    return _("took %(line)s, %(amount)s, up again", **facts)


def _closed(entry: LoggedEntry, names: Names) -> str:
    place = entry.about.get("location") or 0
    count, sums = int(entry.after.get("count", 0)), entry.after.get("sums", ())
    parts = [
        _("closed %(days)s of %(location)s", days=_days(entry.after),
          location=names.locations.get(place, place)),
        ngettext("%(num)s payment", "%(num)s payments", count),
        *(_("together %(amount)s", amount=money_text(Money(*each))) for each in sums),
        *(_difference(each, names) for each in entry.after.get("differences", ())),
    ]  # fmt: skip
    return ", ".join(parts)


def _days(facts: Mapping[str, Any]) -> str:
    """ "the day 20 Nov 2026", or several of them."""
    day, first = facts.get("day"), facts.get("from")
    last = day_text(date.fromisoformat(str(day))) if day else "?"
    if not first or first == day:
        return _("the day %(day)s", day=last)
    return _("the days %(first)s to %(last)s", last=last,
             first=day_text(date.fromisoformat(str(first))))  # fmt: skip


def _difference(each: Sequence[Any], names: Names) -> str:
    method, minor, currency = each
    return _(
        "a difference of %(amount)s by %(method)s",
        amount=money_text(Money(minor, currency)),
        method=names.methods.get(method, method),
    )


def _downloaded(entry: LoggedEntry, _names: Names) -> str:
    form = str(entry.after.get("format", ""))
    name = str(entry.after.get("list") or "").replace("-", " ")
    parts = [_("exported %(list)s as %(format)s", list=name, format=FORMATS.get(form, form))]
    if filters := entry.after.get("filters"):
        parts.append(_("filtered by %(names)s", names=", ".join(map(str, filters))))
    if entry.after.get("by_link"):
        parts.append(_("by a link"))
    return ", ".join(parts)


def _lines(ids: Iterable[Any]) -> str:
    """ "line 17 of the bank"."""
    found = [str(each) for each in ids if each is not None]
    told = ", ".join(found)
    return ngettext("line %(ids)s of the bank", "lines %(ids)s of the bank", len(found), ids=told)


def _money(facts: Mapping[str, Any]) -> str:
    """An amount as it is, with its sign: what left the account is less than 0."""
    minor, currency = facts.get("amount"), facts.get("currency")
    if minor is None or not currency:
        return _("an amount")
    return money_text(Money(int(minor), str(currency)))


OFFICE: Mapping[str, Callable[[LoggedEntry, Names], str]] = {
    "statement.imported": _imported,
    "statement.matched": _matched,
    "statement.unmatched": _unmatched,
    "statement.put_aside": _put_aside,
    "statement.taken_up": _taken_up,
    "day.closed": _closed,
    "export.downloaded": _downloaded,
}
