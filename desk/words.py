"""The desk's texts, days and amounts: one catalogue (locale/), one way to write each figure."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask

from kit.money import Money

LOCALE = "en_GB"
FOLDER = Path(__file__).parent / "locale"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"


def load(locale: str) -> NullTranslations:
    """The texts of a locale, from its catalogue as people edit it: nothing has to be compiled. A
    text that is not translated stands for itself."""
    compiled = BytesIO()
    with (FOLDER / locale / "LC_MESSAGES" / "messages.po").open("rb") as catalogue:
        write_mo(compiled, read_po(catalogue, locale, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)


_catalogue = load(LOCALE)


def gettext(text: str, **facts: object) -> str:
    """A text of the catalogue, with facts for its %(names)s."""
    found: str = _catalogue.ugettext(text)
    return found % facts if facts else found


def ngettext(one: str, many: str, num: int, **facts: object) -> str:
    """The text for this number of things; %(num)s is the number."""
    found: str = _catalogue.ungettext(one, many, num)
    return found % {"num": num, **facts}


_ = gettext


def amount_text(amount: Money | None) -> str:
    """An amount without its currency ("1,015.00"); a dash for none and for nothing."""
    if amount is None or not amount.minor:
        return NOTHING
    sign, plain = (MINUS, amount.plain[1:]) if amount.minor < 0 else ("", amount.plain)
    whole, dot, decimals = plain.partition(".")
    return f"{sign}{Decimal(whole):,}{dot}{decimals}"  # int() refuses very long texts


def money_text(amount: Money) -> str:
    """An amount in a sentence: "1,015.00 EUR"; nothing is "0.00 EUR" there."""
    number = amount_text(amount) if amount.minor else amount.plain
    return f"{number} {amount.currency}"


def day_text(day: date | None) -> str:
    """ "20 Nov 2026"."""
    return NOTHING if day is None else format_date(day, "d MMM y", LOCALE)


def short_day_text(day: date) -> str:
    """ "20 Nov", below a bar."""
    return format_date(day, "d MMM", LOCALE)


def long_day_text(day: date) -> str:
    """ "Fri 20 Nov 2026"."""
    return format_date(day, "EEE d MMM y", LOCALE)


def moment_text(instant: datetime | None, zone: str) -> str:
    """ "20 Nov 2026, 09:14" at an IANA zone."""
    if instant is None:
        return NOTHING
    return format_datetime(instant.astimezone(ZoneInfo(zone)), "d MMM y, HH:mm", locale=LOCALE)


def init_app(app: Flask) -> None:
    """Give all of this to the templates."""
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    # Jinja puts the facts in itself.
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        _catalogue.ugettext, _catalogue.ungettext, newstyle=True
    )
    environment.filters |= {
        "amount": amount_text,
        "money": money_text,
        "day": day_text,
        "long_day": long_day_text,
        "moment": moment_text,
    }
