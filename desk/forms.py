"""Carrying out a form of the desk: once, in one transaction, with every slip shown at its field.

Each form carries a key made with its page (`{{ form_key() }}`): sent twice, it acts once, and
leads both times to the same page. A form about a booking's money also carries how many entries the
booking's log had then (`seen`): whoever looked at an older state than it is now is shown the new
one, and nothing is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from flask import Response, flash, get_flashed_messages, request
from markupsafe import Markup
from marshmallow import Schema, ValidationError
from sqlalchemy import Connection, select
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from bookings.models import Booking
from desk.access import go, me
from desk.words import _
from kit import clock, ids
from kit.cards import has_card_number
from kit.db import in_transaction, reading
from kit.errors import DomainError, Refused
from kit.texts import N_
from payments import ledger
from payments.errors import BookingUnknown
from payments.statements.errors import BookingChangedMeanwhile, LineChangedMeanwhile
from staff.errors import ChangedMeanwhile, FormReused
from staff.forms import led_to, remember

T = TypeVar("T")
# The page was of how it stood before.
STALE = (ChangedMeanwhile, LineChangedMeanwhile, BookingChangedMeanwhile)
KEY, SEEN = "form_key", "seen"
REFUSED = "refused"
NOT_CONTENT = (KEY, "csrf_token")
# Fields that come as often as there are boxes ticked.
LISTS = ("events[]", "formats[]", "locations[]", "partners[]", "scopes[]")
# What the fingerprint of a form leaves out: a quick hash of a password is a way to guess it.
SECRET = ("password", "new", "again")
CARD = N_("This holds what looks like a card number; never write one down.")


@dataclass(frozen=True, slots=True)
class Slips:
    """What is wrong with a form: sentences by field, and those about no one field."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    all: Sequence[str] = ()

    @property
    def any(self) -> bool:
        return bool(self.fields or self.all)


NONE = Slips()
Page = Callable[[Slips], str]


def form_key() -> Markup:
    """The hidden field that makes a form act once."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(KEY, ids.short())


def carry_out(
    work: Callable[[Connection, Mapping[str, Any]], T],
    then: Callable[[T], str],
    again: Page,
    *,
    schema: Schema | None = None,
    said: Callable[[T], str | None] | None = None,
    undo: str | None = None,
    afterwards: Callable[[T], object] | None = None,
) -> AnyResponse:
    """Do what a form asks for, and go on to the page `then` names; `said` is told there (nothing,
    when it is None), with a button that posts to `undo`.

    `work` gets the form as `schema` read it (without one, as it came), inside the transaction.
    What is wrong with it goes to `again`, which shows the form once more (422; 409 when the
    booking changed meanwhile).

    What others have to be asked for (a card provider) is asked for in `afterwards`: what `work` has
    stored is committed then, together with the form's key, and no transaction is open. It is called
    once for a form, however often that comes.
    """
    cards = {name: [_(CARD)] for name in sorted(_with_cards())}
    wanted: Mapping[str, Any] = {}
    try:
        wanted = schema.load(asked()) if schema else asked()
    except ValidationError as error:
        slips = of_validation(error)
        return _again(again, Slips({**slips.fields, **cards}, slips.all))
    if cards:
        return _again(again, Slips(cards))
    try:
        did = in_transaction(lambda connection: _once(connection, work, wanted, then, said))
    except (DomainError, Refused) as error:
        if there := _answered(error):
            return go(there)
        status = 409 if any(isinstance(each, STALE) for each in _problems(error)) else 422
        return _again(again, of_refusal(error), status)
    if afterwards:
        for result in did.results:
            afterwards(result)
    if did.told:
        say(did.told, undo)
    return go(did.path)


def asked() -> dict[str, Any]:
    """The form as it came, without what is no content; an empty field is one that did not come.
    Of a field that is no list the last counts, as of a box and the hidden field before it. What
    holds a card number is left out, so that no page repeats it."""
    found: dict[str, Any] = {}
    cards = _with_cards()
    for name, values in request.form.lists():
        if name.removesuffix("[]") in cards:
            continue
        if name in LISTS:
            found[name.removesuffix("[]")] = [each for each in values if each]
        elif name not in NOT_CONTENT and name != SEEN and values[-1].strip():
            found[name] = values[-1].strip()
    return found


def as_typed() -> dict[str, str]:
    """The form to the letter, empty fields too; without what holds a card number."""
    cards = _with_cards()
    return {name: text for name, text in request.form.items() if name not in cards}


def _with_cards() -> set[str]:
    """The fields that hold what looks like a card number (product section 8)."""
    return {
        name.removesuffix("[]")
        for name, values in request.form.lists()
        if name not in NOT_CONTENT and any(map(has_card_number, values))
    }


@dataclass(frozen=True, slots=True)
class _Did(Generic[T]):
    """Where a form leads, what is told there, and what it did: nothing when it came again."""

    path: str
    told: str | None = None
    results: tuple[T, ...] = ()


def _once(
    connection: Connection,
    work: Callable[[Connection, Mapping[str, Any]], T],
    wanted: Mapping[str, Any],
    then: Callable[[T], str],
    said: Callable[[T], str | None] | None,
) -> _Did[T]:
    key, fingerprint = _key(), _fingerprint()
    if key and (path := led_to(connection, me().id, key, fingerprint)):
        return _Did(path)
    result = work(connection, wanted)
    path = then(result)
    if key:
        remember(connection, me().id, key, fingerprint, path, clock.now())
    return _Did(path, said(result) if said else None, (result,))


def _answered(error: Exception) -> str | None:
    """Where this very form led when it was sent twice at the same moment: the second waits for the
    first, and is then refused for what that one did. One with other contents led nowhere: what was
    typed in is shown again, with what it was refused for."""
    if not _key() or isinstance(error, FormReused):
        return None
    with reading() as session, suppress(FormReused):
        return led_to(session.connection(), me().id, _key(), _fingerprint())
    return None


def _key() -> str:
    return request.form.get(KEY, "")[:64]


def _fingerprint() -> str:
    left_out = (*NOT_CONTENT, *SECRET)
    pairs = [
        (name, values) for name, values in sorted(request.form.lists()) if name not in left_out
    ]
    pairs += [(name, [_digest(file)]) for name, file in sorted(request.files.items())]
    return hashlib.sha256(repr((request.path, pairs)).encode()).hexdigest()


def _digest(file: FileStorage) -> str:
    """What a file of a form holds, without reading it into memory; it can be read once more."""
    file.stream.seek(0)
    found = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
    file.stream.seek(0)
    return found


def _again(again: Page, slips: Slips, status: int = 422) -> Response:
    return Response(again(slips), status, content_type="text/html; charset=utf-8")


def of_validation(error: ValidationError) -> Slips:
    """What a schema found, by field."""
    told: Mapping[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    fields = {name: flat(value) for name, value in told.items() if name != "_schema"}
    return Slips(fields, tuple(flat(told.get("_schema", []))))


def flat(told: Any) -> list[str]:
    """The sentences of what marshmallow tells of one field, however deep they are."""
    if isinstance(told, Mapping):
        return [text for each in told.values() for text in flat(each)]
    return [str(text) for text in told] if isinstance(told, list) else [str(told)]


def of_refusal(error: Exception) -> Slips:
    """What the business refused, each problem at the field it names."""
    problems = _problems(error)
    fields: dict[str, list[str]] = {}
    rest = []
    for problem in problems:
        name = getattr(problem, "field", None)
        if name:
            fields.setdefault(name, []).append(str(problem))
        else:
            rest.append(str(problem))
    return Slips(fields, tuple(rest))


def hold(connection: Connection, booking_id: int, seen: int | None = None) -> None:
    """Hold a booking for a change by the person at the desk.

    Raises BookingUnknown for one at a location out of their reach, and ChangedMeanwhile when its
    log has more entries than `seen` (the form's own, where it came with one).
    """
    ledger.hold(connection, booking_id)
    query = select(Booking.location_id, Booking.log_count).where(Booking.id == booking_id)
    row = connection.execute(query).first()
    if row is None or not me().reaches(row.location_id):
        raise BookingUnknown(booking_id)
    came = seen if seen is not None else request.form.get(SEEN, type=int)
    if came is not None and came != row.log_count:
        raise ChangedMeanwhile(booking_id)


def _problems(error: Exception) -> Sequence[Exception]:
    return error.problems if isinstance(error, Refused) else (error,)


def say(text: str, undo: str | None = None) -> None:
    """Tell this on the next page; `undo` is the path that a button "Undo" posts to."""
    flash(text, f"undo {undo}" if undo else "said")


def say_refused(text: str) -> None:
    """Tell on the next page that a part of what was asked for was not done, and why."""
    flash(text, REFUSED)


def told() -> list[tuple[str, str | None]]:
    """What was to be told on this page, each with the path of its "Undo"."""
    return [
        (text, kind.removeprefix("undo ") if kind != "said" else None)
        for kind, text in _flashed()
        if kind != REFUSED
    ]


def refusals() -> list[str]:
    """What was to be told on this page as not done."""
    return [text for kind, text in _flashed() if kind == REFUSED]


def _flashed() -> list[tuple[str, str]]:
    return cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
