"""An entry of the event log as one plain sentence, without who did it.

Pure: what ids are called is looked up beforehand (desk.log_names). An action that is not known here
is told in its own words, with its facts, so that no entry is ever left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from desk.card_words import ORDERED, REFUSED, SETTLED
from desk.logged import LoggedEntry
from desk.office_words import ACCOUNT_WORDS, OFFICE
from desk.partner_words import PARTNER_WORDS
from desk.staff_words import STAFF_WORDS
from desk.words import _, amount_text, day_text, money_text, ngettext
from kit.money import Money
from kit.texts import N_


@dataclass(frozen=True, slots=True)
class PaymentWords:
    """What a sentence says of a payment: the name of its method, and the day it was paid on or is
    promised for."""

    method: str
    paid_on: date


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called, by id; `currencies` are those of bookings. What is missing is told by
    its id, or left out."""

    methods: Mapping[int, str] = field(default_factory=dict)
    lines: Mapping[int, str] = field(default_factory=dict)
    tags: Mapping[int, str] = field(default_factory=dict)
    locations: Mapping[int, str] = field(default_factory=dict)
    currencies: Mapping[int, str] = field(default_factory=dict)
    payments: Mapping[int, PaymentWords] = field(default_factory=dict)
    partners: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)


def sentence(entry: LoggedEntry, names: Names) -> str:
    """What happened: "recorded a promise of 300.00 EUR by BankTransfer for 23 Jan 2027". With what
    became of tags, and the reason where one was given."""
    tell = KNOWN.get(entry.action, _in_own_words)
    parts = [tell(entry, names), *_tags(entry, names)]
    if entry.reason:
        parts.append(_("Reason: %(reason)s", reason=entry.reason))
    return ". ".join(parts)


def changes(entry: LoggedEntry, names: Names) -> list[str]:
    """What an entry changed, fact by fact: "paying on_site → external"."""
    facts = {**entry.before, **entry.after}
    return [
        _changed(key, entry, names)
        for key in facts
        if entry.before.get(key) != entry.after.get(key)
    ]


Tell = Callable[[LoggedEntry, Names], str]
# Told by `_on`.
ON = {**STAFF_WORDS, **PARTNER_WORDS, **ACCOUNT_WORDS}


# --- money ---------------------------------------------------------------------------------------


def _recorded(entry: LoggedEntry, names: Names) -> str:
    state = entry.after.get("state")
    facts = {
        "amount": _amount(entry, names, "amount"),
        "method": _method(entry, names),
        "day": _day(entry, names),
    }
    if state == "failed":
        return _("recorded a failed attempt of %(amount)s%(method)s", **facts)
    if state == "deferred":
        return _("recorded a promise of %(amount)s%(method)s%(day)s", **facts)
    if state == "uncleared":
        return _("recorded %(amount)s%(method)s, under way", **facts)
    return _("recorded %(amount)s%(method)s, cleared", **facts)


def _cleared(entry: LoggedEntry, names: Names) -> str:
    amount, method = _amount(entry, names, "amount"), _method(entry, names)
    if entry.after.get("at_provider"):
        return _("had the provider release %(amount)s%(method)s", amount=amount, method=method)
    if entry.before.get("state") == "deferred":
        return _("cleared the promise of %(amount)s%(method)s", amount=amount, method=method)
    return _("cleared %(amount)s%(method)s", amount=amount, method=method)


def _failed(entry: LoggedEntry, names: Names) -> str:
    facts = {"amount": _amount(entry, names, "amount"), "method": _method(entry, names)}
    if entry.after.get("at_provider"):
        return _("had the provider give up %(amount)s%(method)s; no money came", **facts)
    return _("recorded that %(amount)s%(method)s failed; no money came", **facts)


def _charged(entry: LoggedEntry, names: Names) -> str:
    facts = {
        "amount": _amount(entry, names, "amount"),
        "method": _method(entry, names),
        "payment": entry.about.get("card_of"),
    }
    if entry.after.get("state") == "failed":
        return _("tried to charge the card of payment %(payment)s again: %(amount)s%(method)s was "
                 "declined", **facts)  # fmt: skip
    return _("charged the card of payment %(payment)s again: %(amount)s%(method)s", **facts)


def _settled(entry: LoggedEntry, names: Names) -> str:
    yes, no = SETTLED.get(str(entry.after.get("kind")), SETTLED["pay"])
    text = yes if entry.after.get("state") == "succeeded" else no
    return _(text) % {"amount": _amount(entry, names, "amount")}


def _by_kind(texts: Mapping[str, str]) -> Tell:
    def tell(entry: LoggedEntry, names: Names) -> str:
        text = texts.get(str(entry.after.get("kind")), texts["charge"])
        amount = _amount(entry, names, "amount")
        return _(text) % {"amount": amount, "payment": entry.about.get("payment")}

    return tell


def _refunded(entry: LoggedEntry, names: Names) -> str:
    whole = sum(int(entry.after.get(part, 0)) for part in ("amount", "charges", "tip"))
    facts = {"amount": _money(entry, names, whole), "payment": entry.about.get("refund_of")}
    if entry.after.get("gateway"):
        return _("refunded %(amount)s of payment %(payment)s to the card", **facts)
    method = _method(entry, names)
    return _("refunded %(amount)s of payment %(payment)s%(method)s", **facts, method=method)


def _deleted(entry: LoggedEntry, names: Names) -> str:
    facts = {"amount": _amount(entry, names, "amount"), "method": _method(entry, names)}
    if entry.after.get("at_provider"):
        return _("had the provider void %(amount)s%(method)s", **facts)
    if entry.after.get("external"):
        return _("deleted the external payment of %(amount)s%(method)s", **facts)
    return _("deleted %(amount)s%(method)s", **facts)


def _late(entry: LoggedEntry, names: Names) -> str:
    return _(
        "noted that %(amount)s%(method)s did not come by %(day)s",
        amount=_amount(entry, names, "amount"),
        method=_method(entry, names),
        day=_text_day(entry.after.get("expected_on")),
    )


# --- bookings ------------------------------------------------------------------------------------


def _created(entry: LoggedEntry, names: Names) -> str:
    return _("created the booking, %(total)s", total=_amount(entry, names, "total"))


def _amended(entry: LoggedEntry, names: Names) -> str:
    waived, difference = entry.after.get("commission_waived"), entry.after.get("difference")
    if waived is not None:
        return _("waived the commission of %(amount)s", amount=_money(entry, names, waived))
    if difference is None:
        return _updated(entry, names)
    if not difference:
        return _("amended the booking; its total stays")
    text = _("amended the booking: %(amount)s more") if difference > 0 else _(
        "amended the booking: %(amount)s less"
    )  # fmt: skip
    return text % {"amount": _money(entry, names, abs(difference))}


def _released(entry: LoggedEntry, names: Names) -> str:
    return _("released the security deposit; %(amount)s became credit",
             amount=_amount(entry, names, "amount"))  # fmt: skip


def _updated(entry: LoggedEntry, _names: Names) -> str:
    changed = [str(each).replace("_", " ") for each in entry.after.get("fields", ())]
    if not changed:
        return _("changed the booking")
    return _("changed the %(fields)s", fields=_listed(changed))


def _cancelled(entry: LoggedEntry, names: Names) -> str:
    parts = [_("cancelled the booking")]
    if entry.after.get("fee"):
        parts.append(_("keeping %(fee)s", fee=_amount(entry, names, "fee")))
    if external := entry.after.get("external"):
        there = ngettext(
            "with external payment %(ids)s", "with external payments %(ids)s", len(external),
            ids=_listed(external),
        )  # fmt: skip
        parts.append(there)
    return ", ".join(parts)


def _reminded(entry: LoggedEntry, names: Names) -> str:
    lines = [
        f"{names.lines.get(line, line)} {_money(entry, names, amount)}"
        for line, amount, _due in entry.after.get("lines", ())
    ]
    return _("reminded the guest of %(lines)s", lines=_listed(lines))


def _link_sent(entry: LoggedEntry, names: Names) -> str:
    return _("sent the guest a payment link; %(amount)s is open",
             amount=_amount(entry, names, "open"))  # fmt: skip


def _plain(text: str) -> Tell:
    return lambda _entry, _names: _(text)


def _tagged(entry: LoggedEntry, names: Names) -> str:
    tags = [f"“{names.tags.get(tag, tag)}”" for tag in entry.after.get("tags_added", ())]
    return _("put the tag %(tags)s on the booking", tags=_listed(tags))


def _untagged(entry: LoggedEntry, names: Names) -> str:
    tags = [f"“{names.tags.get(tag, tag)}”" for tag in entry.after.get("tags_removed", ())]
    return _("took the tag %(tags)s off the booking", tags=_listed(tags))


def _on(text: str) -> Tell:
    """A sentence that may name a partner, an endpoint, a format (`kind`) and what changed."""

    def tell(entry: LoggedEntry, names: Names) -> str:
        partner = entry.about.get("partner")
        name = names.partners.get(partner or 0)
        changed = [_changed(key, entry, names) for key in {**entry.before, **entry.after}]
        return _(text) % {
            "partner": f"“{name}”" if name else partner,
            "endpoint": entry.about.get("endpoint"),
            "person": names.people.get(entry.about.get("person") or 0) or entry.about.get("person"),
            "kind": entry.after.get("kind") or entry.before.get("kind"),
            "changed": _listed(changed),
        }

    return tell


KNOWN: Mapping[str, Tell] = {
    "payment.recorded": _recorded,
    "payment.cleared": _cleared,
    "payment.failed": _failed,
    "payment.refunded": _refunded,
    "payment.deleted": _deleted,
    "payment.late": _late,
    "card.charged": _charged,
    "card.ordered": _by_kind(ORDERED),
    "card.refused": _by_kind(REFUSED),
    "card.settled_by_hand": _settled,
    "payment.dismissed": _plain(N_("put the failed attempt aside")),
    "payment.undismissed": _plain(N_("took the failed attempt up again")),
    "message.sent_again": _plain(N_("sent a message again")),
    "message.dismissed": _plain(N_("put an undelivered message aside")),
    "message.undismissed": _plain(N_("took an undelivered message up again")),
    "booking.created": _created,
    "booking.amended": _amended,
    "booking.updated": _updated,
    "booking.deposit_released": _released,
    "booking.cancelled": _cancelled,
    "booking.abandoned": _plain(
        N_("cancelled the booking as abandoned; the nights are free again")
    ),
    "booking.reactivated": _plain(N_("took the cancelled booking up again")),
    "booking.confirmed": _plain(N_("confirmed the booking")),
    "booking.reminded": _reminded,
    "booking.link_sent": _link_sent,
    "booking.links_withdrawn": _plain(N_("withdrew all payment links that were sent before")),
    "booking.tagged": _tagged,
    "booking.untagged": _untagged,
    **{action: _on(text) for action, text in ON.items()},
    **OFFICE,
}


# --- parts of sentences --------------------------------------------------------------------------


def _tags(entry: LoggedEntry, names: Names) -> Iterable[str]:
    """What became of tags beside what the entry is about, a sentence each."""
    if KNOWN.get(entry.action) in (_tagged, _untagged):
        return
    for key, text in (
        ("tags_added", _("Tag “%(tag)s” added")),
        ("tags_removed", _("Tag “%(tag)s” removed")),
    ):
        for tag in entry.after.get(key, ()):
            yield text % {"tag": names.tags.get(tag, tag)}


def _money(entry: LoggedEntry, names: Names, minor: int) -> str:
    """The currency is the entry's own or its booking's; a booking that is gone has none."""
    currency = entry.after.get("currency") or names.currencies.get(
        entry.about.get("booking", entry.chain)
    )
    return money_text(Money(minor, currency)) if currency else _("an amount")


def _amount(entry: LoggedEntry, names: Names, key: str) -> str:
    minor = entry.after.get(key)
    return _("an amount") if minor is None else _money(entry, names, minor)


def _method(entry: LoggedEntry, names: Names) -> str:
    """ " by PayPal", when that is known."""
    found = names.methods.get(entry.after.get("method", 0))
    payment = names.payments.get(entry.about.get("payment", 0))
    name = found or (payment.method if payment else None)
    return _(" by %(method)s", method=name) if name else ""


def _day(entry: LoggedEntry, names: Names) -> str:
    """ " for 23 Jan 2027": when a promise is for, when that is known."""
    payment = names.payments.get(entry.about.get("payment", 0))
    return _(" for %(day)s", day=day_text(payment.paid_on)) if payment else ""


def _text_day(text: Any) -> str:
    return day_text(date.fromisoformat(text) if isinstance(text, str) else None)


def _listed(things: Iterable[Any]) -> str:
    return ", ".join(map(str, things))


# --- actions without a sentence of their own -----------------------------------------------------


def _in_own_words(entry: LoggedEntry, names: Names) -> str:
    """ "method changed: method 3; paying external → both"."""
    words = entry.action.replace(".", " ").replace("_", " ")
    about = [_thing(key, value, names) for key, value in entry.about.items() if value is not None]
    changed = [_changed(key, entry, names) for key in {**entry.before, **entry.after}]
    facts = "; ".join(part for part in (", ".join(about), ", ".join(changed)) if part)
    return f"{words}: {facts}" if facts else words


def _thing(key: str, value: Any, names: Names) -> str:
    """A fact by the name of its id, where that is known."""
    known: Mapping[str, Mapping[int, str]] = {
        "method": names.methods,
        "line": names.lines,
        "tag": names.tags,
        "location": names.locations,
        "partner": names.partners,
        "person": names.people,
    }
    word = key.replace("_", " ")
    name = known[key].get(value) if key in known and isinstance(value, int) else None
    return f"{word} “{name}”" if name else f"{word} {_value(value)}"


def _changed(key: str, entry: LoggedEntry, names: Names) -> str:
    was, now = entry.before.get(key), entry.after.get(key)
    if was == now or key not in entry.before:
        return _thing(key, now, names)
    if key not in entry.after:
        return _("%(fact)s no more", fact=_thing(key, was, names))
    return f"{key.replace('_', ' ')} {_value(was)} → {_value(now)}"


def _value(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return amount_text(None)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return _listed(f"{key} {_value(each)}" for key, each in value.items())
    if isinstance(value, list):
        return _listed(map(_value, value))
    return str(value)
